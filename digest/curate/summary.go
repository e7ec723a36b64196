package curate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zest-digest/zest/digest"
)

// Summarize says in whole sentences, within budget characters, what an article
// is about: the source's own teaser when it is a real one, else the opening
// sentences of the text. It never cuts a word; when not even one sentence fits,
// it cuts between words and says so with an ellipsis.
func Summarize(a digest.Article, budget int) string {
	if budget <= 0 {
		return ""
	}
	if t := clean(a.Teaser); isTeaser(t, a) {
		if s := fit(sentences(t), budget); s != "" {
			return s
		}
	}
	if s := strings.Join(gist(body(a), a.Language, budget), " "); s != "" {
		return s
	}
	return shorten(firstOf(clean(a.Text), clean(a.Teaser)), budget)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// body lists the sentences of the article's text, without what repeats its
// title and without lines too short to be prose.
func body(a digest.Article) []string {
	var out []string
	for p := range strings.SplitSeq(a.Text, "\n\n") {
		p = clean(p)
		if utf8.RuneCountInString(p) < 40 || strings.EqualFold(p, a.Title) {
			continue
		}
		out = append(out, sentences(p)...)
		if len(out) > 40 {
			break
		}
	}
	return out
}

// isTeaser tells a teaser that somebody wrote from a truncated body, the title
// again, or a call to click.
func isTeaser(t string, a digest.Article) bool {
	switch {
	case utf8.RuneCountInString(t) < 50, strings.EqualFold(t, a.Title):
		return false
	case strings.HasSuffix(t, "…"), strings.HasSuffix(t, "..."), strings.HasSuffix(t, "[…]"):
		return len(sentences(t)) > 1
	}
	return true
}

// calls are the ends of teasers that only ask for a click.
var calls = []string{
	"lire la suite", "lire plus", "en savoir plus", "continuer la lecture", "lire l'article", "lire l’article",
	"read more", "continue reading", "keep reading", "read the full story", "more…", "the post ", "l’article ", "l'article ",
}

// clean folds white space and drops a closing call to click.
func clean(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	for {
		parts := sentences(s)
		if len(parts) == 0 {
			return s
		}
		last := strings.ToLower(strings.TrimLeft(parts[len(parts)-1], "[(→»> "))
		cut := false
		for _, c := range calls {
			if strings.HasPrefix(last, c) && utf8.RuneCountInString(last) < 160 && (len(parts) > 1 || len(last) < 40) {
				cut = true
			}
		}
		if !cut {
			return s
		}
		s = strings.TrimSpace(strings.TrimSuffix(s, parts[len(parts)-1]))
	}
}

// fit joins whole sentences up to the budget, and stops before a sentence that
// would leave a quotation open or that is itself cut off.
func fit(list []string, budget int) string {
	var b strings.Builder
	best := ""
	for _, s := range list {
		if strings.HasSuffix(s, "…") || strings.HasSuffix(s, "...") || strings.HasSuffix(s, "[…]") {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s)
		if utf8.RuneCountInString(b.String()) > budget {
			break
		}
		if balanced(b.String()) && ends(s) {
			best = b.String()
		}
	}
	return best
}

// ends reports whether a sentence is a whole one.
func ends(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, "»”\"') \u00a0\u202f"))
	return strings.ContainsRune(".!?…", r)
}

// balanced reports whether every quotation and bracket that opens also closes.
func balanced(s string) bool {
	return strings.Count(s, "«") == strings.Count(s, "»") &&
		strings.Count(s, "“") == strings.Count(s, "”") &&
		strings.Count(s, "(") == strings.Count(s, ")") &&
		strings.Count(s, `"`)%2 == 0
}

// shorten cuts between words, where no sentence fits the budget.
func shorten(s string, budget int) string {
	if utf8.RuneCountInString(s) <= budget {
		return s
	}
	cut := string([]rune(s)[:budget-1])
	if i := strings.LastIndexFunc(cut, unicode.IsSpace); i > 0 {
		cut = cut[:i]
	}
	for !balanced(cut) {
		i := strings.LastIndexAny(cut, "«“(\"")
		if i <= 0 {
			break
		}
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:–—-\u00a0\u202f") + "…"
}
