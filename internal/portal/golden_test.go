package portal_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

// writeGolden adds the golden files that are missing. It never overwrites one: what is stored in
// this form stays readable for good.
var writeGolden = flag.Bool("write-golden", false, "add the golden files that are missing")

// A kind is one kind of thing that is stored as JSON.
type storedKind struct {
	name string
	typ  reflect.Type
	// again reads the bytes and encodes what was read, as the product does it.
	again func(body []byte) ([]byte, error)
}

// storedKinds are the events, the entities and the entry itself.
func storedKinds() []storedKind {
	var kinds []storedKind
	for _, kind := range portal.EventKinds() {
		zero, err := portal.DecodeEvent(kind, []byte(`{}`))
		if err != nil {
			panic(err)
		}
		kinds = append(kinds, storedKind{"events/" + kind, reflect.TypeOf(zero), func(body []byte) ([]byte, error) {
			event, err := portal.DecodeEvent(kind, body)
			if err != nil {
				return nil, err
			}
			return json.Marshal(event)
		}})
	}
	for _, kind := range portal.EntityKinds() {
		kinds = append(kinds, storedKind{"entities/" + string(kind), portal.StoredType(kind), func(body []byte) ([]byte, error) {
			state := portal.NewState("l", "shop", true)
			key := portal.EntityKey{Kind: kind, Key: "a/b"}
			if err := state.Load(key, body); err != nil {
				return nil, err
			}
			entity, err := state.Stored(key)
			return entity.Body, err
		}})
	}
	return append(kinds, storedKind{"entry", reflect.TypeFor[portal.Entry](), func(body []byte) ([]byte, error) {
		read, event, err := portal.ReadEntry(body)
		if err != nil {
			return nil, err
		}
		_, formed, err := portal.NewEntry(read.Ledger, read.Pipeline, read.Number, read.ID, read.At, read.By, event)
		return formed, err
	}})
}

// TestGoldenBytes reads every golden file back and encodes it again: the same bytes. And each field
// of a stored kind is in one of its golden files.
//
// A new field needs a new file: go test ./internal/portal -run TestGoldenBytes -write-golden adds
// one, and raise portal.Projection. An existing file is never changed: ledgers have such bytes. The
// files zero.json and sparse.json have an empty value and one with empty parts: a field they omit
// stays omitted.
func TestGoldenBytes(t *testing.T) {
	for _, kind := range storedKinds() {
		t.Run(kind.name, func(t *testing.T) {
			dir := filepath.Join("testdata", "golden", filepath.FromSlash(kind.name))
			files, err := filepath.Glob(filepath.Join(dir, "*.json"))
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			numbered := 0
			for _, file := range files {
				body := readGolden(t, file)
				if !slices.Contains(emptyNames, strings.TrimSuffix(filepath.Base(file), ".json")) {
					numbered++
				}
				again, err := kind.again(body)
				if err != nil {
					t.Fatalf("%s is not read any more: %v", file, err)
				}
				if diff := cmp.Diff(string(body), string(again)); diff != "" {
					t.Errorf("%s is not encoded again as it was: a stored ledger has these bytes (-stored +encoded):\n%s", file, diff)
				}
				var value any
				if err := json.Unmarshal(body, &value); err != nil {
					t.Fatal(err)
				}
				pathsOf(value, "", found)
			}
			var missing []string
			for _, path := range fieldsOf(kind.typ, "", nil) {
				if !found[path] {
					missing = append(missing, path)
				}
			}
			goldenEmpties(t, kind, dir)
			if len(missing) == 0 && numbered > 0 {
				return
			}
			if !*writeGolden {
				t.Fatalf("no golden file has %s: see this test's comment", strings.Join(missing, ", "))
			}
			value := filled(kind.typ, kind.name, 0)
			body, err := json.Marshal(value.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if kind.name == "entry" {
				_, body, err = portal.NewEntry("3f1c", "shop", 7, "9a2e-0", goldenTime,
					portal.Actor{Name: "ann", Run: "https://ci.example/1"}, portal.FreezeRemoved{Freeze: "holidays"})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, fmt.Sprintf("%d.json", numbered+1))
			if err := os.WriteFile(name, append(body, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Logf("added %s", name)
		})
	}
}

var emptyNames = []string{"zero", "sparse"}

// goldenEmpties compares the encoding of an empty value of a kind, and of one with empty parts,
// with golden files.
func goldenEmpties(t *testing.T, kind storedKind, dir string) {
	t.Helper()
	if kind.name == "entry" { // it never omits anything but the actor
		return
	}
	for _, name := range emptyNames {
		if name == "zero" && (kind.name == "entities/pipeline" || kind.name == "entities/approvals") {
			continue // it is never stored
		}
		value := reflect.New(kind.typ).Elem()
		if name == "sparse" {
			value = hollow(kind.typ, 0)
		}
		body, err := json.Marshal(value.Interface())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name+".json")
		if _, err := os.Stat(path); err != nil && *writeGolden {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, append(body, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		// A sparse file lacks parts that were added later. It is checked by reading it, as every
		// file is.
		if diff := cmp.Diff(string(readGolden(t, path)), string(body)); name == "zero" && diff != "" {
			t.Errorf("%s: what was left out is written now, or the other way round (-stored +encoded):\n%s", path, diff)
		}
	}
}

// hollow is a value whose lists and maps have one element, and whose texts,
// numbers and times are empty.
func hollow(typ reflect.Type, depth int) reflect.Value {
	value := reflect.New(typ).Elem()
	if typ == reflect.TypeFor[time.Time]() || typ == reflect.TypeFor[json.RawMessage]() || depth > 12 {
		if typ == reflect.TypeFor[json.RawMessage]() {
			value.Set(reflect.ValueOf(json.RawMessage(`{}`)))
		}
		return value
	}
	switch typ.Kind() {
	case reflect.Pointer:
		value.Set(reflect.New(typ.Elem()))
		value.Elem().Set(hollow(typ.Elem(), depth+1))
	case reflect.Slice:
		value.Set(reflect.Append(value, hollow(typ.Elem(), depth+1)))
	case reflect.Map:
		value.Set(reflect.MakeMap(typ))
		value.SetMapIndex(reflect.New(typ.Key()).Elem(), hollow(typ.Elem(), depth+1))
	case reflect.Struct:
		for field := range fieldsIn(typ) {
			if field.Tag.Get("json") != "-" {
				value.FieldByIndex(field.Index).Set(hollow(field.Type, depth+1))
			}
		}
	}
	return value
}

func readGolden(t *testing.T, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(body, []byte("\n"))
}

var goldenTime = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

// fieldsOf lists the paths of all fields that a type has in JSON, "" for a list
// or map itself.
func fieldsOf(typ reflect.Type, path string, within []reflect.Type) []string {
	if typ == reflect.TypeFor[time.Time]() || typ == reflect.TypeFor[json.RawMessage]() || slices.Contains(within, typ) {
		return []string{path}
	}
	within = append(slices.Clone(within), typ)
	switch typ.Kind() {
	case reflect.Pointer:
		return fieldsOf(typ.Elem(), path, within)
	case reflect.Slice, reflect.Map:
		return fieldsOf(typ.Elem(), path+"[]", within)
	case reflect.Struct:
		var paths []string
		for field := range fieldsIn(typ) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case name == "-":
			case name == "" && field.Anonymous:
				paths = append(paths, fieldsOf(field.Type, path, within)...)
			case name == "":
				paths = append(paths, path+"."+field.Name+" (which has no json tag)")
			default:
				paths = append(paths, fieldsOf(field.Type, path+"."+name, within)...)
			}
		}
		return paths
	default:
		return []string{path}
	}
}

func fieldsIn(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if field := typ.Field(i); (field.IsExported() || field.Anonymous) && !yield(field) {
				return
			}
		}
	}
}

// pathsOf notes the paths that a JSON value has, as fieldsOf writes them.
func pathsOf(value any, path string, found map[string]bool) {
	found[path] = true
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			pathsOf(element, path+"[]", found)
		}
	case map[string]any:
		for name, element := range v {
			pathsOf(element, path+"."+name, found)
			pathsOf(element, path+"[]", found) // it may be a map
		}
	}
}

// filled is a value of a type in which every field has something.
func filled(typ reflect.Type, name string, depth int) reflect.Value {
	value := reflect.New(typ).Elem()
	switch {
	case typ == reflect.TypeFor[time.Time]():
		value.Set(reflect.ValueOf(goldenTime))
		return value
	case typ == reflect.TypeFor[json.RawMessage]():
		value.Set(reflect.ValueOf(json.RawMessage(`{"path":"/srv/a"}`)))
		return value
	case depth > 12:
		return value
	}
	switch typ.Kind() {
	case reflect.String:
		value.SetString(name)
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int, reflect.Int64:
		value.SetInt(int64(len(name)))
	case reflect.Pointer:
		value.Set(reflect.New(typ.Elem()))
		value.Elem().Set(filled(typ.Elem(), name, depth+1))
	case reflect.Slice:
		value.Set(reflect.Append(value, filled(typ.Elem(), name, depth+1)))
	case reflect.Map:
		value.Set(reflect.MakeMap(typ))
		value.SetMapIndex(filled(typ.Key(), "key", depth+1), filled(typ.Elem(), name, depth+1))
	case reflect.Struct:
		for field := range fieldsIn(typ) {
			if field.Tag.Get("json") != "-" {
				value.FieldByIndex(field.Index).Set(filled(field.Type, strings.ToLower(field.Name), depth+1))
			}
		}
	}
	return value
}
