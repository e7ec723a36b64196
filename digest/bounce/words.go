package bounce

import (
	"strings"
)

// rule is a way servers say something. The first rule that matches decides, so
// what excuses the address stands before what condemns it.
type rule struct {
	class  Class
	reason string
	words  pattern
}

func anyOf(phrases ...string) pattern {
	return compile(strings.Join(phrases, "|"))
}

// fromUs is a refusal at a stage where no recipient had been named.
var fromUs = anyOf(`(after|to|our) (sender verify|mail from|mail from:<[^>]*>|helo|ehlo|initial connection)\b`,
	`in reply to mail from`, `>>> mail from:?<[^>]*>[^<>]{0,40}<<< [45]`)

// atRecipient shows that the refusal answered the recipient's own command, or
// came from the directory that knows the recipients.
var atRecipient = anyOf(`\brcpt\b`, `\(state 14\)`, `(unknown|invalid) (final delivery )?(user|local[- ]part|recipient|address): ?<?[^\s<>@]+@`, `(wasn't|was not) found (at|in)`, `(mailbox|directory|address book|alias|virtual user)`, `(like|rejected|refused) (the |our )?(recipient|rcpt)`, `recipient (address )?(rejected|refused)`, `(address|name|recipient)[^.]{0,30}(not recogni[sz]ed|not found|couldn't be found|not listed)`,
	`resolver\.adr`, `rejected (the )?address`, `#5\.1\.`, `no mailbox here`, `local (user|delivery|recipient|table)`, `does(n't| not) have an? \S+ account`)

// certain is what only the directory of the recipient's own host says.
var certain = anyOf(`does(n't| not) have an? \S+ account`, `delivery error: dd`, `address couldn't be found`, `recipient name is not recognized`, `no valid recipients for`,
	`recipient address rejected: access denied`,
	`n'existe (pas|plus) (chez|sur)`, `(mailbox|account) (was |has been )?(deleted|closed) `)

// afterData is a refusal of the whole message. Some hosts call the recipient
// unknown then, to drop what a filter did not like.
var afterData = anyOf(`after end of data`, `in reply to (the )?(end of )?data`, `smtp command data`, `>>> (data|\.) (<<< )?[45]\d\d`, `error following data`)

var rules = []rule{
	{ClassPolicy, "the sender was refused", anyOf(`sender (address |domain )?(rejected|verif|denied|not|unknown|does|is|must)`,
		`(invalid|unknown|unresolvable|unverified|forged|bad) (sender|from|return)`, `domain of (the )?sender`, `sender'?s? (domain|address) (does|not|is|could)`,
		`envelope sender`, `callback (failed|setup)`, `sender id`, `adresse (de l'|d')?(expéditeur|emetteur|émetteur)`, `absenderadresse`)},
	{ClassSoft, "server trouble", anyOf(`(couldn't|can't|cannot|could not) (create|open|write|append|lock)`, `procmail|maildrop`)},
	{ClassHard, "no such mailbox", anyOf(`recipient address rejected: access denied`, `user unknown in (local|virtual|relay)`)},
	{ClassHard, "no longer accepts mail", anyOf(`null ?mx`, `does(n't| not) accept (any )?(mail|e-mail|email)\b`, `no smtp service`, `smtp protocol error.*not accepting network`,
		`not accepting network messages`, `no longer (accepts|accepting) mail`)},
	{ClassSoft, "mailbox full", anyOf(`mail ?box (is )?(currently )?full`, `(in)?box is full`, `over (the |its |his |their )?(allowed |disk |storage |mailbox )*quota`, `quota (is )?(exceed|full|reached|violat)`,
		`exceed\w* (the |its |his |their )?(allowed |max\w* |disk |local |storage |mailbox |allocated )*(quota|storage|size|limit|allocation|space)`, `mail(box| folder|file) (size )?(has )?(exceed|is over|size limit|too large|limit)`,
		`(insufficient|not enough|no) (system |mail |disk )*(storage|space)`, `out of (disk )?(space|storage|quota)`, `storage (quota|limit)`, `mailbox.{0,40}exceed`, `disk (quota|full)`, `over ?quota`, `mail quota`, `maildir.{0,20}(full|quota)`, `too (much|many) (mail|messages) (data )?(in|stored)`,
		`bo[iî]te.{0,40}(pleine|satur)`, `quota.{0,30}(d[ée]pass|atteint)`, `espace.{0,30}(insuffisant|satur)`, `postfach.{0,40}(voll|überfüllt|speicher)`, `speicherplatz`, `bandeja.{0,20}llena`, `buz[oó]n.{0,40}(llen|complet)`, `casell\w.{0,40}(pien|esaurit)`, `caixa.{0,30}cheia`, `переполнен`)},
	{ClassPolicy, "message too big", anyOf(`(message|mail|content|line|size).{0,30}(too (big|large|long)|limit exceed|exceeds)`, `maximum (message )?size`, `too large`, `(fixed )?maximum.{0,20}size`, `message volumineux|taille.{0,30}message`)},
	{ClassSoft, "expired", anyOf(`retry time(out)? (not reached|exceeded)`, `(delivery|message|retry|time|queue)[^.]{0,20}(expired|timeout|timed out|time-out)`, `(in|on) (the )?(queue|server)[^.]{0,20}too long`, `too old`, `could not be delivered (for|within)`, `(has not been|not yet been|still not) delivered`,
		`d[ée]lai.{0,30}(expir|d[ée]pass)`, `unable to deliver.{0,30}(days|hours)`, `for (more than )?\d+ (days?|hours?)`, `warning message only`, `will (be retr|keep trying|continue to)`)},
	{ClassSoft, "unreachable", anyOf(`connect\w* (to \S+ )?(was |is |has been )?(refused|timed out|timeout|reset|closed|dropped|lost|failed|aborted|died)`, `(couldn't|could not|unable to|can't|cannot|failed to) (establish|make|open|connect|contact|reach|find a route|obtain)`,
		`lost connection`, `no route to host`, `(network|host|server|destination)( is)? (unreachable|down|not available|not responding|busy|not reachable)`, `(operation|connection|session|conversation|socket|connect) (timed? ?out|error)`, `socket error`, `did not accept our requests`, `not responding`, `no answer from`,
		`dns (lookup |server )?(error|failure|timeout)[^.]{0,30}(temp|timed|servfail)`, `servfail|lookup did not complete`, `not found, try again`, `mx.{0,30}(point|loop)s?.{0,12}back|mail loop|loops? back|too many hops|loop detected|routing loop|hop count`, `duplicated? message-id`,
		`serveur.{0,20}injoignable`, `zeitüberschreitung`, `tls (is )?required|starttls`)},
	{ClassSoft, "disabled", anyOf(`(due to|for|because of) (\S+ )?inactivity`)},
	{ClassPolicy, "reputation", anyOf(`\bspam`, `\bspf\b`, `\bdmarc\b`, `\bdkim\b`, `black ?-?list`, `block ?-?list`, `deny ?list`, `\brbl\b`, `dnsbl`, `spamhaus|spamcop|barracuda|cloudmark|proofpoint|senderscore|senderbase|mxlogic|trend ?micro`, `reputation`, `bulk mail`, `junk`, `unsolicited`, `poor score`, `(is|are|was|been|currently|ip|host|\]) (currently |now )?listed (in|at|by|on)`,
		`(ip|address|host|server|client|network|message|mail|email|e-mail|access|you|your|been|is|was|error -|and) (temporarily |permanently )*(blocked|banned)`, `blocked (by|due|for|using|because|from)`, `block(ed)? .{0,20}(ip|host|network)`, `you('re| are) not (allowed|authorized|permitted)`, `pourriel|indésirable|liste noire|sperrliste|lista negra`, `mail rejet|service refus`, `\bs3140\b|\bs3150\b|\bsc-00\d`)},
	{ClassPolicy, "rate limited", anyOf(`rate ?limit`, `(too many|too much|many) (connection|message|recipient|mail|error|session|concurrent|unknown|invalid)`, `too (fast|frequent)`, `throttl`, `gr[ea]y-?list`, `trop de (connexions|messages|destinataires)`, `daily (limit|quota)`, `exceeded (the |your )?(rate|max|number|connection|sending)`)},
	{ClassPolicy, "our name", anyOf(`reverse dns`, `\brdns\b`, `\bptr\b`, `reverse (lookup|host ?name|name)`, `(cannot|could not|can't|unable to) (find|resolve) your (reverse|hostname|host)`, `(helo|ehlo) (command|name|host|rejected|string|argument|is|domain)`, `need fully-qualified`, `fcrdns`, `generic (ptr|hostname|name)`, `no reverse`)},
	{ClassPolicy, "relaying", anyOf(`relay(ing)? (is )?(not |access )?(denied|permitted|allowed|prohibited|forbidden|operation rejected|rejected)`, `(unable|not (permitted|allowed|authorized)) to relay`, `no relaying`, `relay access`, `(isn't|is not) in my list of allowed rcpthosts`, `not a gateway`, `we do not relay`, `authentication (is )?(required|failed|needed|credentials)`, `not authenticated`, `open relay|relais (non|interdit|refus)`, `unauthori[sz]ed relay|relay this`)},
	{ClassPolicy, "content", anyOf(`virus|malware|infected|trojan|phish|ransom`, `(content|attachment|message|file|extension|header)s? (is |are |was |has been |have been |type )*(rejected|filter|refused|denied|prohibited|not allowed|not accepted|banned|blocked|inappropriate)`, `content[ -]?(filter|polic|restrict)`, `suspicious|inappropriate|objectionable|profan`, `bare (cr|lf|newline)`, `rfc ?(2822|5322|822|2821|5321|821)`, `not (rfc|compliant)`, `missing (from|date|message-id|header)`, `duplicate header`, `bad header|malformed|invalid header`, `8bitmime|smtputf8|conversion`)},
	{ClassPolicy, "policy", anyOf(`polic(y|ies)`, `access (is )?(denied|rejected|restricted)`, `(administrative|local)(ly)? (prohibit|denied|rejected|block|polic)`, `(permission|privilege|authoriz|authoris|authority)\w* (denied|to|needed|required|is)`, `(not|isn't|aren't) (authori[sz]ed|permitted|allowed)`, `(may|can) only (be sent|send)`, `restrict`, `not open for posting`, `security`, `refused by|rejected by (the )?(recipient|administrator|user|filter|our)`, `prohibit`, `moderat`, `preferences`, `refuses? to receive`, `(only|specific) .{0,40}(accept\w*|specific)`, `filtre|filtré|gefiltert`, `rejected due to`)},
	{ClassSoft, "disabled", anyOf(`(account|mailbox|user|recipient|address|e?-?mail)s?( address)?( you tried to reach| <[^>]*>| \S+@\S+)?( \([^)]*\))? (is |are |has been |have been |was |currently |temporarily |status )*(disabled|inactive|suspended|locked|deactivated|not active|blocked|on hold|frozen|closed temporarily|unavailable due)`, `\binactive\b`, `account.{0,30}(disabled|suspend|inactive|expired|locked|not been used)`, `archiv[ée]e?d?\b`, `suspended`, `disabled or discontinued`,
		`d[ée]sactiv[ée]|suspendu|inactif|deaktiviert|gesperrt|desactivad|suspendid|disattivat|disabilitat`)},
	{ClassSoft, "temporary", anyOf(`try again (later|in|soon|tomorrow)|try later|retry later|essayer plus tard|später (noch ?mal|erneut)`, `temporar(y|ily)|tempora(ire|neo)|vorübergehend`)},
	{ClassHard, "moved", anyOf(`has moved|user (has )?moved|mailbox (has )?moved|recipient (has )?moved|address (has )?changed`, `(is|are) no longer (with|at|working|employed)`, `please (use|update|try) (the )?(new|following)( e-?mail)? address`, `a changé d'adresse|nouvelle adresse`, `neue (e-?mail-?)?adresse`)},
	{ClassHard, "no such host", anyOf(`(host|domain)( name)?( or domain name)? (\S+ )?(not found|unknown|(does|do) ?n[o']t exist)`, `(unknown|invalid|no such|non-?existent|bad|unrouteable|unrouted|unroutable) (mail )?(host|domain|destination|mail domain)`, `unrouteable (mail )?(address|domain)`, `unroutable (address|domain)`, `couldn't find any host`, `domain (\S+ )?(couldn't|could not|can't|cannot) be found`, `(host|domain|dns).{0,30}nxdomain|nxdomain`, `name or service not known`, `no mail (exchanger|server)s? (for|found|defined)`, `no (mx|mail exchange)( record| or a)?`, `illegal host`, `bad destination (system|host)`, `because the domain is not reachable`, `non-existent hosts`, `lookups? failed permanently`, `domain must exist`, `mail domain .{0,40}not`, `dns error: (domain|dns type)[^.]{0,60}(not found|responded)`, `no (valid )?(recipient )?(domain|host) (by|found)`, `not a valid (domain|host)`,
		`domaine.{0,40}(inconnu|introuvable|n'existe)`, `dominio.{0,40}(no existe|desconocid|inesistente|non esiste)`, `domäne.{0,40}(nicht|unbekannt)`, `домен.{0,40}не`)},
	{ClassSoft, "server trouble", anyOf(`(internal|server|system|local|service|processing|configuration|unexpected|lookup)( |-)(software |server |system |delivery )*(error|failure|fault|trouble|problem|unavailable)`, `command (died|output|failed|time)`, `local configuration`, `(out of|insufficient) (memory|resource)`, `i/o error|can't (create|open|write)|cannot (create|open|write|append)`, `(pipe|transport|program|filter|maildrop|procmail) (to|error|returned|failed|exit)`, `exit(ed)? (with )?(code|status)`, `content ?filter|unable to (open|create|lock)`, `mail system (error|configuration)`, `alias(es)? (loop|expand)`, `:include:`)},
	{ClassHard, "no such mailbox", anyOf(`(user|recipient|mailbox|account|address|addressee|alias|local part|customer|member|person|login|username|userid)s?\)?( name| address| account| id| has been| e-?mail)*( <[^>]*>| \S+@\S+| \[[^\]]*\]| \([^)]*\)| '[^']*'| "[^"]*"|:)*( you (entered|tried to (reach|contact)|specified))*[ :]+(was |is |are |has been |had been |could |can |currently |either )*(unknown|not found|not known|not recogni[sz]ed|invalid|(does|do|did) ?n[o']t exist|doesn't have|not listed|not be found|not valid|not exist|undeliverable|not local|no longer (valid|exists?|available|on server|in use|here)|removed|deleted|terminated|nonexistent|non-existent|not our customer|not have an account|has no mailbox|cancelled|discontinued|disappeared|not a (known|valid)|unavailable)`,
		`(unknown|no such|invalid|non-?existent|nonexistent|illegal|bad|unrecognized|undeliverable|incorrect|not a valid|no valid|not a known|wrong|unknown or illegal|never existed,? )( local| email| e-?mail| mail| destination| virtual| smtp| forwarding| final| or illegal)*[ -](user|recipient|mailbox|account|address|addressee|alias|local[ -]part|person|customer|login|username|userid|member|name|subscriber|destination mailbox)`,
		`no mailbox (here|by|with|found|for)`, `no valid recipients for`, `(no|not an?|without) (\S+ )?(account|mailbox|user|such user)( by that name| with that name| here| at this| named| for)`, `(doesn't|does not|don't) have (an?|any) (\S+ )?(account|mailbox|user)`, `no longer (exists?|valid|in use|on (our|this) server|an? (active|valid))`, `not (listed|found|exist) in (the )?(domino|address|public|name|directory|address book|active directory)`, `resolver\.adr\.(recip|ex)?notfound`, `(recipient|address|user) (name )?(is )?not (recogni[sz]ed|known|found)`, `unknown (to us|recipient)`, `isn't (a )?(known|valid|found)`, `not our (customer|user)`, `(ruser|name|user) unknown`, `user.{0,60}(is )?(unknown|not known)`, `(mailbox|user|account|address|recipient|person).{0,80}(does|do) ?n[o']t exist`, `(wasn't|was not|couldn't be|could not be) found at`, `address couldn't be found`, `delivery error: dd`, `(unknown|invalid|no) local.?part`, `no users? (by|here|with|named)`, `this address no longer accepts`, `requested action not taken: mailbox (unavailable|not found)`, `recipient (does|did) not exist`, `verify (the )?recipient|recipient verification failed|couldn't verify recipient|recipient (unknown|refused: unknown)`, `email address that you entered couldn't be found`, `address error|nosuchuser|no such (person|user|recipient|mailbox|address|account|object)`, `account (closed|deleted|terminated|not found)`, `bad[ -]mailbox`, `not (present|listed) in (the )?(\w+ )?(directory|name)`, `badrcptto`, `can't accept user`, `addresses were unknown`, `not (a local|an active|a valid) (user|address|e-?mail|mail)`, `nessun utente`, `no existe (ese|dicha|el|la|este)`, `not have a final e?-?mail delivery`, `email name is not found`, `(there is )?no ?one at this address`, `address does not receive`, `unable to find (alias|user|recipient)`, `missing home directory`, `address rejected ?(\.|$|\(|in reply)`,
		`(utilisateur|destinataire|adresse|compte|bo[iî]te|usager|abonn[ée]).{0,80}(inconnu|inexistant|introuvable|n'existe (pas|plus)|invalide|non trouv|supprim|résili|ferm[ée])`, `n'est (pas|plus) (un|une|valide|attribu)`, `inconnue? (à|sur) (cette|ce|notre)`, `(empfänger|benutzer|adresse|konto|postfach|teilnehmer|nutzer).{0,60}(unbekannt|existiert nicht|nicht (gefunden|bekannt|vorhanden|erreichbar|existent)|ungültig|gelöscht)`, `(usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n).{0,60}(desconocid|no existe|no se (ha )?encontr|inv[aá]lid|inexistente)`, `(utente|destinatario|indirizzo|casella|account).{0,60}(sconosciut|inesistente|non esiste|non (è stat\w )?trovat|non valid)`, `(usuário|destinatário|endereço|conta).{0,60}(desconhecid|não existe|não (foi )?encontrad|inválid|inexistente)`, `(gebruiker|ontvanger|adres).{0,60}(onbekend|bestaat niet|niet gevonden)`, `(пользовател|адрес|получател|ящик|аккаунт).{0,60}(не (существует|найден|зарегистрирован)|неизвест|удал[её]н)`, `(użytkownik|adres|odbiorca).{0,60}(nieznany|nie istnieje)`, `(宛先|ユーザ|アドレス|メールアドレス).{0,40}(見つかり|存在しま|不明|ありません)`, `(用户|用戶|收件人|邮箱|郵箱).{0,40}(不存在|未找到|无效)`)},
}

// classify reads what the words say; empty when they say nothing known.
func classify(text string) (Class, string) {
	text = strings.ReplaceAll(strings.ToLower(stripLinks(text)), "\u2019", "'")
	for _, r := range rules {
		if r.words.MatchString(text) {
			return r.class, r.reason
		}
	}
	return "", ""
}

// informative reports whether a diagnostic says anything we can read.
func informative(text string) bool {
	class, _ := classify(strings.Join(strings.Fields(text), " "))
	return class != ""
}
