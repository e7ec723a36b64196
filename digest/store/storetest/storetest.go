// Package storetest is the behaviour that every store must show. SQLite and
// Postgres pass the same suite.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

// Noon is the suite's present.
var Noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Opener opens the store under test. Two calls in one test open the same store
// twice, as two processes would.
type Opener func(t *testing.T) *store.Store

// Run runs the suite. fresh gives an Opener of a store of its own.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"ASecretIsMadeOnce":                    secret,
		"AHarvestIsSavedWithItsState":          harvest,
		"AnEditedArticleIsUpdatedUntilCarried": edited,
		"WhatWasLeftForLaterIsReadOnce":        outlines,
		"WhatIsNewAndFewIsReadAhead":           readAhead,
		"AnEditOfWhatNobodyReadIsJudged":       outlinesEdited,
		"AllThatIsKnownOfASourceComesBack":     remembered,
		"WhatIsPutAsideIsNoCandidate":          aside,
		"APersonOnTwoListsCountsOnce":          audience,
		"FreezingTwiceIsRefusedWhole":          freezeTwice,
		"WhatWasFrozenComesBack":               frozen,
		"TwoClaimersNeverShareARow":            claimers,
		"OutcomesCloseTheBooks":                outcomes,
		"LanesAreDealtToInTurn":                dealing,
		"ARunGoesOnward":                       onward,
		"LeavingTakesEffectOnQueuedDeliveries": leaving,
		"OnlyTheirOwnWishBringsALeaverBack":    leavers,
		"AHardBounceSuppressesForGood":         bounce,
		"NumbersAreNeverUsedAgain":             numbers,
		"ErasureLeavesOnlyTheHash":             erase,
		"ADeadRunIsTakenOver":                  recoverDead,
		"ALivingRunIsLeftAlone":                recoverLiving,
		"AnExpiredRetryHasFailed":              expiry,
		"ACanceledEditionClosesItsBooks":       canceling,
		"OnlyFailedReadersAreTriedAgain":       requeueing,
		"AnAddressIsClosedAtItsLastStrike":     striking,
		"AnAskIsBoundAndExpires":               asking,
		"StrangersChangeNothingOfAReader":      strangers,
		"ADomainIsAskedSoOften":                perDomain,
		"ManyLeaveInOneCommit":                 leavingTogether,
		"KeysOfLinksRotate":                    linkKeys,
		"AnEditionKeepsItsKey":                 keysInUse,
		"AnAddressMovesOnItsOwnersWord":        moving,
		"ADossierIsWholeAndErasureToo":         dossier,
		"AnImportNeverRaisesAState":            importing,
		"AChoiceIsKeptAsItWasMade":             choosing,
		"OnlyTheReaderChangesTheirChoice":      keptChoices,
		"ASlotIsDealtWithOnce":                 slots,
		"AStoreThatWentBackInTimeIsNotTrusted": guard,
		"AnImportIsTakenBack":                  importUndone,
		"ChoicesOfAFileAreForWhoHasNone":       importedChoices,
		"AKilledImportGoesOn":                  importKilled,
		"ADeadAddressInAFileStaysDead":         importDead,
		"ADomainIsSuppressed":                  domainSuppressed,
		"WhoIsPassedOverIsBehind":              behind,
		"WhoDidNotGetItIsToldWithTheNext":      failing,
		"AReadersHourIsTheirsWhereTheyAre":     hours,
		"WhatWasCarriedCanBeToldAgain":         retelling,
		"WhatComesBackIsTakenOnce":             comesBack,
		"BouncesAddUp":                         bouncesAddUp,
		"RefusalsAndBouncesAddUp":              refusalsAndBounces,
		"ASegmentGetsItsEdition":               segmented,
		"APlanBecomesOneEdition":               planning,
		"ReactionsAddUp":                       reactions,
		"AnArticleKnowsWhoWasSentIt":           sentIn,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

var ctx = context.Background()

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readers puts n confirmed readers on the list "l" and returns their ids.
func readers(t *testing.T, s *store.Store, n int) []digest.SubscriberID {
	t.Helper()
	var ids []digest.SubscriberID
	for i := range n {
		email := fmt.Sprintf("reader%03d@example.org", i)
		must(s.Subscribe(ctx, subscription(email, "l"), store.SubscribeOptions{}))(t)
		ids = append(ids, must(s.FindSubscriber(ctx, email))(t).ID)
	}
	return ids
}

func subscription(email, list string) digest.Subscription {
	return digest.Subscription{Subscriber: digest.Subscriber{Email: email}, List: list, State: digest.SubConfirmed, Since: Noon}
}

func edition(number int, carried ...digest.ArticleID) digest.Frozen {
	var told []digest.Told
	for _, id := range carried {
		told = append(told, digest.Told{Article: digest.Article{ID: id}, Card: id})
	}
	return digest.Frozen{
		Audience: []digest.Served{{AudienceGroup: digest.AudienceGroup{Mark: -1}, Due: true, Variant: "fr"}},
		Edition:  digest.Edition{Newsletter: "n", Number: number, Slot: fmt.Sprint("slot", number), Subject: "Sujet", Language: "fr", Date: Noon},
		Proofs: []digest.Proof{
			{Variant: digest.Variant{Key: "fr", Language: "fr", Since: number - 1}, Subject: "Sujet", HTML: "<p>é</p>", Text: "é"},
			{Variant: digest.Variant{Key: "fr-text", Language: "fr", TextOnly: true, Since: number - 1}, Subject: "Sujet", Text: "é"},
		},
		Letterhead: digest.Letterhead{From: digest.Address{Name: "N", Email: "n@example.org"}, Domain: "example.org"},
		Lists:      []string{"l"}, Carried: told, Expires: Noon.Add(48 * time.Hour),
	}
}

func claim(t *testing.T, s *store.Store, id digest.EditionID, owner string, lane, limit int) []digest.Reader {
	t.Helper()
	return must(s.Claim(ctx, digest.Claim{Edition: id, Owner: owner, Lanes: []int{lane}, Limit: limit, Now: Noon}))(t)
}

func settle(t *testing.T, s *store.Store, id digest.EditionID, owner string, r digest.Reader, v digest.Verdict) {
	t.Helper()
	ok(t, s.Settle(ctx, id, owner, []digest.Outcome{{Subscriber: r.Subscriber, Verdict: v, Code: 250, At: Noon}}))
}

func article(identity, title string, words int) digest.Article {
	return digest.Article{Source: "s", Identity: identity, URL: "https://example.org/" + identity, Title: title, Text: strings.Repeat("mot ", words), Words: words, FirstSeen: Noon,
		Categories: []string{"Ports"}, Image: digest.Image{URL: "https://example.org/i.jpg", Width: 4}, Language: "fr"}
}

func secret(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	var wg sync.WaitGroup
	got := make([][]byte, 2)
	for i, s := range []*store.Store{a, b} {
		wg.Go(func() { got[i], _ = s.Secret(ctx) })
	}
	wg.Wait()
	if len(got[0]) != 32 || !slices.Equal(got[0], got[1]) {
		t.Errorf("%x and %x", got[0], got[1])
	}
}

func harvest(t *testing.T, open Opener) {
	s := open(t)
	st := digest.SourceState{Source: "s", ETag: `"1"`, LastOK: Noon, Title: "La source"}
	in := []digest.Article{article("a", "Un", 10), article("b", "Deux \x00\xff", 20)}
	if got := must(s.SaveHarvest(ctx, st, in))(t); got != (digest.Saved{Added: 2}) {
		t.Errorf("saved %+v", got)
	}
	if got := must(s.SourceState(ctx, "s"))(t); got != st {
		t.Errorf("state %+v", got)
	}
	if got := must(s.SaveHarvest(ctx, st, in))(t); got.Added != 0 {
		t.Errorf("the same again: %+v", got)
	}
	list := must(s.Candidates(ctx, "n", []string{"s", "other"}))(t)
	if len(list) != 2 {
		t.Fatalf("%d candidates", len(list))
	}
	want := in[0]
	want.ID = list[0].ID
	if d := cmp.Diff(want, list[0]); d != "" {
		t.Error(d)
	}
	known := must(s.Known(ctx, "s", []string{"a", "c"}))(t)
	if d := cmp.Diff(map[string]digest.ArticleID{"a": list[0].ID}, known); d != "" {
		t.Error(d)
	}
}

func edited(t *testing.T, open Opener) {
	s := open(t)
	save := func(a digest.Article) digest.Saved {
		return must(s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{a}))(t)
	}
	save(article("a", "Avant", 10))
	if got := save(article("a", "Après", 12)); got.Updated != 1 {
		t.Errorf("%+v", got)
	}
	if got := save(article("a", "Après", 3)); got.Updated != 0 {
		t.Errorf("a teaser replaced the article: %+v", got)
	}
	list := must(s.Candidates(ctx, "n", []string{"s"}))(t)
	if list[0].Title != "Après" || list[0].Words != 12 {
		t.Errorf("%+v", list[0])
	}
	must(s.Freeze(ctx, edition(1, list[0].ID)))(t)
	if got := save(article("a", "Trop tard", 20)); got.Updated != 0 {
		t.Errorf("a carried article changed: %+v", got)
	}
	if left := must(s.Candidates(ctx, "n", []string{"s"}))(t); len(left) != 0 {
		t.Errorf("a carried article is a candidate again")
	}
	if other := must(s.Candidates(ctx, "another", []string{"s"}))(t); len(other) != 1 {
		t.Errorf("another newsletter lost it")
	}
}

func audience(t *testing.T, open Opener) {
	s := open(t)
	for _, list := range []string{"l", "m"} {
		must(s.Subscribe(ctx, subscription("Zoe@example.org", list), store.SubscribeOptions{}))(t)
	}
	sub := subscription("text@example.org", "m")
	sub.Subscriber.TextOnly, sub.Subscriber.Language = true, "en"
	must(s.Subscribe(ctx, sub, store.SubscribeOptions{}))(t)
	pending := subscription("pending@example.org", "m")
	pending.State = digest.SubPending
	must(s.Subscribe(ctx, pending, store.SubscribeOptions{}))(t)
	got := must(s.Audience(ctx, digest.AudienceQuery{Newsletter: "n", Lists: []string{"l", "m"}, Now: Noon}))(t)
	want := []digest.AudienceGroup{{Mark: -1, Readers: 1}, {Language: "en", TextOnly: true, Mark: -1, Readers: 1}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func freezeTwice(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 3)
	must(s.SaveHarvest(ctx, digest.SourceState{Source: "s"}, []digest.Article{article("a", "Un", 10), article("b", "Deux", 10)}))(t)
	list := must(s.Candidates(ctx, "n", []string{"s"}))(t)
	must(s.Freeze(ctx, edition(1, list[0].ID)))(t)
	before := must(s.Dump(ctx))(t)
	sameSlot := edition(2)
	sameSlot.Edition.Slot = "slot1"
	for name, f := range map[string]digest.Frozen{"number": edition(1), "slot": sameSlot, "article": edition(3, list[1].ID, list[0].ID)} {
		if _, err := s.Freeze(ctx, f); !errors.Is(err, digest.ErrAlreadyFrozen) {
			t.Errorf("the same %s: %v", name, err)
		}
	}
	if d := cmp.Diff(before, must(s.Dump(ctx))(t)); d != "" {
		t.Errorf("a refused edition left something: %s", d)
	}
}

func claimers(t *testing.T, open Opener) {
	a, b := open(t), open(t)
	readers(t, a, 200)
	e := must(a.Freeze(ctx, edition(1)))(t)
	var mu sync.Mutex
	seen := map[digest.SubscriberID]int{}
	var wg sync.WaitGroup
	for i, s := range []*store.Store{a, b, a, b} {
		wg.Go(func() {
			for {
				got, err := s.Claim(ctx, digest.Claim{Edition: e.ID, Owner: fmt.Sprint("o", i), Lanes: []int{i}, Limit: 7, Now: Noon})
				if err != nil {
					t.Error(err)
				}
				if len(got) == 0 {
					return
				}
				mu.Lock()
				for _, r := range got {
					seen[r.Subscriber]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("reader %d was claimed %d times", id, n)
		}
	}
	if len(seen) != 200 {
		t.Errorf("%d of 200 claimed", len(seen))
	}
}

func outcomes(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 8)
	e := must(s.Freeze(ctx, edition(1)))(t)
	must(s.Secret(ctx))(t)
	got := claim(t, s, e.ID, "o", 0, 7)
	for i, v := range []digest.Verdict{digest.VerdictSent, digest.VerdictFailed, digest.VerdictSuppress, digest.VerdictRetry, digest.VerdictDefer, digest.VerdictUnknown} {
		settle(t, s, e.ID, "o", got[i], v)
	}
	settle(t, s, e.ID, "a stranger", got[6], digest.VerdictSent)
	b := must(s.Books(ctx, e.ID))(t)
	want := digest.Books{Audience: 8, Sent: 1, Failed: 2, Unknown: 1, Queued: 4, Waiting: b.Waiting}
	if b != want || !b.Closed() {
		t.Errorf("%+v", b)
	}
	next, waiting, err := s.NextTry(ctx, e.ID)
	if err != nil || !waiting || !next.Equal(Noon.Add(time.Minute)) {
		t.Errorf("next try %v %v %v", next, waiting, err)
	}
	if again := claim(t, s, e.ID, "p", 0, 10); len(again) != 1 || again[0].Email != "reader007@example.org" {
		t.Errorf("claimed before its time: %+v", again)
	}
	if problems := must(s.Check(ctx, 0))(t); len(problems) > 0 {
		t.Error(problems)
	}
}

func recoverDead(t *testing.T, open Opener) {
	for _, c := range []struct {
		policy digest.UnknownPolicy
		want   digest.Books
	}{
		{digest.UnknownResend, digest.Books{Audience: 10, Sent: 1, Queued: 9, Repeats: 4}},
		{digest.UnknownLeave, digest.Books{Audience: 10, Sent: 1, Queued: 5, Unknown: 4}},
	} {
		t.Run(string(c.policy), func(t *testing.T) {
			s := open(t)
			readers(t, s, 10)
			number := must(s.NextNumber(ctx, "n"))(t)
			e := must(s.Freeze(ctx, edition(number)))(t)
			first := claim(t, s, e.ID, "dead", 0, 6)
			claim(t, s, e.ID, "dead", 1, 1)
			settle(t, s, e.ID, "dead", first[0], digest.VerdictSent)
			got := must(s.Recover(ctx, e.ID, c.policy, Noon))(t)
			// Lane 0: three in doubt, two never begun. Lane 1: one in doubt.
			if got != (digest.Recovered{Doubtful: digest.RunAhead + 2, Requeued: 2}) {
				t.Errorf("%+v", got)
			}
			if b := must(s.Books(ctx, e.ID))(t); b != c.want {
				t.Errorf("%+v", b)
			}
			settle(t, s, e.ID, "dead", first[1], digest.VerdictSent) // a voice from the grave
			if b := must(s.Books(ctx, e.ID))(t); b != c.want {
				t.Errorf("after a late outcome: %+v", b)
			}
		})
	}
}

func recoverLiving(t *testing.T, open Opener) {
	s, other := open(t), open(t)
	readers(t, s, 4)
	e := must(s.Freeze(ctx, edition(1)))(t)
	owner, end, err := s.Begin(ctx)
	ok(t, err)
	claim(t, s, e.ID, owner, 0, 3)
	if got := must(other.Recover(ctx, e.ID, digest.UnknownResend, Noon.Add(24*time.Hour)))(t); got != (digest.Recovered{Held: 3}) {
		t.Errorf("%+v", got)
	}
	ok(t, end(true))
	if got := claim(t, other, e.ID, "o", 0, 10); len(got) != 4 {
		t.Errorf("a run that ended well kept %d", 4-len(got))
	}
}

func expiry(t *testing.T, open Opener) {
	s := open(t)
	readers(t, s, 1)
	f := edition(1)
	f.Expires = Noon.Add(2 * time.Minute)
	e := must(s.Freeze(ctx, f))(t)
	settle(t, s, e.ID, "o", claim(t, s, e.ID, "o", 0, 1)[0], digest.VerdictRetry)
	if b := must(s.Books(ctx, e.ID))(t); b.Failed != 1 || !b.Done() {
		t.Errorf("%+v", b)
	}
}
