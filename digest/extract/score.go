package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/zest-digest/zest/digest"
)

// The reasons why an extraction is doubted, as Article.Doubt says them.
const (
	DoubtEmpty   = "no text found"
	DoubtPaywall = "paywall"
	DoubtConsent = "consent page"
	DoubtBlocked = "robot check"
	DoubtList    = "list of links"
	DoubtShort   = "very short"
)

// confidence judges what was found: how much there is, how much of it is
// links, and whether the page calls itself an article. before is the text with
// its furniture: a gate's words are furniture too.
func confidence(body *html.Node, m metadata, a digest.Article, before string) (score float64, doubt string) {
	if d := gate(m, a, before); d != "" {
		return 0.2, d
	}
	if a.Words == 0 {
		return 0, DoubtEmpty
	}
	share := linkShare(body)
	if share > 0.6 && a.Words > 30 {
		return 0.25, DoubtList
	}
	w := float64(a.Words)
	score = 0.55*w/(w+60) + 0.25*(1-share)
	if m.kind == "article" || m.body != "" {
		score += 0.1
	}
	if !m.published.IsZero() {
		score += 0.05
	}
	if m.title != "" {
		score += 0.05
	}
	if a.Words < 40 {
		return min(score, 0.4), DoubtShort
	}
	return min(score, 1), ""
}

var (
	consentWords = pattern(`(?i)\b(?:accepter (?:et continuer|les cookies)|continuer sans accepter|nous utilisons des cookies|nos partenaires (?:stockent|utilisent)|gérer (?:mes|vos) (?:choix|préférences)|before you continue|we value your privacy|accept (?:all )?cookies|manage (?:your )?(?:cookie|privacy)|we and our (?:\d+ )?partners|zustimmung|mit werbung weiterlesen|alle akzeptieren)`)
	robotWords   = pattern(`(?i)(?:enable javascript and cookies to continue|checking (?:if the site connection is secure|your browser)|verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot|vérification que vous n['’]êtes pas un robot|vous n['’]êtes pas un robot|access denied|accès refusé|just a moment|unusual traffic|request unsuccessful\. incapsula|please turn javascript on)`)
	paywallWords = pattern(`(?i)(?:(?:cet )?article (?:est )?réservé aux? abonné|réservé (?:à nos|aux) abonné|contenu réservé|la suite est réservée|il vous reste [\d,.]+ ?% de cet article|abonnez-vous pour lire|pour lire la suite|déjà abonné ?\?|this (?:article|content|story) is for (?:our )?(?:paying )?(?:subscribers|members)|subscribe to (?:continue|keep) reading|already a subscriber\?|to continue reading|subscribers? only|for subscribers only|unlock this article|nur für abonnenten|weiterlesen mit)`)
)

// gate recognises a page that stands in front of the article, not the article.
func gate(m metadata, a digest.Article, before string) string {
	if a.Words > 400 {
		return ""
	}
	text := strings.ReplaceAll(a.Title+"\n"+before, "\u00a0", " ")
	switch {
	case a.Words < 150 && robotWords().MatchString(text):
		return DoubtBlocked
	case len(consentWords().FindAllString(text, 3)) >= 2 || a.Words < 120 && consentWords().MatchString(text):
		return DoubtConsent
	case m.locked && !m.free && before != "" && a.Words < 200:
		return DoubtPaywall
	case a.Words < 250 && paywallWords().MatchString(text) && !m.free:
		return DoubtPaywall
	}
	return ""
}

// linkShare is the share of the text below n that stands in links, 0 to 1.
func linkShare(n *html.Node) float64 {
	all, linked := 0, 0
	var count func(*html.Node, bool)
	count = func(n *html.Node, in bool) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode {
				size := len(strings.TrimSpace(c.Data))
				all += size
				if in {
					linked += size
				}
				continue
			}
			count(c, in || isTag(c, atom.A) && !strings.HasPrefix(attr(c, "href"), "#"))
		}
	}
	if n != nil { // plain text has no links
		count(n, isTag(n, atom.A))
	}
	if all == 0 {
		return 0
	}
	return float64(linked) / float64(all)
}
