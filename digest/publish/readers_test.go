package publish_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/curate"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/render"
	"github.com/zest-digest/zest/digest/store"
)

// world is a newsletter with its readers over some months: what happens is
// drawn from a seed, and what each reader was told is written down.
type world struct {
	t       testing.TB
	r       *rand.Rand
	now     time.Time
	store   *store.Store
	pub     *publish.Publisher
	letter  digest.Newsletter
	written int
	ids     map[int]digest.ArticleID // number in its address → id
	told    map[digest.SubscriberID]map[int]string
	whole   map[digest.SubscriberID]int // willing, with every topic, since after this edition
	gone    map[digest.SubscriberID]bool
	choices map[digest.SubscriberID]digest.Choice
	readers []digest.SubscriberID
}

var (
	ctx      = context.Background()
	sections = []string{"Culture", "Mer", "Technique"}
	address  = regexp.MustCompile(`https://a\.example/(\d+)`)
)

func newWorld(t testing.TB, seed uint64, renderer *render.Renderer) *world {
	t.Helper()
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 7)), now: time.Date(2026, 2, 27, 6, 0, 0, 0, time.UTC), ids: map[int]digest.ArticleID{},
		told: map[digest.SubscriberID]map[int]string{}, whole: map[digest.SubscriberID]int{}, choices: map[digest.SubscriberID]digest.Choice{}, gone: map[digest.SubscriberID]bool{}}
	clock := func() time.Time { return w.now }
	var err error
	if w.store, err = store.Open(ctx, ":memory:", store.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	if _, err := w.store.Secret(ctx); err != nil {
		t.Fatal(err)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	w.letter = digest.Newsletter{
		Name: "hebdo", Title: "Hebdo", Language: "fr", Lists: []string{"l", "m"}, Zone: paris, MaxAge: 48 * time.Hour, PublicURL: "https://news.example",
		From: digest.Address{Email: "hebdo@example.org"}, PostalAddress: "1 quai du Port", Look: digest.Look{Theme: "plain", Accent: "#0b5c8a"},
		Rules: digest.Rules{SummaryChars: 60, ClipBytes: 90_000},
	}
	for _, s := range sections {
		w.letter.Rules.Sections = append(w.letter.Rules.Sections, digest.SectionRule{Name: s, Any: []string{"section:" + s}})
	}
	for i := range 3 {
		w.letter.Sources = append(w.letter.Sources, digest.Source{Name: fmt.Sprint("source", i)})
	}
	w.pub = publish.New(publish.Options{Store: w.store, Renderer: renderer, Now: clock})
	for i := range 6 {
		w.join(i)
	}
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) join(i int) {
	email := fmt.Sprintf("reader%d@example.org", i)
	list := []string{"l", "m"}[w.r.IntN(2)]
	_, err := w.store.Subscribe(ctx, digest.Subscription{List: list, State: digest.SubConfirmed, Since: w.now, Subscriber: digest.Subscriber{Email: email}}, store.SubscribeOptions{Again: true})
	w.check(err)
	s, err := w.store.FindSubscriber(ctx, email)
	w.check(err)
	if w.told[s.ID] == nil {
		w.told[s.ID] = map[int]string{}
		w.readers = append(w.readers, s.ID)
	}
	delete(w.gone, s.ID)
	w.choose(s.ID)
}

// choose gives a reader another mind.
func (w *world) choose(id digest.SubscriberID) {
	c := digest.Choice{Cadence: digest.Cadences()[w.r.IntN(4)], Language: []string{"", "fr", "en"}[w.r.IntN(3)], TextOnly: w.r.IntN(4) == 0}
	for _, s := range sections {
		if w.r.IntN(4) == 0 {
			c.Topics = append(c.Topics, s)
		}
	}
	if w.r.IntN(4) == 0 {
		c.Snooze = w.now.Add(time.Duration(w.r.IntN(400)) * time.Hour)
	}
	if w.r.IntN(3) == 0 {
		c.Hour = fmt.Sprintf("%02d:00", w.r.IntN(24))
	}
	for _, list := range w.letter.Lists {
		if err := w.store.SetChoice(ctx, id, list, c); err != nil && !errors.Is(err, digest.ErrNotFound) {
			w.t.Fatal(err)
		}
	}
	w.choices[id] = c
	next, err := w.store.NextNumber(ctx, "hebdo")
	w.check(err)
	if len(c.Topics) > 0 || w.gone[id] {
		w.whole[id] = 1 << 30
	} else if since, known := w.whole[id]; !known || since == 1<<30 {
		w.whole[id] = next - 1
	}
}

// write has the sources bring some articles: new ones, late ones, and other
// versions of what was told before.
func (w *world) write(n int) {
	for range n {
		w.written++
		i := w.written
		text := strings.Builder{}
		for k := range 60 {
			fmt.Fprintf(&text, "mot%dx%d ", i, k)
		}
		a := digest.Article{Source: fmt.Sprint("source", w.r.IntN(3)), Identity: fmt.Sprint(i), URL: fmt.Sprintf("https://a.example/%d", i), Language: "fr",
			Title: fmt.Sprintf("Article numéro %d sur mot%dx1", i, i), Text: strings.TrimSpace(text.String()) + ".", Words: 60, FirstSeen: w.now, Published: w.now,
			Section: append(sections, "")[w.r.IntN(len(sections)+1)]}
		if w.r.IntN(5) == 0 {
			a.Published = w.now.AddDate(0, 0, -w.r.IntN(300)) // late: a date never decides
		}
		_, err := w.store.SaveHarvest(ctx, digest.SourceState{Source: a.Source}, []digest.Article{a})
		w.check(err)
		known, err := w.store.Known(ctx, a.Source, []string{a.Identity})
		w.check(err)
		w.ids[i] = known[a.Identity]
	}
}

// makeEdition makes the next edition, if there is enough for one, and checks that its
// variants part the audience.
func (w *world) makeEdition() {
	draft, err := w.pub.Compose(ctx, w.letter, publish.ComposeOptions{})
	if errors.Is(err, digest.ErrNothingNew) {
		return
	}
	w.check(err)
	if left := slices.DeleteFunc(slices.Clone(draft.Selection.Decisions), func(d curate.Decision) bool { return d.Reason != "" }); len(left) > 0 {
		w.t.Fatalf("without a reason: %+v", left)
	}
	e, err := w.store.Freeze(ctx, draft.Frozen)
	w.check(err)
	sum := 0
	for _, v := range draft.Variants {
		if sum += v.Readers; v.Stories == 0 {
			w.t.Fatalf("variant %s is empty", v.Variant.Key)
		}
	}
	b, err := w.store.Books(ctx, e.ID)
	w.check(err)
	people := map[digest.SubscriberID]bool{}
	w.check(w.store.Subscriptions(ctx, store.SubscriptionFilter{State: digest.SubConfirmed}, func(s digest.Subscription) error {
		people[s.Subscriber.ID] = true
		return nil
	}))
	willing := len(people)
	if sum != draft.Readers || b.Audience != sum || draft.Readers+draft.Resting+draft.Without != willing {
		w.t.Fatalf("%s: variants for %d, draft for %d (%d rest, %d without), audience %d, %d willing", e.Ref(), sum, draft.Readers, draft.Resting, draft.Without, b.Audience, willing)
	}
}

// deliver settles what can go now, with the fortune of the post.
func (w *world) deliver(luck int) {
	open, err := w.store.Unfinished(ctx, "hebdo")
	w.check(err)
	for _, e := range open {
		frozen, err := w.store.Frozen(ctx, e.ID)
		w.check(err)
		for {
			readers, err := w.store.Claim(ctx, digest.Claim{Edition: e.ID, Owner: "run", Lanes: []int{0}, Limit: 3, Now: w.now})
			w.check(err)
			if len(readers) == 0 {
				break
			}
			var outcomes []digest.Outcome
			for _, r := range readers {
				v := []digest.Verdict{digest.VerdictSent, digest.VerdictFailed, digest.VerdictUnknown, digest.VerdictRetry}[max(0, w.r.IntN(4+luck)-luck)]
				outcomes = append(outcomes, digest.Outcome{Subscriber: r.Subscriber, Verdict: v, At: w.now, Resend: w.r.IntN(2) == 0})
				if v == digest.VerdictSent || v == digest.VerdictUnknown {
					w.receive(e, frozen, r, v == digest.VerdictUnknown)
				}
			}
			w.check(w.store.Settle(ctx, e.ID, "run", outcomes))
		}
		b, err := w.store.Books(ctx, e.ID)
		w.check(err)
		if !b.Closed() {
			w.t.Fatalf("%s: the books are open: %+v", e.Ref(), b)
		}
		if b.Done() {
			_, err := w.store.MoveEdition(ctx, e.ID, digest.EditionSending, digest.EditionSent)
			w.check(err)
		}
	}
}

// receive writes down what a reader reads. An edition may come twice when the
// answer to it was lost; nothing else may.
func (w *world) receive(e digest.Edition, f digest.Frozen, r digest.Reader, unsure bool) {
	i := slices.IndexFunc(f.Proofs, func(p digest.Proof) bool { return p.Variant.Key == r.Variant })
	if i < 0 {
		w.t.Fatalf("%s: there is no variant %q", e.Ref(), r.Variant)
	}
	proof := f.Proofs[i]
	if proof.Variant.TextOnly != (proof.HTML == "") {
		w.t.Fatalf("%s: variant %q has the wrong form", e.Ref(), r.Variant)
	}
	mine := w.told[r.Subscriber]
	seen := map[int]bool{}
	for _, m := range address.FindAllStringSubmatch(proof.Text, -1) {
		n, _ := strconv.Atoi(m[1])
		if seen[n] {
			continue
		}
		seen[n] = true
		if before := mine[n]; before != "" && before != e.Ref() {
			w.t.Fatalf("%s tells reader %d article %d again, after %s", e.Ref(), r.Subscriber, n, before)
		}
		mine[n] = e.Ref()
	}
}

// live lets a day or so go by.
func (w *world) live() {
	w.now = w.now.Add(time.Duration(1+w.r.IntN(30)) * time.Hour)
	w.write(w.r.IntN(4))
	for _, id := range w.readers {
		switch w.r.IntN(12) {
		case 0, 1:
			w.choose(id)
		case 2:
			_, err := w.store.Unsubscribe(ctx, id, "", "", w.now)
			w.check(err)
			w.whole[id], w.gone[id] = 1<<30, true
		case 3:
			for i, other := range w.readers {
				if other == id {
					w.join(i)
				}
			}
		}
	}
	w.makeEdition()
	w.deliver(w.r.IntN(9) - 1)
	w.now = w.now.Add(10 * time.Minute) // what was in doubt, or put off, has another try
	w.deliver(w.r.IntN(5) - 1)
}

// settleDown has everybody read on in peace for two months.
func (w *world) settleDown() {
	awake := func(c digest.Choice) digest.Choice {
		c.Snooze, c.Hour = time.Time{}, ""
		return c
	}
	w.change(awake)
	for month := range 5 {
		if month == 4 { // and then wants every edition: whoever waited for theirs has it all
			w.change(func(c digest.Choice) digest.Choice { c = awake(c); c.Cadence = digest.CadenceEvery; return c })
		}
		w.now = w.now.Add(33 * time.Hour)
		w.deliver(100) // what still waits
		w.now = w.now.AddDate(0, 0, 13)
		w.write(1)
		w.makeEdition()
		w.deliver(100)
	}
}

// change gives every reader another mind in one respect.
func (w *world) change(how func(digest.Choice) digest.Choice) {
	for _, id := range w.readers {
		for _, list := range w.letter.Lists {
			if err := w.store.SetChoice(ctx, id, list, how(w.choices[id])); err != nil && !errors.Is(err, digest.ErrNotFound) {
				w.t.Fatal(err)
			}
		}
	}
}

// nothingIsLost checks that what was carried since a reader wants everything was
// told to them, unless its delivery was lost on the way or it is out of reach.
func (w *world) nothingIsLost() {
	left, err := w.store.Candidates(ctx, "hebdo", []string{"source0", "source1", "source2"})
	w.check(err)
	if len(left) > 0 {
		w.t.Fatalf("%d articles wait for nothing", len(left))
	}
	problems, err := w.store.Check(ctx, 0)
	w.check(err)
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	for _, id := range slices.Sorted(maps.Keys(w.whole)) {
		carried, err := w.store.Told(ctx, "hebdo", w.whole[id])
		w.check(err)
		for _, c := range carried {
			n, _ := strconv.Atoi(c.Identity)
			if w.told[id][n] == "" && !w.lost(id, c.Edition) {
				w.explain(id)
				w.t.Fatalf("reader %d was never told article %d, which edition %d carried", id, n, c.Edition)
			}
		}
	}
}

// explain logs what became of a reader's editions.
func (w *world) explain(id digest.SubscriberID) {
	editions, err := w.store.AllEditions(ctx)
	w.check(err)
	w.t.Logf("reader %d: whole since %d, %+v", id, w.whole[id], w.choices[id])
	for _, e := range editions {
		line := "nothing"
		w.check(w.store.Deliveries(ctx, e.ID, "", func(d digest.Delivery) error {
			if d.Subscriber == id {
				line = fmt.Sprintf("%s %s repeats %d", d.Variant, d.Status, d.Repeats)
			}
			return nil
		}))
		w.t.Logf("%s of %s: %s", e.Ref(), e.FrozenAt.Format(time.DateTime), line)
	}
}

// lost reports whether a reader's message failed after a later one had told them
// more: what it held is on the web page only.
func (w *world) lost(id digest.SubscriberID, edition int) bool {
	lost := false
	editions, err := w.store.Editions(ctx, "hebdo", 1000)
	w.check(err)
	for _, e := range editions {
		variant := ""
		w.check(w.store.Deliveries(ctx, e.ID, digest.DeliveryFailed, func(d digest.Delivery) error {
			if d.Subscriber == id {
				variant = d.Variant
			}
			return nil
		}))
		f, err := w.store.Frozen(ctx, e.ID)
		w.check(err)
		for _, p := range f.Proofs {
			lost = lost || p.Variant.Key == variant && e.Number >= edition && p.Variant.Since < edition
		}
	}
	return lost
}

// TestNoReaderIsToldTwiceAndNothingIsLost lives through many histories; with
// ZEST_HISTORIES it lives through more.
func TestNoReaderIsToldTwiceAndNothingIsLost(t *testing.T) {
	renderer, err := render.New(render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	histories := 8
	if more, err := strconv.Atoi(os.Getenv("ZEST_HISTORIES")); err == nil {
		histories = more
	}
	for seed := range uint64(histories) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, seed, renderer)
			for range 20 {
				w.live()
			}
			w.settleDown()
			w.nothingIsLost()
		})
	}
}
