package config

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"
)

// Receive says how what comes back reaches zest: bounces, complaints, mails to
// unsubscribe. A pipe to `zest bounce` needs nothing here.
type Receive struct {
	Listen    string    `yaml:"listen"` // host:port of the SMTP receiver; none when empty
	LMTP      string    `yaml:"lmtp"`   // host:port, or the path of a socket; none when empty
	CertFile  string    `yaml:"cert_file"`
	KeyFile   string    `yaml:"key_file"`
	Mailboxes []Mailbox `yaml:"mailboxes"`
	Poll      []Poll    `yaml:"poll"`
	Hooks     Hooks     `yaml:"hooks"`
}

// Mailbox is an address whose mail goes into a folder, for a source to read.
type Mailbox struct {
	Address string `yaml:"address"`
	Folder  string `yaml:"folder"` // in the form of Maildir
}

// Poll is a mailbox that bounces come to.
type Poll struct {
	URL          string        `yaml:"url"` // a Maildir's path, imaps://, imap://, pop3s://
	User         string        `yaml:"user"`
	Password     Secret        `yaml:"password"`
	PasswordFile string        `yaml:"password_file"`
	Every        time.Duration `yaml:"every"`
	Delete       bool          `yaml:"delete"` // messages that were dealt with
}

// Hooks are the notices of mail providers that `zest serve` takes at
// /hooks/PROVIDER. A provider is listened to once it has what its notices are
// verified with.
type Hooks struct {
	SES struct {
		Topics []string `yaml:"topics"` // ARNs of the SNS topics to believe
	} `yaml:"ses"`
	Mailgun struct {
		Key     Secret `yaml:"key"` // the HTTP webhook signing key
		KeyFile string `yaml:"key_file"`
	} `yaml:"mailgun"`
	SendGrid struct {
		PublicKey string `yaml:"public_key"` // of the signed event webhook, in base64
	} `yaml:"sendgrid"`
	Postmark struct {
		User         string `yaml:"user"`
		Password     Secret `yaml:"password"`
		PasswordFile string `yaml:"password_file"`
	} `yaml:"postmark"`
	Brevo struct {
		Token     Secret `yaml:"token"` // of the webhook's bearer authentication
		TokenFile string `yaml:"token_file"`
	} `yaml:"brevo"`
}

// defaultPoll is a mailbox of which only the address was given.
func defaultPoll() Poll { return Poll{Every: 5 * time.Minute} }

// completeReceive makes the paths whole.
func (c *Config) completeReceive() {
	r := &c.Receive
	for _, path := range []*string{&r.CertFile, &r.KeyFile, &r.Hooks.Mailgun.KeyFile, &r.Hooks.Postmark.PasswordFile, &r.Hooks.Brevo.TokenFile} {
		*path = c.resolve(*path)
	}
	if _, _, err := net.SplitHostPort(r.LMTP); err != nil {
		r.LMTP = c.resolve(r.LMTP)
	}
	for i := range r.Mailboxes {
		r.Mailboxes[i].Folder = c.resolve(r.Mailboxes[i].Folder)
	}
	for i := range r.Poll {
		r.Poll[i].URL, r.Poll[i].PasswordFile = c.resolve(r.Poll[i].URL), c.resolve(r.Poll[i].PasswordFile)
	}
}

func (v *validator) receive() {
	r := v.c.Receive
	if _, _, err := net.SplitHostPort(r.Listen); r.Listen != "" && err != nil {
		v.add("receive.listen", "%q: must be host:port, for example :25", r.Listen)
	}
	if _, _, err := net.SplitHostPort(r.LMTP); r.LMTP != "" && err != nil && !filepath.IsAbs(r.LMTP) {
		v.add("receive.lmtp", "%q: must be host:port or the path of a socket", r.LMTP)
	}
	if (r.CertFile == "") != (r.KeyFile == "") {
		v.add("receive.cert_file", "cert_file and key_file come together; give both or neither")
	}
	for i, m := range r.Mailboxes {
		at := itemPath("receive.mailboxes", i, "")
		v.mailbox(at+".address", m.Address)
		if m.Folder == "" {
			v.add(at+".folder", "is missing; name a folder for the mail")
		}
	}
	for i, p := range r.Poll {
		v.poll(fmt.Sprintf("receive.poll[%d]", i), p)
	}
	for i, arn := range r.Hooks.SES.Topics {
		if !strings.HasPrefix(arn, "arn:aws") || strings.Count(arn, ":") != 5 {
			v.add(fmt.Sprintf("receive.hooks.ses.topics[%d]", i), "%q: must be the ARN of an SNS topic, like arn:aws:sns:eu-west-3:123456789012:bounces", arn)
		}
	}
	if p := r.Hooks.Postmark; (p.User == "") != (p.Password == "") {
		v.add("receive.hooks.postmark.user", "user and password come together; give both or neither")
	}
}

func (v *validator) poll(at string, p Poll) {
	scheme, _, remote := strings.Cut(p.URL, "://")
	switch {
	case p.URL == "":
		v.add(at+".url", "is missing; a Maildir's path, or imaps://host/INBOX")
	case !remote:
	case scheme != "imaps" && scheme != "imap" && scheme != "pop3s" && scheme != "pop3":
		v.add(at+".url", "%q: must be a path, or begin with imaps://, imap://, pop3s:// or pop3://", p.URL)
	case p.User == "" || p.Password == "":
		v.add(at+".user", "is missing; %s needs user and password_file", scheme)
	}
	if p.Every < time.Second {
		v.add(at+".every", "%v: must be at least a second", p.Every)
	}
}
