package demo

import (
	"bytes"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // reads windows-1252 and its like
	"github.com/emersion/go-message/mail"
)

// letter is a message opened for reading. What cannot be read is left empty: a
// mail server does not choose its mail.
type letter struct {
	Message
	Subject, Sender, Addressee string
	Date                       time.Time
	HTML, Text                 string
	Headers                    []header
	Files                      []file
}

type header struct{ Name, Value string }

// file is a part that is not one of the two bodies.
type file struct {
	ID   string // Content-ID, without angle brackets
	Name string
	Type string
	Data []byte
}

// open reads a message as a mail program would.
func open(m Message) letter {
	l := letter{Message: m, Headers: headers(m.Raw)}
	r, err := mail.CreateReader(bytes.NewReader(m.Raw))
	if r == nil {
		l.Text = string(m.Raw)
		return l
	}
	l.Subject, _ = r.Header.Subject()
	l.Date, _ = r.Header.Date()
	l.Sender, l.Addressee = people(r.Header, "From"), people(r.Header, "To")
	for err == nil || message.IsUnknownCharset(err) {
		var part *mail.Part
		part, err = r.NextPart()
		if part == nil {
			break
		}
		l.add(part)
	}
	return l
}

func people(h mail.Header, key string) string {
	list, err := h.AddressList(key)
	if err != nil {
		text, _ := h.Text(key)
		return text
	}
	var names []string
	for _, a := range list {
		if a.Name != "" {
			names = append(names, a.Name+" <"+a.Address+">")
		} else {
			names = append(names, a.Address)
		}
	}
	return strings.Join(names, ", ")
}

func (l *letter) add(part *mail.Part) {
	data, _ := io.ReadAll(part.Body) // a broken part shows as far as it goes
	kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	_, attached := part.Header.(*mail.AttachmentHeader)
	switch {
	case kind == "text/html" && l.HTML == "" && !attached:
		l.HTML = string(data)
	case kind == "text/plain" && l.Text == "" && !attached:
		l.Text = string(data)
	default:
		f := file{ID: strings.Trim(part.Header.Get("Content-Id"), "<> "), Name: params["name"], Type: kind, Data: data}
		if h, ok := part.Header.(*mail.AttachmentHeader); ok {
			if name, err := h.Filename(); err == nil && name != "" {
				f.Name = name
			}
		}
		l.Files = append(l.Files, f)
	}
}

// headers lists the header fields in their order, unfolded and decoded.
func headers(raw []byte) []header {
	var out []header
	block, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(block), "\r\n") {
		if len(out) > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")) {
			out[len(out)-1].Value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if ok {
			out = append(out, header{name, strings.TrimSpace(value)})
		}
	}
	decoder := mime.WordDecoder{CharsetReader: message.CharsetReader}
	for k := range out {
		if plain, err := decoder.DecodeHeader(out[k].Value); err == nil {
			out[k].Value = plain
		}
	}
	return out
}

// Preview is the beginning of the text part, for the list, without its
// addresses and rules.
func (l letter) Preview() string {
	words := slices.DeleteFunc(strings.Fields(l.Text), func(word string) bool {
		return strings.Contains(word, "://") || strings.Trim(word, "=-_*") == ""
	})
	text := strings.Join(words[:min(len(words), 40)], " ")
	if runes := []rune(text); len(runes) > 160 {
		text = string(runes[:160]) + "…"
	}
	return text
}

// Initial is the letter on the badge of whom the message is for: in this inbox
// it is the recipients who differ.
func (l letter) Initial() string {
	for _, r := range strings.ToUpper(l.Addressee + l.To) {
		if r >= '0' {
			return string(r)
		}
	}
	return "@"
}

// Kilobytes is the size of the whole message, rounded up.
func (l letter) Kilobytes() int { return (len(l.Raw) + 1023) / 1024 }
