package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/releaseportal/terraform-provider-portal/internal/portal"
)

func stringMap(items map[string]string) types.Map {
	values := map[string]attr.Value{}
	for name, item := range items {
		values[name] = types.StringValue(item)
	}
	return types.MapValueMust(types.StringType, values)
}

func aCommand(change func(*commandModel)) *targetModel {
	m := &commandModel{
		Deploy: stringList([]string{"./deploy", "--fast"}), Observe: stringList([]string{"./observe"}),
		WorkingDirectory: types.StringNull(), Environment: types.MapNull(types.StringType), Timeout: duration{basetypes.NewStringNull()}, Credential: types.StringNull(),
		Ignore: types.ListNull(types.StringType),
	}
	change(m)
	return &targetModel{Command: m}
}

func aDirectory(m directoryModel) *targetModel {
	if m.Ignore.IsNull() {
		m.Ignore = types.ListNull(types.StringType)
	}
	return &targetModel{Directory: &m}
}

func TestATargetComesBackFromTheLedger(t *testing.T) {
	cases := []struct {
		name string
		m    *targetModel
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
			recorded := c.m.decode(t.Context(), "", &diags)
			back, err := encodeTarget(recorded)
			if diags.HasError() || err != nil {
				t.Fatal(diags, err)
			}
			if before, after := c.m.ignores(), back.ignores(); !before.Equal(after) {
				t.Errorf("what it ignores was %s and is %s", before, after)
			}
			if again := back.decode(t.Context(), "", &diags); diags.HasError() || !portal.SameTarget(recorded, again) || again.Address != recorded.Address {
				t.Errorf("%+v comes back as %+v", recorded, again)
			}
		})
	}
}

func (m *targetModel) ignores() types.List {
	if m.Directory != nil {
		return m.Directory.Ignore
	}
	return m.Command.Ignore
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
	for config, m := range map[string]*targetModel{
		`{"path":"/srv/shop","keep":0}`: aDirectory(directoryModel{Path: types.StringValue("/srv/shop")}),
		`{"deploy":["./deploy","--fast"],"observe":["./observe"],"working_directory":` + strconv.Quote(here) + `,"environment":null,"timeout":""}`: aCommand(func(*commandModel) {}),
	} {
		if got := m.decode(t.Context(), "", &diags).Config; string(got) != config {
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
	directory := aDirectory(directoryModel{Path: types.StringValue("srv")}).decode(t.Context(), "", &diags)
	program := aCommand(func(*commandModel) {}).decode(t.Context(), "", &diags)
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
func anEnvironment(t *testing.T, target *targetModel) *environmentModel {
	t.Helper()
	object, diags := types.ObjectValueFrom(t.Context(), targetType.AttrTypes, target)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return &environmentModel{
		ID: types.StringUnknown(), Pipeline: types.StringValue("shop"), Name: types.StringValue("dev"), Stage: types.StringValue("dev"),
		Lane: types.StringValue("regular"), Installed: types.MapNull(types.StringType), Target: object, Checks: types.ListNull(checkType),
		DeletionProtection: types.BoolNull(), Receipt: types.StringUnknown(),
	}
}

func TestAnEnvironmentStaysAsItWasWritten(t *testing.T) {
	t.Chdir(t.TempDir())
	written := anEnvironment(t, aDirectory(directoryModel{Path: types.StringValue("srv/dev"), Keep: types.Int64Null()}))
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
		m    *targetModel
		want string
	}{
		{"of no kind", &targetModel{}, "Set exactly one of its kinds, directory or command"},
		{"the root directory", aDirectory(directoryModel{Path: types.StringValue("/")}), "the root of the file system"},
		{"that keeps less than nothing", aDirectory(directoryModel{Path: types.StringValue("/srv"), Keep: types.Int64Value(-1)}), "keep is -1"},
		{"with what is no pattern", aDirectory(directoryModel{Path: types.StringValue("/srv"), Ignore: stringList([]string{"app["})}), `ignore_patterns has "app["`},
		{"with a pattern that leads out", aCommand(func(m *commandModel) { m.Ignore = stringList([]string{"../app"}) }), `ignore_patterns has "../app"`},
		{"with a reserved variable", aCommand(func(m *commandModel) { m.Environment = stringMap(map[string]string{"PORTAL_EPOCH": "9"}) }), "PORTAL_EPOCH is reserved"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var diags diagnostics
			c.m.decode(t.Context(), "", &diags)
			if len(diags) != 1 || !strings.Contains(diags[0].Detail(), c.want) {
				t.Errorf("it says %v", diags)
			}
		})
	}
	t.Run("of a kind of a later version", func(t *testing.T) {
		if _, err := encodeTarget(portal.Target{Kind: "teleport"}); err == nil || !strings.Contains(err.Error(), `kind "teleport"`) {
			t.Errorf("it says %v", err)
		}
	})
}

func TestATargetNeedsTheCredentialThatItNames(t *testing.T) {
	var diags diagnostics
	e := portal.Environment{Name: "dev", Target: aCommand(func(m *commandModel) { m.Credential = types.StringValue("hooks") }).decode(t.Context(), "", &diags)}
	if _, err := newSession(variables{}.get).openTarget("shop", e); err == nil || !strings.Contains(err.Error(), `names credential "hooks", which neither`) {
		t.Errorf("without it: %v", err)
	}
	if _, err := newSession(variables{"PORTAL_CREDENTIAL_HOOKS_TOKEN": "t"}.get).openTarget("shop", e); err != nil {
		t.Errorf("with it: %v", err)
	}
}
