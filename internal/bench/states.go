package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// pretend gives a root module of plain the state that an apply of it would
// leave, out of one of an apply of two: Terraform itself needs minutes for
// thousands of resources, whatever their type, and only the plan is measured.
func (b *bench) pretend(ctx context.Context, r *root, n int, c contender) error {
	model, err := b.newRoot(c.name+"-model", c.small, c.overrides)
	if err != nil {
		return err
	}
	if _, err := model.apply(ctx); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(model.dir, "terraform.tfstate"))
	if err != nil {
		return err
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		return err
	}
	resources, isList := state["resources"].([]any)
	if !isList || len(resources) == 0 {
		return fmt.Errorf("the state of %s has no resources", c.name)
	}
	var all []any
	like, _ := resources[0].(map[string]any)
	add := func(name string) {
		another := maps.Clone(like)
		another["name"] = name
		all = append(all, another)
	}
	add("pipeline")
	add("release")
	for i := range n {
		add(fmt.Sprintf("environment%d", i))
		add(fmt.Sprintf("deployment%d", i))
	}
	state["resources"] = all
	if text, err = json.Marshal(state); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.dir, "terraform.tfstate"), text, 0o600)
}
