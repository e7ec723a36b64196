// Package digest says what things are: the nouns of a newsletter engine, and
// nothing that does I/O.
//
// A [Source] is where articles come from. An [Item] is what a source served,
// furniture and all; an [Article] is what a person would call the article. An
// [Edition] is one numbered appearance of a [Newsletter], frozen before the
// first message leaves. A [Variant] is what one group of readers gets of it, a
// [Proof] is a variant rendered for everybody and nobody yet, and a [Delivery]
// is the ledger line of one (edition, subscriber).
//
//	Source ─collect→ Item ─extract→ Article ─curate→ Edition ─render→ Proof ─deliver→ Delivery
//
// The package imports the standard library only; everything else in the
// program imports it, and the stages never import each other.
package digest
