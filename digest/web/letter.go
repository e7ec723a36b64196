package web

import (
	"bytes"
	"context"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// letter is a short mail with one link. Its words are ours: nothing that a
// stranger typed goes into somebody's mailbox.
type letter struct {
	kind string // names its words: mail_KIND_subject, _text, _button, _ignore
	path string // of the link
}

// letterView is what the template of the HTML part shows.
type letterView struct {
	Link, Accent, OnAccent string
	kind                   string
}

// Kind names the letter's words.
func (v letterView) Kind() string { return v.kind }

// write mails a letter in the page's language.
func (s *Server) write(ctx context.Context, p *page, to string, l letter) error {
	n := p.Newsletter
	link := s.site.public + l.path
	say := func(part string) string { return p.T("mail_" + l.kind + "_" + part) }
	text := []string{say("text")}
	if l.path != "" {
		text = append(text, say("button")+":\n"+link)
	}
	text = append(text, say("ignore"), n.From.Name+"\n"+n.PostalAddress)
	proof := digest.Proof{Subject: say("subject"), Text: strings.Join(text, "\n\n") + "\n"}
	view := letterView{Link: link, Accent: "#a33a22", OnAccent: "#fefdfb", kind: l.kind}
	if l.path == "" {
		view.Link = ""
	}
	if s.o.Accents != nil {
		view.Accent, _ = s.o.Accents(n.Look)
	}
	p.Content = view
	var b bytes.Buffer
	if err := s.site.templates["mail"].ExecuteTemplate(&b, "mail", p); err != nil {
		return err
	}
	proof.HTML = b.String()
	return s.o.Notify.Notify(ctx, n, to, proof)
}
