package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What page furniture says, in lower case and with straight apostrophes. Each
// pattern is for a whole short block; the ones of `leads` are for its
// beginning. French and English are complete, the other
// languages have what their newspapers say most.
var (
	// A pointer to another article.
	leads = openerOf(`^(?:` +
		`(?:à |a )?lire (?:aussi|également|encore|par ailleurs|sur le même sujet|notre|nos|ensuite|plus tard)\b|à (?:lire|voir|écouter|découvrir)(?:\s*(?:aussi|également|ensuite|sur|dans|:|–|-|—|>|»)|$)|(?:à )?(?:re)?(?:lisez|voir|voyez|découvrez|retrouvez|écoutez|regardez) (?:aussi|également|ensuite)\b|lire\s*[:–—>»]|` +
		`sur le même (?:sujet|thème)|dans la même (?:rubrique|catégorie)|articles? (?:liés?|similaires?|connexes?|recommandés?|associés?|en relation)|vous aimerez (?:aussi|peut-être)|ces articles (?:pourraient|peuvent|devraient)|cela (?:peut|pourrait) (?:aussi )?vous intéresser|(?:pour )?aller plus loin\s*(?::|$)|en (?:lire|savoir) plus\s*(?::|$|sur)|plus d'(?:infos?|actualités?|articles?) (?:sur|:)|les plus (?:lus|populaires|partagés|commentés)|nos (?:derniers|autres) articles|` +
		`(?:also )?(?:read|see|watch|listen)\s*(?:also|more|next|:|>|»|\|)|also (?:read|see|on)\b|(?:more|related)(?: (?:articles?|stor(?:y|ies)|posts?|news|content|topics?|links|reading|videos?|coverage|from|on))?\s*(?::|>|»|\||$)|related (?:articles?|stor(?:y|ies)|posts?|news|content|coverage)\b|(?:you (?:may|might) (?:also )?(?:like|enjoy|be interested)|you'll also like|don't miss|recommended(?: for you| reading| stories)?\s*(?::|$)|more (?:stories|articles|news|posts) (?:from|on|about|like)|read more (?:on|about|from|at)|most (?:read|popular|viewed|shared)|trending(?: now)?\s*(?::|$)|further reading|what to read next|up next|see more\b|editor'?s'? picks?|keep reading)|` +
		`lesen sie (?:auch|mehr|hier)|mehr zum thema|(?:das könnte sie|auch) interessant|(?:lesen|lies|siehe) auch|weitere (?:artikel|nachrichten|themen)|zum thema\s*:|leggi anche|(?:l[ée]a|lea|ver|vea) (?:también|tambien|además|mas|más)|te puede interesar|noticias relacionadas|leia (?:também|mais)|veja também|lees ook|les også|läs också|læs også|czytaj też|читайте также)`)

	// A wish for something: follow, subscribe, share, install, pay.
	asks = pattern(`(?:` +
		`suivez[- ](?:nous|l'actualité|toute|notre|-le)|(?:pour )?ne (?:manquez|ratez|rater?|manquer) (?:aucune?|rien|plus aucune?)|google (?:actualités|news|discover)|rejoignez[- ](?:nous|notre)|(?:abonnez|inscrivez|connectez)[- ]vous\b|s'(?:abonner|inscrire)\b|recevez (?:chaque|gratuitement|nos|notre|toute|le meilleur|l'essentiel|les)|(?:notre|nos|la|votre) newsletters?\b|newsletter\s*(?::|$)|(?:chaîne|canal) (?:whatsapp|telegram|youtube)|(?:sur|via) (?:whatsapp|telegram)\b|téléchargez (?:notre|l')\s?app|notre application|partage[rz] (?:cet|l'|cette|sur|:)|activez les notifications|soutenez[- ]nous|faites un don|votre adresse (?:e-?mail|mail|électronique)|` +
		`follow (?:us|me|@|the author|our|along)|(?:sign|signing) up (?:for|to|here|now|today)|subscribe (?:to|now|here|today|for)|(?:join|get) (?:our|the|your) (?:free |daily |weekly )?(?:newsletter|whatsapp|telegram|community|discord|briefing)|(?:our|free|daily|weekly) newsletters?\b|newsletter sign|delivered (?:straight |directly |right )?to your inbox|straight to your inbox|in your inbox|download (?:our|the) (?:free )?app|share (?:this|on|via|with|article)|like us on|(?:add|make) us (?:as )?(?:a |your )?preferred|preferred source|support (?:us|our (?:work|journalism))|make a donation|donate (?:now|today)|enable notifications|your email address|` +
		`folgen sie uns|jetzt abonnieren|newsletter abonnieren|(?:zum|unser(?:en)?|den) newsletter|whatsapp-kanal|melden sie sich|seguici su|iscriviti|suscríbe(?:te|ase)|síguenos|inscreva-se|siga-nos|schrijf je in|volg ons|meld deg på|подписывайтесь)`)

	// The words of a page's machinery.
	machinery = openerOf(`^(?:` +
		`(?:passer|aller|accéder|sauter)(?: directement)? au (?:contenu|menu)(?: principal)?|skip to (?:main )?content|skip (?:navigation|ad(?:vertisement)?|past .{0,40}|.{0,30}newsletter.{0,20})|after newsletter promotion|jump to content|zum inhalt springen|ir al contenido|` +
		`publicité|la suite après (?:la|cette) publicité|(?:contenus?|articles?|liens?) (?:sponsorisés?|commerciaux|partenaires?)|annonce|pub|advertis(?:e?ment|ing)|(?:article|story) continues (?:below|after).*|sponsored(?: content| by.*)?|promoted(?: content)?|anzeige|werbung|publicidad|pubblicità|reklame|annons|реклама|scroll to continue(?: with content)?|continue reading (?:below|after.*)|after ad|loading(?:\.\.\.|…)?|chargement(?: en cours)?(?:\.\.\.|…)?|` +
		`partager|partages?|share|teilen|compartir|condividi|imprimer|print|copier le lien|copy link|link copied!?|lien copié ?!?|commenter|comment|réagir|réagissez|répondre|reply|save|bookmark|enregistrer|sauvegarder|écouter(?: (?:l')?article)?|listen(?: to (?:this )?article)?|e-?mail|facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|flipboard|pocket|instagram|tiktok|bluesky|messenger|` +
		`retour en haut|haut de page|back to top|top of page|sommaire|table of contents|fermer|close|menu|accueil|home|suivant|précédent|next|previous|voir plus|show more|load more|view (?:all|comments?|gallery)|voir (?:tous les|les) (?:commentaires|articles)|read more|lire la suite|learn more|en savoir plus|lire plus|(?:article|page) (?:suivante?|précédente?)|(?:next|previous) (?:article|post|page)|mentions légales|politique de confidentialité|privacy policy|terms (?:of (?:use|service)|and conditions)|all rights reserved\.?|tous droits réservés\.?|report (?:an error|a typo|this ad)|signaler une (?:erreur|faute).*|(?:nous )?corriger|` +
		`this (?:article|story|post) (?:was|has been) (?:updated|corrected|amended)\b.{0,80}|les champs obligatoires.*|votre adresse e-?mail ne sera pas publiée.*|your email address will not be published.*|required fields are marked.*` +
		`)[\s\p{P}\p{S}]*$`)

	// The head of what readers wrote; nothing of the article follows it.
	comments = openerOf(`^(?:(?:(?:\d[\d\s.,]* |aucun |no |un |one )(?:réactions?|responses?|thoughts|replies)|(?:\d[\d\s.,]* |aucun |no |un |one |les |all )?(?:commentaires?|comments?|kommentare?|comentarios?|commenti))(?:\s*\(?\d*\)?)?(?: (?:sur|on|to|zu) .{0,150})?|(?:laisse[rz]|écrire|poster|ajouter|publier) (?:un|votre) (?:commentaire|réponse|avis)|laisser une réponse|leave (?:a|your) (?:reply|comment|response)|post (?:a|your) comment|add (?:a|your) comment|join the (?:conversation|discussion)|(?:annuler la|cancel) r(?:éponse|eply)|(?:participer à|rejoindre) la discussion|vos réactions|les commentaires sont fermés|comments are closed|schreiben sie einen kommentar|kommentar schreiben|deja (?:un|tu) comentario|lascia un commento)[\s\p{P}\p{S}]*$`)

	// What stands in the place of something that was not loaded, and what the
	// law wants said beside a shop link.
	notices = pattern(`(?:` +
		`(?:ce|cette|le|la|un) (?:contenu|vidéo|publication|tweet|élément)(?: externe)? (?:est|a été|n'est|provient|ne peut|n'a pas)|pour (?:voir|afficher|visualiser|consulter|lire) (?:ce|cette) (?:contenu|vidéo|publication|tweet)|vous (?:avez refusé|devez accepter|pouvez changer d'avis)|en cliquant sur .{0,60}(?:acceptez|consentez)|javascript (?:est|is|must|doit)|(?:contient|présence) (?:de|des) liens? (?:d'affiliation|affiliés?)|liens? (?:d'affiliation|affiliés?|sponsorisés?)|(?:percevoir|toucher|reçoit|recevoir|percevons|recevons) une (?:petite )?commission|` +
		`affiliate (?:links?|commission)|earn (?:a|an) (?:small )?(?:affiliate )?(?:commission|fee)|(?:this|the) (?:content|video|embed|post|tweet) (?:is hosted|is not available|isn't available|could not be|can't be|requires)|(?:accept|allow|enable|manage) (?:all )?(?:third[- ]party )?cookies|view this (?:content|post|video)|this (?:web)?site uses cookies|your browser does not support|we (?:may|might) (?:receive|earn|get) (?:a |an )?(?:\w+ )?commission|products? (?:are|is) independently (?:selected|reviewed)|` +
		`empfohlener (?:redaktioneller|externer) inhalt|externer? inhalte?n?\b.{0,80}(?:angezeigt|anzeigen|geladen|laden|aktivieren)|affiliate-links?|erhalten wir (?:eine )?(?:kleine )?provision|an dieser stelle finden sie|enlaces? de afiliad|link di affiliazione)`)

	// A number of votes, with nothing around it.
	votes = pattern(`^[\s(★☆⭐]*(?:\d[\d\s.,]*\s*[mk]?\s*(?:avis|reviews?|ratings?|votes?|évaluations?|notes|bewertungen|opiniones)|(?:avis|reviews|ratings)\s*:?\s*\(?\d[\d\s.,]*\)?)(?: (?:clients?|vérifiés|sur|on|google|trustpilot).{0,30})?[\s)]*$`)

	// The same inside a caption.
	creditAnywhere = pattern(`(?:©|\(c\)|(?:photos?|fotos?|bild|images?|credits?|crédits?|quelle|source|illustration|courtesy)\s?(?::|/|by |par |von |of |via )|\b(?:afp|getty|reuters|dpa|epa|imago|shutterstock|istock|unsplash|pexels|adobe stock|keystone|sipa|abaca|bestimage|maxppp|associated press|ap photo|apa|ntb|ansa|belga|alamy|picture alliance|wikimedia)\b|/\s?ap\b)`)

	// How long it takes to read, and when it was put there.
	reading = openerOf(`^(?:(?:temps de )?lecture\s*:?\s*(?:de )?\d+ ?min\w*|\d+ ?min(?:ute)?s?(?: de lecture| read(?:ing)?(?: time)?| lesezeit)?|(?:reading time|lesezeit|lesedauer)\s*:?\s*\d+ ?min\w*)[\s\p{P}]*$`)
	stamped = pattern(`(?:^|[^\p{L}])(?:publi[ée]e?s?|posté|rédigé|écrit|mis(?:e)? à jour|mise à jour|modifié|actualisé|créé|published|posted|updated|modified|created|written|veröffentlicht|publiziert|aktualisiert|erstellt|stand|online seit|pubblicato|aggiornato|publicado|actualizado|atualizado|publisert|oppdatert|gepubliceerd|bijgewerkt)(?:[^\p{L}]|$)`)

	// Who made a picture.
	credit = openerOf(`^(?:(?:crédits? ?(?:photo|image|illustration)?s?|(?:photo|image|picture|media)? ?(?:credits?|caption|source|courtesy)|photos?|images?|photograph|illustrations?|visuel|bild|bildquelle|foto|quelle|source)\s*(?::|©|/|by |par |von )\s?.{0,80}|©.{0,80}|\(c\).{0,60}|(?:getty images|shutterstock|reuters|afp|unsplash|istock|imago|epa|dpa)\b.{0,30})$`)
)

// phrase is a block's text made ready for the patterns: they are long, and
// this is what keeps them cheap.
type phrase struct {
	low  string // lower case, straight apostrophes
	bare string // low without the signs before its first word
	n    int    // characters
}

func newPhrase(s string) phrase {
	p := phrase{n: utf8.RuneCountInString(s)}
	if p.n > 700 {
		return p // no pattern is for so much
	}
	p.low = strings.ToLower(strings.ReplaceAll(s, "’", "'"))
	p.bare = strings.TrimLeftFunc(p.low, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	return p
}

// mentions reports whether one of the words stands in the phrase, anywhere.
func (p phrase) mentions(words ...string) bool {
	for _, w := range words {
		if strings.Contains(p.low, w) {
			return true
		}
	}
	return false
}

// isFurniture reports whether a whole block of text is page furniture by what
// it says. The words alone decide only over short blocks: an article about
// newsletters may well say "newsletter".
func (p phrase) isFurniture() bool {
	switch {
	case p.n == 0 || p.n > 450:
		return false
	case p.isNotice():
		return true
	case p.n > 250:
		return false
	case p.n <= 120 && machinery().MatchString(p.bare):
		return true
	case p.isLead() && !p.isSentences():
		return true
	case p.n <= 220 && p.asks(), p.isGate():
		return true
	}
	return p.n <= 60 && reading().MatchString(p.bare)
}

// isLead reports whether the phrase points to another article.
func (p phrase) isLead() bool { return p.n <= 250 && leads().MatchString(p.bare) }

// isGate reports whether it says that the rest is for subscribers.
func (p phrase) isGate() bool {
	return p.mentions("abonné", "réservé", "la suite", "il vous reste", "subscri", "reading", "unlock", "abonnent", "weiterlesen") && paywallWords().MatchString(p.low)
}

// isNotice reports whether it stands for something that was not loaded, or
// declares that a link earns money.
func (p phrase) isNotice() bool {
	return p.mentions("contenu", "content", "vidéo", "video", "publication", "tweet", "cookie", "commission", "affili", "afiliad", "provision", "inhalt",
		"javascript", "browser", "consent", "products", "an dieser stelle") && notices().MatchString(p.low) && p.isToReader()
}

// asks reports whether it wishes something of the reader: to follow, to
// subscribe, to share, to pay. A report about somebody's newsletter does not.
func (p phrase) asks() bool {
	return p.mentions("suivez", "manquez", "ratez", "rater", "manquer", "google", "rejoignez", "abonne", "inscri", "connect", "recev", "newsletter", "chaîne",
		"canal", "whatsapp", "télécharge", "notre app", "partage", "notification", "soutenez", "un don", "adresse", "follow", "sign", "subscribe", "join", "get ",
		"inbox", "download", "share", "like us", "preferred", "support", "email", "folgen", "abonn", "melden", "seguici", "iscriviti", "suscr", "síguenos",
		"siga-nos", "schrijf", "volg", "meld", "подпис") && asks().MatchString(p.low) && p.isToReader()
}

// isPromotion reports whether it sells the publication's own newsletter or
// subscription at length. It takes a link in the block to be sure.
func (p phrase) isPromotion() bool {
	return p.n <= 400 && p.mentions("newsletter", "abonne", "abonné", "subscri", "infolettre", "whatsapp") && asks().MatchString(p.low) && p.isToReader()
}

// isCredit reports whether it says who made a picture.
func (p phrase) isCredit() bool {
	if p.n > 200 || p.n < 3 {
		return false
	}
	if credit().MatchString(p.low) || p.n <= 90 && credit().MatchString(p.bare) {
		return true
	}
	s := strings.TrimRight(p.low, " ).")
	for _, agency := range []string{"afp", "ap", "dpa", "epa", "epa-efe", "reuters", "getty", "getty images", "shutterstock", "unsplash", "istock", "keystone",
		"imago", "sipa", "abaca", "abacapress", "bestimage", "maxppp", "pa wire", "ansa", "apa", "ntb", "belga"} {
		before, ok := strings.CutSuffix(s, agency)
		if before = strings.TrimRight(before, " "); ok && (strings.HasSuffix(before, "/") || strings.HasSuffix(before, "|") || strings.HasSuffix(before, "(") ||
			strings.HasSuffix(before, "©") || strings.HasSuffix(before, " via") || strings.HasSuffix(before, " -")) {
			return true
		}
	}
	return false
}

// isSentences reports whether it goes on as the text of an article would: "À
// voir les chiffres, …" is long and ends in a full stop.
func (p phrase) isSentences() bool {
	return p.n > 110 && strings.HasSuffix(p.low, ".") && strings.Contains(p.low, ". ")
}

// toReader finds what speaks to the reader: you, we, us, an imperative, or a
// sign in front.
var toReader = pattern(`(?:[-\s](?:nous|vous)\b|\b(?:notre|nos|votre|vos|us|our|your|you|we|this|uns|unser\pL*|sie|ce|cette)\b|^\W*(?:suivez|abonnez|inscrivez|recevez|partagez|téléchargez|follow|subscribe|sign|join|share|get|download)\b|^[^\p{L}\p{N}"«“'(\[]{1,4}\s|newsletter\s*$|google (?:news|actualités)|affiliat|liens? |externe|inhalt)`)

func (p phrase) isToReader() bool { return toReader().MatchString(p.low) }

// isStamp reports whether a short block only says who put the article there
// and when. loose allows the author's name beside the date, which is right
// above the text and not inside it.
func (p phrase) isStamp(loose bool) bool {
	if p.n > 140 || p.n < 6 || !strings.ContainsAny(p.low, "0123456789") {
		return false
	}
	if _, ok := parseDate(p.low, ""); !ok {
		return loose && p.n < 60 && stamped().MatchString(p.low)
	}
	return len(letters(p.low)) <= 36 && !strings.HasSuffix(p.low, ".") || (loose || p.n < 70) && stamped().MatchString(p.low)
}
