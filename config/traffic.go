package config

import (
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// Deliver says by which way mail leaves.
type Deliver struct {
	Via     string `yaml:"via"`     // "smtp", "lmtp", "sendmail", "maildir" or "folder"
	Path    string `yaml:"path"`    // the LMTP server's socket, the Maildir, the folder
	Command string `yaml:"command"` // the sendmail program and its arguments
}

// The ways out.
const (
	ViaSMTP     = "smtp"
	ViaLMTP     = "lmtp" // RFC 2033
	ViaSendmail = "sendmail"
	ViaMaildir  = "maildir"
	ViaFolder   = "folder" // of .eml files
)

// Relay is one of several mail servers.
type Relay struct {
	Name         string  `yaml:"name"`
	Weight       int     `yaml:"weight"` // its share of the connections, against the others'
	Host         string  `yaml:"host"`
	Port         int     `yaml:"port"`
	TLS          string  `yaml:"tls"`
	User         string  `yaml:"user"`
	Password     Secret  `yaml:"password"`
	PasswordFile string  `yaml:"password_file"`
	CAFile       string  `yaml:"ca_file"`
	Hello        string  `yaml:"hello"`
	Connections  int     `yaml:"connections"` // at most
	Rate         float64 `yaml:"rate"`        // messages a second, 0 for no limit
}

// Traffic says how fast mail leaves, to whom, and when.
type Traffic struct {
	Adaptive   bool       `yaml:"adaptive"`    // slow down by itself when a provider asks for it
	LookupMX   bool       `yaml:"lookup_mx"`   // ask the DNS which provider hosts a domain
	QuietHours string     `yaml:"quiet_hours"` // "22:00-07:00": nothing leaves
	Zone       string     `yaml:"zone"`        // of the quiet hours
	WarmUp     WarmUp     `yaml:"warm_up"`
	Providers  []Provider `yaml:"providers"`
}

// WarmUp is a cap for each provider that grows day by day.
type WarmUp struct {
	Since    string  `yaml:"since"` // the first day, 2026-11-24; no warm-up when empty
	FirstDay int     `yaml:"first_day"`
	Growth   float64 `yaml:"growth"`
}

// Provider is what one mailbox provider gets at most; 0 for no limit.
type Provider struct {
	Name        string  `yaml:"name"` // gmail, orange, …; a domain; * for every one that is not named
	Rate        float64 `yaml:"rate"` // messages a second
	Connections int     `yaml:"connections"`
	PerDay      int     `yaml:"per_day"`
}

// defaultRelay is a relay of which only the host was given.
func defaultRelay() Relay { return Relay{Weight: 1, Port: 587, TLS: TLSStart, Connections: 4} }

// Quiet are the hours in which nothing leaves.
type Quiet struct {
	From, To time.Duration // since midnight
	Zone     *time.Location
}

// Until is when the quiet ends that now lies in; zero when it lies in none.
func (q Quiet) Until(now time.Time) time.Time {
	if q.From == q.To {
		return time.Time{}
	}
	local := now.In(q.Zone)
	at := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	end := func(days int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()+days, int(q.To/time.Hour), int(q.To%time.Hour/time.Minute), 0, 0, q.Zone)
	}
	switch {
	case q.From < q.To && at >= q.From && at < q.To, q.From > q.To && at < q.To:
		return end(0)
	case q.From > q.To && at >= q.From:
		return end(1)
	}
	return time.Time{}
}

var quietHours = pattern(`^([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)$`)

// Quiet reads the quiet hours; the zero Quiet when there are none.
func (t Traffic) Quiet() (Quiet, error) {
	if t.QuietHours == "" {
		return Quiet{}, nil
	}
	m := quietHours().FindStringSubmatch(strings.TrimSpace(t.QuietHours))
	if m == nil {
		return Quiet{}, &digest.InvalidError{Field: "traffic.quiet_hours", Value: t.QuietHours, Reason: "write them like \"22:00-07:00\""}
	}
	zone, err := loadZone(t.Zone)
	if err != nil {
		return Quiet{}, err
	}
	clock := func(hours, minutes string) time.Duration {
		d, _ := time.ParseDuration(hours + "h" + minutes + "m") // the pattern allows nothing else
		return d
	}
	return Quiet{From: clock(m[1], m[2]), To: clock(m[3], m[4]), Zone: zone}, nil
}

// Start is the first day of the warm-up; zero for none.
func (w WarmUp) Start() (time.Time, error) {
	if w.Since == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, w.Since)
}

// wayOut checks how mail leaves.
func (v *validator) wayOut() {
	d := v.c.Deliver
	v.oneOf("deliver.via", d.Via, ViaSMTP, ViaLMTP, ViaSendmail, ViaMaildir, ViaFolder)
	switch {
	case (d.Via == ViaMaildir || d.Via == ViaFolder) && d.Path == "":
		v.add("deliver.path", "is missing; via: %s needs a folder", d.Via)
	case d.Via == ViaSendmail && strings.TrimSpace(d.Command) == "":
		v.add("deliver.command", "is missing; write one like /usr/sbin/sendmail")
	case d.Path != "" && (d.Via == ViaSMTP || d.Via == ViaSendmail):
		v.add("deliver.path", "is for lmtp, maildir and folder; via is %s", d.Via)
	}
	if len(v.c.Relays) > 0 && d.Via != ViaSMTP {
		v.add("relays", "are for via: smtp; via is %s", d.Via)
	}
	v.names("relays", names(v.c.Relays, func(r Relay) string { return r.Name }))
	for i, r := range v.c.Relays {
		at := itemPath("relays", i, r.Name)
		v.oneOf(at+".tls", r.TLS, TLSStart, TLSImplicit, TLSNone)
		v.within(at+".port", r.Port, 1, 65535)
		v.within(at+".weight", r.Weight, 1, 1000)
		v.within(at+".connections", r.Connections, 1, 500)
		if r.Host == "" || strings.ContainsAny(r.Host, " /@\r\n") {
			v.add(at+".host", "%q: must be a host name or an IP address", r.Host)
		}
		if r.Rate < 0 {
			v.add(at+".rate", "%v: cannot be negative; 0 means no limit", r.Rate)
		}
		if (r.User == "") != (r.Password == "") {
			v.add(at+".user", "user and password come together; give both or neither")
		}
	}
}

// traffic checks how fast mail leaves, and when.
func (v *validator) traffic() {
	t := v.c.Traffic
	if _, err := loadZone(t.Zone); err != nil {
		v.add("traffic.zone", "%q: not a time zone; write one like Europe/Paris", t.Zone)
	} else if _, err := t.Quiet(); err != nil {
		v.add("traffic.quiet_hours", "%q: write them like \"22:00-07:00\"", t.QuietHours)
	}
	if _, err := t.WarmUp.Start(); err != nil {
		v.add("traffic.warm_up.since", "%q: not a day; write one like 2026-11-24", t.WarmUp.Since)
	}
	v.within("traffic.warm_up.first_day", t.WarmUp.FirstDay, 1, 1_000_000)
	if t.WarmUp.Growth < 1 || t.WarmUp.Growth > 10 {
		v.add("traffic.warm_up.growth", "%v: must be between 1 and 10; 1.5 is half as much again each day", t.WarmUp.Growth)
	}
	seen := map[string]bool{}
	for i, p := range t.Providers {
		at := itemPath("traffic.providers", i, p.Name)
		switch {
		case p.Name == "":
			v.add(at+".name", "is missing; name a provider such as gmail, a domain, or *")
		case seen[p.Name]:
			v.add(at+".name", "%q: given twice", p.Name)
		case p.Name != "*" && p.Name != strings.ToLower(p.Name):
			v.add(at+".name", "%q: write it in small letters", p.Name)
		}
		seen[p.Name] = true
		v.within(at+".connections", p.Connections, 0, 500)
		v.within(at+".per_day", p.PerDay, 0, 1_000_000_000)
		if p.Rate < 0 {
			v.add(at+".rate", "%v: cannot be negative; 0 means no limit", p.Rate)
		}
		if p.Rate == 0 && p.Connections == 0 && p.PerDay == 0 && p.Name != "" {
			v.add(at, "limits nothing; give %s a rate, connections or per_day", p.Name)
		}
	}
}
