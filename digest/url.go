package digest

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// trackers are query parameters that say where a reader came from, and nothing
// about what they read.
var trackers = []string{
	"fbclid", "gclid", "gclsrc", "dclid", "msclkid", "twclid", "yclid", "igshid", "mc_cid", "mc_eid", "mkt_tok", "vero_id",
	"_hsenc", "_hsmi", "oly_anon_id", "oly_enc_id", "s_cid", "wt_mc", "xtor", "ref_src", "ref_url", "cmpid", "ns_campaign", "ns_mchannel", "ns_source",
}

// CanonicalURL is an address as identity: without fragment, default port and
// tracking parameters, the host in lower case. What cannot be parsed comes back
// trimmed.
func CanonicalURL(s string) string {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return s
	}
	u.Fragment, u.RawFragment = "", ""
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if p := u.Port(); p == "80" && u.Scheme == "http" || p == "443" && u.Scheme == "https" {
		u.Host = u.Hostname()
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.RawQuery = withoutTrackers(u.RawQuery)
	return u.String()
}

// withoutTrackers keeps the other parameters in their order and as they were
// written: some servers care.
func withoutTrackers(query string) string {
	if query == "" {
		return ""
	}
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(strings.ToLower(part), "=")
		if part == "" || strings.HasPrefix(name, "utm_") || strings.HasPrefix(name, "at_") && len(name) > 3 || slices.Contains(trackers, name) {
			continue
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, "&")
}

// TitleOfURL makes a title of the last part of an address, for an article that
// has none: "une-bonne-nouvelle.html" is "Une bonne nouvelle". An address that
// says nothing comes back as it is.
func TitleOfURL(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return link
	}
	name := path.Base(strings.TrimRight(u.Path, "/"))
	name = strings.TrimSuffix(name, path.Ext(name))
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '+' })
	if len(words) < 2 {
		return link
	}
	s := []rune(strings.Join(words, " "))
	return strings.ToUpper(string(s[:1])) + string(s[1:])
}
