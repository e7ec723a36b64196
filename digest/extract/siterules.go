package extract

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/antchfx/htmlquery"
	"github.com/antchfx/xpath"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/zest-digest/zest/digest"
)

// SiteRules say where the article is on one site's pages, as the FiveFilters
// site-config format writes them. The zero value has no rules.
type SiteRules struct {
	Host string // "lemonde.fr"; ".example.org" and "example.org" hold for subdomains

	bodies, titles, authors, dates []*xpath.Expr
	strips                         []*xpath.Expr
	stripNames                     []string // parts of ids or classes
	replace                        []string // pairs: find, replacement
	clues                          []*xpath.Expr
}

// ParseSiteRules reads one file of the FiveFilters site-config format. name is
// the file's name, "lemonde.fr.txt", from which the host comes. Commands that
// need a browser, a login or the network are passed over; an XPath expression
// that does not parse is an error, for it will never match.
func ParseSiteRules(name string, body []byte) (SiteRules, error) {
	r := SiteRules{Host: strings.ToLower(strings.TrimSuffix(name[strings.LastIndexAny(name, `/\`)+1:], ".txt"))}
	if r.Host == "" {
		return r, &digest.InvalidError{Field: "site rules", Value: name, Reason: "the file's name must be the site's host name, as in example.org.txt"}
	}
	var find []string
	sc := bufio.NewScanner(bytes.NewReader(body))
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(sc.Text(), "\uFEFF"))
		if line == "" || line[0] == '#' {
			continue
		}
		command, value, ok := ruleLine(line)
		if !ok {
			continue // the format's own parser passes over what it does not know
		}
		if command == "find_string" {
			find = append(find, value)
			continue
		}
		if command == "replace_string" && len(find) > 0 {
			r.replace = append(r.replace, find[0], value)
			find = find[1:]
			continue
		}
		if err := r.add(command, value); err != nil {
			return SiteRules{}, &digest.InvalidError{Field: fmt.Sprintf("site rules %s line %d", name, n), Value: line, Reason: err.Error()}
		}
	}
	if err := sc.Err(); err != nil {
		return SiteRules{}, fmt.Errorf("reading site rules %s: %w", name, err)
	}
	return r, nil
}

// replaceCommand is replace_string(what): with.
var replaceCommand = pattern(`^replace_string\((.*?)\)\s*:\s?(.*)$`)

func ruleLine(line string) (command, value string, ok bool) {
	if m := replaceCommand().FindStringSubmatch(line); m != nil {
		return "replace\x00" + m[1], m[2], m[1] != ""
	}
	command, value, ok = strings.Cut(line, ":")
	return strings.ToLower(strings.TrimSpace(command)), strings.TrimSpace(value), ok && value != ""
}

func (r *SiteRules) add(command, value string) error {
	var to *[]*xpath.Expr
	switch command {
	case "body":
		to = &r.bodies
	case "title":
		to = &r.titles
	case "author":
		to = &r.authors
	case "date":
		to = &r.dates
	case "strip":
		to = &r.strips
	case "native_ad_clue":
		to = &r.clues
	case "strip_id_or_class":
		r.stripNames = append(r.stripNames, strings.Trim(value, `"'`))
		return nil
	case "strip_image_src":
		value = `//img[contains(@src, "` + strings.Trim(value, `"'`) + `")]`
		to = &r.strips
	case "strip_attr":
		return nil // attributes never survive the sanitiser
	default:
		if what, ok := strings.CutPrefix(command, "replace\x00"); ok {
			r.replace = append(r.replace, what, value)
		}
		return nil
	}
	e, err := xpath.Compile(value)
	if err != nil {
		return err
	}
	*to = append(*to, e)
	return nil
}

// rulesFor picks the rules of the most specific host that holds for address.
func rulesFor(all []SiteRules, address string) SiteRules {
	h := host(address)
	var best SiteRules
	for _, r := range all {
		own := strings.TrimPrefix(strings.TrimPrefix(r.Host, "www."), ".")
		if (h == own || strings.HasSuffix(h, "."+own)) && len(r.Host) > len(best.Host) {
			best = r
		}
	}
	return best
}

// rewrite does the text replacements, in the order of the file.
func (r SiteRules) rewrite(source string) string {
	for i := 0; i+1 < len(r.replace); i += 2 {
		if r.replace[i] != "" && len(source) < 8<<20 {
			source = strings.ReplaceAll(source, r.replace[i], r.replace[i+1])
		}
	}
	return source
}

// metadata lets the rules overrule what the page declares.
func (r SiteRules) metadata(doc *html.Node, m *metadata) {
	m.title = first(evaluate(doc, r.titles), m.title)
	m.author = first(person(evaluate(doc, r.authors)), m.author)
	if t, ok := parseDate(evaluate(doc, r.dates), m.language); ok {
		m.published = t
	}
}

// evaluate is the text of the first expression that finds one.
func evaluate(doc *html.Node, expressions []*xpath.Expr) string {
	for _, e := range expressions {
		if s := evaluateOne(doc, e); s != "" {
			return s
		}
	}
	return ""
}

// evaluateOne is the text of what e finds. The library panics on some
// expressions that compile and make no sense ("count(1)"): they find nothing.
func evaluateOne(doc *html.Node, e *xpath.Expr) (found string) {
	defer func() { _ = recover() }()
	switch v := e.Evaluate(htmlquery.CreateXPathNavigator(doc)).(type) {
	case string:
		return squeeze(v)
	case *xpath.NodeIterator:
		for v.MoveNext() {
			if s := squeeze(v.Current().Value()); s != "" {
				return s
			}
		}
	}
	return ""
}

// elements are the elements that e finds, with the same care.
func elements(doc *html.Node, e *xpath.Expr) (found []*html.Node) {
	defer func() { _ = recover() }()
	for _, n := range htmlquery.QuerySelectorAll(doc, e) {
		if n.Type == html.ElementNode && !isTag(n, atom.Html, atom.Body) {
			found = append(found, n)
		}
	}
	return found
}

// strip removes what the rules name.
func (r SiteRules) strip(doc *html.Node) {
	for _, e := range r.strips {
		for _, n := range elements(doc, e) {
			remove(n)
		}
	}
	if len(r.stripNames) == 0 {
		return
	}
	walk(doc, func(n *html.Node) bool {
		if n.Type != html.ElementNode || isTag(n, atom.Html, atom.Body) {
			return true
		}
		id, class := attr(n, "id"), attr(n, "class")
		for _, name := range r.stripNames {
			if name != "" && (strings.Contains(id, name) || strings.Contains(class, name)) {
				remove(n)
				return false
			}
		}
		return true
	})
}

// body is what the rules call the body: every element the first matching
// expression finds, together. Nil when they say nothing or find nothing.
func (r SiteRules) body(doc *html.Node) *html.Node {
	if len(r.bodies) == 0 {
		return nil
	}
	r.strip(doc)
	for _, e := range r.bodies {
		root := newElement(atom.Div)
		for _, n := range elements(doc, e) {
			if !below(n, root) {
				remove(n)
				root.AppendChild(n)
			}
		}
		if len(strings.TrimSpace(innerText(root))) > 100 {
			return root
		}
	}
	return nil
}

func below(n, root *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p == root {
			return true
		}
	}
	return false
}
