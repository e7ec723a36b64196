// Package publish walks the pipeline in order: it finishes what an earlier run
// began, collects, composes, freezes and delivers. It holds the promises that
// no single stage can keep: an edition is stored whole before its first message
// leaves, every reader gets it once, and a preview leaves no trace.
//
// Start reading at [Publisher.Publish].
package publish
