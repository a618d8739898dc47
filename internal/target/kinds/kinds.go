// Package kinds opens a target by the name of its kind and its configuration,
// as a ledger keeps them.
package kinds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/releaseportal/terraform-provider-portal/internal/target"
	"github.com/releaseportal/terraform-provider-portal/internal/target/command"
	"github.com/releaseportal/terraform-provider-portal/internal/target/directory"
)

// The names of the kinds, as configurations and ledgers have them.
const (
	Directory = "directory"
	Command   = "command"
)

type kind struct {
	open    func(config json.RawMessage, credential target.Credential, place target.Place) (target.Target, error)
	address func(config json.RawMessage) (string, error)
}

var kinds = map[string]kind{
	Directory: {
		open: func(config json.RawMessage, _ target.Credential, _ target.Place) (target.Target, error) {
			decoded, err := decode[directory.Config](config)
			if err != nil {
				return nil, err
			}
			return directory.New(decoded)
		},
		address: func(config json.RawMessage) (string, error) {
			decoded, err := decode[directory.Config](config)
			if err != nil {
				return "", err
			}
			if _, err := directory.New(decoded); err != nil {
				return "", err
			}
			return decoded.Address()
		},
	},
	Command: {
		open: func(config json.RawMessage, credential target.Credential, place target.Place) (target.Target, error) {
			decoded, err := decode[command.Config](config)
			if err != nil {
				return nil, err
			}
			return command.New(decoded, credential, place)
		},
		address: func(config json.RawMessage) (string, error) {
			decoded, err := decode[command.Config](config)
			if err != nil {
				return "", err
			}
			_, err = command.New(decoded, target.Credential{}, target.Place{})
			return "", err
		},
	},
}

// Resolve makes what is recorded relative to a base directory absolute. Without one it
// fails where something is.
func Resolve(kind string, config json.RawMessage, base string) (json.RawMessage, error) {
	if kind != Command {
		return config, nil
	}
	decoded, err := decode[command.Config](config)
	if err != nil || decoded.WorkingDirectory == "" || filepath.IsAbs(decoded.WorkingDirectory) {
		return config, err
	}
	if base == "" {
		return nil, fmt.Errorf("its programs are started in %q, relative to the base_directory with which it was declared: set base_directory of the provider, or PORTAL_BASE_DIRECTORY, to the same directory in this checkout", decoded.WorkingDirectory)
	}
	decoded.WorkingDirectory = filepath.Join(base, filepath.FromSlash(decoded.WorkingDirectory))
	return json.Marshal(decoded)
}

// Names lists the kinds in order.
func Names() []string { return slices.Sorted(maps.Keys(kinds)) }

// Option says more about the target that Open gives.
type Option func(*target.Place)

// For names the environment that the target belongs to. A command is told of it
// when it observes.
func For(pipeline, environment string) Option {
	return func(p *target.Place) { p.Pipeline, p.Environment = pipeline, environment }
}

// Open gives a target of that kind. The configuration is the JSON of the kind's
// Config; fields it does not have are refused. Nothing is contacted.
func Open(name string, config json.RawMessage, credential target.Credential, options ...Option) (target.Target, error) {
	found, err := lookUp(name)
	if err != nil {
		return nil, err
	}
	var place target.Place
	for _, option := range options {
		option(&place)
	}
	opened, err := found.open(config, credential, place)
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", name, err)
	}
	return opened, nil
}

// Address names the place itself, so that two environments with one place can
// be told: equal addresses, one place. It is "" where a kind has none, as a
// command, which may serve many environments. Configurations that Open would
// refuse are refused here too.
func Address(name string, config json.RawMessage) (string, error) {
	found, err := lookUp(name)
	if err != nil {
		return "", err
	}
	address, err := found.address(config)
	if err != nil {
		return "", fmt.Errorf("target %s: %w", name, err)
	}
	return address, nil
}

func lookUp(name string) (kind, error) {
	found, ok := kinds[name]
	if !ok {
		return kind{}, fmt.Errorf("there is no kind of target %q: there are %s", name, strings.Join(Names(), ", "))
	}
	return found, nil
}

func decode[T any](config json.RawMessage) (T, error) {
	var decoded T
	decoder := json.NewDecoder(bytes.NewReader(config))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&decoded); err != nil {
		return decoded, fmt.Errorf("its configuration cannot be read: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return decoded, errors.New("its configuration goes on after its end")
	}
	return decoded, nil
}
