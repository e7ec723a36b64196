// Package doctor looks for what keeps a newsletter from its readers: names that
// do not resolve as receivers will want them to, a page for leaving that does
// not answer, a clock that is wrong, a disk that is full. It changes nothing.
//
// Every [Finding] that is not well says how it is mended: the DNS record to
// publish, the setting to change, the command to run.
package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Level says how bad a finding is.
type Level string

// The levels. Only a problem makes a check-up fail.
const (
	Well    Level = "ok"
	Warning Level = "warning" // mail goes out, and less of it arrives than could
	Problem Level = "problem" // readers do not get their mail, or cannot leave
)

// Finding is one thing that was looked at.
type Finding struct {
	Check   string `json:"check"`   // what was looked at: "spf", "source", "clock"
	Subject string `json:"subject"` // which one: a domain, a source, a file
	Level   Level  `json:"level"`
	Text    string `json:"text"`             // what was found
	Remedy  string `json:"remedy,omitempty"` // what mends it, ready to paste
}

// well makes a finding of something that is as it should be.
func (f Finding) well(format string, args ...any) Finding {
	f.Level, f.Text = Well, fmt.Sprintf(format, args...)
	return f
}

func (f Finding) warn(remedy, format string, args ...any) Finding {
	f.Level, f.Text, f.Remedy = Warning, fmt.Sprintf(format, args...), remedy
	return f
}

func (f Finding) wrong(remedy, format string, args ...any) Finding {
	f.Level, f.Text, f.Remedy = Problem, fmt.Sprintf(format, args...), remedy
	return f
}

// Options say where to look things up.
type Options struct {
	Resolver string           // "host:port" of a DNS server; the system's when empty
	Timeout  time.Duration    // of one look-up or request; ten seconds when zero
	Now      func() time.Time // the clock under examination
}

// Doctor examines. It is safe for use by several goroutines.
type Doctor struct {
	o      Options
	dns    resolver
	client *http.Client
}

// New makes a Doctor. It fails when the system names no DNS server and none is
// given.
func New(o Options) (*Doctor, error) {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	dns, err := newResolver(o.Resolver, o.Timeout)
	if err != nil {
		return nil, err
	}
	d := &Doctor{o: o, dns: dns}
	// Names are asked of the DNS, as readers' machines do it: /etc/hosts of this
	// machine would hide a name that nobody else can find. Redirects are answers
	// to look at.
	d.client = &http.Client{
		Timeout:       o.Timeout,
		Transport:     &http.Transport{DialContext: d.dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return d, nil
}

func (d *Doctor) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var tried error
	for _, ip := range d.addresses(ctx, host, &tried) {
		conn, err := (&net.Dialer{Timeout: d.o.Timeout}).DialContext(ctx, network, net.JoinHostPort(ip.String(), port))
		if err == nil {
			return conn, nil
		}
		tried = err
	}
	return nil, tried
}

// addresses are where a name leads. This machine's own name for itself needs no
// DNS.
func (d *Doctor) addresses(ctx context.Context, host string, err *error) []net.IP {
	if host == "localhost" {
		return []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	found, failed := d.dns.LookupIPAddr(ctx, host)
	*err = failed
	var out []net.IP
	for _, a := range found {
		out = append(out, a.IP)
	}
	return out
}
