package extract

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/zest-digest/zest/digest"
)

// linkedData is what the JSON-LD of a page says about its article.
type linkedData struct {
	headline, author, site, section string
	description, language, url      string
	published, modified, created    string
	keywords                        []string
	image                           digest.Image
	body                            string
	news, free, locked              bool
}

// readJSONLD takes the article out of the page's JSON-LD blocks. Blocks that
// do not parse are mended once (raw line breaks in strings are common) and
// then passed over.
func readJSONLD(scripts []string) linkedData {
	var ld linkedData
	best := 0
	for _, s := range scripts {
		v, ok := parseJSON(s)
		if !ok {
			continue
		}
		visitObjects(v, 0, func(o map[string]any) {
			rank := articleRank(o)
			if rank > best {
				ld, best = article(o), rank
			}
			if ld.site == "" && (typeIs(o, "WebSite") || typeIs(o, "NewsMediaOrganization")) {
				ld.site = text(o["name"])
			}
		})
	}
	return ld
}

func parseJSON(s string) (any, bool) {
	s = strings.TrimSpace(s)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "<!--"), "-->")
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "//<![CDATA["), "//]]>")
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "<![CDATA["), "]]>")
	s = strings.TrimSuffix(strings.TrimSpace(s), ";")
	var v any
	if json.Unmarshal([]byte(s), &v) == nil {
		return v, true
	}
	mended := strings.Map(func(r rune) rune {
		if r < 0x20 {
			return ' '
		}
		return r
	}, s)
	return v, json.Unmarshal([]byte(mended), &v) == nil
}

// visitObjects calls visit for every object in v, the outer ones first.
func visitObjects(v any, depth int, visit func(map[string]any)) {
	if depth > 8 {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			visitObjects(x, depth+1, visit)
		}
	case map[string]any:
		visit(v)
		for _, key := range []string{"@graph", "mainEntity", "mainEntityOfPage", "hasPart", "itemListElement", "item"} {
			if x, ok := v[key]; ok {
				visitObjects(x, depth+1, visit)
			}
		}
	}
}

// articleRank says how much an object is the page's article: 0 for not at all.
func articleRank(o map[string]any) int {
	switch {
	case typeIs(o, "Article") || typeIs(o, "BlogPosting") || typeIs(o, "Report") || typeIs(o, "Posting") || typeIs(o, "Review") && o["headline"] != nil:
		if o["headline"] != nil || o["articleBody"] != nil {
			return 4
		}
		return 3
	case typeIs(o, "VideoObject") || typeIs(o, "Recipe") || typeIs(o, "PodcastEpisode"):
		return 2
	case typeIs(o, "WebPage") && (o["datePublished"] != nil || o["headline"] != nil):
		return 1
	}
	return 0
}

// typeIs reports whether the object's @type ends in suffix: the types of
// schema.org's articles are many (NewsArticle, OpinionNewsArticle…).
func typeIs(o map[string]any, suffix string) bool {
	for _, t := range list(o["@type"]) {
		if s, ok := t.(string); ok && strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

func article(o map[string]any) linkedData {
	ld := linkedData{
		headline:    first(text(o["headline"]), text(o["name"])),
		author:      names(o["author"]),
		site:        text(o["publisher"]),
		section:     text(o["articleSection"]),
		description: text(o["description"]),
		language:    text(o["inLanguage"]),
		url:         first(text(o["url"]), id(o["mainEntityOfPage"])),
		published:   first(text(o["datePublished"]), text(o["uploadDate"])),
		modified:    text(o["dateModified"]),
		created:     text(o["dateCreated"]),
		image:       picture(o["image"]),
		body:        first(raw(o["articleBody"]), raw(o["text"])),
	}
	ld.news = typeIs(o, "NewsArticle")
	if ld.image.URL == "" {
		ld.image.URL = text(o["thumbnailUrl"])
	}
	for _, k := range list(o["keywords"]) {
		if s, ok := k.(string); ok {
			ld.keywords = append(ld.keywords, strings.Split(s, ",")...)
		}
	}
	switch strings.ToLower(raw(o["isAccessibleForFree"])) {
	case "true":
		ld.free = true
	case "false":
		ld.locked = true
	}
	return ld
}

func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// raw is the first string of v, whatever it is wrapped in.
func raw(v any) string {
	for _, x := range list(v) {
		switch x := x.(type) {
		case string:
			return x
		case bool:
			return strconv.FormatBool(x)
		case float64:
			return strconv.FormatFloat(x, 'f', -1, 64)
		case map[string]any:
			for _, key := range []string{"name", "@value", "alternateName", "url"} {
				if s, ok := x[key].(string); ok {
					return s
				}
			}
		}
	}
	return ""
}

func text(v any) string { return squeeze(unescape(raw(v))) }

func id(v any) string {
	if o, ok := v.(map[string]any); ok {
		return text(o["@id"])
	}
	return text(v)
}

// names joins the names of several authors. A link is not a name.
func names(v any) string {
	var out []string
	for _, x := range list(v) {
		if o, ok := x.(map[string]any); ok {
			x = o["name"]
		}
		for _, y := range list(x) {
			name := text(y)
			if name != "" && !strings.Contains(name, "://") && !containsFold(out, name) && len(out) < 8 {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, ", ")
}

func picture(v any) digest.Image {
	for _, x := range list(v) {
		switch x := x.(type) {
		case string:
			return digest.Image{URL: x}
		case map[string]any:
			if url := first(text(x["url"]), text(x["contentUrl"]), text(x["@id"])); url != "" {
				return digest.Image{URL: url, Width: pixels(x["width"]), Height: pixels(x["height"])}
			}
		}
	}
	return digest.Image{}
}

func pixels(v any) int { return dimension(raw(v), "", nil) }
