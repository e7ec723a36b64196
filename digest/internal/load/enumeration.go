package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// enumeration asks to join with addresses that are on the list and with others,
// in turn, and compares how long the answers take. Each comes from a network of
// its own, as one proxy tells it.
func enumeration(h *house) error {
	server, url, err := h.serve()
	if err != nil {
		return err
	}
	defer kill(server)
	const rounds = 400
	took := map[bool][]time.Duration{}
	for i := range rounds {
		for _, known := range []bool{i%2 == 0, i%2 == 1} {
			email := fmt.Sprintf("reader%07d@example.org", 299_000+i%1000)
			if !known {
				email = fmt.Sprintf("stranger%07d@example.org", i)
			}
			d, err := ask(url, email, fmt.Sprintf("198.%d.%d.1", i%250, i/250*2+len(took[known])%2))
			if err != nil {
				return err
			}
			took[known] = append(took[known], d)
		}
	}
	known, unknown := middle(took[true]), middle(took[false])
	fmt.Printf("joining, known to unknown:     %.2f (medians %v and %v of %d each)\n", float64(known)/float64(unknown), known.Round(time.Microsecond), unknown.Round(time.Microsecond), rounds)
	return nil
}

func ask(url, email, network string) (time.Duration, error) {
	req, err := http.NewRequest(http.MethodPost, url+"/subscribe/"+newsletter, strings.NewReader("language=en&email="+email))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", network)
	begun := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusTooManyRequests {
		return 0, fmt.Errorf("asking to join: %s", resp.Status)
	}
	return time.Since(begun), nil
}

func middle(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
