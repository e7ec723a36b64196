// Command planning measures how long planning an edition takes, how much memory
// it needs and how many variants come of it, for half of the readers and for all
// of them. Run it by `make bench`.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/render"
	"github.com/zest-digest/zest/digest/store"
)

var sections = []string{"Culture", "Mer", "Ports", "Science", "Sport", "Technique", "Voyages", "Économie"}

// bench is a newsletter with a store of its own.
type bench struct {
	ctx     context.Context
	path    string
	store   *store.Store
	pub     *publish.Publisher
	letter  digest.Newsletter
	now     time.Time
	readers int
	random  *rand.Rand
}

func main() {
	candidates := flag.Int("candidates", 100_000, "articles that no edition has carried")
	readers := flag.Int("readers", 1_000_000, "subscriptions")
	flag.Parse()
	if os.Getenv("ZEST_BENCH") == "quick" {
		*candidates, *readers = *candidates/20, *readers/20
	}
	dir, err := os.MkdirTemp("", "zest-planning-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = run(dir, *candidates, *readers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "planning:", err)
		os.Exit(1)
	}
}

func run(dir string, candidates, readers int) error {
	b := &bench{ctx: context.Background(), path: filepath.Join(dir, "zest.db"), now: time.Date(2026, 11, 16, 6, 0, 0, 0, time.UTC), random: rand.New(rand.NewPCG(1, 2))}
	clock := func() time.Time { return b.now }
	var err error
	if b.store, err = store.Open(b.ctx, b.path, store.Options{Now: clock}); err != nil {
		return err
	}
	defer b.store.Close()
	renderer, err := render.New(render.Options{})
	if err != nil {
		return err
	}
	b.pub = publish.New(publish.Options{Store: b.store, Renderer: renderer, Now: clock})
	b.letter = letter()
	// A week of dailies, so that weekly and monthly readers have something to catch
	// up with.
	fmt.Printf("planning: %d candidates, %d sections, %d cadences, 2 languages\n", candidates, len(sections), 3)
	fmt.Printf("  %10s %10s %9s %9s %10s\n", "readers", "variants", "groups", "seconds", "peak MiB")
	if err := b.subscribe(readers / 2); err != nil {
		return err
	}
	for day := range 7 {
		if err := b.write(40); err != nil {
			return err
		}
		if err := b.freeze(day); err != nil {
			return err
		}
		b.now = b.now.AddDate(0, 0, 1)
	}
	if err := b.write(candidates); err != nil {
		return err
	}
	half, err := b.measure()
	if err != nil {
		return err
	}
	if err := b.subscribe(readers - readers/2); err != nil {
		return err
	}
	all, err := b.measure()
	if err != nil {
		return err
	}
	return verdict(half, all)
}

// verdict compares all readers with half of them.
func verdict(half, all measure) error {
	slower, larger := all.seconds/half.seconds, all.memory/half.memory
	fmt.Printf("  twice the readers: %.2f times as long (bar 2), %.2f times the memory (bar 1.1)\n", slower, larger)
	if slower > 2.1 || larger > 1.1 {
		return errors.New("a bar was missed")
	}
	return nil
}

func letter() digest.Newsletter {
	n := digest.Newsletter{
		Name: "hebdo", Title: "Hebdo", Language: "fr", Lists: []string{"hebdo"}, Zone: time.UTC, MaxAge: 48 * time.Hour, PublicURL: "https://news.example",
		From: digest.Address{Email: "hebdo@example.org"}, PostalAddress: "1 quai du Port", Look: digest.Look{Theme: "gazette", Accent: "#0b5c8a"},
		Rules: digest.Rules{Max: 16, SummaryChars: 320, ClipBytes: 90_000},
	}
	for _, s := range sections {
		n.Rules.Sections = append(n.Rules.Sections, digest.SectionRule{Name: s, Any: []string{"section:" + s}, Max: 2})
	}
	for i := range 50 {
		n.Sources = append(n.Sources, digest.Source{Name: fmt.Sprint("source", i)})
	}
	return n
}

// subscribe adds readers: of every cadence, in two languages, each with one of
// the topics or all. It writes the tables itself: a million sign-ups by the front
// door would take longer than what is measured.
func (b *bench) subscribe(n int) error {
	db, err := sql.Open("sqlite", "file:"+b.path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	person, err1 := tx.Prepare(`INSERT INTO subscribers (id, email, email_key, name, language, text_only, suppressed, created) VALUES (?, ?, ?, '', ?, 0, 0, 1)`)
	place, err2 := tx.Prepare(`INSERT INTO subscriptions (list, subscriber_id, state, since, reason, topics, cadence, language) VALUES ('hebdo', ?, 'confirmed', 1, '', ?, ?, ?)`)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for i := b.readers; i < b.readers+n; i++ {
		email, language, topic := fmt.Sprintf("reader%d@example.org", i), []string{"fr", "en"}[b.random.IntN(2)], ""
		if b.random.IntN(2) == 0 {
			topic = sections[b.random.IntN(len(sections))]
		}
		cadence := []digest.Cadence{digest.CadenceEvery, digest.CadenceWeekly, digest.CadenceMonthly}[b.random.IntN(3)]
		_, err1 := person.Exec(i+1, email, email, language)
		_, err2 := place.Exec(i+1, topic, string(cadence), language)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
	}
	b.readers += n
	return tx.Commit()
}

// write brings articles of some three hundred words; one in ten is another
// source's version of an earlier one.
func (b *bench) write(n int) error {
	batch := map[string][]digest.Article{}
	last := ""
	for i := range n {
		text := last
		if i%10 != 9 || last == "" {
			text = b.prose()
		}
		last = text
		a := digest.Article{Source: fmt.Sprint("source", b.random.IntN(50)), Identity: fmt.Sprint(b.now.Unix(), i), URL: fmt.Sprintf("https://a.example/%d/%d", b.now.Unix(), i),
			Title: text[:strings.IndexByte(text[60:], ' ')+60], Text: text, Words: 300, Language: "fr", Section: sections[b.random.IntN(len(sections))],
			FirstSeen: b.now, Published: b.now.Add(-time.Duration(b.random.IntN(2000)) * time.Minute)}
		batch[a.Source] = append(batch[a.Source], a)
	}
	for source, list := range batch {
		if _, err := b.store.SaveHarvest(b.ctx, digest.SourceState{Source: source}, list); err != nil {
			return err
		}
	}
	return nil
}

// prose is words of which some are common and most are not, in sentences.
func (b *bench) prose() string {
	var out strings.Builder
	for i := range 300 {
		word := b.random.IntN(2000)
		if i%3 == 0 {
			word = b.random.IntN(200_000)
		}
		fmt.Fprintf(&out, "m%sot", letters(word))
		if i%14 == 13 {
			out.WriteString(".")
		}
		out.WriteByte(' ')
	}
	return out.String()
}

func letters(n int) string {
	s := ""
	for ; n > 0; n /= 20 {
		s += string("bcdfghjklmnpqrstvwxz"[n%20]) + string("aeiou"[n%5])
	}
	return s
}

func (b *bench) freeze(day int) error {
	d, err := b.pub.Compose(b.ctx, b.letter, publish.ComposeOptions{Slot: fmt.Sprint(day)})
	if err != nil {
		return err
	}
	_, err = b.store.Freeze(b.ctx, d.Frozen)
	return err
}

// measure is what planning took.
type measure struct{ seconds, memory float64 }

func (b *bench) measure() (measure, error) {
	var m measure
	// Writing 5 there resets the peak (proc(5), clear_refs); where it cannot be
	// written, the peak is that of the whole run.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	begin := time.Now()
	d, err := b.pub.Compose(b.ctx, b.letter, publish.ComposeOptions{})
	if err != nil {
		return m, err
	}
	m.seconds = time.Since(begin).Seconds()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscan(rest, &m.memory)
			m.memory /= 1024
		}
	}
	fmt.Printf("  %10d %10d %9d %9.1f %10.0f\n", b.readers, len(d.Variants), len(d.Frozen.Audience), m.seconds, m.memory)
	return m, nil
}
