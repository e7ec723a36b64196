package digest

// Feedback says what a newsletter counts of its readers' interest. Nothing of it
// knows who: a link is the same for everybody.
type Feedback struct {
	Clicks   bool // the links of a message lead by us, and are counted
	MoreLess bool // each story asks whether there should be more like it
	Rank     bool // what was counted speaks for or against a source and a rubric
}

// ReactionKind is one way in which readers show what they think of an article.
type ReactionKind string

// The kinds of reactions.
const (
	ReactionClick ReactionKind = "click"
	ReactionMore  ReactionKind = "more" // more like this
	ReactionLess  ReactionKind = "less" // less like this
)

// Reaction is how often readers of an edition reacted to one of its articles, on
// one day.
type Reaction struct {
	Edition EditionID
	Article ArticleID
	Kind    ReactionKind
	Day     string // 2026-11-23, UTC
	Count   int
}

// Taste is what readers of a newsletter made of the articles of one source and
// one of its rubrics.
type Taste struct {
	Source, Section    string
	Shown              int // readers, added up over the articles
	Clicks, More, Less int
}

// Got is how many readers an edition brought an article.
type Got struct {
	Edition Edition // its newsletter and number
	Readers int     // whose message was sent and told it
}

// Link is what a link about an article says: which article, in which edition.
// It does not say who follows it.
type Link struct {
	Newsletter string
	Number     int // of the edition: links are written before it is stored
	Article    ArticleID
}

// SealLink signs a link for one purpose. It does not expire: what it leads to is
// no secret.
func (k Keyring) SealLink(p Purpose, l Link) string {
	return k.Seal(Ticket{Purpose: p, Edition: EditionID(l.Number), Request: int64(l.Article), Newsletter: l.Newsletter})
}

// Link is what [Keyring.SealLink] signed.
func (t Ticket) Link() Link {
	return Link{Newsletter: t.Newsletter, Number: int(t.Edition), Article: ArticleID(t.Request)}
}
