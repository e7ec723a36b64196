// Package extract finds the article in a page: what a person would call the
// article, without the furniture around it.
//
// [Page] reads one document, HTML or plain text, from the bytes as served.
// [Article] turns what a source served into an article, from the linked page
// when that can be trusted and from the source's own text when it cannot.
// [Sanitize] and [PlainText] make other people's HTML safe and readable.
//
// The way of a page:
//
//	decode → parse → metadata → strip (rules, furniture) → find the body →
//	tidy it (phrases, links, repeats) → score → sanitise
//
// Finding the body is Readability's work; everything before and after it is
// ours: it takes out what Readability keeps (related links in the middle of
// the text, newsletter boxes, captions' credits, share bars) in French and
// English first, and in the other languages of the web where a class name or
// a shape gives it away. Where Readability loses the article, the containers
// that publishers mark themselves are asked instead.
//
// The package is pure: the same bytes give the same article, always.
package extract
