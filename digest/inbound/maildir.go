package inbound

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// deposit puts a message into a Maildir, which is made when it is not there
// (cr.yp.to/proto/maildir.html): written whole under tmp, on disk, then moved.
func deposit(folder string, raw []byte) error {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o700); err != nil {
			return fmt.Errorf("storing a message: %w", err)
		}
	}
	name := fmt.Sprintf("%d.%s.zest", time.Now().Unix(), rand.Text())
	path := filepath.Join(folder, "tmp", name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("storing a message: %w", err)
	}
	_, err1 := f.Write(raw)
	err = errors.Join(err1, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path, filepath.Join(folder, "new", name))
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("storing a message: %w", err)
	}
	return nil
}

// pollMaildir takes the new messages of a Maildir, and moves each to those that
// were seen, or away.
func (p *Poll) pollMaildir(ctx context.Context, in *Inbox) (int, error) {
	fresh := filepath.Join(p.URL, "new")
	entries, err := os.ReadDir(fresh)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(fresh, e.Name())
		raw, err := readUpTo(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another program took it
		}
		if err != nil {
			return n, err
		}
		if _, err := in.Take(ctx, "maildir", "", raw); err != nil {
			return n, err
		}
		n++
		if p.Delete {
			err = os.Remove(path)
		} else {
			base, _, _ := strings.Cut(e.Name(), ":")
			err = os.Rename(path, filepath.Join(p.URL, "cur", base+":2,S"))
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func readUpTo(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxMessage))
}
