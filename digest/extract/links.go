package extract

import (
	"net/url"
	"strings"
)

// resolve makes ref absolute against base and keeps it only where it leads
// somewhere: http, https or mailto. The rest gives "".
func resolve(base *url.URL, ref string) string {
	if strings.ContainsAny(ref, "\n\r\t") {
		ref = strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(ref)
	}
	ref = strings.TrimSpace(ref)
	if ref == "" {
		return ""
	}
	u, err := url.Parse(ref)
	if err != nil {
		u, err = url.Parse(strings.ReplaceAll(ref, " ", "%20"))
	}
	if err != nil {
		return ""
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
		dropTracking(u)
		return u.String()
	case "mailto":
		return u.String()
	}
	return ""
}

// cleanURL is an absolute address without its tracking parameters; what is not
// an http(s) address gives "".
func cleanURL(s string) string {
	out := resolve(nil, s)
	if strings.HasPrefix(strings.ToLower(out), "http") {
		return out
	}
	return ""
}

// dropTracking removes the parameters that only tell who sent the reader.
// The others keep their order and their spelling.
func dropTracking(u *url.URL) {
	if strings.HasPrefix(u.Fragment, "xtor=") || strings.HasPrefix(u.Fragment, "utm_") {
		u.Fragment, u.RawFragment = "", ""
	}
	if u.RawQuery == "" {
		return
	}
	var kept []string
	for _, part := range strings.Split(u.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		if !trackingParam(strings.ToLower(name)) {
			kept = append(kept, part)
		}
	}
	u.RawQuery = strings.Join(kept, "&")
}

func trackingParam(name string) bool {
	for _, prefix := range []string{"utm_", "utm-", "at_", "mtm_", "pk_", "matomo_", "hsa_", "_hs", "__hs", "oly_", "vero_", "ns_", "wt_mc", "sc_cid", "trk_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "igsh",
		"mc_cid", "mc_eid", "mkt_tok", "_ga", "_gl", "xtor", "xtref", "xts", "cmpid", "cmp", "s_cid", "icid", "ncid", "ocid",
		"ref_src", "ref_url", "spm", "share_id", "guccounter", "guce_referrer", "guce_referrer_sig", "wpisrc", "wickedid",
		"ito", "smid", "smtyp", "cid_source", "echobox", "rss_id", "feature_source":
		return true
	}
	return false
}

func parseURL(s string) *url.URL {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

func host(s string) string {
	if u := parseURL(s); u != nil {
		return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	}
	return ""
}
