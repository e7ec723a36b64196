package collect

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// errSlow ends a body that trickles.
var errSlow = errors.New("the answer comes too slowly")

// errLarge is a body that is larger than a document may be.
var errLarge = errors.New("too large")

// errCut is a body that ended before it was whole; what came before is kept.
var errCut = errors.New("the answer was cut off")

// body reads a body, expanded, within both limits of size and above the floor of
// speed. With errCut and errLarge
// comes what arrived.
func (c *Collector) body(resp *http.Response, stop context.CancelCauseFunc) ([]byte, error) {
	watched := &watched{r: resp.Body}
	defer watched.watch(c.o.SlowWindow, c.o.MinRate, stop)()
	raw := &capped{r: watched, left: c.o.MaxBytes, what: "the document"}
	r, shut, err := c.expand(raw, resp.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	defer shut()
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && r == io.Reader(raw) {
		b.Grow(int(min(n, c.o.MaxBytes)) + bytes.MinRead)
	}
	_, err = io.Copy(&b, &capped{r: r, left: c.o.MaxExpanded, what: "the expanded document"})
	if b.Len() > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCut
	}
	return b.Bytes(), err
}

func (c *Collector) expand(raw io.Reader, encoding string) (io.Reader, func(), error) {
	none := func() {}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return raw, none, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		return z, none, err
	case "br":
		return brotli.NewReader(raw), none, nil
	case "zstd":
		// RFC 8878 section 3.1.1.1.2 asks decoders for windows of 8 MiB.
		z, err := zstd.NewReader(raw, zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, none, err
		}
		return z, z.Close, nil
	}
	return nil, none, fmt.Errorf("unknown content encoding %q", encoding)
}

// capped ends a reader that gives too much.
type capped struct {
	r    io.Reader
	left int64
	what string
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		var one [1]byte
		if n, err := c.r.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, fmt.Errorf("%s is %w", c.what, errLarge)
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}

// watched counts what is read, so that a trickle can be told from a stream.
type watched struct {
	r io.Reader
	n atomic.Int64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n.Add(int64(n))
	return n, err
}

// watch ends the request when less than rate bytes a second came in a window. It
// returns what ends the watch.
func (w *watched) watch(window time.Duration, rate int64, stop context.CancelCauseFunc) func() {
	var last int64
	floor := max(1, int64(window.Seconds()*float64(rate)))
	done := make(chan struct{})
	t := time.NewTicker(window)
	go func() {
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				now := w.n.Load()
				if now-last < floor {
					stop(errSlow)
					return
				}
				last = now
			}
		}
	}()
	return func() { close(done) }
}
