package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/releaseportal/terraform-provider-portal/internal/ledger"
	"github.com/releaseportal/terraform-provider-portal/internal/ledger/sqlite"
)

// Nobody can write there, not even root.
const readOnly = "/proc/portal-ledger"

func TestOpenTellsWhereItCannotWrite(t *testing.T) {
	_, err := sqlite.Open(t.Context(), readOnly+"/portal.db")
	var unavailable *ledger.UnavailableError
	if !errors.As(err, &unavailable) || !strings.Contains(err.Error(), readOnly) {
		t.Errorf("got %v", err)
	}
}
