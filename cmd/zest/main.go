// Command zest reads sources, makes editions of newsletters from them, and
// sends each to every subscriber once.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "github.com/zest-digest/zest/cmd/zest/ease" // before what follows
	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for anything
	os.Exit(run(ctx, os.Args[1:], world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), now: time.Now,
	}))
}

// world is what the program touches: given, so that a test can give another.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	now            func() time.Time
}

// The exit codes, the same for every command.
const (
	exitDone     = 0 // done
	exitFailure  = 1 // something outside the operator's control
	exitMistake  = 2 // the command or the configuration is wrong
	exitPartly   = 3 // sent, but not to everybody
	exitNothing  = 4 // there was nothing new to send
	exitCanceled = 130
)

const exitHelp = `
Exit status: 0 done, 1 failure, 2 a mistake in the command or the configuration,
3 sent but not to everybody, 4 nothing new to send.`

var errNoConfig = errors.New("no configuration found; `zest init` writes one, `zest demo` needs none")

// errPartly ends a command whose report already said everything.
var errPartly = errors.New("not everybody got it")

// run is the whole program. It returns the exit status.
func run(ctx context.Context, args []string, w world) int {
	a := newApp(w)
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	code := status(ctx, err)
	switch {
	case errors.Is(err, errPartly):
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "zest: stopped; everything done so far is kept. Run the same command again to go on.")
	default:
		a.complain(err)
	}
	return code
}

// status is the one table from errors to exit codes.
func status(ctx context.Context, err error) int {
	var invalid *digest.InvalidError
	var problems config.Problems
	var usage *usageError
	switch {
	case errors.Is(err, errPartly):
		return exitPartly
	case errors.Is(err, digest.ErrNothingNew):
		return exitNothing
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return exitCanceled
	case errors.As(err, &invalid), errors.As(err, &problems), errors.As(err, &usage), errors.Is(err, digest.ErrNotFound):
		return exitMistake
	}
	return exitFailure
}

// usageError is a command line that does not make sense.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// complain tells a person what went wrong, once.
func (a *app) complain(err error) {
	var problems config.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Fprintf(a.stderr, "%s %s\n", a.paint(red, "zest:"), p)
		}
		return
	}
	fmt.Fprintf(a.stderr, "%s %v\n", a.paint(red, "zest:"), err)
}
