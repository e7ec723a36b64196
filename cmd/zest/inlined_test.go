package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/publish"
	"github.com/zest-digest/zest/digest/store"
)

// Inlining costs more than all the rest together, so it is done once a variant:
// ninety readers of three variants, one of them without HTML, cost two, and the
// web page one.
func TestPremailerRunsOnceAVariantAndNeverAReader(t *testing.T) {
	b := newBench(t, "", 40)
	s := b.open(t)
	more := func(yield func(digest.ImportRow, error) bool) {
		for i := range 50 {
			reader := digest.Subscriber{Email: fmt.Sprintf("other%05d@example.org", i), Language: "fr", TextOnly: i%5 == 0}
			if !yield(digest.ImportRow{State: digest.SubConfirmed, Subscriber: reader}, nil) {
				return
			}
		}
	}
	if _, err := s.Import(context.Background(), store.ImportOptions{List: "hebdo"}, more); err != nil {
		t.Fatal(err)
	}
	s.Close()
	a := newApp(world{stdout: io.Discard, stderr: io.Discard, now: time.Now})
	a.configPath = filepath.Join(b.dir, "zest.yaml")
	err := a.with(context.Background(), readWrite, func(ctx context.Context, m *machine) error {
		n, err := m.newsletter("hebdo")
		if err != nil {
			return err
		}
		report, err := m.publisher.Publish(ctx, n, "")
		if err != nil {
			return err
		}
		if !complete(report, 90) {
			t.Errorf("report: %+v", report)
		}
		if got := m.options.Renderer.Inlined(); got != 3 {
			t.Errorf("premailer ran %d times for 2 variants with HTML, the web page and 90 readers", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func complete(r publish.Report, readers int) bool {
	return len(r.Editions) == 1 && r.Editions[0].Books.Sent == readers && r.Complete()
}
