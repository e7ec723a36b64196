package collect

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/zest-digest/zest/digest"
)

type validators struct{ etag, lastModified string }

type response struct {
	page         digest.Page
	notModified  bool
	etag         string
	lastModified string
	moved        string // where a permanent redirect led
}

// statusError is an answer that is not a document.
type statusError struct {
	address string
	code    int
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s: the server answered %d %s", e.address, e.code, http.StatusText(e.code))
}

// fetch gets one document within every limit.
func (c *Collector) fetch(ctx context.Context, s digest.Source, address string, v validators) (response, error) {
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
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return out, err
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
	client, moved := c.clientFor(s)
	resp, err := client.Do(req)
	if err != nil {
		return out, plainError(address, err)
	}
	defer resp.Body.Close()
	out.moved = *moved
	if resp.StatusCode == http.StatusNotModified {
		out.notModified = true
		return out, nil
	}
	if resp.StatusCode != http.StatusOK {
		return out, &statusError{address, resp.StatusCode}
	}
	out.etag, out.lastModified = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	out.page = digest.Page{URL: resp.Request.URL.String(), ContentType: resp.Header.Get("Content-Type")}
	if out.page.Body, err = c.body(resp); err != nil {
		return out, plainError(address, err)
	}
	return out, nil
}

// plainError says what went wrong without the Go of it.
func plainError(address string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: no complete answer in time", address)
	}
	return fmt.Errorf("%s: %w", address, err)
}

const redirects = 5

// clientFor is a client that follows a few redirects under the source's guard,
// and notes where permanent ones lead.
func (c *Collector) clientFor(s digest.Source) (*http.Client, *string) {
	moved := new(string)
	client := *c.guarded
	if proxy := cmp.Or(s.Proxy, c.o.Proxy); proxy != "" {
		client = *c.through(proxy)
	} else if s.AllowPrivate {
		client = *c.open
	}
	permanent := true
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > redirects {
			return fmt.Errorf("more than %d redirects", redirects)
		}
		if scheme := req.URL.Scheme; scheme != "http" && scheme != "https" {
			return fmt.Errorf("redirected to a %s address", scheme)
		}
		code := req.Response.StatusCode
		if permanent = permanent && (code == http.StatusMovedPermanently || code == http.StatusPermanentRedirect); permanent {
			*moved = req.URL.String()
		}
		return nil
	}
	return &client, moved
}

// through is the client of a proxy. The proxy decides where it connects to, so
// the guard on addresses is its business.
func (c *Collector) through(proxy string) *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proxied[proxy] == nil {
		client := newClient(true)
		if u, err := url.Parse(proxy); err == nil {
			client.Transport.(*http.Transport).Proxy = http.ProxyURL(u)
		}
		c.proxied[proxy] = client
	}
	return c.proxied[proxy]
}

func newClient(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if !private {
		dialer.Control = guard
	}
	return &http.Client{Transport: &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
		DisableCompression: true, MaxResponseHeaderBytes: 256 << 10, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second,
	}}
}

// guard refuses a connection to an address that is not on the public internet.
// It runs after name resolution, on the very address that is dialled, so that
// neither a redirect nor a changing DNS answer gets around it.
func guard(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("not an address: %q", address)
	}
	if !public(ap.Addr().Unmap()) || ap.Addr().Zone() != "" {
		return errors.New("it is on a private network; `allow_private: true` lets this source be there")
	}
	if p := ap.Port(); p != 80 && p != 443 && p != 8080 && p != 8443 {
		return fmt.Errorf("port %d is not one that pages are served on; `allow_private: true` lets this source use it", p)
	}
	return nil
}

// special are the blocks beyond what netip names that are nobody's web site (RFC
// 6890): carrier NAT, documentation, benchmarking, translation, reserved.
var special = prefixes("100.64.0.0/10", "0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// body reads a body, expanded, within both limits.
func (c *Collector) body(resp *http.Response) ([]byte, error) {
	raw := &capped{r: resp.Body, left: c.o.MaxBytes, what: "the document"}
	var r io.Reader = raw
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, err
		}
		r = z
	case "br":
		r = brotli.NewReader(raw)
	case "zstd":
		z, err := zstd.NewReader(raw, zstd.WithDecoderMaxMemory(uint64(c.o.MaxExpanded)), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	default:
		return nil, fmt.Errorf("unknown content encoding %q", resp.Header.Get("Content-Encoding"))
	}
	var b bytes.Buffer
	_, err := io.Copy(&b, &capped{r: r, left: c.o.MaxExpanded, what: "the expanded document"})
	return b.Bytes(), err
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
		return 0, fmt.Errorf("%s is too large", c.what)
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}
