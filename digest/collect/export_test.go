package collect

import "net/netip"

// Exempt makes addresses stand for public ones: the suite's own server.
func (c *Collector) Exempt(yes func(netip.AddrPort) bool) { c.exempt = yes }

// The parsers that are fuzzed.
var (
	ParseSitemapForTest = parseSitemap
	ParseRobotsForTest  = parseRobots
	MailItem            = mailItem
	Modernise           = modernise
)
