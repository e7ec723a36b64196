package roster

import (
	"io"
	"strings"
	"unicode/utf8"
)

// maxJoin is how many lines a quoted value may go over. A mark that was never
// closed would otherwise swallow the file.
const maxJoin = 64

// row reads the cells of one row, and the line it begins on. Cells are nil for
// a row that cannot be read. want is the number of columns, 0 when unknown: a
// quoted value over several lines is believed only when the columns come out
// right and nothing follows its closing mark; else the first line is the bad row, and the others stand for
// themselves.
func (r *Reader) row(want int) (cells []string, at int, err error) {
	line, tooLong, err := r.lines.next()
	at = r.lines.number
	if err != nil {
		return nil, at + 1, err
	}
	if tooLong {
		return nil, at, nil
	}
	cells, closed, _ := splitRow(line, r.Delimiter)
	if closed {
		return cells, at, nil
	}
	whole := line
	var taken []string
	for len(taken) < maxJoin && len(whole) < maxLine {
		more, tooLong, err := r.lines.next()
		if err != nil && err != io.EOF {
			return nil, at, err
		}
		if err == io.EOF || tooLong {
			break
		}
		taken = append(taken, more)
		whole += "\n" + more
		var tidy bool
		if cells, closed, tidy = splitRow(whole, r.Delimiter); closed {
			if !tidy || want > 0 && len(cells) != want {
				break
			}
			return cells, at, nil
		}
	}
	r.lines.unread(taken)
	return nil, at, nil
}

// splitRow cuts a line into its cells (RFC 4180). A mark inside a cell that
// does not begin with one is a letter like any other. closed is false when a
// quoted cell does not end, tidy when nothing stands between a closing mark and
// the next delimiter.
func splitRow(line string, delimiter rune) (cells []string, closed, tidy bool) {
	width := utf8.RuneLen(delimiter)
	tidy = true
	for {
		if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, `"`) {
			cell, rest, ok := quoted(trimmed)
			if !ok {
				return nil, false, false
			}
			end := strings.IndexRune(rest, delimiter)
			if end < 0 {
				after := strings.TrimRight(rest, " ")
				return append(cells, cell+after), true, tidy && after == ""
			}
			after := strings.TrimRight(rest[:end], " ")
			tidy = tidy && after == ""
			cells, line = append(cells, cell+after), rest[end+width:]
			continue
		}
		end := strings.IndexRune(line, delimiter)
		if end < 0 {
			return append(cells, line), true, tidy
		}
		cells, line = append(cells, line[:end]), line[end+width:]
	}
}

// quoted reads a cell in quotation marks, doubled ones in it being one.
func quoted(s string) (cell, rest string, ok bool) {
	s = s[1:]
	end := strings.IndexByte(s, '"')
	if end < 0 {
		return "", "", false
	}
	if end+1 >= len(s) || s[end+1] != '"' { // the common case: no doubled marks
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	for {
		b.WriteString(s[:end])
		s = s[end+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
		if end = strings.IndexByte(s, '"'); end < 0 {
			return "", "", false
		}
	}
}

// guessDelimiter takes the one that gives the first lines the most columns, the
// same number on each.
func guessDelimiter(start string) rune {
	head := strings.SplitN(start, "\n", 12)
	if len(head) > 1 {
		head = head[:len(head)-1] // the last one may be cut
	}
	best, score := ',', 0
	for _, d := range []rune{',', ';', '\t', '|'} {
		columns, same := 0, 0
		for _, line := range head {
			cells, closed, _ := splitRow(strings.TrimSuffix(line, "\r"), d)
			switch {
			case !closed || strings.TrimSpace(line) == "":
			case columns == 0:
				columns, same = len(cells), 1
			case len(cells) == columns:
				same++
			}
		}
		if points := (columns - 1) * same; points > score {
			best, score = d, points
		}
	}
	return best
}
