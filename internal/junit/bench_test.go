package junit

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// aLargeReport is about 60 MB of what runners write: cases with attributes, some
// with a failure, some with what they printed.
func aLargeReport() []byte {
	const size = 60 << 20
	var b bytes.Buffer
	b.Grow(size + 4096)
	printed := strings.Repeat("2026-01-02T03:04:05Z INFO request 4711 took 12 ms, größer als sonst &amp; \uFFFD\n", 8)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<testsuites>\n")
	for suite := 0; b.Len() < size; suite++ {
		fmt.Fprintf(&b, `  <testsuite name="com.example.Suite%d" tests="50" failures="1" errors="0" skipped="1" time="1.234" timestamp="2026-01-02T03:04:05">`+"\n", suite)
		for i := range 50 {
			fmt.Fprintf(&b, `    <testcase name="does what it should, number %d" classname="com.example.Suite%d" time="0.012">`, i, suite)
			switch i % 25 {
			case 1:
				fmt.Fprintf(&b, `<failure message="expected &lt;1&gt; but was &lt;2&gt;" type="AssertionError"><![CDATA[%s]]></failure>`, printed)
			case 2:
				b.WriteString(`<skipped message="not here"/>`)
			case 3, 4, 5:
				fmt.Fprintf(&b, `<system-out>%s</system-out>`, printed)
			}
			b.WriteString("</testcase>\n")
		}
		b.WriteString("  </testsuite>\n")
	}
	b.WriteString("</testsuites>\n")
	return b.Bytes()
}

// tokens does nothing but decode: what reading a report cannot be faster than.
func tokens(content []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// BenchmarkRead reads a report of 60 MB. The metric xml-ratio is its time in
// terms of that of encoding/xml alone, measured in turns: it may be 2.
func BenchmarkRead(b *testing.B) {
	content := aLargeReport()
	path := filepath.Join(b.TempDir(), "junit.xml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	var alone, whole time.Duration
	for b.Loop() {
		began := time.Now()
		if r, err := Read(path); err != nil || r.Tests == 0 || r.Failures == 0 {
			b.Fatalf("%+v, %v", r, err)
		}
		whole += time.Since(began)
		b.StopTimer()
		began = time.Now()
		if err := tokens(content); err != nil {
			b.Fatal(err)
		}
		alone += time.Since(began)
		b.StartTimer()
	}
	ratio := float64(whole) / float64(alone)
	b.ReportMetric(ratio, "xml-ratio")
	if ratio > 2 {
		b.Errorf("it takes %.2f times the time of encoding/xml alone", ratio)
	}
}
