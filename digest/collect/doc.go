// Package collect reads sources, politely: feeds, list pages without a feed,
// and folders. It stores nothing; what a reading brought and what to remember of
// it go back together in a [digest.Harvest].
package collect
