// Package watch counts what happens, for Prometheus: what is read, sent and
// answered as it happens, and how the store stands when somebody asks.
//
// Labels are few and bounded: newsletters and sources that the operator named,
// outcomes, routes, and a handful of mail providers. None holds an address.
package watch
