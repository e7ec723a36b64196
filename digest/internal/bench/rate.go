package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// filler is about n bytes of French in HTML, accents and all.
func filler(n int) string {
	const line = "<p>Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi aux piétons, aux cyclistes et aux autobus.</p>\n"
	return strings.Repeat(line, n/len(line)+1)[:n]
}

// smtpSource is Postfix's load generator, in C: it writes one buffer again and
// again, and remembers nothing.
func (p *plan) smtpSource(messages, size int) *contestant {
	return &contestant{name: "smtp-source", run: func(port int) (sample, error) {
		return measure(messages, p.tool("smtp-source"), "-d", "-s", strconv.Itoa(p.connections), "-m", strconv.Itoa(messages), "-l", strconv.Itoa(size),
			"-f", "bounce@example.org", "-t", "reader@example.org", fmt.Sprintf("127.0.0.1:%d", port))
	}}
}

func (p *plan) tool(name string) string {
	if p.tools == "" {
		return name
	}
	return filepath.Join(p.tools, name)
}

// goMail is the library alone, with one message for all or one for each.
func (p *plan) goMail(mode string, size int) *contestant {
	return &contestant{name: map[string]string{"same": "go-mail, one Msg sent again", "each": "go-mail, a Msg per reader"}[mode], run: func(port int) (sample, error) {
		self, err := os.Executable()
		if err != nil {
			return sample{}, err
		}
		n := p.others / p.connections * p.connections
		return measure(n, self, "gomail", mode, strconv.Itoa(port), strconv.Itoa(n), strconv.Itoa(size), strconv.Itoa(p.connections))
	}}
}

// rate sends editions through the whole command, beside the others.
func (p *plan) rate() error {
	for _, c := range []struct{ readers, size int }{{p.small, 30_000}, {p.big, 90_000}} {
		edition, err := p.prepare(c.readers, c.size)
		if err != nil {
			return err
		}
		for _, s := range []server{p.smtpSink(), p.fastSink()} {
			source, zest := p.smtpSource(c.readers, edition.octets), p.zestSend(edition)
			all := []*contestant{source, zest}
			if s.name == "smtp-sink" {
				all = append(all, p.goMail("same", edition.octets), p.goMail("each", edition.octets))
			}
			if err := contest(p.rounds, s, all...); err != nil {
				return err
			}
			fmt.Printf("\n%d readers, %d octets a message, %d connections into %s; medians of %d\n", c.readers, edition.octets, p.connections, s.name, p.rounds)
			table(all)
			if s.name == "smtp-sink" {
				p.bar("zest send / smtp-source, messages a second", zest.against(source, sample.rate), ">=", 1)
				p.bar("zest send / smtp-source, CPU a message", zest.against(source, sample.cpuPer10k), "<=", 2)
			} else {
				p.bar("zest send / smtp-source, messages a second", zest.against(source, sample.rate), ">=", 0.95)
			}
		}
		edition.remove()
	}
	return nil
}

// farAway puts the server 20 ms away.
func (p *plan) farAway() error {
	edition, err := p.prepare(p.far, 30_000)
	if err != nil {
		return err
	}
	defer edition.remove()
	source, zest := p.smtpSource(p.far, edition.octets), p.zestSend(edition)
	rounds := min(p.rounds, 3) // smtp-source takes its time here
	if err := contest(rounds, p.fastSink("20ms"), source, zest); err != nil {
		return err
	}
	fmt.Printf("\n%d readers, %d octets a message, %d connections, round trip 20 ms; medians of %d\n", p.far, edition.octets, p.connections, rounds)
	table([]*contestant{source, zest})
	p.bar("zest send / smtp-source, messages a second", zest.against(source, sample.rate), ">=", 3)

	chunks := p.zestSend(edition)
	plain := p.zestSend(edition)
	chunks.name, plain.name = "zest send, BDAT", "zest send, DATA"
	for _, c := range []struct {
		c    *contestant
		args []string
	}{{plain, nil}, {chunks, []string{"chunking"}}} {
		if err := contest(rounds, p.fastSink(c.args...), c.c); err != nil {
			return err
		}
	}
	fmt.Printf("\nthe same near by, to a server that takes chunks and to one that does not\n")
	table([]*contestant{plain, chunks})
	return nil
}

// memory sends to more and more readers.
func (p *plan) memory() error {
	var runs []sample
	var rows []*contestant
	for _, n := range []int{p.many / 100, p.many / 10, p.many} {
		edition, err := p.prepare(n, 5_000)
		if err != nil {
			return err
		}
		c := p.zestSend(edition)
		c.name = fmt.Sprintf("%d readers", n)
		if err := contest(1, p.fastSink(), c); err != nil {
			return err
		}
		runs, rows = append(runs, c.samples[0]), append(rows, c)
		edition.remove()
	}
	fmt.Printf("\nmemory and time, %d connections into fast sink\n", p.connections)
	table(rows)
	few, tenth, all := runs[0], runs[1], runs[2]
	p.bar(fmt.Sprintf("peak memory at %d readers, MiB", p.many), all.peak, "<=", 48)
	p.bar("that / at a hundredth of the readers", all.peak/few.peak, "<=", 1.3)
	p.bar("time / at a tenth of the readers", all.wall.Seconds()/tenth.wall.Seconds(), "<=", 10.8)
	return nil
}
