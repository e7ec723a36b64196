// Package demo is the stage and the scenery of `zest demo`: a small sample web
// to read from ([Web]) and a local mail server to look at what arrived
// ([Inbox]). It holds nothing of the pipeline itself, so that what the demo
// shows is the product.
//
// The publications, their people, their town and every sentence in them are
// invented.
package demo
