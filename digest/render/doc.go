// Package render makes an edition showable in a mail client: HTML with its
// styles inlined, and a text part that stands on its own.
//
// It is pure: the same edition, variant and templates give the same bytes.
package render
