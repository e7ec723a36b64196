package deliver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Drop is a way out that is not a mail server: a program or a folder that takes
// whole messages, one at a time.
type Drop interface {
	// put hands over one message. An error ends the run: the way out is of no use
	// to anybody.
	put(ctx context.Context, r *digest.Reader, message []byte) (digest.Outcome, error)
	// probe reports whether the way out is there, and leaves no trace.
	probe() error
}

// unusable is the end of a run whose way out is not there.
func unusable(err error) error {
	return &digest.SendError{Verdict: digest.VerdictDefer, Stage: string(stageConnect), Err: err}
}

// lines gives a message the line ends of this side of SMTP.
func lines(message []byte) []byte { return bytes.ReplaceAll(message, []byte("\r\n"), []byte("\n")) }

// fileName is the same for every attempt at a message, so that one that is
// written twice is one file.
func fileName(r *digest.Reader) string {
	sum := sha256.Sum256([]byte(r.MessageID))
	return hex.EncodeToString(sum[:16])
}

// writeWhole makes a file appear with all its content, durably, or not at all.
func writeWhole(temporary, final string, content []byte) error {
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(temporary, final)
	}
	if err != nil {
		os.Remove(temporary)
	}
	return err
}

// written is the outcome of a file: a disk that is full is nobody's fault and
// everybody's trouble.
func written(err error) (digest.Outcome, error) {
	if err != nil {
		return digest.Outcome{}, unusable(fmt.Errorf("writing a message: %w", err))
	}
	return digest.Outcome{Verdict: digest.VerdictSent, Code: 250}, nil
}

// maildir is a folder that mail programs read.
type maildir struct{ path string }

// Maildir delivers into a Maildir, which is made when it is not there. A message
// that goes a second time replaces itself as long as nobody has moved it.
func Maildir(path string) Drop { return maildir{path} }

func (m maildir) put(_ context.Context, r *digest.Reader, message []byte) (digest.Outcome, error) {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(m.path, sub), 0o700); err != nil {
			return written(err)
		}
	}
	name := fileName(r) + ".zest"
	head := "Return-Path: <" + r.Envelope + ">\nDelivered-To: " + r.Email + "\n"
	return written(writeWhole(filepath.Join(m.path, "tmp", name), filepath.Join(m.path, "new", name), append([]byte(head), lines(message)...)))
}

func (m maildir) probe() error { return probeFolder(m.path) }

// folder holds a file for each message.
type folder struct{ path string }

// Folder writes each message to a file of its own, as it would go over the wire,
// with .eml at its end.
func Folder(path string) Drop { return folder{path} }

func (f folder) put(_ context.Context, r *digest.Reader, message []byte) (digest.Outcome, error) {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return written(err)
	}
	name := fileName(r)
	return written(writeWhole(filepath.Join(f.path, "."+name), filepath.Join(f.path, name+".eml"), message))
}

func (f folder) probe() error { return probeFolder(f.path) }

// probeFolder accepts a folder, or a place where one can be made.
func probeFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, err = os.Stat(filepath.Dir(path))
	case err == nil && !info.IsDir():
		err = fmt.Errorf("%s is not a folder", path)
	}
	if err != nil {
		return unusable(err)
	}
	return nil
}

// sendmail is the program that every Unix mail system has.
type sendmail struct {
	command []string
	timeout time.Duration
}

// Sendmail hands each message to a program that takes it as sendmail does: the
// envelope in its arguments, the message on its standard input.
func Sendmail(command []string) Drop { return sendmail{command, 10 * time.Minute} }

func (s sendmail) probe() error {
	if _, err := exec.LookPath(s.command[0]); err != nil {
		return unusable(err)
	}
	return nil
}

// The exit statuses of sendmail that mean something here (sysexits.h).
const (
	exDataErr  = 65
	exNoUser   = 67
	exNoHost   = 68
	exUsage    = 64
	exOSFile   = 72
	exNoPerm   = 77
	exConfig   = 78
	exNotFound = 127 // a shell's
)

func (s sendmail) put(ctx context.Context, r *digest.Reader, message []byte) (digest.Outcome, error) {
	// Stopping the run does not stop a program that has the message already.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	args := append(append([]string{}, s.command[1:]...), "-i", "-f", r.Envelope, "--", r.Email)
	cmd := exec.CommandContext(ctx, s.command[0], args...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(lines(message)), &said, &said
	err := cmd.Run()
	_, reply := split(strings.TrimSpace(said.String()))
	var exit *exec.ExitError
	switch {
	case err == nil:
		return digest.Outcome{Verdict: digest.VerdictSent, Code: 250}, nil
	case ctx.Err() != nil || errors.As(err, &exit) && exit.ExitCode() < 0:
		return digest.Outcome{Verdict: digest.VerdictUnknown, Reply: "the program was ended before it said what became of the message"}, nil
	case !errors.As(err, &exit):
		return digest.Outcome{}, unusable(fmt.Errorf("running %s: %w", s.command[0], err))
	}
	o := digest.Outcome{Reply: shorten(fmt.Sprintf("%s ended with status %d: %s", filepath.Base(s.command[0]), exit.ExitCode(), reply))}
	switch exit.ExitCode() {
	case exUsage, exOSFile, exNoPerm, exConfig, exNotFound:
		return digest.Outcome{}, unusable(errors.New(o.Reply))
	case exDataErr, exNoUser, exNoHost:
		o.Verdict = digest.VerdictFailed
	default: // EX_TEMPFAIL and what may mend
		o.Verdict = digest.VerdictRetry
	}
	return o, nil
}
