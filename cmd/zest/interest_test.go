package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// quayAndRoads are two sources whose stories have nothing in common.
var quayAndRoads = map[string][2][2]string{
	"quai": {{"Le pont tournant rouvre", "Deux ans de travaux plus tard, les camions passent de nouveau au-dessus du bassin."}, {"La criée garde ses enchères", "Les mareyeurs voulaient un écran ; la vente restera parlée, à six heures, sous la halle."}},
	"rade": {{"Un phoque dans la rade", "Il dort sur une bouée depuis lundi, et la capitainerie demande qu’on le laisse en paix."}, {"Le phare cherche son gardien", "Trois nuits chaque semaine, une lanterne à frotter et personne à qui parler avant l’aube."}},
}

// publishBoth makes so many stories of both sources readable.
func publishBoth(t *testing.T, dir string, stories int) {
	t.Helper()
	for name, all := range quayAndRoads {
		feed := "<rss version=\"2.0\"><channel><title>" + name + "</title>"
		for i, s := range all[:stories] {
			feed += fmt.Sprintf("<item><guid>%d</guid><title>%s</title><link>https://%s.example/%d</link><description>%s</description></item>", i, s[0], name, i, s[1])
		}
		if err := os.WriteFile(filepath.Join(dir, name+".xml"), []byte(feed+"</channel></rss>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// planned is the order of a planned edition's sources, and what readers' interest
// adds to each.
func (b *bench) planned(t *testing.T) (order []string, interest map[string]float64) {
	t.Helper()
	code, out := b.zest("", "plan", "hebdo", "--json")
	var plan struct {
		Decisions []struct {
			Source string
			In     bool
			Terms  map[string]float64
		}
	}
	if _, at, found := strings.Cut(out, `{"newsletter"`); code != 0 || !found || json.Unmarshal([]byte(`{"newsletter"`+at), &plan) != nil {
		t.Fatal(code, out)
	}
	interest = map[string]float64{}
	for _, d := range plan.Decisions {
		if d.In && d.Terms != nil {
			order = append(order, strings.TrimSuffix(d.Source, ".xml"))
			interest[order[len(order)-1]] = d.Terms["interest"]
		}
	}
	if len(order) != 2 {
		t.Fatalf("the plan tells %v: %s", order, out)
	}
	return order, interest
}

// People follow the link to one source's story in an edition, each from a network of
// their own, through the pages that `zest serve` answers. The next edition begins
// with that source, which came last before.
func TestWhatReadersClickMovesUp(t *testing.T) {
	b := newBench(t, "", 8)
	public, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	public.Close()
	config := fmt.Sprintf("store: %q\npublic_url: http://%s\nsmtp: {host: 127.0.0.1, port: %d, tls: none}\nnewsletters:\n"+
		"  - {name: hebdo, language: fr, from: hebdo@example.org, postal_address: 1 quai du Port, sources: [./quai.xml, ./rade.xml], feedback: {clicks: true, more_less: true, rank: true}}\n",
		b.store, public.Addr(), b.host.Port)
	if err := os.WriteFile(filepath.Join(b.dir, "zest.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	publishBoth(t, b.dir, 1)
	if code, out := b.zest("", "send", "hebdo"); code != 0 {
		t.Fatal(out)
	}
	publishBoth(t, b.dir, 2)
	before, interest := b.planned(t)
	if interest["quai"] != 0 || interest["rade"] != 0 {
		t.Fatalf("interest before anybody showed any: %v", interest)
	}
	last := before[1]
	b.react(t, public.Addr().String(), last)
	after, interest := b.planned(t)
	if after[0] != last || interest[last] <= 0 || interest[before[0]] >= 0 {
		t.Fatalf("order %v before and %v after clicks on %s; interest %v", before, after, last, interest)
	}
	if code, out := b.zest("", "send", "hebdo"); code != 0 {
		t.Fatal(out)
	}
	sent := b.host.Messages()
	message, err := mail.ReadMessage(strings.NewReader(sent[len(sent)-1].Data))
	if err != nil {
		t.Fatal(err)
	}
	text := parts(t, message)
	if first, second := strings.Index(text, "* "+quayAndRoads[last][1][0]), strings.Index(text, "* "+quayAndRoads[before[0]][1][0]); first < 0 || second < first {
		t.Errorf("what readers like does not come first in the mail:\n%s", text)
	}
}

var storyLinks = regexp.MustCompile(`(?s)\* ([^\[]+?)\x{a0}\[\d+\].*?(http://127\.0\.0\.1:\d+/r/[\w-]+)`)

// react has twelve people, each in a network of their own, follow the link to the
// story of a source.
func (b *bench) react(t *testing.T, address, source string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(b.host.Messages()[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	link := ""
	for _, m := range storyLinks.FindAllStringSubmatch(parts(t, message), -1) {
		if strings.Contains(m[1], quayAndRoads[source][0][0]) {
			link = m[2]
		}
	}
	if link == "" {
		t.Fatal("the mail has no link to the story of", source)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan int, 1)
	later := func() time.Time { return time.Now().Add(time.Hour) } // gateways have had their look
	go func() {
		done <- run(ctx, []string{"--config", filepath.Join(b.dir, "zest.yaml"), "--quiet", "serve", "--listen", address}, world{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, now: later})
	}()
	defer func() { stop(); <-done }() // what was counted is written at the end
	for range 500 {
		if resp, err := http.Get("http://" + address + "/healthz"); err == nil {
			resp.Body.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for i := range 12 {
		home := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+i), 1)}}
		client := &http.Client{
			Transport:     &http.Transport{DialContext: home.DialContext, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		req, err := http.NewRequest("GET", link, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", followers[0])
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if want := "https://" + source + ".example/0"; resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != want {
			t.Fatalf("%s leads to %q, not %q", link, resp.Header.Get("Location"), want)
		}
	}
}
