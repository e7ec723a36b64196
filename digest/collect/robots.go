package collect

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/temoto/robotstxt"

	"github.com/zest-digest/zest/digest"
)

// robots is what a site asks of robots, asked once a day.
type robots struct {
	once  sync.Once
	data  *robotstxt.RobotsData
	asked time.Time
}

// robotsAge is how long an answer holds (RFC 9309 section 2.4).
const robotsAge = 24 * time.Hour

// allowed reports, as an error, that a site asks robots to leave a page alone.
// Feeds are made for robots and are not asked about.
func (c *Collector) allowed(ctx context.Context, s digest.Source, address string) error {
	u, err := url.Parse(address)
	if err != nil || s.IgnoreRobots || !isWeb(address) {
		return nil
	}
	site := u.Scheme + "://" + u.Host
	c.mu.Lock()
	r := c.robots[site]
	if r == nil || c.o.Now().Sub(r.asked) > robotsAge {
		r = &robots{asked: c.o.Now()}
		c.robots[site] = r
	}
	c.mu.Unlock()
	r.once.Do(func() { r.data = c.askRobots(ctx, s, site) })
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if r.data != nil && !r.data.TestAgent(path, c.o.UserAgent) {
		return fmt.Errorf("%s: %w", address, errRobots)
	}
	return nil
}

var errRobots = errors.New("the site's robots.txt asks robots to leave this page alone; `ignore_robots: true` reads it nevertheless")

// askRobots fetches a robots.txt. No such file allows everything, and a server
// in trouble forbids everything (RFC 9309 section 2.3.1); a failing network says
// nothing, and the page itself will fail.
func (c *Collector) askRobots(ctx context.Context, s digest.Source, site string) *robotstxt.RobotsData {
	resp, err := c.fetch(ctx, s, site+"/robots.txt", validators{})
	var status *statusError
	switch {
	case errors.As(err, &status):
		data, err := robotstxt.FromStatusAndBytes(status.code, nil)
		if err != nil {
			return nil
		}
		return data
	case err != nil:
		return nil
	}
	return parseRobots(resp.page.Body)
}

// robotsBytes is how much of a robots.txt is read (RFC 9309 section 2.5 asks for
// at least 500 KiB).
const robotsBytes = 512 << 10

func parseRobots(body []byte) *robotstxt.RobotsData {
	data, err := robotstxt.FromBytes(body[:min(len(body), robotsBytes)])
	if err != nil {
		return nil
	}
	return data
}
