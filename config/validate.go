package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	_ "time/tzdata" // zones must be known on a machine without them, such as a bare container

	"golang.org/x/text/language"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/segment"
)

// validator collects what is wrong with values of the right type.
type validator struct {
	c        *Config
	problems Problems
}

func (v *validator) add(field, format string, args ...any) {
	v.problems = append(v.problems, v.c.At(field, fmt.Sprintf(format, args...)))
}

func (c *Config) validate() Problems {
	v := &validator{c: c}
	v.server()
	v.names("sources", names(c.Sources, func(s Source) string { return s.Name }))
	v.names("lists", names(c.Lists, func(l List) string { return l.Name }))
	v.names("newsletters", names(c.Newsletters, func(n Newsletter) string { return n.Name }))
	for i, s := range c.Sources {
		v.source(itemPath("sources", i, s.Name), s)
	}
	v.names("segments", names(c.Segments, func(s Segment) string { return s.Name }))
	for i, s := range c.Segments {
		if _, err := segment.Parse(s.Match); err != nil {
			v.add(itemPath("segments", i, s.Name)+".match", "%s", strings.TrimPrefix(err.Error(), "match "))
		}
	}
	for i, n := range c.Newsletters {
		v.newsletter(itemPath("newsletters", i, n.Name), n)
	}
	v.unused()
	return v.problems
}

func names[T any](items []T, name func(T) string) (out []string) {
	for _, item := range items {
		out = append(out, name(item))
	}
	return out
}

var (
	plainName  = pattern(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	sourceName = pattern(`^[\pL\pN][\pL\pN ._-]*$`)
	colour     = pattern(`^#[0-9a-fA-F]{6}$`)
	domainName = pattern(`^([a-zA-Z0-9_]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)
)

func (v *validator) names(field string, list []string) {
	form, hint := plainName, "; no capitals, for it stands in addresses"
	if field == "sources" {
		form, hint = sourceName, ""
	}
	for i, name := range list {
		at := itemPath(field, i, name)
		switch {
		case name == "":
			v.add(at+".name", "is missing")
		case !form().MatchString(name) || len(name) > 100:
			v.add(at+".name", "%q: use letters, digits, - and _%s", name, hint)
		case slices.Index(list, name) < i:
			v.add(at+".name", "%q: given to two of the %s; names are unique", name, field)
		}
	}
}

func (v *validator) server() {
	c := v.c
	if c.PublicURL == "" && len(c.Newsletters) > 0 {
		v.add("public_url", "is missing; readers unsubscribe there, for example https://news.example.org")
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || !isWeb(c.PublicURL) || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		v.add("public_url", "%q: must be a web address without query, for example https://news.example.org", c.PublicURL)
	}
	v.oneOf("smtp.tls", c.SMTP.TLS, TLSStart, TLSImplicit, TLSNone)
	v.within("smtp.port", c.SMTP.Port, 1, 65535)
	v.within("smtp.connections", c.SMTP.Connections, 1, 500)
	v.within("smtp.per_connection", c.SMTP.PerConnection, 0, 1_000_000)
	v.positive("smtp.timeout", c.SMTP.Timeout)
	v.positive("smtp.command_timeout", c.SMTP.CommandTimeout)
	if c.SMTP.Host == "" || strings.ContainsAny(c.SMTP.Host, " /@\r\n") {
		v.add("smtp.host", "%q: must be a host name or an IP address", c.SMTP.Host)
	}
	if c.SMTP.Rate < 0 {
		v.add("smtp.rate", "%v: cannot be negative; 0 means no limit", c.SMTP.Rate)
	}
	if (c.SMTP.User == "") != (c.SMTP.Password == "") {
		v.add("smtp.user", "user and password come together; give both or neither")
	}
	v.listening()
	if c.Operator.Mail != "" {
		v.mailbox("operator.mail", c.Operator.Mail)
	} else if c.Operator.Reports {
		v.add("operator.reports", "needs operator.mail")
	}
	v.pages()
	v.within("collect.parallel", c.Collect.Parallel, 1, 256)
	v.positive("collect.timeout", c.Collect.Timeout)
	v.positive("collect.alert_after", c.Collect.AlertAfter)
	if c.Collect.MaxBytes < 1024 {
		v.add("collect.max_bytes", "%q: too small to read a feed; use at least 1KiB", c.Collect.MaxBytes)
	}
	v.web("collect.proxy", c.Collect.Proxy)
	v.dkim()
	v.receive()
	v.wayOut()
	v.traffic()
}

// listening checks how `zest serve` is reached.
func (v *validator) listening() {
	w := v.c.Web
	for _, l := range []struct{ key, value string }{{"web.listen", w.Listen}, {"web.listen_http", w.ListenHTTP}, {"metrics.listen", v.c.Metrics.Listen}} {
		if _, _, err := net.SplitHostPort(l.value); err != nil && (l.value != "" || l.key == "web.listen") {
			v.add(l.key, "%q: must be host:port, for example 127.0.0.1:8080", l.value)
		}
	}
	t := v.c.Traces
	if u, err := url.Parse(t.Endpoint); t.Endpoint != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https") {
		v.add("traces.endpoint", "%q: must be a web address without a name and password, for example http://127.0.0.1:4318", hideUser(t.Endpoint))
	}
	if t.Share < 0 || t.Share > 1 {
		v.add("traces.share", "%v: must be from 0 to 1", t.Share)
	}
	if w.Secret != "" && len(w.Secret) < 16 {
		v.add("web.secret", "is too short to sign with; use at least 16 characters")
	}
	v.oneOf("web.https", w.HTTPS, HTTPSOff, HTTPSACME, HTTPSFiles)
	switch {
	case w.HTTPS == HTTPSFiles && (w.Certificate == "" || w.CertificateKey == ""):
		v.add("web.https", "files needs web.certificate and web.certificate_key")
	case w.HTTPS != HTTPSOff && !strings.HasPrefix(v.c.PublicURL, "https://"):
		v.add("public_url", "%q: must begin with https:// when zest serves it so", v.c.PublicURL)
	}
	v.web("web.acme_server", w.ACMEServer)
}

// pages checks what the readers' pages need besides.
func (v *validator) pages() {
	w := v.c.Web
	if w.OldSecret != "" && (len(w.OldSecret) < 16 || w.Secret == "") {
		v.add("web.old_secret", "is the web.secret of before, of at least 16 characters; give web.secret too")
	}
	for i, p := range w.TrustedProxies {
		if _, err := ParsePrefix(p); err != nil {
			v.add(fmt.Sprintf("web.trusted_proxies[%d]", i), "%q: must be an address or a network, for example 10.0.0.0/8", p)
		}
	}
	for i, n := range v.c.Newsletters {
		if slices.Contains(reserved, n.Name) {
			v.add(itemPath("newsletters", i, n.Name)+".name", "%q: the pages for readers have this address already; take another name", n.Name)
		}
	}
}

// reserved are the first parts of addresses that pages have for themselves.
var reserved = []string{"u", "p", "c", "d", "a", "i", "r", "more", "less", "subscribe", "embed", "look", "healthz", "readyz", "metrics", "hooks"}

// ParsePrefix reads a network, or one address as a network of its own.
func ParsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

func (v *validator) dkim() {
	d := v.c.DKIM
	if d == (DKIM{}) {
		return
	}
	v.domain("dkim.domain", d.Domain)
	for _, need := range []struct{ key, value string }{{"domain", d.Domain}, {"selector", d.Selector}, {"key_file", string(d.Key)}} {
		if need.value == "" && !(need.key == "key_file" && d.KeyFile != "") {
			v.add("dkim."+need.key, "is missing; dkim needs domain, selector and key_file")
		}
	}
}

func (v *validator) web(field, s string) {
	if s == "" {
		return
	}
	if u, err := url.Parse(s); err != nil || u.Host == "" {
		v.add(field, "%q: must be a whole web address, for example https://example.org/feed.xml", hideUser(s))
	}
}

func (v *validator) domain(field, s string) {
	if s != "" && (!domainName().MatchString(s) || len(s) > 253) {
		v.add(field, "%q: must be a domain, for example example.org", s)
	}
}

func (v *validator) language(field, s string) {
	if s == "" {
		return
	}
	if _, err := language.Parse(s); err != nil {
		v.add(field, "%q: not a language; write a code like fr, en or pt-BR", s)
	}
}

func (v *validator) oneOf(field, s string, allowed ...string) {
	if slices.Contains(allowed, s) {
		return
	}
	words := slices.DeleteFunc(slices.Clone(allowed), func(a string) bool { return a == "" })
	v.add(field, "%q: must be %s%s", s, strings.Join(words, ", "), didYouMean(s, words))
}

func (v *validator) within(field string, n, low, high int) {
	if n < low || n > high {
		v.add(field, "%d: must be between %d and %d", n, low, high)
	}
}

func (v *validator) positive(field string, d time.Duration) {
	if d <= 0 {
		v.add(field, "%q: must be more than nothing", d)
	}
}

func (v *validator) mailbox(field, s string) digest.Address {
	a, err := address.ParseMailbox(s)
	if err != nil {
		v.add(field, "%s", strings.TrimPrefix(err.Error(), "address "))
	}
	return a
}

// hideUser masks the user and password of an address.
func hideUser(s string) string {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		return s
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		return scheme + "://" + mask + "@" + rest[at+1:]
	}
	return s
}

// pattern compiles an expression when it is first used, and keeps it: a program
// that starts for a moment needs few of them.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
