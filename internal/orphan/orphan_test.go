package orphan

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAProviderEndsAfterItsTerraform(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var parent atomic.Int64
		parent.Store(7)
		ended := make(chan struct{})
		began := time.Now()
		go func() {
			Wait(func() int { return int(parent.Load()) })
			close(ended)
		}()
		time.Sleep(24 * time.Hour)
		select {
		case <-ended:
			t.Fatal("it ends before its Terraform")
		default:
		}
		parent.Store(1)
		<-ended
		if took := time.Since(began) - 24*time.Hour; took < graceOfOrphans || took > graceOfOrphans+lookEvery {
			t.Errorf("it ended after %s", took)
		}
	})
}
