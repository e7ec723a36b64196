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
// ours. Before: the furniture that markup gives away goes, and where the page
// marks one container as the article, the rest of the page goes too. After:
// what Readability lost comes back (a standfirst outside of the body, the
// other half of an article split over boxes, a text the page only declares in
// its JSON-LD), and what it kept and no reader would miss goes, by phrase, in
// French and English first.
//
// A page that is no article (a paywall, a consent page, a list of links) gives
// a low Score, and Doubt says why; [Article] then uses the source's own text.
//
// The package is pure: the same bytes give the same article, always.
package extract
