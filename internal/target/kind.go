package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Kind is a kind of target. Of a target a ledger records the name of its kind and a
// configuration in JSON, which only the kind can read. A package below this one has
// one Kind, made by Definition.Kind and listed in package kinds.
type Kind struct {
	// Name is how configurations and ledgers call it.
	Name string
	// Unpacks says that archives are unpacked there, so that they have to be whole.
	Unpacks bool

	open      func(config json.RawMessage, base string, credential Credential, place Place) (Target, error)
	address   func(config json.RawMessage) (string, error)
	localPath func(config json.RawMessage) string
}

// Open gives the target of a configuration. Fields that the kind does not have are
// refused. Paths that are recorded relative to a base directory are below base. Nothing
// is contacted.
func (k Kind) Open(config json.RawMessage, base string, credential Credential, place Place) (Target, error) {
	return k.open(config, base, credential, place)
}

// Address names the place itself, so that two environments with one place can be told:
// equal addresses, one place. It is "" if a kind has none, as a command, which may
// serve many environments. Configurations that Open would refuse are refused here too.
func (k Kind) Address(config json.RawMessage) (string, error) { return k.address(config) }

// LocalPath is where on this host the content goes; "" if that is elsewhere, or not known.
func (k Kind) LocalPath(config json.RawMessage) string { return k.localPath(config) }

// Definition says what a kind of target is, in terms of its configuration C.
type Definition[C any] struct {
	Name    string
	Unpacks bool
	// New checks the configuration and gives the target. It contacts nothing.
	New func(config C, credential Credential, place Place) (Target, error)
	// Resolve makes paths absolute that are recorded relative to a base directory, and
	// fails if there are some and base is "". nil: none are recorded.
	Resolve func(config C, base string) (C, error)
	// Address is that of a configuration which New takes. nil: the kind has none.
	Address func(config C) (string, error)
	// LocalPath is where on this host the content goes. nil: it goes elsewhere.
	LocalPath func(config C) string
}

// Kind is the kind that is defined.
func (d Definition[C]) Kind() Kind {
	return Kind{Name: d.Name, Unpacks: d.Unpacks, open: d.open, address: d.address, localPath: d.localPath}
}

func (d Definition[C]) open(config json.RawMessage, base string, credential Credential, place Place) (Target, error) {
	decoded, err := decodeConfig[C](config)
	if err == nil && d.Resolve != nil {
		if decoded, err = d.Resolve(decoded, base); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", d.Name, err)
	}
	opened, err := d.New(decoded, credential, place)
	if err != nil {
		return nil, fmt.Errorf("target %s: %w", d.Name, err)
	}
	return opened, nil
}

func (d Definition[C]) address(config json.RawMessage) (string, error) {
	decoded, err := decodeConfig[C](config)
	if err == nil {
		_, err = d.New(decoded, Credential{}, Place{})
	}
	address := ""
	if err == nil && d.Address != nil {
		address, err = d.Address(decoded)
	}
	if err != nil {
		return "", fmt.Errorf("target %s: %w", d.Name, err)
	}
	return address, nil
}

func (d Definition[C]) localPath(config json.RawMessage) string {
	if d.LocalPath == nil {
		return ""
	}
	decoded, err := decodeConfig[C](config)
	if err != nil {
		return "" // the one who opens the target says so
	}
	return d.LocalPath(decoded)
}

// decodeConfig reads a recorded configuration, and nothing that is not one.
func decodeConfig[C any](config json.RawMessage) (C, error) {
	var decoded C
	decoder := json.NewDecoder(bytes.NewReader(config))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&decoded); err != nil {
		return decoded, fmt.Errorf("its configuration cannot be read: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return decoded, errors.New("its configuration has more text after its end")
	}
	return decoded, nil
}
