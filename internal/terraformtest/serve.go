package terraformtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// A Provider is served to Terraform and closed after it.
type Provider interface {
	// Server is what Terraform talks to.
	Server() tfprotov6.ProviderServer
	io.Closer
}

// Silence turns the logs of served providers off, unless somebody wants
// them by environment variable. Call it from TestMain: otherwise every call writes
// lines at level trace.
func Silence() error {
	for _, name := range []string{"TF_LOG", "TF_LOG_PROVIDER_TEST", "TF_LOG_SDK"} {
		if os.Getenv(name) != "" {
			return nil
		}
	}
	return errors.Join(os.Setenv("TF_LOG_SDK", "off"), os.Setenv("TF_LOG_PROVIDER_TEST", "off"))
}

// Served is a provider that a test serves.
type Served struct {
	address string
	pid     int
}

// Serve serves a provider until the test is over. As with a process for each
// walk, each connection of Terraform gets its own provider, which is closed
// with it: a plan and the apply after it share nothing, within one command too.
func Serve(t testing.TB, open func() Provider) *Served {
	t.Helper()
	listener := listenFor(t)
	served := make(chan error)
	go func() { served <- serve(listener, open) }()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &Served{address: listener.Addr().String(), pid: os.Getpid()}
}

// serverVariable tells the test binary that it is to serve.
const serverVariable = "TERRAFORMTEST_SERVE"

// ServeIn is Serve from a process with this working directory and these
// variables: the test binary itself, whose TestMain calls Main. Use it where
// paths are relative.
func ServeIn(t testing.TB, dir string, env ...string) *Served {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	listener := listenFor(t)
	socket, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	cmd := exec.Command(executable) //nolint:noctx // the test ends it
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), env...), serverVariable+"=1")
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = []*os.File{socket}, &output, &output
	stop, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = socket.Close()
	t.Cleanup(func() {
		_ = stop.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("serving the provider: %v\n%s", err, &output)
		}
	})
	return &Served{address: listener.Addr().String(), pid: cmd.Process.Pid}
}

// Main serves if this process is a ServeIn, and does not return then.
func Main(open func() Provider) {
	if os.Getenv(serverVariable) == "" {
		return
	}
	err := func() error {
		listener, err := net.FileListener(os.NewFile(3, "socket"))
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // until the test is over
			_ = listener.Close()
		}()
		return serve(listener, open)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Launch runs a terraform with these arguments and a provider that this process
// serves for these sources, from the folder that -chdir names, and returns the
// exit code. Use it from TestMain, for scripts that call terraform: the test
// binary is what they find under that name.
func Launch(terraform string, args []string, open func() Provider, sources ...string) (int, error) {
	if len(args) > 0 {
		if dir, is := strings.CutPrefix(args[0], "-chdir="); is {
			args = args[1:]
			if err := os.Chdir(dir); err != nil {
				return 1, err
			}
		}
	}
	listener, remove, err := listen()
	if err != nil {
		return 1, err
	}
	defer remove()
	served := make(chan error)
	go func() { served <- serve(listener, open) }()
	cmd := exec.Command(terraform, args...) //nolint:noctx // the one who ends this process ends it
	cmd.Env = append(os.Environ(), attach(listener.Addr().String(), os.Getpid(), sources))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr //nolint:forbidigo // its own program
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	_ = listener.Close()
	return cmd.ProcessState.ExitCode(), errors.Join(err, <-served)
}

func listenFor(t testing.TB) *net.UnixListener {
	t.Helper()
	listener, remove, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	return listener
}

func listen() (listener *net.UnixListener, remove func(), err error) {
	// The path of a socket may have a hundred bytes: the folder of a test, which
	// has the test's name in it, may not.
	dir, err := os.MkdirTemp("", "tf")
	if err != nil {
		return nil, nil, err
	}
	listener, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(dir, "s")})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return listener, func() {
		_ = listener.Close()
		_ = os.RemoveAll(dir)
	}, nil
}

// registries are those in which Terraform and OpenTofu look for a provider whose
// address names none.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

// Attach is the environment variable that makes Terraform use the provider for
// these sources, such as "hashicorp/portal": the one that a configuration means
// which names none.
func (s *Served) Attach(sources ...string) string { return attach(s.address, s.pid, sources) }

func attach(socket string, pid int, sources []string) string {
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
			servers[registry+"/"+source] = server{Protocol: "grpc", ProtocolVersion: 6, Pid: pid, Test: true, Addr: address{"unix", socket}}
		}
	}
	text, _ := json.Marshal(servers) // of texts and numbers: it cannot fail
	return "TF_REATTACH_PROVIDERS=" + string(text)
}

// maxMessage is the size of a message that a provider's process takes.
const maxMessage = 256 << 20

// serve serves until the listener is closed and every connection is over.
func serve(listener net.Listener, open func() Provider) error {
	var walks errgroup.Group
	for {
		connection, err := listener.Accept()
		if err != nil {
			return walks.Wait() // closed
		}
		walks.Go(func() error { return serveConnection(connection, open()) })
	}
}

func serveConnection(connection net.Conn, p Provider) error {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	alive := health.NewServer()
	alive.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, alive)
	plugin := tf6server.GRPCProviderPlugin{
		Name:         registries[0] + "/hashicorp/test",
		GRPCProvider: p.Server,
	}
	err := plugin.GRPCServer(nil, server)
	if err == nil {
		err = server.Serve(&oneConnection{connection: connection, closed: make(chan struct{})})
	}
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	server.Stop()
	return errors.Join(err, p.Close())
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
