package acceptance

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
)

// listWithCheck passes where one object of a list has all of these.
type listWithCheck struct{ wanted knownvalue.Check }

func listWith(wanted map[string]knownvalue.Check) knownvalue.Check {
	return listWithCheck{knownvalue.ObjectPartial(wanted)}
}

func (c listWithCheck) String() string { return "a list with " + c.wanted.String() }

func (c listWithCheck) CheckValue(value any) error {
	list, isList := value.([]any)
	if !isList {
		return fmt.Errorf("%v is not a list", value)
	}
	for _, item := range list {
		if c.wanted.CheckValue(item) == nil {
			return nil
		}
	}
	return fmt.Errorf("none is %s in %v", c.wanted, list)
}

// soonCheck passes for a time that is about so long from now.
type soonCheck struct{ after time.Duration }

func soon(after time.Duration) knownvalue.Check { return soonCheck{after} }

func (c soonCheck) String() string { return "a time " + c.after.String() + " from now" }

func (c soonCheck) CheckValue(value any) error {
	at, err := time.Parse(time.RFC3339, fmt.Sprint(value))
	if err != nil {
		return err
	}
	if off := time.Until(at) - c.after; off > time.Minute || off < -10*time.Minute {
		return fmt.Errorf("%v is not %s", value, c)
	}
	return nil
}
