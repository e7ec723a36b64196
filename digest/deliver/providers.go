package deliver

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"
)

// bigProvider is a mailbox provider that judges us as one, whatever the domain
// of the address.
type bigProvider struct {
	name       string
	domains    []string // of addresses; one that ends in a dot stands for every ending
	exchangers []string // ends of the names of its mail servers, for domains it hosts
	page       string   // where a sender learns what it wants
}

// bigProviders are those that many lists are full of.
var bigProviders = []bigProvider{
	{"gmail", []string{"gmail.com", "googlemail.com"}, []string{"google.com", "googlemail.com"}, "https://support.google.com/mail/answer/81126"},
	{"microsoft", []string{"outlook.", "hotmail.", "live.", "msn.com", "windowslive.com"}, []string{"protection.outlook.com", "olc.protection.outlook.com", "mx.microsoft"}, "https://sendersupport.olc.protection.outlook.com/pm/"},
	{"yahoo", []string{"yahoo.", "ymail.com", "rocketmail.com", "aol.", "aim.com"}, []string{"yahoodns.net"}, "https://senders.yahooinc.com/"},
	{"apple", []string{"icloud.com", "me.com", "mac.com"}, []string{"mail.icloud.com"}, "https://support.apple.com/102322"},
	{"orange", []string{"orange.fr", "wanadoo.fr"}, []string{"orange.fr"}, "https://postmaster.orange.fr/"},
	{"free", []string{"free.fr", "libertysurf.fr", "aliceadsl.fr", "freesbee.fr", "infonie.fr", "chez.com"}, []string{"free.fr", "proxad.net"}, "https://postmaster.free.fr/"},
	{"sfr", []string{"sfr.fr", "neuf.fr", "cegetel.net", "club-internet.fr", "9online.fr", "numericable.fr"}, []string{"sfr.fr"}, "https://postmaster.sfr.fr/"},
	{"laposte", []string{"laposte.net"}, []string{"laposte.net"}, "https://postmaster.laposte.net/"},
	{"ovh", nil, []string{"ovh.net", "ovh.com"}, "https://help.ovhcloud.com/"},
}

// domain is the domain of an address.
func domain(email string) string {
	return strings.ToLower(email[strings.LastIndexByte(email, '@')+1:])
}

// providerOf is the provider of a domain as the table knows it, else the domain.
func providerOf(domain string) string {
	for _, p := range bigProviders {
		for _, d := range p.domains {
			if domain == d || strings.HasSuffix(d, ".") && strings.HasPrefix(domain, d) && strings.Count(domain, ".") <= 2 {
				return p.name
			}
		}
	}
	return domain
}

// ProviderPage is where a provider says what it wants of senders, "" when the
// table does not know.
func ProviderPage(provider string) string {
	for _, p := range bigProviders {
		if p.name == provider {
			return p.page
		}
	}
	return ""
}

// exchangerOf is the provider whose mail server this is, "" for none that the
// table knows.
func exchangerOf(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, p := range bigProviders {
		for _, e := range p.exchangers {
			if host == e || strings.HasSuffix(host, "."+e) {
				return p.name
			}
		}
	}
	return ""
}

// grouping tells the provider of an address. With lookup it also asks the DNS
// which provider hosts a domain; until the answer is there, and for good when
// there is none, the domain stands for itself.
type grouping struct {
	lookup func(ctx context.Context, domain string) ([]*net.MX, error) // nil to ask nobody

	mu    sync.Mutex
	found map[string]string
}

// lookupPatience bounds one question to the DNS.
const lookupPatience = 5 * time.Second

func (g *grouping) of(email string) string {
	d := domain(email)
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.found[d]; ok {
		return p
	}
	p := providerOf(d)
	if g.found == nil || len(g.found) >= 4*manyFlows {
		g.found = map[string]string{}
	}
	g.found[d] = p
	if p == d && g.lookup != nil {
		go g.ask(d)
	}
	return p
}

func (g *grouping) ask(d string) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupPatience)
	defer cancel()
	hosts, err := g.lookup(ctx, d)
	if err != nil || len(hosts) == 0 {
		return
	}
	if p := exchangerOf(hosts[0].Host); p != "" {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.found[d] = p
	}
}
