package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/zest-digest/zest/digest"
)

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
		if req.URL.Host != via[0].URL.Host { // keys are for the server they were given for
			for _, h := range s.Headers {
				req.Header.Del(h.Name)
			}
			req.Header.Del("Authorization")
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
		client := c.newClient(true)
		if u, err := url.Parse(proxy); err == nil {
			client.Transport.(*http.Transport).Proxy = http.ProxyURL(u)
		}
		c.proxied[proxy] = client
	}
	return c.proxied[proxy]
}

// dial connects, to an address on the public internet unless private ones are
// allowed.
func (c *Collector) dial(private bool) func(context.Context, string, string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: min(10*time.Second, c.o.Timeout), Resolver: c.o.Resolver}
	if !private {
		dialer.Control = c.guard
	}
	return dialer.DialContext
}

func (c *Collector) newClient(private bool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: c.dial(private), TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: c.o.HeaderTimeout,
		DisableCompression: true, MaxResponseHeaderBytes: 256 << 10, MaxIdleConnsPerHost: 1, MaxIdleConns: 64, IdleConnTimeout: 30 * time.Second,
		ForceAttemptHTTP2: true, ReadBufferSize: 16 << 10,
	}}
}

// guard refuses a connection to an address that is not on the public internet.
// It runs after name resolution, on the very address that is dialled, so that
// neither a redirect nor a changing DNS answer gets around it.
func (c *Collector) guard(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("not an address: %q", address)
	}
	if c.exempt != nil && c.exempt(ap) {
		return nil
	}
	if ap.Addr().Zone() != "" || !public(ap.Addr().Unmap()) {
		return errors.New("it is on a private network; `allow_private: true` lets this source be there")
	}
	if !slices.Contains(ports, ap.Port()) {
		return fmt.Errorf("port %d is not one that sources are served on; `allow_private: true` lets this source use it", ap.Port())
	}
	return nil
}

// ports are where web pages and mailboxes are served.
var ports = []uint16{80, 443, 8080, 8443, 143, 993}

// special are the blocks beyond what netip names that are nobody's web site (RFC
// 6890): carrier NAT, documentation, benchmarking, translation, reserved.
var special = prefixes("100.64.0.0/10", "0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"240.0.0.0/4", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

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
