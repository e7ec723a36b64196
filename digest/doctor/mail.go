package doctor

import (
	"context"
	"fmt"
	"net"
	"strings"

	"blitiri.com.ar/go/spf"
	"golang.org/x/net/publicsuffix"
)

// Mail is what is to be known of how a newsletter is sent.
type Mail struct {
	From         string // domain of the From address
	BounceDomain string // domain of the envelope sender
	Relay        string // host that takes our mail
	Keys         []Key  // what we sign with; none when the relay signs
}

// Key is a DKIM key of ours as the DNS must publish it.
type Key struct{ Domain, Selector, Record string }

// unreachable is the remedy where a DNS server did not answer: that says
// nothing of the record.
const unreachable = "try again, or name another DNS server: --resolver 9.9.9.9:53"

// Mail looks at the names that receivers judge a message by: SPF (RFC 7208),
// DKIM (RFC 6376), DMARC (RFC 7489), the way back for bounces, and the name of
// the relay's address.
func (d *Doctor) Mail(ctx context.Context, m Mail) []Finding {
	out := []Finding{d.spf(ctx, m)}
	for _, k := range m.Keys {
		out = append(out, d.dkim(ctx, k))
	}
	if len(m.Keys) == 0 {
		out = append(out, Finding{Check: "dkim", Subject: m.From}.warn(
			fmt.Sprintf("have the relay sign for %s, or make a key: zest dkim keygen zest %s", m.From, m.From),
			"zest does not sign; without a signature of the relay for %s, large providers refuse newsletters", m.From))
	}
	out = append(out, d.dmarc(ctx, m), d.wayBack(ctx, m.BounceDomain))
	if f, looked := d.reverse(ctx, m.Relay); looked {
		out = append(out, f)
	}
	return out
}

// mechanism is how an SPF record names a relay. One on this machine sends from
// the address the domain's own names lead to.
func mechanism(relay string) string {
	ip := net.ParseIP(relay)
	switch {
	case relay == "localhost", ip != nil && !public(ip):
		return "a mx"
	case ip != nil && ip.To4() == nil:
		return "ip6:" + relay
	case ip != nil:
		return "ip4:" + relay
	}
	return "a:" + relay + " mx"
}

func (d *Doctor) spf(ctx context.Context, m Mail) Finding {
	f := Finding{Check: "spf", Subject: m.BounceDomain}
	record := fmt.Sprintf("%s. TXT \"v=spf1 %s ~all\"", m.BounceDomain, mechanism(m.Relay))
	texts, err := d.dns.LookupTXT(ctx, m.BounceDomain)
	if err != nil && !absent(err) {
		return f.warn(unreachable, "could not be looked up: %v", err)
	}
	var policies []string
	for _, t := range texts {
		if low := strings.ToLower(t); low == "v=spf1" || strings.HasPrefix(low, "v=spf1 ") {
			policies = append(policies, low)
		}
	}
	switch {
	case len(policies) == 0:
		return f.wrong(record, "there is no SPF record: receivers cannot tell our servers from a forger's")
	case len(policies) > 1:
		return f.wrong("keep one of them, with what all of them allow", "there are %d SPF records, which counts as an error (RFC 7208 section 4.5)", len(policies))
	case strings.HasSuffix(policies[0], "+all"), strings.HasSuffix(policies[0], " all"):
		return f.wrong(record, "the SPF record allows everybody, so it proves nothing")
	}
	return d.allowed(ctx, f, m, policies[0])
}

// allowed asks the policy about the relay's own addresses. A relay may send from
// others, so that its own are not named is a warning and no more.
func (d *Doctor) allowed(ctx context.Context, f Finding, m Mail, policy string) Finding {
	for _, ip := range d.publicAddresses(ctx, m.Relay) {
		result, err := spf.CheckHostWithSender(ip, m.Relay, "postmaster@"+m.BounceDomain, spf.WithContext(ctx), spf.WithResolver(d.dns))
		switch result {
		case spf.PermError, spf.TempError:
			return f.wrong("correct the record: "+policy, "the SPF record cannot be evaluated: %v", err)
		case spf.Pass:
		default:
			return f.warn("if the relay sends from this address, add to the record: ip4:"+ip.String(), "the SPF record does not allow the relay's address %s (%s)", ip, result)
		}
	}
	return f.well("%s", policy)
}

func (d *Doctor) dkim(ctx context.Context, k Key) Finding {
	name := k.Selector + "._domainkey." + k.Domain
	f := Finding{Check: "dkim", Subject: name}
	record := fmt.Sprintf("%s. TXT %s", name, TXT(k.Record))
	texts, err := d.dns.LookupTXT(ctx, name)
	switch {
	case absent(err):
		return f.wrong(record, "the key is not published: every signature fails")
	case err != nil:
		return f.warn(unreachable, "could not be looked up: %v", err)
	case len(texts) > 1:
		return f.wrong("leave one: "+record, "there are %d records under this name; receivers may take any", len(texts))
	}
	published, ours := tags(texts[0]), tags(k.Record)
	switch {
	case published["p"] == "":
		return f.wrong(record, "the published key has been revoked (an empty p=)")
	case published["p"] != ours["p"]:
		return f.wrong(record, "the published key is not ours: every signature fails")
	case strings.Contains(":"+published["t"]+":", ":y:"):
		return f.warn(record, "the record says t=y, testing: receivers ignore the signature")
	}
	return f.well("the published key is ours")
}

func (d *Doctor) dmarc(ctx context.Context, m Mail) Finding {
	f := Finding{Check: "dmarc", Subject: "_dmarc." + m.From}
	record := fmt.Sprintf("_dmarc.%s. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@%s\"", m.From, m.From)
	policy, err := d.policy(ctx, m.From)
	if err == nil && policy == nil && organisation(m.From) != m.From {
		policy, err = d.policy(ctx, organisation(m.From)) // RFC 7489 section 6.6.3
	}
	switch {
	case err != nil:
		return f.warn(unreachable, "could not be looked up: %v", err)
	case policy == nil:
		return f.wrong(record, "there is no DMARC record, and large providers ask for one of whoever writes to many")
	case policy["p"] != "none" && policy["p"] != "quarantine" && policy["p"] != "reject":
		return f.wrong(record, "the DMARC record has no policy that means anything (p=%s)", policy["p"])
	}
	signed, signers := false, "none"
	for _, k := range m.Keys {
		signed, signers = signed || aligned(k.Domain, m.From, policy["adkim"]), k.Domain
	}
	if !signed && !aligned(m.BounceDomain, m.From, policy["aspf"]) {
		return f.wrong(fmt.Sprintf("sign for %s (dkim.domain), or send bounces to a domain under %s (bounce_domain)", m.From, organisation(m.From)),
			"neither the signature (%s) nor the envelope (%s) is of the domain in From: DMARC fails", signers, m.BounceDomain)
	}
	return f.well("p=%s, and the message is aligned with it", policy["p"])
}

// policy reads the DMARC record of one domain, nil where there is none or more
// than one (RFC 7489 section 6.6.3, step 5).
func (d *Doctor) policy(ctx context.Context, domain string) (map[string]string, error) {
	texts, err := d.dns.LookupTXT(ctx, "_dmarc."+domain)
	if err != nil && !absent(err) {
		return nil, err
	}
	var found []map[string]string
	for _, t := range texts {
		if p := tags(t); p["v"] == "DMARC1" {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return nil, nil
	}
	return found[0], nil
}

// wayBack looks for a server that takes the bounces.
func (d *Doctor) wayBack(ctx context.Context, domain string) Finding {
	f := Finding{Check: "bounces", Subject: domain}
	record := fmt.Sprintf("%s. MX 10 mail.%s.", domain, organisation(domain))
	servers, err := d.dns.LookupMX(ctx, domain)
	switch {
	case len(servers) == 1 && servers[0].Host == ".":
		return f.wrong(record, "the domain takes no mail (RFC 7505), so bounces and complaints are lost")
	case err == nil:
		for _, s := range servers {
			if _, err := d.dns.LookupIPAddr(ctx, s.Host); absent(err) {
				return f.wrong(fmt.Sprintf("%s A <address>", s.Host), "its mail server %s has no address", s.Host)
			}
		}
		return f.well("bounces come back by %s", servers[0].Host)
	case !absent(err):
		return f.warn(unreachable, "could not be looked up: %v", err)
	}
	if _, err := d.dns.LookupIPAddr(ctx, domain); err == nil {
		return f.warn(record, "there is no MX record; some servers do not fall back to the address")
	}
	return f.wrong(record, "no server takes its mail: bounces and complaints are lost, and dead addresses stay on the lists")
}

// reverse looks whether the relay's address has a name that leads back to it.
// What is private is nobody's concern.
func (d *Doctor) reverse(ctx context.Context, relay string) (Finding, bool) {
	f := Finding{Check: "ptr", Subject: relay}
	for _, ip := range d.publicAddresses(ctx, relay) {
		names, err := d.dns.LookupAddr(ctx, ip.String())
		if absent(err) {
			return f.warn("ask whoever lends you the address for a PTR record to "+relay, "the address %s has no name, and many receivers refuse such servers", ip), true
		}
		if err != nil {
			return f.warn(unreachable, "could not be looked up: %v", err), true
		}
		if !d.leadsBack(ctx, names, ip) {
			return f.warn(fmt.Sprintf("%s A %s", names[0], ip), "the address %s is named %s, and that name does not lead back to it", ip, names[0]), true
		}
		f = f.well("%s is named %s", ip, names[0])
	}
	return f, f.Level != ""
}

func (d *Doctor) leadsBack(ctx context.Context, names []string, ip net.IP) bool {
	for _, n := range names {
		addresses, _ := d.dns.LookupIPAddr(ctx, n)
		for _, a := range addresses {
			if a.IP.Equal(ip) {
				return true
			}
		}
	}
	return false
}

func (d *Doctor) publicAddresses(ctx context.Context, host string) []net.IP {
	addresses, _ := d.dns.LookupIPAddr(ctx, host)
	var out []net.IP
	for _, a := range addresses {
		if public(a.IP) {
			out = append(out, a.IP)
		}
	}
	return out
}

// public reports whether an address means the same machine to everybody.
func public(ip net.IP) bool {
	return !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
}

// tags reads a record of tag=value pairs (RFC 6376 section 3.2).
func tags(record string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(record, ";") {
		if k, v, ok := strings.Cut(part, "="); ok {
			out[strings.TrimSpace(k)] = strings.Join(strings.Fields(v), "")
		}
	}
	return out
}

// aligned compares two domains as DMARC does: strictly, or by the organisation
// they belong to (RFC 7489 section 3.1).
func aligned(a, b, mode string) bool {
	if mode == "s" {
		return strings.EqualFold(a, b)
	}
	return organisation(a) == organisation(b)
}

func organisation(domain string) string {
	if org, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(domain)); err == nil {
		return org
	}
	return strings.ToLower(domain)
}

// TXT writes the value of a TXT record as a zone file has it: strings of at most
// 255 bytes (RFC 1035 section 3.3.14).
func TXT(s string) string {
	var parts []string
	for len(s) > 255 {
		parts, s = append(parts, `"`+s[:255]+`"`), s[255:]
	}
	return strings.Join(append(parts, `"`+s+`"`), " ")
}
