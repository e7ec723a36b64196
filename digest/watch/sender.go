package watch

import (
	"context"
	"strings"
	"sync"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
)

// Sender counts what a Deliverer does.
type Sender struct {
	deliver.Deliverer
	m *Metrics
}

// Sender counts the outcomes of d by provider.
func (m *Metrics) Sender(d deliver.Deliverer) Sender { return Sender{d, m} }

// Deliver delivers, and counts.
func (s Sender) Deliver(ctx context.Context, messages map[string]*deliver.Message, f deliver.Feed) error {
	newsletter := ""
	if n, ok := f.(interface{ Newsletter() string }); ok {
		newsletter = n.Newsletter()
	}
	return s.Deliverer.Deliver(ctx, messages, &counted{Feed: f, m: s.m, newsletter: newsletter, lanes: map[int]map[digest.SubscriberID]string{}})
}

// counted remembers the providers of what each lane holds.
type counted struct {
	deliver.Feed
	m          *Metrics
	newsletter string
	mu         sync.Mutex
	lanes      map[int]map[digest.SubscriberID]string
}

// Next hands out readers, and notes where they have their mail.
func (c *counted) Next(ctx context.Context, lane int) ([]digest.Reader, error) {
	readers, err := c.Feed.Next(ctx, lane)
	providers := make(map[digest.SubscriberID]string, len(readers))
	for i := range readers {
		providers[readers[i].Subscriber] = Provider(readers[i].Email)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lanes[lane] = providers
	return readers, err
}

// Settle counts an outcome once it was taken.
func (c *counted) Settle(ctx context.Context, lane int, o digest.Outcome) error {
	err := c.Feed.Settle(ctx, lane, o)
	c.mu.Lock()
	provider := c.lanes[lane][o.Subscriber]
	c.mu.Unlock()
	if err == nil {
		c.m.add(1, deliveries, "newsletter", c.newsletter, "outcome", string(o.Verdict), "provider", provider)
	}
	return err
}

// Provider is who keeps the mail of an address, as far as its domain tells: one
// of a dozen names, or "other".
func Provider(email string) string {
	domain := strings.ToLower(email[strings.LastIndexByte(email, '@')+1:])
	switch domain {
	case "me.com", "mac.com", "icloud.com":
		return "apple"
	case "web.de", "mail.com":
		return "gmx"
	case "free.fr", "laposte.net", "sfr.fr", "bbox.fr", "orange.fr", "wanadoo.fr":
		name, _, _ := strings.Cut(domain, ".")
		return strings.Replace(name, "wanadoo", "orange", 1)
	}
	switch first, _, _ := strings.Cut(domain, "."); first { // in every country
	case "gmail", "googlemail":
		return "google"
	case "outlook", "hotmail", "live", "msn":
		return "microsoft"
	case "yahoo", "ymail", "aol":
		return "yahoo"
	case "gmx", "protonmail", "proton":
		return first
	}
	return "other"
}
