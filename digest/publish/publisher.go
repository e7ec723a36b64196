package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/extract"
	"github.com/zest-digest/zest/digest/render"
)

// Collector reads sources over the network or from disk.
type Collector interface {
	// Collect reads every source and calls each as each ends, possibly from
	// several goroutines at once.
	Collect(ctx context.Context, sources []digest.Source, states []digest.SourceState, each func(digest.Harvest, error))
	// Page fetches the page that an item links to.
	Page(ctx context.Context, s digest.Source, url string) (digest.Page, error)
	// Picture fetches a picture of an article, under the same guard.
	Picture(ctx context.Context, s digest.Source, url string) (digest.Page, error)
}

// Store is what publishing remembers.
type Store interface {
	Keyring(ctx context.Context) (digest.Keyring, error)
	SourceState(ctx context.Context, source string) (digest.SourceState, error)
	SaveState(ctx context.Context, st digest.SourceState) error
	SaveStates(ctx context.Context, list []digest.SourceState) error
	SaveHarvest(ctx context.Context, st digest.SourceState, articles []digest.Article, passed ...digest.Passed) (digest.Saved, error)
	SaveArticles(ctx context.Context, st digest.SourceState, articles []digest.Article) (digest.Saved, error)
	CompleteNewest(ctx context.Context, most int) error
	Known(ctx context.Context, source string, identities []string) (map[string]digest.ArticleID, error)
	Unchanged(ctx context.Context, source string, sums map[string]string) (map[string]bool, error)
	KnownURLs(ctx context.Context, source string, urls []string) (int, error)
	Candidates(ctx context.Context, newsletter string, sources []string) ([]digest.Article, error)

	SavePlan(ctx context.Context, p digest.Plan) (digest.PlanID, error)
	ArticlesByID(ctx context.Context, ids []digest.ArticleID) ([]digest.Article, error)
	Inputs(ctx context.Context, id digest.EditionID) (map[string]digest.Inputs, error)
	Abstracts(ctx context.Context, keys []string) (map[string]string, error)
	NextNumber(ctx context.Context, newsletter string) (int, error)
	Audience(ctx context.Context, q digest.AudienceQuery) ([]digest.AudienceGroup, error)
	Members(ctx context.Context, lists []string, belongs func(digest.Subscriber, []digest.Subscription) bool) (*digest.Members, error)
	Appearances(ctx context.Context, newsletter string, since time.Time) (map[int]time.Time, error)
	Tastes(ctx context.Context, newsletter string, since time.Time) ([]digest.Taste, error)
	Told(ctx context.Context, newsletter string, after int) ([]digest.Told, error)
	Freeze(ctx context.Context, f digest.Frozen) (digest.Edition, error)
	Frozen(ctx context.Context, id digest.EditionID) (digest.Frozen, error)
	Unfinished(ctx context.Context, newsletter string) ([]digest.Edition, error)
	EditionState(ctx context.Context, id digest.EditionID) (digest.EditionState, error)
	MoveEdition(ctx context.Context, id digest.EditionID, from, to digest.EditionState) (bool, error)
	CancelEdition(ctx context.Context, id digest.EditionID, now time.Time) (canceled, held int, err error)

	// Begin starts a run; end(true) gives back what it claimed and never began.
	Begin(ctx context.Context) (owner string, end func(clean bool) error, err error)
	// Journal is where a run notes its outcomes ahead of Settle; nil where it need not.
	Journal(owner string) (digest.Journal, error)
	Recover(ctx context.Context, id digest.EditionID, p digest.UnknownPolicy, now time.Time) (digest.Recovered, error)
	Claim(ctx context.Context, c digest.Claim) ([]digest.Reader, error)
	Settle(ctx context.Context, id digest.EditionID, owner string, outcomes []digest.Outcome) error
	Books(ctx context.Context, id digest.EditionID) (digest.Books, error)
	NextTry(ctx context.Context, id digest.EditionID) (time.Time, bool, error)
}

// Progress hears of long work as it goes on. Every method may be called from
// several goroutines.
type Progress interface {
	Sources(total int)                                     // collecting begins
	Source(name string, items int, err error)              // one source ended
	Deliveries(e digest.Edition, audience, already int)    // delivering begins
	Delivered(e digest.Edition, outcomes []digest.Outcome) // these are in the ledger
	Recovered(e digest.Edition, r digest.Recovered)        // an earlier run's work was taken over
}

// Options are what a Publisher is made of.
type Options struct {
	Store     Store
	Collector Collector
	Sender    deliver.Deliverer
	Renderer  *render.Renderer
	Extract   extract.Options
	Progress  Progress // may be nil
	Editor    Editor   // may be nil
	Scribe    Scribe   // may be nil

	// Alert tells the operator what needs a person: a source that fails since
	// AlertAfter (3 days when 0), items that the flood brake holds. It may be nil:
	// then the log has it.
	Alert      func(ctx context.Context, subject, text string)
	AlertAfter time.Duration

	// Span begins a piece of work that somebody wants to know the length of; the
	// function it gives back ends it. It may be nil. About are names and values by
	// turns, none of them personal.
	Span func(ctx context.Context, name string, about ...string) (context.Context, func(error))

	Log   *slog.Logger
	Now   func() time.Time
	Force bool // send in spite of hard findings in the rendered message
	// Quiet says when the time ends in which nothing may leave; zero when now is not
	// such a time. Nil for no such times.
	Quiet  func(now time.Time) time.Time
	Ration int // pause an edition after so many deliveries; 0 for no limit
	Block  int // deliveries a lane claims at a time; 0 for the default
}

// Publisher makes editions and sends them.
type Publisher struct{ o Options }

// New makes a Publisher.
func New(o Options) *Publisher {
	if o.Progress == nil {
		o.Progress = silent{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Span == nil {
		o.Span = func(ctx context.Context, _ string, _ ...string) (context.Context, func(error)) {
			return ctx, func(error) {}
		}
	}
	if o.AlertAfter <= 0 {
		o.AlertAfter = 3 * 24 * time.Hour
	}
	if o.Alert == nil {
		o.Alert = func(_ context.Context, subject, text string) { o.Log.Error(subject, "details", text) }
	}
	if o.Block <= 0 {
		o.Block = 64
	}
	return &Publisher{o: o}
}

// EditionReport is how one edition stands after a run.
type EditionReport struct {
	Edition digest.Edition
	Books   digest.Books
	Resumed bool // an earlier run froze it
	NextTry time.Time
}

// Report is what a run did.
type Report struct {
	Sources  []SourceReport
	Editions []EditionReport
}

// Complete reports whether every reader of every edition got it.
func (r Report) Complete() bool {
	for _, e := range r.Editions {
		if e.Books.Sent != e.Books.Audience-e.Books.Suppressed {
			return false
		}
	}
	return true
}

// Publish finishes what an earlier run began, then makes the next edition of n
// for a slot and sends it. It returns [digest.ErrNothingNew] when there was
// nothing to do, and a [*digest.SendError] when the mail server could not be
// used; the report is true in both cases.
func (p *Publisher) Publish(ctx context.Context, n digest.Newsletter, slot string) (Report, error) {
	report, err := p.Resume(ctx, n)
	if err != nil {
		return report, err
	}
	if report.Sources, err = p.Collect(ctx, n.Sources); err != nil {
		return report, err
	}
	edition, err := p.Make(ctx, n, slot)
	switch {
	case errors.Is(err, digest.ErrNothingNew) && len(report.Editions) > 0:
		return report, nil
	case errors.Is(err, digest.ErrAlreadyFrozen):
		// Another run was faster by a moment: what it froze is ours to help with.
		more, err := p.Resume(ctx, n)
		report.Editions = append(report.Editions, more.Editions...)
		return report, err
	case err != nil:
		return report, err
	}
	done, err := p.deliver(ctx, n, edition, false)
	report.Editions = append(report.Editions, done)
	return report, err
}

// Make makes the next edition of n for a slot from the articles that are stored,
// and freezes it: it is whole, and nothing of it has left yet. It returns
// [digest.ErrNothingNew] when there are too few articles, and
// [digest.ErrAlreadyFrozen] when another run made it; one that its editor is to
// approve is held, which is [digest.ErrHeld].
func (p *Publisher) Make(ctx context.Context, n digest.Newsletter, slot string) (e digest.Edition, err error) {
	ctx, end := p.o.Span(ctx, "make edition", "zest.newsletter", n.Name)
	defer func() { end(err) }()
	trim()
	draft, err := p.Compose(ctx, n, ComposeOptions{Slot: slot})
	if err != nil {
		return digest.Edition{}, err
	}
	if n.Approve {
		return digest.Edition{}, p.hold(ctx, n, draft)
	}
	return p.freeze(ctx, draft)
}

// freeze stores a draft whole, unless its messages break a hard rule.
func (p *Publisher) freeze(ctx context.Context, draft Draft) (digest.Edition, error) {
	if err := p.blocks(draft); err != nil {
		return digest.Edition{}, err
	}
	keys, err := p.o.Store.Keyring(ctx)
	if err != nil {
		return digest.Edition{}, fmt.Errorf("reading the signing keys: %w", err)
	}
	draft.Frozen.Letterhead.Key = keys.Name()
	trim()
	edition, err := p.o.Store.Freeze(ctx, draft.Frozen)
	if err != nil {
		return edition, fmt.Errorf("freezing %s: %w", draft.Frozen.Edition.Ref(), err)
	}
	p.o.Log.Info("edition frozen", "edition", edition.Ref(), "stories", draft.Selection.Count())
	return edition, nil
}

// Deliver sends what is left of one edition, as far as it can go now.
func (p *Publisher) Deliver(ctx context.Context, n digest.Newsletter, e digest.Edition) (EditionReport, error) {
	return p.deliver(ctx, n, e, true)
}

// Resume delivers what is left of the editions that an earlier run froze.
func (p *Publisher) Resume(ctx context.Context, n digest.Newsletter) (Report, error) {
	var report Report
	open, err := p.o.Store.Unfinished(ctx, n.Name)
	if err != nil {
		return report, err
	}
	for _, e := range open {
		if e.State != digest.EditionSending {
			continue
		}
		done, err := p.deliver(ctx, n, e, true)
		report.Editions = append(report.Editions, done)
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

// blocks refuses to send a draft whose messages break a hard rule.
func (p *Publisher) blocks(d Draft) error {
	if p.o.Force {
		return nil
	}
	for _, v := range d.Variants {
		for _, f := range v.Findings {
			if f.Severity == "hard" {
				return &digest.InvalidError{
					Field:  fmt.Sprintf("the message of %s (%s)", d.Frozen.Edition.Ref(), v.Variant.Key),
					Reason: fmt.Sprintf("%s (line %d, %s); nothing was sent. `zest preview` shows it, --force sends it all the same", f.Reason, f.Line, f.Rule),
				}
			}
		}
	}
	return nil
}

type silent struct{}

func (silent) Sources(int)                                {}
func (silent) Source(string, int, error)                  {}
func (silent) Deliveries(digest.Edition, int, int)        {}
func (silent) Delivered(digest.Edition, []digest.Outcome) {}
func (silent) Recovered(digest.Edition, digest.Recovered) {}
