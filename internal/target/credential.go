package target

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Credential is what a target or a check signs in with. It is handed over when
// a target is opened and is part of no configuration, so nothing stores it;
// printed in any way it shows no secret.
type Credential struct {
	Username string
	Password string
	Token    string
}

// String says which parts are set.
func (c Credential) String() string {
	shown := func(s string) string {
		if s == "" {
			return "none"
		}
		return "***"
	}
	return fmt.Sprintf("credential{username %q, password %s, token %s}", c.Username, shown(c.Password), shown(c.Token))
}

// Format prints String under every verb: %#v and %x would take the fields.
func (c Credential) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, c.String()) }

// MarshalJSON writes what String says, so that a credential that gets into
// something stored by mistake is not stored with it.
func (c Credential) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", c.String()), nil }

// Secrets are the values to mask wherever output of others is shown: password and
// token, also in base64, alone or within other text, and as bytes in hexadecimal, and
// the password as Basic authentication carries it. Forms that write one character after
// the other, as JSON and URLs do, are for the one who masks.
func (c Credential) Secrets() []string {
	var secrets []string
	for _, secret := range []string{c.Password, c.Token} {
		if secret != "" {
			inHex := hex.EncodeToString([]byte(secret))
			secrets = append(secrets, secret, inHex, strings.ToUpper(inHex))
			secrets = append(secrets, inBase64(secret)...)
		}
	}
	if c.Password != "" {
		secrets = append(secrets, inBase64(c.Username+":"+c.Password)...)
	}
	return secrets
}

// inBase64 is text in base64, without the filling at the end, which is not a secret. Three
// bytes become four characters, so that there are three forms of a text that other
// text comes before, and the last character depends on what comes after. Of those, what
// is the text's alone, unless that is so short that it may be anything.
func inBase64(text string) []string {
	const telling = 8
	var forms []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			form := encoding.EncodeToString(append(make([]byte, before), text...))
			form = form[(8*before+5)/6:]
			if before == 0 || len(form) >= telling {
				forms = append(forms, form)
			}
			if (before+len(text))%3 != 0 && len(form) > telling {
				forms = append(forms, form[:len(form)-1])
			}
		}
	}
	return forms
}
