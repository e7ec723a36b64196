// Package config reads what the operator decided: one YAML file, the
// environment for secrets and a few overrides, and defaults for the rest.
//
// [Find] says which file, [Load] reads it and reports every mistake at once,
// each with its line; [Config.Newsletter] turns what was written into the types
// the rest of the program works with.
package config

import "time"

// Config is everything the operator decided. It is not changed after [Load].
type Config struct {
	Store       string       `yaml:"store"`      // a path, or a postgres:// address
	PublicURL   string       `yaml:"public_url"` // without a trailing slash
	Templates   string       `yaml:"templates"`  // a folder of the operator's own themes and parts
	SiteRules   string       `yaml:"site_rules"` // a folder of extraction rules, one site a file
	SMTP        SMTP         `yaml:"smtp"`
	Relays      []Relay      `yaml:"relays"` // several mail servers instead of the one
	Deliver     Deliver      `yaml:"deliver"`
	Traffic     Traffic      `yaml:"traffic"`
	DKIM        DKIM         `yaml:"dkim"`
	Web         Web          `yaml:"web"`
	Metrics     Metrics      `yaml:"metrics"`
	Traces      Traces       `yaml:"traces"`
	Receive     Receive      `yaml:"receive"`
	Operator    Operator     `yaml:"operator"`
	Collect     Collect      `yaml:"collect"`
	Sources     []Source     `yaml:"sources"`
	Lists       []List       `yaml:"lists"`
	Segments    []Segment    `yaml:"segments"`
	Newsletters []Newsletter `yaml:"newsletters"`

	file  string         // as given to Load
	lines map[string]int // where each field stands in the file
}

// File is the path the configuration was read from.
func (c *Config) File() string { return c.file }

// SMTP says how mail leaves.
type SMTP struct {
	Host          string        `yaml:"host"`
	Port          int           `yaml:"port"` // 587, 465 or 25 after TLS, unless given
	TLS           string        `yaml:"tls"`  // "starttls", "implicit" or "none"
	User          string        `yaml:"user"`
	Password      Secret        `yaml:"password"`
	PasswordFile  string        `yaml:"password_file"`
	CAFile        string        `yaml:"ca_file"` // PEM; the system's authorities when empty
	Hello         string        `yaml:"hello"`   // the name given in EHLO; the host's own when empty
	Connections   int           `yaml:"connections"`
	PerConnection int           `yaml:"per_connection"` // messages before a connection is renewed, 0 for no limit
	Pipelining    bool          `yaml:"pipelining"`     // several commands at a time, where the server offers it; false for one that is not up to it (the relays' too)
	Rate          float64       `yaml:"rate"`           // messages per second over all connections, 0 for no limit
	Timeout       time.Duration `yaml:"timeout"`        // of connecting
	// CommandTimeout bounds each answer of the mail server once it is connected; the
	// answer to a whole message may take twice as long. RFC 5321 section 4.5.3.2 asks
	// for minutes.
	CommandTimeout time.Duration `yaml:"command_timeout"`
}

// The ways of securing the connection to the mail server.
const (
	TLSStart    = "starttls" // plain, then upgraded; refused when not offered
	TLSImplicit = "implicit" // TLS from the first byte (RFC 8314)
	TLSNone     = "none"
)

// DKIM says how messages are signed. Without a domain they are not: the relay
// signs.
type DKIM struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	Key      Secret `yaml:"key"` // PEM
	KeyFile  string `yaml:"key_file"`
}

// Web says how `zest serve` answers.
type Web struct {
	Listen         string   `yaml:"listen"`
	HTTPS          string   `yaml:"https"`           // "off" behind a proxy, "acme" or "files"
	Certificate    string   `yaml:"certificate"`     // of https: files; PEM with its intermediates
	CertificateKey string   `yaml:"certificate_key"` // PEM
	ACMEEmail      string   `yaml:"acme_email"`      // where the authority may warn
	ACMEFolder     string   `yaml:"acme_folder"`     // keeps the certificates it gave
	ACMEServer     string   `yaml:"acme_server"`     // the authority's directory
	ListenHTTP     string   `yaml:"listen_http"`     // plain HTTP beside https: acme; a redirect. Empty for none
	Secret         Secret   `yaml:"secret"`          // signs tokens; the store keeps one when empty
	SecretFile     string   `yaml:"secret_file"`
	OldSecret      Secret   `yaml:"old_secret"` // signed before; its links still open
	OldSecretFile  string   `yaml:"old_secret_file"`
	TrustedProxies []string `yaml:"trusted_proxies"` // networks whose X-Forwarded-For is believed
	RecordNetwork  bool     `yaml:"record_network"`  // consents keep a keyed hash of the network
}

// The ways to HTTPS.
const (
	HTTPSOff   = "off"   // a server in front does it
	HTTPSACME  = "acme"  // RFC 8555: certificates by themselves
	HTTPSFiles = "files" // certificates that somebody else renews
)

// Metrics says where Prometheus may ask `zest serve`.
type Metrics struct {
	Listen string `yaml:"listen"` // host:port; empty for nowhere. Keep it off the internet
}

// Traces says who hears how long each piece of work took.
type Traces struct {
	Endpoint          string  `yaml:"endpoint"`      // of an OpenTelemetry receiver (OTLP over HTTP); empty for nobody
	Authorization     Secret  `yaml:"authorization"` // the header that the receiver wants, such as "Bearer …"
	AuthorizationFile string  `yaml:"authorization_file"`
	Share             float64 `yaml:"share"` // of the pieces of work that are told, 0 to 1
}

// Operator says who is told what.
type Operator struct {
	Mail    string `yaml:"mail"`    // where alerts go; empty for the log alone
	Reports bool   `yaml:"reports"` // a mail after each edition too
}

// Collect says how sources are read.
type Collect struct {
	UserAgent string        `yaml:"user_agent"` // a default naming zest and public_url when empty
	Parallel  int           `yaml:"parallel"`   // sources read at once
	Timeout   time.Duration `yaml:"timeout"`    // of one request
	Pause     time.Duration `yaml:"pause"`      // between two requests to one host
	MaxBytes  Size          `yaml:"max_bytes"`  // of one answer
	Proxy     string        `yaml:"proxy"`
	// AlertAfter is for how long a source may fail before the operator is told.
	AlertAfter time.Duration `yaml:"alert_after"`
}

// Source is one place articles come from.
type Source struct {
	Name         string   `yaml:"name"`
	URL          string   `yaml:"url"`
	Command      []string `yaml:"command"` // a program and its arguments, for kind: command
	Kind         string   `yaml:"kind"`    // found out when empty
	Title        string   `yaml:"title"`
	Language     string   `yaml:"language"`
	Section      string   `yaml:"section"`
	Weight       float64  `yaml:"weight"`
	FullText     bool     `yaml:"full_text"`
	Selector     string   `yaml:"selector"`
	FirstRun     int      `yaml:"first_run"`
	AllowPrivate bool     `yaml:"allow_private"`
	IgnoreRobots bool     `yaml:"ignore_robots"`
	Headers      []Header `yaml:"headers"`
	User         string   `yaml:"user"`
	Password     Secret   `yaml:"password"`
	PasswordFile string   `yaml:"password_file"`
	Proxy        string   `yaml:"proxy"`
}

// Header is one header field of the requests to a source. Its value may be a
// key, so it is shown masked.
type Header struct {
	Name  string `yaml:"name"`
	Value Secret `yaml:"value"`
}

// List is a list of subscribers.
type List struct {
	Name   string `yaml:"name"`
	Title  string `yaml:"title"`
	Public bool   `yaml:"public"` // whether strangers may join on the web
}

// Segment is a condition on readers, under a name.
type Segment struct {
	Name  string `yaml:"name"`
	Match string `yaml:"match"` // an expression: attributes.city == "Brest" and "tech" in lists
}

// Newsletter is one newsletter as written; [Config.Newsletter] resolves it.
type Newsletter struct {
	Name          string        `yaml:"name"`
	Title         string        `yaml:"title"`
	Description   string        `yaml:"description"`
	Language      string        `yaml:"language"`
	From          string        `yaml:"from"` // "Hebdo <hebdo@example.org>"
	ReplyTo       string        `yaml:"reply_to"`
	PostalAddress string        `yaml:"postal_address"`
	Zone          string        `yaml:"zone"`
	Schedule      []string      `yaml:"schedule"`
	Blackout      []string      `yaml:"blackout"`      // days without an edition: 12-25, 2026-12-24..2027-01-02
	Missed        string        `yaml:"missed"`        // a slot nobody dealt with: "send" late, "skip" or "ask"
	MissedWithin  time.Duration `yaml:"missed_within"` // how late it may still be sent
	Sources       []string      `yaml:"sources"`       // names, or addresses and paths themselves
	Lists         []string      `yaml:"lists"`         // its own name when empty
	Segment       string        `yaml:"segment"`       // who of the lists gets it; everybody when empty
	Min           int           `yaml:"min"`
	Max           int           `yaml:"max"`
	MaxPerSource  int           `yaml:"max_per_source"`
	MinWords      int           `yaml:"min_words"`       // shorter articles stay out
	MaxWords      int           `yaml:"max_words"`       // longer ones too; 0 for no limit
	MaxArticleAge time.Duration `yaml:"max_article_age"` // older ones too; 0 for no limit
	SummaryChars  int           `yaml:"summary_chars"`
	ClipBytes     int           `yaml:"clip_bytes"`
	Include       []string      `yaml:"include"`
	Exclude       []string      `yaml:"exclude"`
	Pins          []string      `yaml:"pins"`
	Boosts        []Boost       `yaml:"boosts"`
	Sections      []Section     `yaml:"sections"`
	Theme         string        `yaml:"theme"`
	Accent        string        `yaml:"accent"`
	AccentDark    string        `yaml:"accent_dark"`
	Logo          string        `yaml:"logo"`
	LogoDark      string        `yaml:"logo_dark"`
	Footer        string        `yaml:"footer"`
	Images        string        `yaml:"images"`  // "link", "embed" or "host"
	Subject       string        `yaml:"subject"` // {lead}, {title}, {number}, {stories}, {others}
	Summary       string        `yaml:"summary"` // the line under the masthead; the same places
	Intro         string        `yaml:"intro"`
	Summaries     Endpoint      `yaml:"summaries"`
	Feedback      Feedback      `yaml:"feedback"`
	Approve       bool          `yaml:"approve"` // hold each edition until its editor lets it go
	Editor        string        `yaml:"editor"`  // who that is; reply_to or from when empty
	MaxAge        time.Duration `yaml:"max_age"`
	OnUnknown     string        `yaml:"on_unknown"` // "resend" or "leave"
	ListID        string        `yaml:"list_id"`
	BounceDomain  string        `yaml:"bounce_domain"`
	Archive       string        `yaml:"archive"` // "public", "unlisted" or "none"
}

// Section is one section of a newsletter.
type Section struct {
	Name  string   `yaml:"name"`
	Match string   `yaml:"match"` // an expression
	Any   []string `yaml:"any"`   // matchers, as in include
	Max   int      `yaml:"max"`
	Order string   `yaml:"order"` // "score", "newest", "oldest" or "source"
}

// Endpoint is a language model that may write summaries.
type Endpoint struct {
	URL     string        `yaml:"url"` // of a server that speaks OpenAI's protocol
	Model   string        `yaml:"model"`
	Key     Secret        `yaml:"key"`
	KeyFile string        `yaml:"key_file"`
	Timeout time.Duration `yaml:"timeout"` // of one summary; 20s when 0
}

// Feedback says what is counted of readers' interest, without knowing whose.
type Feedback struct {
	Clicks   bool `yaml:"clicks"`    // links lead by public_url, and are counted
	MoreLess bool `yaml:"more_less"` // each story has links to ask for more or less like it
	Rank     bool `yaml:"rank"`      // what was counted takes part in the ranking
}

// Boost adds to the score of what a matcher matches.
type Boost struct {
	Match string  `yaml:"match"`
	By    float64 `yaml:"by"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Store: "zest.db",
		SMTP: SMTP{Host: "localhost", Port: 587, TLS: TLSStart, Connections: 4,
			PerConnection: 500, Pipelining: true, Timeout: 30 * time.Second, CommandTimeout: 5 * time.Minute},
		Web: Web{Listen: "127.0.0.1:8080", TrustedProxies: []string{"127.0.0.0/8", "::1/128"}, HTTPS: HTTPSOff, ACMEFolder: "acme",
			ACMEServer: "https://acme-v02.api.letsencrypt.org/directory"},
		Deliver: Deliver{Via: ViaSMTP, Command: "/usr/sbin/sendmail"},
		Traffic: Traffic{Adaptive: true, Zone: "UTC", WarmUp: WarmUp{FirstDay: 200, Growth: 1.5}},
		Traces:  Traces{Share: 1},
		Collect: Collect{Parallel: 8, Timeout: 30 * time.Second, Pause: time.Second,
			MaxBytes: 10 << 20, AlertAfter: 3 * 24 * time.Hour},
	}
}

// defaultSource is a source of which only the address was given.
func defaultSource() Source { return Source{Weight: 1, FullText: true, FirstRun: 20} }

// defaultList is a list of which only the name was given.
func defaultList() List { return List{Public: true} }

// defaultNewsletter is a newsletter of which only what is required was given.
// The byte budget keeps the message under the size at which Gmail cuts it.
func defaultNewsletter() Newsletter {
	return Newsletter{Zone: "UTC", Min: 1, Max: 12, SummaryChars: 320, ClipBytes: 90_000,
		Theme: "gazette", Accent: "#0b5c8a", Images: "link", MaxAge: 48 * time.Hour, OnUnknown: "resend",
		Missed: "send", MissedWithin: 24 * time.Hour, Archive: "public"}
}
