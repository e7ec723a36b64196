// Package curate decides what goes into an edition, and says why.
//
// [Select] takes every candidate and answers with the sections of an edition
// and one [Decision] a candidate: in, with its score and the terms it is made
// of, or out, with the rule that put it there. The package is pure: the same
// candidates at the same time give the same edition, in whatever order they
// come.
package curate
