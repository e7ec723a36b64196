package deliver

import (
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
)

// FuzzQuoted reads back what was encoded, and holds its lines to what mail bears.
func FuzzQuoted(f *testing.F) {
	for _, s := range []string{
		"", ".", "..\n.", "a", "a\n", "a \n", "a\t\nb ", "a\r\nb\rc\n\nd", "é=~\x7f\x00", " ", "\n \n",
		strings.Repeat("a", 75), strings.Repeat("a", 76), strings.Repeat("a", 77), strings.Repeat("a", 74) + " ", strings.Repeat("a", 75) + "\nb",
		strings.Repeat("a", 73) + "é", strings.Repeat("a", 72) + "é", strings.Repeat("a", 74) + " \nb", strings.Repeat("a", 75) + ".b", strings.Repeat(".", 200), strings.Repeat("漢", 40),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const before = "before\r\n"
		encoded, err := appendQuoted([]byte(before), s)
		if err != nil {
			t.Fatal(err)
		}
		got, kept := strings.CutPrefix(string(encoded), before)
		if !kept {
			t.Fatalf("what stood before is gone: %q", got)
		}
		lines := lineEnds.Replace(s)
		back, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(got)))
		if err != nil || strings.ReplaceAll(string(back), "\r\n", "\n") != lines {
			t.Fatalf("%q came back as %q: %v", s, back, err)
		}
		for line := range strings.SplitSeq(got, "\r\n") {
			if strings.HasPrefix(line, ".") || len(line) > 76 || strings.TrimRight(line, " \t") != line || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("%q: no such line may be: %q", s, line)
			}
		}
	})
}

// The library's mistake that lineEnds is for. Once it is mended they may go.
func TestTheEncoderLosesALineFeedAfterABareCarriageReturn(t *testing.T) {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	if _, err := io.WriteString(w, "a\ré\nc"); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if b.String() != "a\r\n=C3=A9c" {
		t.Errorf("%q", b.String())
	}
}

// Canonical bodies, by RFC 6376 section 3.4.4.
func TestRelaxBody(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"a b\r\n":                  "a b\r\n",
		"a  b\t\tc \td\r\n":        "a b c d\r\n",
		" a\r\n\tb\r\n":            " a\r\n b\r\n",
		"a \t\r\n \r\nb":           "a\r\n\r\nb",
		"a\tb":                     "a b",
		"a ":                       "a",
		"a b c\r\nd  e\r\nf g\r\n": "a b c\r\nd e\r\nf g\r\n",
	} {
		if got := string(relaxBody(nil, []byte(text))); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
		if got := string(relaxBody([]byte("x\r\n"), []byte(text))); got != "x\r\n"+want {
			t.Errorf("%q became %q behind a line", text, got)
		}
	}
}
