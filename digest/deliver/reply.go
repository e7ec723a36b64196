package deliver

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
)

// Bounds of a reply. RFC 5321 section 4.5.3.1.5 allows a line of 512 octets;
// servers write longer ones, and a broken one may never stop.
const (
	replyLine  = 4096 // octets; a longer line is not SMTP
	replyLines = 128  // lines of one reply
	replyText  = 1024 // octets that are kept; the ledger keeps fewer
)

var errReply = errors.New("the server's reply is not SMTP")

// reply is what a server said to one command (RFC 5321 section 4.2).
type reply struct {
	code int
	text string // the lines after the code, joined by line feeds; "" for a 2xx or 354 of one line
}

// readReply reads a reply of one or more lines. It is an error when the code is
// not three digits from 200 to 599, changes between lines, or when the reply is
// longer than any server has a reason for.
func readReply(r *bufio.Reader) (reply, error) {
	var out reply
	var text strings.Builder
	for n := range replyLines {
		line, err := readLine(r)
		if err != nil {
			return reply{}, err
		}
		code, more, rest, err := parseLine(line)
		if err != nil {
			return reply{}, err
		}
		if n > 0 && code != out.code {
			return reply{}, fmt.Errorf("%w: it begins with %d and goes on with %d", errReply, out.code, code)
		}
		out.code = code
		if !more && n == 0 && code < 400 {
			return out, nil // nobody reads the words of a yes
		}
		if text.Len() < replyText {
			if n > 0 {
				text.WriteByte('\n')
			}
			text.Write(rest[:min(len(rest), replyText)])
		}
		if !more {
			out.text = text.String()
			return out, nil
		}
	}
	return reply{}, fmt.Errorf("%w: it has more than %d lines", errReply, replyLines)
}

// readLine reads a line without its end. A bare line feed ends one too: RFC
// 5321 section 2.3.8 forbids it, and some servers write it.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || len(line) > replyLine {
		return nil, fmt.Errorf("%w: a line is longer than %d octets", errReply, min(r.Size(), replyLine))
	}
	if err != nil {
		return nil, err
	}
	line = line[:len(line)-1]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	return line, nil
}

// parseLine takes a line of a reply apart. A code alone, without the space that
// RFC 5321 section 4.2.1 asks for, is taken too.
func parseLine(line []byte) (code int, more bool, text []byte, err error) {
	if len(line) >= 3 {
		for _, c := range line[:3] {
			if c < '0' || c > '9' {
				code = 0
				break
			}
			code = code*10 + int(c-'0')
		}
	}
	if code < 200 || code > 599 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false, nil, fmt.Errorf("%w: %.40q", errReply, line)
	}
	if len(line) == 3 {
		return code, false, nil, nil
	}
	return code, line[3] == '-', line[4:], nil
}
