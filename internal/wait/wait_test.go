package wait

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestForWaitsThatLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := For(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("it waited %s, %v", time.Since(began), err)
		}
	})
}

func TestForEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := errors.New("the deployment is over")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, over)
		defer cancel()
		began := time.Now()
		if err := For(ctx, time.Minute); !errors.Is(err, over) || time.Since(began) != time.Second {
			t.Errorf("it waited %s, %v", time.Since(began), err)
		}
	})
}
