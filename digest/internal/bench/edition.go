package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
	"github.com/zest-digest/zest/digest/store"
)

// edition is a newsletter that is ready to be sent for the first time, to so many
// readers, in messages of about so many octets.
type edition struct {
	dir     string
	readers int
	octets  int // of a message, as measured
	chars   int // of a summary, which make the size
}

func (e *edition) remove() { os.RemoveAll(e.dir) }

// prepare fills a store with readers, and finds how long the stories must be for
// messages of the size.
func (p *plan) prepare(readers, size int) (*edition, error) {
	e := &edition{readers: readers, chars: 100}
	var err error
	if e.dir, err = os.MkdirTemp(p.dir, "edition-"); err != nil {
		return nil, err
	}
	if err := e.fill(); err != nil {
		return nil, err
	}
	// A probe of each kind, and a straight line between them.
	small, err := p.probe(e, 200)
	if err != nil {
		return nil, err
	}
	large, err := p.probe(e, 1200)
	if err != nil {
		return nil, err
	}
	slope := float64(large-small) / 1000
	e.chars = max(40, 200+int(float64(size-small)/slope))
	e.octets, err = p.probe(e, e.chars)
	return e, err
}

// fill adds the readers.
func (e *edition) fill() error {
	s, err := store.Open(context.Background(), filepath.Join(e.dir, "base.db"), store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Secret(context.Background()); err != nil {
		return err
	}
	_, err = s.Import(context.Background(), store.ImportOptions{List: "hebdo"}, func(yield func(digest.ImportRow, error) bool) {
		for i := range e.readers {
			row := digest.ImportRow{State: digest.SubConfirmed, Subscriber: digest.Subscriber{Email: fmt.Sprintf("reader%07d@example%d.org", i, i%50), Name: "Camille Dupré"}}
			if !yield(row, nil) {
				return
			}
		}
	})
	return err
}

// config writes the configuration and the feed, and returns the path of the
// former.
func (e *edition) config(port, connections int, db string) (string, error) {
	var feed strings.Builder
	feed.WriteString(`<rss version="2.0"><channel><title>Port</title>`)
	words := strings.Fields("le pont rouvre enfin lundi aux piétons et cyclistes après deux années de travaux que la ville conduit avec onze entreprises du bassin malgré tempêtes retards factures disputes grèves")
	for i := range 12 {
		var story strings.Builder
		for n := 0; story.Len() < 9000; n++ {
			fmt.Fprintf(&story, "%s %d%s", words[(i*7+n*(i+3)+n/5)%len(words)], i*1000+n, map[bool]string{true: ". ", false: " "}[n%11 == 10])
		}
		fmt.Fprintf(&feed, "<item><guid>%d</guid><title>Nouvelle %s %s %d du port</title><link>https://blog%d.example/%d</link><description>%s</description></item>",
			i, words[i], words[i*2%len(words)], i, i, i, story.String())
	}
	feed.WriteString("</channel></rss>")
	config := fmt.Sprintf(`store: %q
public_url: https://news.example.org
smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d}
sources: [{name: port, url: ./feed.xml, full_text: false}]
newsletters:
  - {name: hebdo, from: Hebdo <hebdo@example.org>, postal_address: 1 quai du Port, sources: [port], summary_chars: %d}
`, db, port, connections, e.chars)
	path := filepath.Join(e.dir, "zest.yaml")
	if err := os.WriteFile(filepath.Join(e.dir, "feed.xml"), []byte(feed.String()), 0o600); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, []byte(config), 0o600)
}

// probe sends one test message and says how large it was.
func (p *plan) probe(e *edition, chars int) (int, error) {
	var s delivertest.Sink
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	go s.Serve(l)
	before := e.chars
	defer func() { e.chars = before }()
	e.chars = chars
	path, err := e.config(l.Addr().(*net.TCPAddr).Port, 1, filepath.Join(e.dir, "base.db"))
	if err != nil {
		return 0, err
	}
	if _, err := measure(1, p.zest, "--config", path, "send", "hebdo", "--to", "me@example.org"); err != nil {
		return 0, err
	}
	_, octets, _ := s.Counts()
	return int(octets), nil
}

// zestSend is the whole command: collecting, composing, freezing the audience,
// sending, and closing the books. It checks that they are closed.
func (p *plan) zestSend(e *edition) *contestant {
	return &contestant{name: "zest send", run: func(port int) (sample, error) {
		db := filepath.Join(e.dir, "run.db")
		for _, old := range []string{db, db + "-wal", db + "-shm"} {
			os.Remove(old)
		}
		if err := copyFile(db, filepath.Join(e.dir, "base.db")); err != nil {
			return sample{}, err
		}
		path, err := e.config(port, p.connections, db)
		if err != nil {
			return sample{}, err
		}
		got, err := measure(e.readers, p.zest, "--config", path, "send", "hebdo", "--quiet")
		if err != nil {
			return sample{}, err
		}
		_, err = measure(1, p.zest, "--config", path, "verify")
		return got, err
	}}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	if err := out.Sync(); err != nil { // before the clock starts, not while it runs
		return err
	}
	return out.Close()
}
