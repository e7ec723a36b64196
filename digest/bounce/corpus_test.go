package bounce_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zest-digest/zest/digest/bounce"
)

const corpus = "../../../shared/data/"

// TestCollectedBounces holds the reader to messages that nobody here wrote:
// hard found >= 90 %, wrongly hard <= 2 %, all complaints and automatic replies,
// recipients >= 90 %.
func TestCollectedBounces(t *testing.T) {
	gold, err := os.Open(corpus + "bounces.gold.jsonl")
	if err != nil {
		t.Skip("the shared bounce corpus is not here:", err)
	}
	defer gold.Close()
	var results *json.Encoder
	if path := os.Getenv("ZEST_TEST_RESULTS"); path != "" {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		results = json.NewEncoder(f)
	}
	var hard, found, others, wrongly, exact, total int
	for lines := bufio.NewScanner(gold); lines.Scan(); {
		var want struct {
			File, Cls  string
			Recipients []string
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(corpus, "bounces", want.File))
		if err != nil {
			t.Fatal(err)
		}
		r, err := bounce.Parse(raw)
		if err != nil {
			t.Error(err)
		}
		got, recipients := scored(r), sorted(r.Recipients)
		if got != want.Cls {
			t.Logf("%s: %s, want %s: %s %s %q", want.File, got, want.Cls, r.Status, r.Reason, r.Diagnostic)
		}
		if (want.Cls == "complaint" || want.Cls == "reply") && got != want.Cls {
			t.Errorf("%s: %s, want %s", want.File, got, want.Cls)
		}
		if want.Cls == "hard" {
			hard++
			if got == "hard" {
				found++
			}
		} else {
			others++
			if got == "hard" {
				wrongly++
			}
		}
		if len(want.Recipients) > 0 {
			total++
			if slices.Equal(recipients, sorted(want.Recipients)) {
				exact++
			} else {
				t.Logf("%s: recipients %q, want %q", want.File, recipients, want.Recipients)
			}
		}
		if results != nil {
			results.Encode(map[string]any{"file": want.File, "cls": got, "recipients": recipients})
		}
	}
	if found*100 < hard*90 || wrongly*100 > others*2 || exact*100 < total*90 {
		t.Errorf("hard found %d of %d, wrongly hard %d of %d, recipients right %d of %d", found, hard, wrongly, others, exact, total)
	}
}

// scored is a report in the five words of the scorer.
func scored(r bounce.Report) string {
	switch {
	case r.Kind == bounce.KindComplaint:
		return "complaint"
	case r.Kind == bounce.KindAutoreply:
		return "reply"
	case r.Class == bounce.ClassHard:
		return "hard"
	case r.Kind == bounce.KindBounce || r.Kind == bounce.KindDelayed:
		return "soft"
	}
	return "none"
}

func sorted(list []string) (out []string) {
	for _, s := range list {
		out = append(out, strings.ToLower(s))
	}
	slices.Sort(out)
	return out
}
