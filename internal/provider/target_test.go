package provider

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
	"github.com/releaseportal/terraform-provider-portal/internal/target/kinds"
)

func stringMap(items map[string]string) types.Map {
	values := map[string]attr.Value{}
	for name, item := range items {
		values[name] = types.StringValue(item)
	}
	return types.MapValueMust(types.StringType, values)
}

func aCommand(change func(*commandModel)) types.Object {
	m := &commandModel{
		Deploy: stringList([]string{"./deploy", "--fast"}), Observe: stringList([]string{"./observe"}),
		WorkingDirectory: types.StringNull(), Environment: types.MapNull(types.StringType), Timeout: duration{basetypes.NewStringNull()}, Credential: types.StringNull(),
		Ignore: types.ListNull(types.StringType),
	}
	change(m)
	return aTarget("command", m)
}

func aDirectory(m directoryModel) types.Object {
	if m.Ignore.IsNull() {
		m.Ignore = types.ListNull(types.StringType)
	}
	return aTarget("directory", m)
}

// aTarget is one of a kind, as somebody wrote it.
func aTarget(kind string, m any) types.Object {
	written := map[string]attr.Value{}
	for name, attribute := range targetType.AttrTypes {
		kindType := attribute.(types.ObjectType)
		written[name] = types.ObjectNull(kindType.AttrTypes)
		if name == kind {
			object, diags := types.ObjectValueFrom(context.Background(), kindType.AttrTypes, m)
			if diags.HasError() {
				panic(diags)
			}
			written[name] = object
		}
	}
	return types.ObjectValueMust(targetType.AttrTypes, written)
}

func TestEveryKindOfTargetCanBeWritten(t *testing.T) {
	var written []string
	for _, kind := range targetKinds {
		written = append(written, kind.of().Name)
	}
	slices.Sort(written)
	if !slices.Equal(written, kinds.Names()) {
		t.Errorf("%v can be written, and there are %v: register a kind in internal/target/kinds and in targetKinds", written, kinds.Names())
	}
}

func TestATargetComesBackFromTheLedger(t *testing.T) {
	cases := []struct {
		name string
		m    types.Object
	}{
		{"a directory", aDirectory(directoryModel{Path: types.StringValue("/srv/shop"), Keep: types.Int64Null()})},
		{"a directory that keeps some", aDirectory(directoryModel{Path: types.StringValue("srv/shop"), Keep: types.Int64Value(3)})},
		{"a directory that ignores something", aDirectory(directoryModel{Path: types.StringValue("srv/shop"), Ignore: stringList([]string{"app/", "help/logs/**"})})},
		{"a directory that ignores nothing", aDirectory(directoryModel{Path: types.StringValue("srv/shop"), Ignore: stringList(nil)})},
		{"a command", aCommand(func(*commandModel) {})},
		{"a command with everything", aCommand(func(m *commandModel) {
			m.WorkingDirectory, m.Timeout, m.Credential = types.StringValue("tools"), durationOf("90m"), types.StringValue("hooks")
			m.Environment = stringMap(map[string]string{"REGION": "north"})
			m.Ignore = stringList([]string{"work/"})
		})},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var diags diagnostics
			recorded := decodeTarget(t.Context(), c.m, "", &diags)
			back, err := encodeTarget(t.Context(), recorded)
			if diags.HasError() || err != nil {
				t.Fatal(diags, err)
			}
			if before, after := ignores(c.m), ignores(back); !before.Equal(after) {
				t.Errorf("what it ignores was %s and is %s", before, after)
			}
			if again := decodeTarget(t.Context(), back, "", &diags); diags.HasError() || !portal.SameTarget(recorded, again) || again.Address != recorded.Address {
				t.Errorf("%+v comes back as %+v", recorded, again)
			}
		})
	}
}

// ignores is the ignore_patterns of whichever kind it is.
func ignores(target types.Object) types.List {
	for _, kind := range target.Attributes() {
		if object := kind.(types.Object); !object.IsNull() {
			return object.Attributes()["ignore_patterns"].(types.List)
		}
	}
	return types.ListNull(types.StringType)
}

// A target that an earlier version recorded is the one that is written now, so that
// nothing is planned for it.
func TestATargetOfAnEarlierVersionIsTheSame(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var diags diagnostics
	for config, m := range map[string]types.Object{
		`{"path":"/srv/shop","keep":0}`: aDirectory(directoryModel{Path: types.StringValue("/srv/shop")}),
		`{"deploy":["./deploy","--fast"],"observe":["./observe"],"working_directory":` + strconv.Quote(here) + `,"environment":null,"timeout":""}`: aCommand(func(*commandModel) {}),
	} {
		if got := decodeTarget(t.Context(), m, "", &diags).Config; string(got) != config {
			t.Errorf("it is recorded as\n%s\nand was as\n%s", got, config)
		}
	}
	if diags.HasError() {
		t.Error(diags)
	}
}

func TestARecordedTargetMeansTheSameFromEverywhere(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var diags diagnostics
	directory := decodeTarget(t.Context(), aDirectory(directoryModel{Path: types.StringValue("srv")}), "", &diags)
	program := decodeTarget(t.Context(), aCommand(func(*commandModel) {}), "", &diags)
	for _, recorded := range []struct{ config, field, want string }{
		{string(directory.Config), "path", filepath.Join(here, "srv")},
		{string(program.Config), "working_directory", here},
	} {
		var fields map[string]any
		if err := json.Unmarshal([]byte(recorded.config), &fields); err != nil || fields[recorded.field] != recorded.want {
			t.Errorf("recorded is %s, %v", recorded.config, err)
		}
	}
	if directory.Address == "" || program.Address != "" {
		t.Errorf("the addresses are %q and %q", directory.Address, program.Address)
	}
}

// anEnvironment is an environment as somebody wrote it, with a target.
func anEnvironment(target types.Object) *environmentModel {
	return &environmentModel{
		ID: types.StringUnknown(), Pipeline: types.StringValue("shop"), Name: types.StringValue("dev"), Stage: types.StringValue("dev"),
		Lane: types.StringValue("regular"), Installed: types.MapNull(types.StringType), Target: target, Checks: types.ListNull(checkType),
		DeletionProtection: types.BoolNull(), Receipt: types.StringUnknown(),
	}
}

func TestAnEnvironmentStaysAsItWasWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	written := anEnvironment(aDirectory(directoryModel{Path: types.StringValue("srv/dev"), Keep: types.Int64Null()}))
	declared, diags := written.decode(t.Context(), "")
	diags.Append(written.encode(t.Context(), "", "shop", &declared, "1:ab")...)
	if diags.HasError() || !strings.Contains(written.Target.String(), `"srv/dev"`) {
		t.Errorf("a relative path becomes %s, %v", written.Target, diags)
	}
	declared.Stage = "qa"
	diags.Append(written.encode(t.Context(), "", "shop", &declared, "2:cd")...)
	if diags.HasError() || written.Stage.ValueString() != "qa" || !strings.Contains(written.Target.String(), `"srv/dev"`) {
		t.Errorf("after another change it becomes %s on %s, %v", written.Target, written.Stage, diags)
	}
	declared.Target.Config = json.RawMessage(`{"path":"/elsewhere","keep":0}`)
	diags.Append(written.encode(t.Context(), "", "shop", &declared, "3:ef")...)
	if diags.HasError() || !strings.Contains(written.Target.String(), `"/elsewhere"`) {
		t.Errorf("after a change elsewhere it is %s, %v", written.Target, diags)
	}
}

func TestATargetIsRefused(t *testing.T) {
	cases := []struct {
		name string
		m    types.Object
		want string
	}{
		{"of no kind", aTarget("", nil), "Set exactly one kind of target, directory or command"},
		{"the root directory", aDirectory(directoryModel{Path: types.StringValue("/")}), "the root of the file system"},
		{"that keeps less than nothing", aDirectory(directoryModel{Path: types.StringValue("/srv"), Keep: types.Int64Value(-1)}), "keep is -1"},
		{"with what is no pattern", aDirectory(directoryModel{Path: types.StringValue("/srv"), Ignore: stringList([]string{"app["})}), `ignore_patterns has "app["`},
		{"with a pattern that leads out", aCommand(func(m *commandModel) { m.Ignore = stringList([]string{"../app"}) }), `ignore_patterns has "../app"`},
		{"with a reserved variable", aCommand(func(m *commandModel) { m.Environment = stringMap(map[string]string{"PORTAL_EPOCH": "9"}) }), "PORTAL_EPOCH is reserved"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var diags diagnostics
			decodeTarget(t.Context(), c.m, "", &diags)
			if len(diags) != 1 || !strings.Contains(diags[0].Detail(), c.want) {
				t.Errorf("it says %v", diags)
			}
		})
	}
	t.Run("of a kind of a later version", func(t *testing.T) {
		if _, err := encodeTarget(t.Context(), portal.Target{Kind: "teleport"}); err == nil || !strings.Contains(err.Error(), `kind "teleport"`) {
			t.Errorf("it says %v", err)
		}
	})
}

func TestATargetNeedsTheCredentialThatItNames(t *testing.T) {
	var diags diagnostics
	e := portal.Environment{Name: "dev", Target: decodeTarget(t.Context(), aCommand(func(m *commandModel) { m.Credential = types.StringValue("hooks") }), "", &diags)}
	if _, err := newSession(variables{}.get).openTarget("shop", e); err == nil || !strings.Contains(err.Error(), `names credential "hooks", which neither`) {
		t.Errorf("without it: %v", err)
	}
	if _, err := newSession(variables{"PORTAL_CREDENTIAL_HOOKS_TOKEN": "t"}.get).openTarget("shop", e); err != nil {
		t.Errorf("with it: %v", err)
	}
}

func TestAWrittenPathMayMeanAnotherPlaceElsewhere(t *testing.T) {
	t.Chdir(t.TempDir())
	base := t.TempDir()
	for _, c := range []struct {
		name      string
		written   types.Object
		base      string
		elsewhere bool // whether it means the same from another working directory
	}{
		{"a relative directory", aDirectory(directoryModel{Path: types.StringValue("srv")}), "", false},
		{"an absolute directory", aDirectory(directoryModel{Path: types.StringValue("/srv/shop")}), "", true},
		{"programs of the working directory", aCommand(func(*commandModel) {}), "", false},
		{"programs below it", aCommand(func(m *commandModel) { m.WorkingDirectory = types.StringValue("tools") }), "", false},
		{"programs of an absolute directory", aCommand(func(m *commandModel) { m.WorkingDirectory = types.StringValue("/opt/tools") }), "", true},
		{"programs below the base directory", aCommand(func(m *commandModel) { m.WorkingDirectory = types.StringValue("tools") }), base, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var diags diagnostics
			recorded := decodeTarget(t.Context(), c.written, c.base, &diags)
			state, err := c.written.ToTerraformValue(t.Context())
			if err != nil || diags.HasError() {
				t.Fatal(err, diags)
			}
			if !sameTargetPlace(state, c.base, recorded) {
				t.Error("it is not the same where it was written")
			}
			t.Chdir(t.TempDir())
			if got := sameTargetPlace(state, c.base, recorded); got != c.elsewhere {
				t.Errorf("elsewhere it is the same: %t", got)
			}
			if sameTargetPlace(state, c.base, portal.Target{Kind: "teleport"}) {
				t.Error("a kind of a later version is known")
			}
		})
	}
}
