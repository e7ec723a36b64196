package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
	"github.com/zest-digest/zest/digest/store/storetest"
)

// A run whose server came back without its lock must not go on: another may have
// taken over what it holds.
func TestARunThatLostItsLockCannotWrite(t *testing.T) {
	ctx := context.Background()
	server := storetest.StartPostgres(t)
	s := open(t, server.URL+"/postgres?sslmode=disable", store.Options{})
	sub := digest.Subscription{List: "l", State: digest.SubConfirmed, Since: storetest.Noon, Subscriber: digest.Subscriber{Email: "camille@example.org"}}
	if _, err := s.Subscribe(ctx, sub, store.SubscribeOptions{}); err != nil {
		t.Fatal(err)
	}
	e, err := s.Freeze(ctx, digest.Frozen{Edition: digest.Edition{Newsletter: "n", Number: 1, Slot: "s", Language: "fr"}, Lists: []string{"l"}, Expires: storetest.Noon.Add(time.Hour),
		Audience: []digest.Served{{AudienceGroup: digest.AudienceGroup{Mark: -1}, Due: true, Variant: "fr"}}})
	if err != nil {
		t.Fatal(err)
	}
	owner, end, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer end(false)
	readers, err := s.Claim(ctx, digest.Claim{Edition: e.ID, Owner: owner, Lanes: []int{0}, Limit: 10, Now: storetest.Noon})
	if err != nil || len(readers) != 1 {
		t.Fatalf("%v %v", readers, err)
	}
	server.Restart(t)
	if err := s.Settle(ctx, e.ID, owner, []digest.Outcome{{Subscriber: readers[0].Subscriber, Verdict: digest.VerdictSent, At: storetest.Noon}}); err == nil {
		t.Fatal("it wrote without its lock")
	}
	again := open(t, server.URL+"/postgres?sslmode=disable", store.Options{})
	recovered, err := again.Recover(ctx, e.ID, digest.UnknownResend, storetest.Noon)
	if err != nil || recovered.Doubtful != 1 {
		t.Errorf("%+v %v", recovered, err)
	}
}
