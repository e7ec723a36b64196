package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// resolver asks one DNS server. Unlike the standard library's it tells a name
// that is not there from a server that does not answer.
type resolver struct {
	servers []string
	timeout time.Duration
}

// errNoName is the answer for a name or a record that does not exist.
var errNoName = errors.New("no such record")

func newResolver(server string, timeout time.Duration) (resolver, error) {
	if server != "" {
		return resolver{[]string{server}, timeout}, nil
	}
	c, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil || len(c.Servers) == 0 {
		return resolver{}, fmt.Errorf("finding a DNS server: none in /etc/resolv.conf; name one, as in --resolver 9.9.9.9:53")
	}
	r := resolver{timeout: timeout}
	for _, s := range c.Servers {
		r.servers = append(r.servers, net.JoinHostPort(s, c.Port))
	}
	return r, nil
}

// ask gives the records of one type at a name, aliases followed by the server.
// An answer that was cut is asked for again over TCP.
func (r resolver) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), kind)
	q.SetEdns0(1232, false)
	var last error
	for _, server := range r.servers {
		answer, _, err := (&dns.Client{Timeout: r.timeout}).ExchangeContext(ctx, q, server)
		if err == nil && answer.Truncated {
			answer, _, err = (&dns.Client{Timeout: r.timeout, Net: "tcp"}).ExchangeContext(ctx, q, server)
		}
		switch {
		case err != nil:
			last = fmt.Errorf("asking the DNS: %w", err)
		case answer.Rcode == dns.RcodeNameError:
			return nil, errNoName
		case answer.Rcode != dns.RcodeSuccess:
			last = fmt.Errorf("asking the DNS: the server answers %s", dns.RcodeToString[answer.Rcode])
		default:
			var out []dns.RR
			for _, rr := range answer.Answer {
				if rr.Header().Rrtype == kind {
					out = append(out, rr)
				}
			}
			if len(out) == 0 {
				return nil, errNoName
			}
			return out, nil
		}
	}
	return nil, last
}

// LookupTXT gives the texts at a name, each put together from its strings (RFC
// 7208 section 3.3).
func (r resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	records, err := r.ask(ctx, name, dns.TypeTXT)
	var out []string
	for _, rr := range records {
		out = append(out, strings.Join(rr.(*dns.TXT).Txt, ""))
	}
	return out, asNet(name, err)
}

// LookupMX gives the mail servers of a domain.
func (r resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	records, err := r.ask(ctx, name, dns.TypeMX)
	var out []*net.MX
	for _, rr := range records {
		mx := rr.(*dns.MX)
		out = append(out, &net.MX{Host: mx.Mx, Pref: mx.Preference})
	}
	return out, asNet(name, err)
}

// LookupIPAddr gives the addresses of a host, of both families.
func (r resolver) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []net.IPAddr{{IP: ip.AsSlice()}}, nil
	}
	var out []net.IPAddr
	var last error
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		records, err := r.ask(ctx, host, kind)
		if err != nil {
			last = err
		}
		for _, rr := range records {
			switch a := rr.(type) {
			case *dns.A:
				out = append(out, net.IPAddr{IP: a.A})
			case *dns.AAAA:
				out = append(out, net.IPAddr{IP: a.AAAA})
			}
		}
	}
	if len(out) > 0 {
		last = nil
	}
	return out, asNet(host, last)
}

// LookupAddr gives the names that an address has (RFC 1035 section 3.5).
func (r resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	reverse, err := dns.ReverseAddr(addr)
	if err != nil {
		return nil, err
	}
	records, err := r.ask(ctx, reverse, dns.TypePTR)
	var out []string
	for _, rr := range records {
		out = append(out, rr.(*dns.PTR).Ptr)
	}
	return out, asNet(addr, err)
}

// asNet says in the standard library's form that a name is not there, as the
// SPF library wants to hear it.
func asNet(name string, err error) error {
	if errors.Is(err, errNoName) {
		return &net.DNSError{Err: errNoName.Error(), Name: name, IsNotFound: true}
	}
	return err
}

func absent(err error) bool {
	var d *net.DNSError
	return errors.As(err, &d) && d.IsNotFound
}
