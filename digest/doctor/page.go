package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	expirySoon = 14 * 24 * time.Hour // certificates are usually renewed a month before
	clockSlack = 2 * time.Minute     // more, and signatures and schedules suffer
)

// Pages looks whether readers reach the public address, by the name that the DNS
// gives it, and whether one click takes them off the list (RFC 8058): over https,
// without a redirect, and under the key that links are signed with. The ticket
// must be nobody's (subscriber 0), so that an examination unsubscribes nobody.
func (d *Doctor) Pages(ctx context.Context, public, ticket string) []Finding {
	at := Finding{Check: "pages", Subject: public}
	if public == "" {
		return []Finding{at.wrong("set public_url to where `zest serve` is reached", "no public address is set: messages cannot say how to leave")}
	}
	out := []Finding{d.reach(ctx, at)}
	if out[0].Level == Problem {
		return out
	}
	return append(out, d.oneClick(ctx, public, ticket))
}

func (d *Doctor) reach(ctx context.Context, f Finding) Finding {
	resp, _, err := d.request(ctx, http.MethodGet, f.Subject+"/healthz", "")
	var untrusted *tls.CertificateVerificationError
	host := f.Subject
	if u, err := url.Parse(f.Subject); err == nil {
		host = u.Hostname()
	}
	switch {
	case errors.As(err, &untrusted):
		return f.wrong("renew the certificate, with its intermediates", "its certificate is not valid: %v", untrusted.Err)
	case absent(err):
		return f.wrong(host+". A <address of this machine>", "the DNS does not know the name %s", host)
	case err != nil:
		return f.wrong("run `zest serve`, and let the web server or the firewall before it pass requests on", "does not answer: %v", bare(err))
	case resp.StatusCode != http.StatusOK:
		return f.wrong("have the web server pass every path on to web.listen", "answers %s instead of our pages", resp.Status)
	}
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		if left := resp.TLS.PeerCertificates[0].NotAfter.Sub(d.o.Now()); left < expirySoon {
			return f.warn("renew it, and see why that does not happen by itself", "its certificate ends in %d days", int(left.Hours()/24))
		}
	}
	if len(d.publicAddresses(ctx, host)) == 0 {
		return f.warn("give it the address under which the internet knows this machine", "answers, but only to machines on this network: %s has no public address", host)
	}
	return f.well("answers")
}

func (d *Doctor) oneClick(ctx context.Context, public, ticket string) Finding {
	f := Finding{Check: "one-click", Subject: public}
	if u, err := url.Parse(public); err != nil || u.Scheme != "https" {
		return f.wrong("serve the pages over https, and write that into public_url", "mail programs offer one click only over https (RFC 8058 section 3.1)")
	}
	resp, _, err := d.request(ctx, http.MethodPost, public+"/u/"+ticket, "List-Unsubscribe=One-Click")
	switch {
	case err != nil:
		return f.wrong("let POST requests pass", "does not answer: %v", bare(err))
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return f.wrong("have the web server answer POST itself: public_url must be the final address", "answers with a redirect to %s, which mail programs do not follow", resp.Header.Get("Location"))
	case resp.StatusCode == http.StatusNotFound:
		return f.wrong("let both use one store, or one web.secret", "the pages do not know our key: they belong to another store")
	case resp.StatusCode != http.StatusOK:
		return f.wrong("let POST requests to /u/ pass, without a login and without a challenge", "answers %s", resp.Status)
	}
	return f.well("one click is understood")
}

// Clock compares our clock with those of servers, by their Date header; the
// first that answers decides.
func (d *Doctor) Clock(ctx context.Context, servers []string) Finding {
	f := Finding{Check: "clock", Subject: "this machine"}
	for _, s := range servers {
		resp, asked, err := d.request(ctx, http.MethodHead, s, "")
		if err != nil {
			continue
		}
		theirs, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil {
			continue
		}
		host := resp.Request.URL.Host
		if off := asked.Sub(theirs); off > clockSlack || off < -clockSlack {
			return f.wrong("set the clock: timedatectl set-ntp true", "the clock is %s off that of %s: schedules, dates and signatures are wrong", off.Abs().Round(time.Second), host)
		}
		return f.well("agrees with %s", host)
	}
	return f.warn("compare it by hand", "no server was reached to compare the clock with")
}

// request makes one request without following redirects. It says when, by our
// clock, the answer came.
func (d *Doctor) request(ctx context.Context, method, address, body string) (*http.Response, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, time.Time{}, err
	}
	req.Header.Set("User-Agent", "zest-doctor")
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return resp, d.o.Now(), nil
}

// bare is an error without the address in front of it, which may hold a ticket.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
