package deliver

import "strconv"

// letter is one reader's message on its way to the wire: what is theirs alone, in
// buffers that are used again, between what all readers share and nobody copies.
type letter struct {
	message *Message
	head    []byte   // room, signatures, the reader's own header fields
	start   int      // of the head: where the message begins
	values  []byte   // the reader's values in the body
	places  []place  // of the values, one for each token
	pieces  [][]byte // for the wire
	command []byte   // that carries the message, under BDAT
}

// place is a part of a letter's values.
type place struct{ from, to int }

// room is what stays free before the message for its signatures: bytes.
const room = 4096

// endOfMessage closes a message under DATA (RFC 5321 section 4.1.1.4).
var endOfMessage = []byte(".\r\n")

// own are the reader's own header fields, and what was put before them.
func (l *letter) own() []byte { return l.head[l.start:] }

// prepend puts bytes before the message.
func (l *letter) prepend(b []byte) {
	if l.start < len(b) {
		grown := make([]byte, len(l.head)+len(b)+room)
		start := len(b) + room
		copy(grown[start:], l.own())
		l.head, l.start = grown[:start+len(l.own())], start
	}
	l.start -= len(b)
	copy(l.head[l.start:], b)
}

// all adds the pieces of the message.
func (l *letter) all(pieces [][]byte) [][]byte {
	pieces = append(pieces, l.own(), l.message.opening)
	for i, p := range l.places {
		pieces = append(pieces, l.values[p.from:p.to], l.message.segments[i+1].text)
	}
	return pieces
}

// appendTo writes the message, as the reader gets it, after dst.
func (l *letter) appendTo(dst []byte) []byte {
	l.pieces = l.all(l.pieces[:0])
	for _, p := range l.pieces {
		dst = append(dst, p...)
	}
	return dst
}

// data is the message for DATA, with its end, and what is to travel behind it. No
// line of ours begins with a dot, so none is doubled. The pieces hold until the
// letter is asked again.
func (l *letter) data(behind []byte) [][]byte {
	l.pieces = append(l.all(l.pieces[:0]), endOfMessage, behind)
	return l.pieces
}

// chunk is the message for BDAT, behind its command, and what is to travel behind
// it. The whole message is one chunk (RFC 3030 section 2), and nothing is stuffed.
func (l *letter) chunk(behind []byte) [][]byte {
	l.pieces = l.all(append(l.pieces[:0], nil))
	l.command = append(strconv.AppendInt(append(l.command[:0], "BDAT "...), int64(octets(l.pieces)), 10), " LAST\r\n"...)
	l.pieces[0] = l.command
	l.pieces = append(l.pieces, behind)
	return l.pieces
}

// octets is how long pieces are together.
func octets(pieces [][]byte) int {
	n := 0
	for _, p := range pieces {
		n += len(p)
	}
	return n
}
