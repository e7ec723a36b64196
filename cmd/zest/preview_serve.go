package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zest-digest/zest/cmd/zest/studio"
	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
)

// workbench makes the edition of one newsletter again and again, each time from
// the files as they are, and the web as it was a moment ago.
type workbench struct {
	a          *app
	newsletter string
	web        *remembered
}

// studio serves the next edition in a browser until ctx ends.
func (a *app) studio(ctx context.Context, newsletter, listen string) error {
	b := &workbench{a: a, newsletter: newsletter, web: &remembered{at: a.now}}
	first := b.make(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	if errors.Is(first.Err, digest.ErrNotFound) {
		return first.Err // a newsletter that is not there will not come by waiting
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	begun := false
	s, err := studio.New(ctx, studio.Options{Watch: b.files, SendTest: b.send, Make: func(ctx context.Context) studio.Snapshot {
		if !begun {
			begun = true
			return first
		}
		return b.make(ctx)
	}})
	if err != nil {
		l.Close()
		return err
	}
	go s.Run(ctx)
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	a.printf("http://%s\n", l.Addr())
	a.notef("the studio of %s; it follows every change. Ctrl-C ends it.", newsletter)
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// compose makes the draft, from a configuration that is read anew.
func (b *workbench) compose(ctx context.Context, use func(context.Context, *publish.Publisher, digest.Newsletter, publish.Draft) error) error {
	quiet := *b.a
	quiet.quiet = true
	return quiet.with(ctx, readOnly, func(ctx context.Context, m *machine) error {
		n, err := m.newsletter(b.newsletter)
		if err != nil {
			return err
		}
		o := m.options
		b.web.Collector, o.Collector = o.Collector, b.web
		p := publish.New(o)
		d, err := p.Compose(ctx, n, publish.ComposeOptions{Collect: true})
		if err != nil {
			return err
		}
		return use(ctx, p, n, d)
	})
}

// make is the edition as it stands. A mistake in a file is shown, and mended by
// the next change.
func (b *workbench) make(ctx context.Context) studio.Snapshot {
	out := studio.Snapshot{Newsletter: b.newsletter, At: b.a.now()}
	out.Err = b.compose(ctx, func(_ context.Context, _ *publish.Publisher, n digest.Newsletter, d publish.Draft) error {
		out.Ref, out.Clip = d.Frozen.Edition.Ref(), n.Rules.ClipBytes
		out.From = fmt.Sprintf("%s <%s>", d.Frozen.Letterhead.From.Name, d.Frozen.Letterhead.From.Email)
		for _, v := range d.Variants {
			eml, err := v.Sample(n, d.Frozen.Letterhead)
			if err != nil {
				return err
			}
			out.Variants = append(out.Variants, studio.Variant{
				Key: v.Variant.Key, Language: v.Variant.Language, Readers: v.Readers, Subject: v.Proof.Subject, HTML: v.Proof.HTML,
				Text: v.Proof.Text, Message: string(eml), Findings: v.Findings, Pictures: picturesOf(n, d, v.Proof),
			})
		}
		own := digest.VariantKey(n.Language, false)
		slices.SortStableFunc(out.Variants, func(x, y studio.Variant) int { return cmp.Compare(place(x.Key, own), place(y.Key, own)) })
		out.Notes = notes(d)
		return nil
	})
	if errors.Is(out.Err, digest.ErrNothingNew) {
		out.Err = fmt.Errorf("there are too few new articles for an edition of %s", b.newsletter)
	}
	return out
}

// place puts the newsletter's own variant first.
func place(key, own string) int {
	if key == own {
		return 0
	}
	return 1
}

func notes(d publish.Draft) []string {
	var out []string
	for _, s := range d.Sources {
		if s.Err != nil {
			out = append(out, fmt.Sprintf("source %s: %v", s.Source.Name, s.Err))
		}
	}
	for _, v := range d.Variants {
		if v.Fitted != "" {
			out = append(out, v.Variant.Key+" was cut to stay under the clipping size: "+v.Fitted)
		}
	}
	for _, x := range d.Dropped {
		out = append(out, "picture left out: "+x.Reason)
	}
	return out
}

// picturesOf gives the pictures that only the message or our own server have.
func picturesOf(n digest.Newsletter, d publish.Draft, p digest.Proof) map[string]string {
	out := map[string]string{}
	data := func(e digest.Embedded) string {
		return "data:" + e.Type + ";base64," + base64.StdEncoding.EncodeToString(e.Data)
	}
	for _, e := range p.Embedded {
		out["cid:"+e.ID] = data(e)
	}
	for _, e := range d.Frozen.Pictures {
		out[n.PublicURL+"/i/"+e.ID] = data(e)
	}
	return out
}

// send sends a test of one variant.
func (b *workbench) send(ctx context.Context, variant, to string) error {
	address, err := parseAddress("the address", to)
	if err != nil {
		return err
	}
	return b.compose(ctx, func(ctx context.Context, p *publish.Publisher, n digest.Newsletter, d publish.Draft) error {
		if i := slices.IndexFunc(d.Variants, func(v publish.VariantDraft) bool { return v.Variant.Key == variant }); i >= 0 {
			d.Variants = d.Variants[i : i+1]
		}
		o, err := p.SendTest(ctx, n, d, address)
		if err != nil {
			return err
		}
		if o.Verdict != digest.VerdictSent {
			return fmt.Errorf("the mail server did not take it: %d %s", o.Code, o.Reply)
		}
		return nil
	})
}

// files are what the edition is made of: the configuration, the operator's
// templates and site rules, the sources on disk, and the store, which holds the
// articles.
func (b *workbench) files() []string {
	path, err := config.Find(b.a.configPath, b.a.getenv)
	if err != nil {
		return nil
	}
	out := []string{path}
	c, err := config.Load(path, b.a.environ)
	if err != nil {
		return out
	}
	out = append(out, c.Templates, c.SiteRules)
	if !strings.Contains(c.Store, "://") {
		out = append(out, c.Store, c.Store+"-wal")
	}
	if n, err := c.Newsletter(b.newsletter); err == nil {
		for _, s := range n.Sources {
			if !isURL(s.URL) {
				out = append(out, s.URL)
			}
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}
