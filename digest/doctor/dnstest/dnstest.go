// Package dnstest is a DNS server for tests: a real one on loopback, with the
// records it is given.
package dnstest

import (
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Start answers from records as a zone file writes them ("example.org. TXT
// \"v=spf1 -all\""), over UDP and TCP, until the test ends. What is not among
// them does not exist. It returns the server's address.
func Start(t testing.TB, records ...string) string {
	t.Helper()
	zone := map[string][]dns.RR{}
	for _, line := range records {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		name := strings.ToLower(rr.Header().Name)
		zone[name] = append(zone[name], rr)
	}
	packets, streams := listen(t)
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		a := answer(zone, q)
		if w.RemoteAddr().Network() == "udp" {
			a.Truncate(512) // as a cautious server does: keys are asked for again over TCP
		}
		w.WriteMsg(a)
	})
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: streams, Handler: handler}} {
		go s.ActivateAndServe()
		t.Cleanup(func() { s.Shutdown() })
	}
	return packets.LocalAddr().String()
}

// listen takes a port that is free for both UDP and TCP. One that is free for the
// first may be somebody else's for the second.
func listen(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	var last error
	for range 20 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams
		}
		packets.Close()
		last = err
	}
	t.Fatal(last)
	return nil, nil
}

func answer(zone map[string][]dns.RR, q *dns.Msg) *dns.Msg {
	a := new(dns.Msg)
	a.SetReply(q)
	records, exists := zone[strings.ToLower(q.Question[0].Name)]
	if !exists {
		a.Rcode = dns.RcodeNameError
	}
	for _, rr := range records {
		if rr.Header().Rrtype == q.Question[0].Qtype {
			a.Answer = append(a.Answer, rr)
		}
	}
	return a
}
