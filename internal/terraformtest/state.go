package terraformtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	tfjson "github.com/hashicorp/terraform-json"
)

// stateFile is as much as a test looks at of what Terraform stores.
type stateFile struct {
	Resources []struct {
		Module, Mode, Type, Name string
		Instances                []struct {
			IndexKey   any `json:"index_key"`
			Status     string
			Attributes map[string]any
		}
	}
}

func readState(path string) (stateFile, error) {
	var state stateFile
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return state, nil
	}
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		err = decoder.Decode(&state)
	}
	return state, err
}

// State reads the state of the root module, without another run of Terraform.
func (r *Root) State() (*tfjson.State, error) {
	return stateOf(filepath.Join(r.Dir, "terraform.tfstate"))
}

func stateOf(path string) (*tfjson.State, error) {
	stored, err := readState(path)
	if err != nil {
		return nil, err
	}
	module := &tfjson.StateModule{}
	for _, resource := range stored.Resources {
		for _, instance := range resource.Instances {
			address := resource.Type + "." + resource.Name
			if resource.Mode == "data" {
				address = "data." + address
			}
			if resource.Module != "" {
				address = resource.Module + "." + address
			}
			switch key := instance.IndexKey.(type) {
			case string:
				address += fmt.Sprintf("[%q]", key)
			case json.Number:
				address += "[" + key.String() + "]"
			}
			module.Resources = append(module.Resources, &tfjson.StateResource{
				Address: address, Mode: tfjson.ResourceMode(resource.Mode), Type: resource.Type, Name: resource.Name,
				Index: instance.IndexKey, AttributeValues: instance.Attributes, Tainted: instance.Status == "tainted",
			})
		}
	}
	return &tfjson.State{FormatVersion: "1.0", Values: &tfjson.StateValues{RootModule: module}}, nil
}

func attributesOf(state *tfjson.State, address string) (map[string]any, error) {
	for _, resource := range state.Values.RootModule.Resources {
		if resource.Address == address {
			return resource.AttributeValues, nil
		}
	}
	return nil, fmt.Errorf("%s is not in the state", address)
}
