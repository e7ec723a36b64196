package main

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// roles are the programs that the bench starts as processes of their own, so
// that each one's time and memory can be told apart.
var roles = map[string]func(args []string) error{"sink": sink, "gomail": gomail}

// sink PORT [ROUNDTRIP] serves until it is killed.
func sink(args []string) error {
	s := &delivertest.Sink{}
	for _, a := range args[1:] {
		if a == "chunking" {
			s.Chunking = true
			continue
		}
		trip, err := time.ParseDuration(a)
		if err != nil {
			return err
		}
		s.RoundTrip = trip
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+args[0])
	if err != nil {
		return err
	}
	return s.Serve(l)
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func answers(port int) bool {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// gomail MODE PORT MESSAGES SIZE CONNECTIONS sends with go-mail alone. "same"
// hands one message to its Send again and again; "each" makes a message for each
// reader, as one must who writes to people.
func gomail(args []string) error {
	var n [4]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(args[i+1]); err != nil {
			return err
		}
	}
	port, messages, size, connections := n[0], n[1], n[2], n[3]
	html := filler(size * 2 / 3)
	text := filler(size / 3)
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() { errs[c] = gomailLane(args[0], port, messages/connections, text, html) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func gomailLane(mode string, port, messages int, text, html string) error {
	c, err := mail.NewClient("127.0.0.1", mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("bench.example"), mail.WithoutNoop())
	if err != nil {
		return err
	}
	same, err := gomailMessage(0, text, html)
	if err != nil {
		return err
	}
	const batch = 100
	for done := 0; done < messages; done += batch {
		var list []*mail.Msg
		for i := range min(batch, messages-done) {
			m := same
			if mode == "each" {
				if m, err = gomailMessage(done+i, text, html); err != nil {
					return err
				}
			}
			list = append(list, m)
		}
		if err := c.DialAndSend(list...); err != nil {
			return err
		}
	}
	return nil
}

func gomailMessage(i int, text, html string) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.FromFormat("Hebdo", "hebdo@example.org"); err != nil {
		return nil, err
	}
	if err := m.To(fmt.Sprintf("reader%07d@example.org", i)); err != nil {
		return nil, err
	}
	m.Subject("Le pont rouvre, et onze autres nouvelles du port")
	m.SetDate()
	m.SetMessageIDWithValue(fmt.Sprintf("id%d@example.org", i))
	m.SetGenHeader("List-Unsubscribe", fmt.Sprintf("<https://example.org/u/%d>", i))
	m.SetBodyString(mail.TypeTextPlain, text)
	m.AddAlternativeString(mail.TypeTextHTML, html)
	return m, nil
}
