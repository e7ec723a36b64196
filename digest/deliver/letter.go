package deliver

import (
	"slices"
	"strconv"
)

// letter is one reader's message on its way to the wire, in a buffer that is
// used again: room, signatures, message, end of message.
type letter struct {
	buf    []byte
	start  int     // where the message begins
	own    int     // where the reader's own header fields end
	places []place // the reader's values in the body
}

// place is a part of a letter's buffer.
type place struct{ from, to int }

// room is what stays free before the message, for its signatures and for the
// command that carries it: bytes.
const room = 4096

// endOfMessage closes a message under DATA (RFC 5321 section 4.1.1.4).
const endOfMessage = ".\r\n"

// message is the message as the reader gets it.
func (l *letter) message() []byte { return l.buf[l.start : len(l.buf)-len(endOfMessage)] }

// prepend puts bytes before the message.
func (l *letter) prepend(b []byte) {
	if l.start < len(b) {
		grown := make([]byte, len(l.buf)+len(b)+room)
		start := len(b) + room
		copy(grown[start:], l.buf[l.start:])
		l.buf, l.start = grown[:start+len(l.buf)-l.start], start
	}
	l.start -= len(b)
	copy(l.buf[l.start:], b)
}

// data is the message for DATA, with its end, and what is to travel behind it. No
// line of ours begins with a dot, so none is doubled.
func (l *letter) data(behind []byte) []byte {
	copy(l.buf[len(l.buf)-len(endOfMessage):], endOfMessage) // what went behind a chunk may lie there
	return append(l.buf[l.start:], behind...)
}

// chunk is the message for BDAT, behind its command, and what is to travel behind
// it. The whole message is one chunk (RFC 3030 section 2), and nothing is stuffed.
func (l *letter) chunk(behind []byte) []byte {
	var line [32]byte
	command := append(strconv.AppendInt(append(line[:0], "BDAT "...), int64(len(l.message())), 10), " LAST\r\n"...)
	at := l.start - len(command)
	if at < 0 {
		return slices.Concat(command, l.message(), behind)
	}
	copy(l.buf[at:], command)
	return append(l.buf[at:len(l.buf)-len(endOfMessage)], behind...)
}
