package archive

import (
	"archive/tar"
	"fmt"
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	several := []member{{name: "1"}, {name: "2"}, {name: "3"}, {name: "4"}}
	deep := []member{{name: "a/b/c/d"}}
	large := []member{{name: "1", text: strings.Repeat("not easy to compress ", 1000)}}
	zeros := []member{{name: "1", text: strings.Repeat("\x00", 1<<20)}}
	for name, c := range map[string]struct {
		members []member
		limits  Limits
		want    string // "" is accepted
	}{
		"entries, just":                   {several, Limits{Entries: 4}, ""},
		"entries":                         {several, Limits{Entries: 3}, "more than 3 files and directories: leave out"},
		"implied directories, just":       {deep, Limits{Entries: 4}, ""},
		"implied directories":             {deep, Limits{Entries: 3}, "more than 3 files and directories"},
		"bytes, just":                     {large, Limits{Bytes: 21_000 + 10_240}, ""}, // and the headers
		"bytes":                           {large, Limits{Bytes: 20_999}, "unpacks to more than 20999 bytes"},
		"ratio, below where it counts":    {zeros, Limits{}, ""},
		"ratio":                           {zeros, Limits{RatioFrom: 1 << 19}, "unpacks to more than 200 times its size"},
		"ratio, the archive being larger": {zeros, Limits{RatioFrom: 1 << 19, Ratio: 1 << 20}, ""},
	} {
		for format, build := range formats {
			t.Run(name+" in "+format, func(t *testing.T) {
				_, _, err := unpack(t, build(t, c.members...), Options{Limits: c.limits})
				if c.want != "" {
					refused(t, err, c.want)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestHeadersCountAsBytes(t *testing.T) {
	comment := paxRecords('g', "comment="+strings.Repeat("c", 5000))
	_, _, err := unpack(t, rawTar(comment, comment, comment, rawMember("a", tar.TypeReg, 0, nil, "")), Options{Limits: Limits{Bytes: 10_000}})
	refused(t, err, "unpacks to more than 10000 bytes")
}

func TestNamesAreBounded(t *testing.T) {
	var members []member
	for i := range 600 {
		members = append(members, member{name: fmt.Sprint(strings.Repeat("a long name/", 180), i)})
	}
	_, _, err := unpack(t, tarGz(t, members...), Options{Limits: Limits{Entries: 610}})
	refused(t, err, "deep")
	for i := range members {
		members[i].name = fmt.Sprint(strings.Repeat(strings.Repeat("long", 60)+"/", 12), i)
	}
	_, _, err = unpack(t, tarGz(t, members...), Options{Limits: Limits{Entries: 620}})
	refused(t, err, "bytes of names")
}
