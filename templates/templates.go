// Package templates holds the words and the looks: the themes of messages, the
// pages that readers meet, and the languages of both.
package templates

import "embed"

// FS holds email/ (themes), web/ (pages) and locale/ (words).
//
//go:embed all:email all:web all:locale
var FS embed.FS
