package config

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/zest-digest/zest/digest"
)

func (v *validator) source(at string, s Source) {
	v.place(at, s)
	v.oneOf(at+".kind", s.Kind, "", string(digest.SourceFeed), string(digest.SourceSite), string(digest.SourcePage), string(digest.SourceSitemap),
		string(digest.SourceFolder), string(digest.SourceCommand), string(digest.SourceMailbox), string(digest.SourcePush))
	v.language(at+".language", s.Language)
	v.web(at+".proxy", s.Proxy)
	v.within(at+".first_run", s.FirstRun, 0, 100_000)
	if s.Weight < 0 {
		v.add(at+".weight", "%v: cannot be negative", s.Weight)
	}
	if s.Selector != "" && s.Kind != string(digest.SourcePage) {
		v.add(at+".selector", "is for pages; add kind: page")
	}
	for i, h := range s.Headers {
		field := itemPath(at+".headers", i, h.Name)
		if h.Name == "" || strings.ContainsAny(h.Name, " :\r\n\t") {
			v.add(field+".name", "%q: must be the name of an HTTP header", h.Name)
		}
		if strings.ContainsAny(string(h.Value), "\r\n") {
			v.add(field+".value", "holds a line break")
		}
	}
}

// place checks where a source is, which each kind says in its own way.
func (v *validator) place(at string, s Source) {
	kind := digest.SourceKind(s.Kind)
	if len(s.Command) > 0 && kind != digest.SourceCommand {
		v.add(at+".command", "is for programs; add kind: command")
	}
	switch kind {
	case digest.SourceCommand:
		if len(s.Command) == 0 || s.Command[0] == "" {
			v.add(at+".command", "is missing; write the program and its arguments as a list, like [./news, --today]")
		}
	case digest.SourcePush:
		if s.URL != "" {
			v.add(at+".url", "a push source has none; its articles come by `zest articles add`")
		}
	case digest.SourceMailbox:
		if s.URL == "" {
			v.add(at+".url", "is missing; write imaps://host/Mailbox, or the path of a Maildir")
		} else if scheme, _, found := strings.Cut(s.URL, "://"); found && scheme != "imaps" && scheme != "imap" {
			v.add(at+".url", "%q: a mailbox is at imaps://host/Mailbox, imap://host/Mailbox, or a Maildir's path", hideUser(s.URL))
		}
	default:
		if s.URL == "" {
			v.add(at+".url", "is missing")
		}
		v.location(at+".url", s.URL)
	}
}

// location accepts a web address, or a path.
func (v *validator) location(field, s string) {
	if scheme, _, found := strings.Cut(s, "://"); found && !isWeb(s) {
		v.add(field, "%q: addresses begin with http:// or https://, not %s://", hideUser(s), scheme)
		return
	}
	if isWeb(s) {
		v.web(field, s)
	}
}

// resolved is the source as the rest of the program knows it. A program runs in
// the folder of the configuration.
func (s Source) resolved(dir string) digest.Source {
	out := digest.Source{Name: s.Name, Kind: digest.SourceKind(s.Kind), URL: s.URL, Command: s.Command, Title: s.Title,
		Language: s.Language, Section: s.Section, Weight: s.Weight, FullText: s.FullText,
		Selector: s.Selector, FirstRun: s.FirstRun, AllowPrivate: s.AllowPrivate, IgnoreRobots: s.IgnoreRobots,
		User: s.User, Password: string(s.Password), Proxy: s.Proxy}
	for _, h := range s.Headers {
		out.Headers = append(out.Headers, digest.Header{Name: h.Name, Value: string(h.Value)})
	}
	if out.Kind == "" {
		out.Kind = kindOf(s.URL)
	}
	if out.Kind == digest.SourceCommand {
		out.Dir = dir
	}
	return out
}

// kindOf finds out what a source is that does not say so.
func kindOf(url string) digest.SourceKind {
	if strings.HasPrefix(url, "imap://") || strings.HasPrefix(url, "imaps://") {
		return digest.SourceMailbox
	}
	if isWeb(url) {
		return digest.SourceFeed
	}
	info, err := os.Stat(url)
	if err != nil || !info.IsDir() {
		return digest.SourceFeed
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if info, err := os.Stat(filepath.Join(url, sub)); err != nil || !info.IsDir() {
			return digest.SourceFolder
		}
	}
	return digest.SourceMailbox
}
