package terraformtest

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// A Provider is served to Terraform and closed after it.
type Provider interface {
	provider.Provider
	io.Closer
}

// Served is a provider that the test's own process serves.
type Served struct {
	t       testing.TB
	address string
	walks   sync.WaitGroup
}

// Serve serves a provider until the test is over. As with a process for each
// walk, each connection of Terraform gets a provider of its own, which is closed
// with it: a plan and the apply after it share nothing, within one command too.
func Serve(t testing.TB, open func() Provider) *Served {
	t.Helper()
	// Not t.TempDir: the path of a socket may have a hundred bytes, and that has
	// the name of the test in it.
	dir, err := os.MkdirTemp("", "tf") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, "s")) //nolint:noctx // it is closed with the test
	if err != nil {
		t.Fatal(err)
	}
	s := &Served{t: t, address: listener.Addr().String()}
	s.walks.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // closed
			}
			s.walks.Go(func() { s.serve(connection, open()) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.walks.Wait()
		_ = os.RemoveAll(dir)
	})
	return s
}

// registries are those in which Terraform and OpenTofu look for a provider whose
// address names none.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

// Attach is the environment variable that makes Terraform use the provider for
// these sources, such as "hashicorp/portal": the one that a configuration means
// which names none.
func (s *Served) Attach(sources ...string) string {
	s.t.Helper()
	type address struct{ Network, String string }
	type server struct {
		Protocol        string
		ProtocolVersion int
		Pid             int
		Test            bool
		Addr            address
	}
	servers := map[string]server{}
	for _, registry := range registries {
		for _, source := range sources {
			servers[registry+"/"+source] = server{Protocol: "grpc", ProtocolVersion: 6, Pid: os.Getpid(), Test: true, Addr: address{"unix", s.address}}
		}
	}
	text, err := json.Marshal(servers)
	if err != nil {
		s.t.Fatal(err)
	}
	return "TF_REATTACH_PROVIDERS=" + string(text)
}

// maxMessage is the size of a message that a provider's process takes.
const maxMessage = 256 << 20

// serve serves one connection.
func (s *Served) serve(connection net.Conn, p Provider) {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	alive := health.NewServer()
	alive.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, alive)
	plugin := tf6server.GRPCProviderPlugin{
		Name:         registries[0] + "/hashicorp/test",
		GRPCProvider: func() tfprotov6.ProviderServer { return providerserver.NewProtocol6(p)() },
	}
	err := plugin.GRPCServer(nil, server)
	if err == nil {
		err = server.Serve(&oneConnection{connection: connection, closed: make(chan struct{})})
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		s.t.Errorf("serving the provider: %v", err)
	}
	server.Stop()
	if err := p.Close(); err != nil {
		s.t.Errorf("closing the provider: %v", err)
	}
}

// oneConnection is a listener that is over with the only connection it accepts.
type oneConnection struct {
	connection net.Conn
	accepted   bool
	close      sync.Once
	closed     chan struct{}
}

func (l *oneConnection) Accept() (net.Conn, error) {
	if !l.accepted {
		l.accepted = true
		return closing{l.connection, l}, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConnection) Close() error {
	l.close.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConnection) Addr() net.Addr { return l.connection.LocalAddr() }

// closing is a connection that closes its listener.
type closing struct {
	net.Conn
	listener *oneConnection
}

func (c closing) Close() error {
	return errors.Join(c.Conn.Close(), c.listener.Close())
}
