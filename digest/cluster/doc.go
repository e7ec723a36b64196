// Package cluster runs zest on several machines that share a Postgres store.
//
// River, a job engine that others maintain, decides where and when a coarse
// piece of work happens: one source is read, one edition is made, a stretch of
// one edition is delivered. It elects a leader, keeps jobs unique, and gives the
// work of a machine that died to another. It never decides whether a reader got
// something: that is the store's ledger, and a job that runs twice finds there
// what the first one did.
//
// [Node] is one machine; [Work] is what it can do.
package cluster
