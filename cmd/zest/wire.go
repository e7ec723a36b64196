package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zest-digest/zest/config"
	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
	"github.com/zest-digest/zest/digest/collect"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/extract"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/render"
	"github.com/zest-digest/zest/digest/scribe"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/trace"
	"github.com/zest-digest/zest/digest/watch"
)

// mode says what a command may do to the store.
type mode int

const (
	readOnly  mode = iota // never writes; a store that is not there yet counts as empty
	readWrite             // creates the store when it is not there, and migrates it
)

// machine is the program wired together for one command.
type machine struct {
	segment   string // instead of the newsletter\'s own; "" for that
	a         *app
	config    *config.Config
	store     *store.Store
	options   publish.Options
	publisher *publish.Publisher
	bars      *bars
	closed    func() []deliver.Provider // those being left alone
}

// with loads the configuration, opens the store, wires the machine and runs f.
func (a *app) with(ctx context.Context, mode mode, f func(context.Context, *machine) error) (err error) {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, c.Store, store.Options{ReadOnly: mode == readOnly, Now: a.now, Complete: extract.Complete})
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	defer a.closeTraces()
	m, err := a.wire(c, s)
	if err != nil {
		return err
	}
	defer m.bars.finish()
	return f(ctx, m)
}

func (a *app) loadConfig() (*config.Config, error) {
	path, err := config.Find(a.configPath, a.getenv)
	if errors.Is(err, digest.ErrNotFound) && a.configPath == "" && a.getenv("ZEST_CONFIG") == "" {
		return nil, &usageError{errNoConfig} // nobody named one
	}
	if err != nil {
		return nil, err
	}
	c, err := config.Load(path, a.environ)
	if err != nil {
		return nil, err
	}
	return c, checkRules(c)
}

// checkRules compiles the rules of every newsletter, and says on which line one
// cannot be used.
func checkRules(c *config.Config) error {
	var problems config.Problems
	for _, written := range c.Newsletters {
		n, err := c.Newsletter(written.Name)
		if err != nil {
			return err
		}
		var invalid *digest.InvalidError
		if err := curate.Check(n.Rules); errors.As(err, &invalid) {
			problems = append(problems, c.At("newsletters."+n.Name+"."+invalid.Field, fmt.Sprintf("%q: %s", invalid.Value, invalid.Reason)))
		} else if err != nil {
			return err
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return problems
}

func (a *app) wire(c *config.Config, s *store.Store) (*machine, error) {
	m := &machine{a: a, config: c, store: s, bars: a.progress()}
	a.openTraces(c.Traces)
	renderer, err := rendererBy(c, render.Open)
	if err != nil {
		return nil, err
	}
	rules, err := siteRules(c.SiteRules)
	if err != nil {
		return nil, err
	}
	sender, err := a.sender(c, s)
	if err != nil {
		return nil, fmt.Errorf("setting up delivery: %w", err)
	}
	m.closed, m.bars.providers = sender.Closed, sender.Closed
	m.options = publish.Options{
		Store: ledgerStore{s, m.keyring}, Collector: reader{a.collector(c)}, Sender: sender, Renderer: renderer,
		Extract: extract.Options{Rules: rules}, AlertAfter: c.Collect.AlertAfter, Alert: m.alert, Progress: m.bars, Span: a.tracer.Span, Log: a.log, Now: a.now,
	}
	quiet, err := c.Traffic.Quiet()
	if err != nil {
		return nil, err
	}
	m.options.Quiet = quiet.Until
	m.options.Sender = a.tracer.Sender(sender)
	m.watched(c, s)
	m.options.Editor, m.options.Scribe = notifier{m}, scribe.New()
	m.publisher = publish.New(m.options)
	return m, nil
}

// openTraces lets somebody hear how long things take, where the configuration
// names them; once, however often it is read.
func (a *app) openTraces(c config.Traces) {
	if c.Endpoint == "" || a.tracer != nil {
		return
	}
	a.tracer = trace.Open(trace.Options{
		Endpoint: c.Endpoint, Authorization: string(c.Authorization), Share: c.Share, Version: version().Version,
		Lost: func(err error) { a.log.Warn("traces are lost", "error", err) },
	})
}

// closeTraces hands over what is left. A receiver that does not answer is not
// waited for: mail is what matters.
func (a *app) closeTraces() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := a.tracer.Close(ctx); err != nil {
		a.log.Warn("traces are lost", "error", err)
	}
}

// watched lets a daemon's work be counted, where somebody asks for numbers.
func (m *machine) watched(c *config.Config, s *store.Store) {
	if !m.a.serving || c.Metrics.Listen == "" {
		return
	}
	if m.a.metrics == nil {
		m.a.metrics = watch.New(s, m.a.now) // one, however often the configuration is read
	}
	m.options.Progress = m.a.metrics
	m.options.Sender = m.a.metrics.Sender(m.options.Sender)
}

// siteRules reads the folder of extraction rules, one site a file.
func siteRules(dir string) ([]extract.SiteRules, error) {
	if dir == "" {
		return nil, nil
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading site_rules: %w", err)
	}
	var out []extract.SiteRules
	for _, f := range files {
		if f.IsDir() || filepath.Ext(f.Name()) != ".txt" {
			continue
		}
		body, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading site_rules: %w", err)
		}
		r, err := extract.ParseSiteRules(f.Name(), body)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// rate is the speed to plan by, in messages a second.
func (m *machine) rate() float64 { return cmp.Or(m.config.SMTP.Rate, 200) }

func (a *app) collector(c *config.Config) *collect.Collector {
	o := collect.Options{Now: a.now, UserAgent: "zest/" + version().Version, Watch: a.tracer.Source}
	if c != nil {
		o.UserAgent = cmp.Or(c.Collect.UserAgent, o.UserAgent+" (+"+c.PublicURL+")")
		o.Proxy = c.Collect.Proxy
		o.Parallel, o.Timeout, o.MaxBytes = c.Collect.Parallel, c.Collect.Timeout, int64(c.Collect.MaxBytes)
		if o.PerHostPause = c.Collect.Pause; o.PerHostPause == 0 {
			o.PerHostPause = -1 // said on purpose, where zero would mean the default
		}
	}
	return collect.New(o)
}

// reader fits the collector to what publishing asks for.
type reader struct{ *collect.Collector }

func (r reader) Collect(ctx context.Context, sources []digest.Source, states []digest.SourceState, each func(digest.Harvest, error)) {
	jobs := make([]collect.Job, len(sources))
	for i := range sources {
		jobs[i] = collect.Job{Source: sources[i], State: states[i]}
	}
	r.ReadAll(ctx, jobs, each)
}

// ledgerStore fits the store to what publishing asks for.
type ledgerStore struct {
	*store.Store
	keys func(context.Context) (digest.Keyring, error)
}

// Keyring is what links are signed with.
func (s ledgerStore) Keyring(ctx context.Context) (digest.Keyring, error) { return s.keys(ctx) }

// keyring opens what was ever signed and not forgotten, and signs with the key
// of today.
func (m *machine) keyring(ctx context.Context) (digest.Keyring, error) {
	if w := m.config.Web; w.Secret != "" {
		if w.OldSecret != "" {
			return digest.NewKeyring([]byte(w.Secret), []byte(w.OldSecret)), nil
		}
		return digest.NewKeyring([]byte(w.Secret)), nil
	}
	return m.store.Keyring(ctx)
}

func (m *machine) newsletter(name string) (digest.Newsletter, error) {
	n, err := m.config.Newsletter(name)
	if err != nil || m.segment == "" {
		return n, err
	}
	n.Segment, err = m.config.Segment(m.segment)
	return n, err
}

// newsletters are the named one, or every one.
func (m *machine) newsletters(args []string) ([]digest.Newsletter, error) {
	names := m.names()
	if len(args) > 0 {
		names = args[:1]
	}
	var out []digest.Newsletter
	for _, name := range names {
		n, err := m.config.Newsletter(name)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

func (m *machine) names() []string {
	var names []string
	for _, n := range m.config.Newsletters {
		names = append(names, n.Name)
	}
	return names
}

func parseAddress(field, s string) (string, error) {
	email, err := address.Parse(s)
	var invalid *digest.InvalidError
	if errors.As(err, &invalid) {
		invalid.Field = field
	}
	return email, err
}

// closest is the known name that a mistyped one probably meant, or "".
func closest(name string, known []string) string {
	for _, k := range known {
		if strings.HasPrefix(k, name) || strings.HasPrefix(name, k) {
			return k
		}
	}
	return ""
}
