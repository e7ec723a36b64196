package collect

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/zest-digest/zest/digest"
)

type validators struct{ etag, lastModified string }

type response struct {
	page         digest.Page
	notModified  bool
	etag         string
	lastModified string
	base         string // what a feed's relative links are relative to
	moved        string // where a permanent redirect led
	sum          string // tells one body from another
	cut          error  // why the body ended before it was whole, nil when it is
}

// statusError is an answer that is not a document.
type statusError struct {
	address string
	code    int
	after   time.Duration // what Retry-After asks for, 0 for nothing
}

func (e *statusError) Error() string {
	s := fmt.Sprintf("%s: the server answered %d %s", e.address, e.code, http.StatusText(e.code))
	if e.after > 0 {
		s += fmt.Sprintf(", and wants %s of rest", e.after.Round(time.Second))
	}
	return s
}

// passing reports whether the same question may be answered in a moment.
func (e *statusError) passing() bool {
	switch e.code {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusInternalServerError:
		return true
	}
	return false
}

// fetch gets one document within every limit. What passes by itself is tried
// again a few times, with growing pauses and some chance in them. A server that
// asks for a rest gets it: the source's next reading waits for it.
func (c *Collector) fetch(ctx context.Context, s digest.Source, address string, v validators) (response, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = c.o.RetryPause, 10*c.o.RetryPause
	out, err := backoff.Retry(ctx, func() (response, error) {
		out, err := c.once(ctx, s, address, v)
		if err != nil && !passes(err) {
			err = backoff.Permanent(err)
		}
		return out, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(uint(max(0, c.o.Retries))+1), backoff.WithMaxElapsedTime(c.o.Timeout))
	var final *backoff.PermanentError
	if errors.As(err, &final) {
		err = final.Err
	}
	return out, err
}

// passes reports whether a failure may be gone in a moment: a connection that
// broke or a server that is busy, not a name that does not exist, nor a limit.
func passes(err error) bool {
	var status *statusError
	if errors.As(err, &status) {
		return status.passing() && status.after == 0
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTemporary && !dns.IsTimeout
	}
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// once asks one time.
func (c *Collector) once(ctx context.Context, s digest.Source, address string, v validators) (response, error) {
	var out response
	done, err := c.turn(ctx, address)
	if err != nil {
		return out, err
	}
	defer done()
	return c.get(ctx, s, address, v)
}

// get asks once, without waiting for a turn.
func (c *Collector) get(ctx context.Context, s digest.Source, address string, v validators) (response, error) {
	var out response
	limited, cancel := context.WithTimeoutCause(ctx, c.o.Timeout, errors.New("no answer in time"))
	defer cancel()
	limited, stop := context.WithCancelCause(limited)
	defer stop(nil)
	req, err := c.request(limited, s, address, v)
	if err != nil {
		return out, fmt.Errorf("%s: not an address", address)
	}
	client, moved := c.clientFor(s)
	resp, err := client.Do(req)
	if err != nil {
		return out, plainError(limited, address, err)
	}
	defer resp.Body.Close()
	out.moved = *moved
	if resp.StatusCode == http.StatusNotModified && v != (validators{}) {
		out.notModified = true
		return out, nil
	}
	if resp.StatusCode != http.StatusOK {
		return out, &statusError{address, resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"), c.o.Now())}
	}
	out.etag, out.lastModified = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	out.page = digest.Page{URL: resp.Request.URL.String(), ContentType: resp.Header.Get("Content-Type")}
	out.base = baseOf(resp)
	out.page.Body, err = c.body(resp, stop)
	if errors.Is(err, errCut) || errors.Is(err, errLarge) {
		// The whole is not there, so nothing may say that it was read.
		out.cut, out.etag, out.lastModified, err = plainError(limited, address, err), "", "", nil
	}
	if err != nil {
		return out, plainError(limited, address, err)
	}
	sum := sha256.Sum256(out.page.Body)
	out.sum = base64.RawStdEncoding.EncodeToString(sum[:])
	return out, nil
}

func (c *Collector) request(ctx context.Context, s digest.Source, address string, v validators) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	req.Header.Set("Accept", "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, */*;q=0.5")
	req.Header.Set("Accept-Encoding", "gzip, br, zstd")
	for _, h := range s.Headers {
		req.Header.Set(h.Name, h.Value)
	}
	if s.User != "" {
		req.SetBasicAuth(s.User, s.Password)
	}
	if v.etag != "" {
		req.Header.Set("If-None-Match", v.etag)
	}
	if v.lastModified != "" {
		req.Header.Set("If-Modified-Since", v.lastModified)
	}
	return req, nil
}

// retryAfter reads seconds or a date (RFC 9110 section 10.2.3), at most a day.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil {
		d = time.Duration(min(n, 86400)) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), 24*time.Hour)
}

// baseOf is the address that a feed's relative links are relative to: where the
// answer says it lives, else where it was had. RFC 2616 section 14.14 asked for
// the former; RFC 9110 no longer does, but a feed that is served under another
// address than its own is still read by it.
func baseOf(resp *http.Response) string {
	if l := resp.Header.Get("Content-Location"); isWeb(l) {
		return l
	}
	return resp.Request.URL.String()
}

// plainError says what went wrong without the Go of it.
func plainError(ctx context.Context, address string, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("%s: %w", address, cause)
	}
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return fmt.Errorf("%s: no answer in time", address)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s: %w", address, err)
}
