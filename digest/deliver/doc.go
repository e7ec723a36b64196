// Package deliver hands messages to a mail server.
//
// [Compile] composes a proof with go-mail once and cuts it at its tokens; what
// is left per reader is copying segments and encoding a few values. A [Sender]
// writes the messages over pooled connections: go-mail dials, does TLS and AUTH,
// and from there the session speaks SMTP itself, so that it can pipeline
// commands, bound every stage in time, and tell exactly what is known of a
// message when a connection breaks.
package deliver
