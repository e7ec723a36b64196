package roster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/address"
)

// column is what a column means.
type column struct {
	field   string // "email", "name", … ; "attribute" for one without meaning here
	heading string
	kind    Kind // of an attribute
}

// meanings of headings in their [canonical] form: ours, those of listmonk,
// Mailchimp and Ghost, and what people write.
func meaningOf(heading string) string {
	switch canonical(heading) {
	case "email", "mail", "emailaddress", "adresseemail", "adressemail", "courriel", "adressecourriel", "adresseelectronique", "mel", "subscriberemail", "emails", "adressedemessagerie":
		return "email"
	case "name", "fullname", "nomcomplet", "nometprenom", "prenometnom", "prenomnom", "nomprenom", "displayname", "nom":
		return "name"
	case "firstname", "fname", "prenom", "givenname", "prenoms":
		return "first"
	case "lastname", "lname", "surname", "familyname", "nomdefamille":
		return "last"
	case "language", "lang", "langue", "locale":
		return "language"
	case "status", "state", "statut", "etat", "subscriptionstatus", "subscribedtoemails", "subscribed", "abonne":
		return "state"
	case "lists", "list", "listes", "liste":
		return "lists"
	case "created", "createdat", "since", "optintime", "confirmtime", "date", "dateinscription", "datedinscription", "inscritle", "subscribedat", "dateadded", "signupdate":
		return "created"
	case "reason", "unsubreason", "motif", "raison":
		return "reason"
	case "textonly", "textseul":
		return "text_only"
	case "deletedat":
		return "deleted"
	case "attributes", "attribs":
		return "attributes"
	case "uuid", "id", "leid", "euid", "updatedat", "memberrating", "optinip", "confirmip", "lastchanged", "unsubtime", "unsubcampaignid", "unsubcampaigntitle",
		"cleantime", "cleancampaignid", "cleancampaigntitle", "gmtoff", "dstoff", "stripecustomerid", "unsubreasonother":
		return "skip" // the other program's own
	}
	return "attribute"
}

// canonical is a heading without case, accents, blanks and signs.
func canonical(heading string) string {
	var b strings.Builder
	heading = strings.ToLower(heading)
	if strings.IndexFunc(heading, func(r rune) bool { return !('a' <= r && r <= 'z') }) < 0 {
		return heading
	}
	for _, r := range norm.NFD.String(heading) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mapColumns gives every column its meaning; what the operator said goes first.
func mapColumns(headings []string, o Options) ([]column, error) {
	columns := make([]column, len(headings))
	given, err := o.said(headings)
	if err != nil {
		return nil, err
	}
	kinds := o.kindsByName()
	ours := ownExport(func(name string) bool { return slices.Contains(headings, name) })
	found := false
	taken := map[string]bool{}
	for i, heading := range headings {
		heading = clean(heading)
		field, ok := given[canonical(heading)]
		if !ok {
			field = meaningOf(heading)
		}
		if !ok && ours && slices.Contains(choices, heading) {
			field = heading
		}
		if taken[field] && field != "skip" && field != "attribute" {
			field = "attribute" // the first of two columns with one meaning counts
		}
		taken[field] = true
		found = found || field == "email"
		columns[i] = column{field, heading, kinds[canonical(heading)]}
	}
	if !found {
		return nil, &digest.InvalidError{Field: "headings", Value: strings.Join(headings, ", "),
			Reason: "no column of addresses; name one of them email"}
	}
	return columns, nil
}

// bareColumns are the columns of a file without headings, known by an address
// in its first row.
func bareColumns(cells []string) []column {
	at := -1
	for i, cell := range cells {
		if _, err := address.ParseMailbox(unguard(cell)); err == nil && strings.Contains(cell, "@") && at < 0 {
			at = i
		}
	}
	if at < 0 {
		return nil
	}
	columns := make([]column, len(cells))
	for i := range columns {
		columns[i] = column{field: "attribute", heading: fmt.Sprintf("column %d", i+1)}
		if len(cells) == 2 {
			columns[i].field = "name"
		}
	}
	columns[at].field = "email"
	return columns
}

// set takes one value in.
func (b *builder) set(c column, value string) {
	value = unguard(value)
	if value == "" || c.field == "skip" {
		return
	}
	switch c.field {
	case "email":
		b.email = value
		return
	case "attributes":
		b.attributes(value)
		return
	}
	if value = clean(value); value == "" {
		return
	}
	switch c.field {
	case "name":
		b.row.Name = value
	case "first":
		b.first = value
	case "last":
		b.last = value
	case "language":
		b.row.Language = strings.ReplaceAll(value, "_", "-")
	case "state":
		b.state(value)
	case "deleted":
		b.row.State = digest.SubLeft
	case "lists":
		b.row.Lists = splitNames(value)
	case "created":
		b.row.Created = readTime(value)
	case "reason":
		b.row.Reason = value
	case "text_only":
		b.row.TextOnly = yes(value)
	case "topics", "cadence", "snooze", "hour", "zone":
		b.choice(c.field, value)
	default:
		typed, err := c.kind.read(value)
		if err != nil {
			b.err = &digest.InvalidError{Field: c.heading, Value: value, Reason: err.Error()}
			return
		}
		b.attribute(c.heading, typed)
	}
}

// choices are what our own export says of a reader's wishes for one list. In any
// other file they are choices when the operator says so, for there a column named
// zone may be anything.
var choices = []string{"topics", "cadence", "snooze", "hour", "zone"}

// ownExport knows our own export by what no other has together.
func ownExport(has func(string) bool) bool { return has("list") && has("state") && has("since") }

// choice takes a reader's wish in. What cannot be one refuses the row: they would
// get what they did not ask for.
func (b *builder) choice(field, value string) {
	c := &b.row.Choice
	var err error
	switch field {
	case "topics":
		c.Topics = readTopics(value)
	case "cadence":
		c.Cadence, err = digest.ParseCadence(value)
	case "hour":
		c.Hour, err = digest.ParseHour(value)
	case "zone":
		c.Zone = value
	case "snooze":
		if c.Snooze = readTime(value); c.Snooze.IsZero() {
			err = &digest.InvalidError{Field: "snooze", Value: value, Reason: "is no day; write 2026-12-24"}
		}
	}
	b.wish = cmp.Or(b.wish, err)
}

// readTopics reads names, or a list of them as JSON.
func readTopics(value string) (topics []string) {
	if !strings.HasPrefix(value, "[") || json.Unmarshal([]byte(value), &topics) != nil {
		return splitNames(value)
	}
	return topics
}

// settleChoice checks a choice as a whole. Whoever left has none, and is not
// refused for it: that they left must not be lost.
func (b *builder) settleChoice() (err error) {
	c := &b.row.Choice
	switch {
	case b.row.State == digest.SubLeft:
		*c = digest.Choice{}
	case b.wish != nil:
		return b.wish
	case c.Made():
		*c, err = c.Clean()
	}
	return err
}

func (b *builder) attribute(key string, value any) {
	if b.row.Attributes == nil {
		b.row.Attributes = map[string]any{}
	}
	b.row.Attributes[key] = value
}

// attributes reads listmonk's column of JSON.
func (b *builder) attributes(value string) {
	var all map[string]any
	decoder := json.NewDecoder(strings.NewReader(value))
	decoder.UseNumber()
	if decoder.Decode(&all) != nil {
		b.attribute("attributes", clean(value))
		return
	}
	for key, v := range all {
		b.attribute(key, typed(v))
	}
}

// state reads the many words for the three states. One that is not known
// refuses the row: to guess would be to write to somebody who left.
func (b *builder) state(word string) {
	switch canonical(word) {
	case "subscribed", "confirmed", "active", "enabled", "true", "yes", "oui", "1", "vrai", "actif", "abonne", "inscrit", "optin", "confirme":
		if b.row.State != digest.SubLeft {
			b.row.State = digest.SubConfirmed
		}
	case "unconfirmed", "pending", "enattente", "nonconfirme", "aconfirmer":
		if b.row.State != digest.SubLeft {
			b.row.State = digest.SubPending
		}
	case "unsubscribed", "left", "disabled", "inactive", "inactif", "false", "no", "non", "0", "faux", "desabonne", "desinscrit", "optout", "archived":
		b.row.State = digest.SubLeft
	case "cleaned", "bounced", "hardbounce", "bounce", "rejete":
		b.row.State, b.row.Suppress = digest.SubLeft, "hard bounce"
	case "complained", "complaint", "spam", "plainte":
		b.row.State, b.row.Suppress = digest.SubLeft, "complaint"
	case "blocklisted", "blacklisted", "suppressed", "blocked", "bloque":
		b.row.State, b.row.Suppress = digest.SubLeft, "operator"
	default:
		b.err = &digest.InvalidError{Field: "state", Value: word, Reason: "not known; write confirmed, pending or left"}
	}
}

func yes(word string) bool {
	switch canonical(word) {
	case "true", "yes", "oui", "1", "vrai", "x":
		return true
	}
	return false
}

func splitNames(s string) (names []string) {
	for name := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' }) {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// readTime reads the ways the exports write a time; zero when it is none of
// them. Dates with slashes are read day first, unless they cannot be.
func readTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly, "2006-01-02 15:04:05.999999-07:00", "2006-01-02 15:04:05.999999-07",
		"2006-01-02T15:04:05", "02/01/2006 15:04:05", "02/01/2006 15:04", "02/01/2006", "01/02/2006", "02.01.2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
