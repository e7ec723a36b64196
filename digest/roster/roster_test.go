package roster_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/roster"
)

func readAll(t *testing.T, text string, o roster.Options) (rows []roster.Row) {
	t.Helper()
	r, err := roster.NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// short is a row in one line: what most tests care about.
func short(rows []roster.Row) (out []string) {
	for _, r := range rows {
		if r.Refused != nil {
			out = append(out, fmt.Sprintf("%d refused: %v", r.Line, r.Refused))
			continue
		}
		out = append(out, fmt.Sprintf("%d %s|%s|%s|%s", r.Line, r.Email, r.Name, r.Language, r.State))
	}
	return out
}

func utf16le(s string, mark bool) string {
	var b strings.Builder
	if mark {
		b.WriteString("\xff\xfe")
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestAnyDialectAndCharsetReadsTheSame(t *testing.T) {
	want := []string{"2 zoe@example.org|Zoé Léger|fr|confirmed", `3 jo@example.org|Jo "Jo" Martin|en|left`}
	plain := "Adresse e-mail;Nom complet;Langue;Statut\nzoe@Example.org;Zoé Léger;fr;abonné\njo@example.org;\"Jo \"\"Jo\"\" Martin\";en;désabonné\n"
	latin := strings.NewReplacer("é", "\xe9").Replace(plain)
	for name, text := range map[string]string{
		"semicolons": plain, "commas": strings.ReplaceAll(plain, ";", ","), "tabs": strings.ReplaceAll(plain, ";", "\t"), "bars": strings.ReplaceAll(plain, ";", "|"),
		"windows lines": strings.ReplaceAll(plain, "\n", "\r\n"), "old mac lines": strings.ReplaceAll(plain, "\n", "\r"), "no last line end": strings.TrimSuffix(plain, "\n"),
		"bom": "\xef\xbb\xbf" + plain, "windows-1252": latin, "utf-16 with mark": utf16le(plain, true), "utf-16 without": utf16le(plain, false),
	} {
		if diff := cmp.Diff(want, short(readAll(t, text, roster.Options{}))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	mac := strings.NewReplacer("é", "\x8e").Replace(plain)
	if diff := cmp.Diff(want, short(readAll(t, mac, roster.Options{Charset: "macintosh"}))); diff != "" {
		t.Errorf("a charset that was named:\n%s", diff)
	}
	if got := short(readAll(t, "sep=;\n"+plain, roster.Options{})); len(got) != 2 || got[0] != "3 zoe@example.org|Zoé Léger|fr|confirmed" {
		t.Errorf("excel's own line: %q", got)
	}
}

func TestABadRowCostsThatRowOnly(t *testing.T) {
	text := "email,name\n" +
		"a@example.org,A\n" +
		"not an address,B\n" +
		"c@example.org,\"never closed\n" +
		"d@example.org,D\n" +
		"e@example.org,\"over\ntwo lines\"\n" +
		",F\n" +
		"g@example.org,G,too,many\n" +
		"h@example.org\n" +
		"\n" +
		"i@example.org,5\" disk\n" +
		"\"j@example.org\",\"J\"\n" +
		"k@example.org," + strings.Repeat("x", 2<<20) + "\n" +
		"l@example.org,L\xe9o"
	want := []string{
		"2 a@example.org|A||",
		`3 refused: address "not an address": is missing its @; write name@domain`,
		"4 refused: row: is longer than a million characters, or has a quotation mark that never closes",
		"5 d@example.org|D||",
		"6 e@example.org|over two lines||",
		"8 refused: address: is missing",
		"9 refused: row: has 4 columns, but the file has 2; put values with a ',' in quotes",
		"10 h@example.org|||",
		"12 i@example.org|5\" disk||",
		"13 j@example.org|J||",
		"14 refused: row: is longer than a million characters, or has a quotation mark that never closes",
		"15 l@example.org|Léo||",
	}
	if diff := cmp.Diff(want, short(readAll(t, text, roster.Options{}))); diff != "" {
		t.Error(diff)
	}
}

func TestAFileOfBareAddresses(t *testing.T) {
	want := []string{"1 zoe@example.org|||", "2 jo@example.org|Jo Martin||"}
	if diff := cmp.Diff(want, short(readAll(t, "zoe@example.org\nJo Martin <jo@example.org>\n", roster.Options{}))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1 zoe@example.org|Zoé||"}, short(readAll(t, "Zoé,zoe@example.org", roster.Options{}))); diff != "" {
		t.Error(diff)
	}
}

func TestColumnsAreNamedByTheOperator(t *testing.T) {
	o := roster.Options{Columns: map[string]string{"Kontakt": "email", "Vorname": "first", "Ort": "skip"}}
	rows := readAll(t, "Kontakt,Vorname,Ort,Farbe\nzoe@example.org,Zoé,Brest,rot\n", o)
	want := []roster.Row{{Line: 2, Email: "zoe@example.org", Name: "Zoé", Attributes: map[string]any{"Farbe": "rot"}}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestAttributesHaveTheTypesTheOperatorGives(t *testing.T) {
	o := roster.Options{Kinds: map[string]roster.Kind{"Age": roster.KindNumber, "club": roster.KindYesNo, "Born": roster.KindDate, "tags": roster.KindList}}
	rows := readAll(t, "email;age;club;born;tags;postcode\nzoe@example.org;41;oui;1985-03-04;a, b;01000\njo@example.org;1 234,5;non;04/03/1985;;\nal@example.org;old;;;;\n", o)
	want := []roster.Row{
		{Line: 2, Email: "zoe@example.org", Attributes: map[string]any{"age": int64(41), "club": true, "born": "1985-03-04", "tags": []any{"a", "b"}, "postcode": "01000"}},
		{Line: 3, Email: "jo@example.org", Attributes: map[string]any{"age": 1234.5, "club": false, "born": "1985-03-04"}},
		{Line: 4, Refused: &digest.InvalidError{Field: "age", Value: "old", Reason: "is no number"}},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []roster.Options{{Columns: map[string]string{"nowhere": "email"}}, {Columns: map[string]string{"age": "shoesize"}}, {Kinds: map[string]roster.Kind{"age": "colour"}}} {
		if _, err := roster.NewReader(strings.NewReader("email,age\na@example.org,1\n"), wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

func TestExportsOfOtherPrograms(t *testing.T) {
	day := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, c := range map[string]struct {
		text string
		want []roster.Row
	}{
		"listmonk": {"uuid,email,name,attributes,status,created_at,updated_at\n" +
			`1-2,zoe@example.org,Zoé,"{""city"":""Brest"",""age"":41}",enabled,2025-03-04T05:06:07Z,2025-03-05T05:06:07Z` + "\n" +
			"1-3,jo@example.org,Jo,{},blocklisted,2025-03-04T05:06:07Z,\n",
			[]roster.Row{
				{Line: 2, Email: "zoe@example.org", Name: "Zoé", State: "confirmed", Created: day, Attributes: map[string]any{"city": "Brest", "age": int64(41)}},
				{Line: 3, Email: "jo@example.org", Name: "Jo", State: "left", Suppress: "operator", Created: day}}},
		"mailchimp": {"Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,LEID,TAGS\nzoe@example.org,Zoé,Léger,2,2025-03-04 05:06:07,1,\"\"\"club\"\"\"\n",
			[]roster.Row{{Line: 2, Email: "zoe@example.org", Name: "Zoé Léger", Created: day, Attributes: map[string]any{"TAGS": `"club"`}}}},
		"mailchimp, those who left": {"Email Address,First Name,UNSUB_TIME,UNSUB_REASON\nzoe@example.org,Zoé,2025-03-04 05:06:07,NORMAL\n",
			[]roster.Row{{Line: 2, Email: "zoe@example.org", Name: "Zoé", State: "left", Reason: "NORMAL"}}},
		"mailchimp, cleaned": {"Email Address,CLEAN_TIME\nzoe@example.org,2025-03-04 05:06:07\n",
			[]roster.Row{{Line: 2, Email: "zoe@example.org", State: "left", Suppress: "hard bounce"}}},
		"ghost": {"id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n" +
			"1,zoe@example.org,Zoé,,true,false,,2025-03-04T05:06:07.000Z,,club,\n2,jo@example.org,Jo,,false,false,,2025-03-04T05:06:07.000Z,,,\n" +
			"3,al@example.org,Al,,true,false,,2025-03-04T05:06:07.000Z,2025-04-01T00:00:00.000Z,,\n",
			[]roster.Row{
				{Line: 2, Email: "zoe@example.org", Name: "Zoé", State: "confirmed", Created: day, Attributes: map[string]any{"complimentary_plan": "false", "labels": "club"}},
				{Line: 3, Email: "jo@example.org", Name: "Jo", State: "left", Created: day, Attributes: map[string]any{"complimentary_plan": "false"}},
				{Line: 4, Email: "al@example.org", Name: "Al", State: "left", Created: day, Attributes: map[string]any{"complimentary_plan": "false"}}}},
		"json lines": {`{"email":"zoe@example.org","name":"Zoé","language":"fr","lists":["hebdo",{"name":"tech"}],"state":"pending","text_only":true,"attribs":{"n":12345678901234567}}` + "\n" +
			"\n{\"email\":\"jo@example.org\"\n{\"email\":\"al@example.org\",\"subscribed\":false}\n",
			[]roster.Row{
				{Line: 1, Email: "zoe@example.org", Name: "Zoé", Language: "fr", Lists: []string{"hebdo", "tech"}, State: "pending", TextOnly: true, Attributes: map[string]any{"n": int64(12345678901234567)}},
				{Line: 3, Refused: &digest.InvalidError{Field: "row", Reason: "is not one JSON object"}},
				{Line: 4, Email: "al@example.org", State: "left"}}},
	} {
		if diff := cmp.Diff(c.want, readAll(t, c.text, roster.Options{}), cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestOurOwnExportBringsChoicesAndOtherFilesAttributes(t *testing.T) {
	rows := readAll(t, `{"email":"zoe@example.org","list":"hebdo","state":"confirmed","since":"2025-03-04T05:06:07Z","topics":["Mer"],"cadence":"weekly","snooze":"2026-12-23T23:00:00Z","hour":"07:30","zone":"Europe/Paris","attributes":{"city":"Brest"}}`+"\n"+
		`{"email":"jo@example.org","zone":"north"}`+"\n", roster.Options{})
	day := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	want := []roster.Row{{Line: 1, Email: "zoe@example.org", State: "confirmed", Lists: []string{"hebdo"}, Created: day, Attributes: map[string]any{"city": "Brest"},
		Choice: digest.Choice{Topics: []string{"Mer"}, Cadence: "weekly", Snooze: time.Date(2026, 12, 23, 23, 0, 0, 0, time.UTC), Hour: "07:30", Zone: "Europe/Paris"}},
		{Line: 2, Email: "jo@example.org", Attributes: map[string]any{"zone": "north"}}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestWishesOfAFileAreReadWhereTheOperatorSaysSo(t *testing.T) {
	text := "email;Rubriques;Fréquence;Pause;Heure;statut\nzoe@example.org;Mer, Culture;weekly;24/12/2026;7;\njo@example.org;;hourly;;;\nlea@example.org;;hourly;;;désabonné\nmax@example.org;;;soon;;\n"
	rows := readAll(t, text, roster.Options{Columns: map[string]string{"Rubriques": "topics", "Fréquence": "cadence", "Pause": "snooze", "Heure": "hour"}})
	want := digest.Choice{Topics: []string{"Culture", "Mer"}, Cadence: "weekly", Snooze: time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC), Hour: "07:00"}
	if diff := cmp.Diff(want, rows[0].Choice); diff != "" {
		t.Error(diff)
	}
	if rows[1].Refused == nil || rows[2].State != digest.SubLeft || rows[2].Choice.Made() || rows[3].Refused == nil {
		t.Errorf("%+v", rows[1:])
	}
	rows = readAll(t, `{"email":"zoe@example.org","Rubriques":["Mer","Culture"],"rythme":"weekly","Âge":"41"}`, roster.Options{
		Columns: map[string]string{"Rubriques": "topics", "Rythme": "cadence"}, Kinds: map[string]roster.Kind{"Âge": roster.KindNumber}})
	if c := rows[0].Choice; len(c.Topics) != 2 || c.Cadence != "weekly" || rows[0].Attributes["Âge"] != int64(41) {
		t.Errorf("JSON lines: %+v", rows)
	}
	if got := readAll(t, text, roster.Options{})[0].Attributes["Rubriques"]; got != "Mer, Culture" {
		t.Errorf("a column of another program: %v", got)
	}
}

// TestAnUnknownStateIsNotGuessed: to take it for "confirmed" would be to write
// to somebody who left.
func TestAnUnknownStateIsNotGuessed(t *testing.T) {
	rows := readAll(t, "email,status\nzoe@example.org,wobbly\n", roster.Options{})
	if rows[0].Refused == nil || rows[0].Email != "" {
		t.Errorf("%+v", rows)
	}
}

func TestAFileThatCannotBeReadSaysWhy(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "is empty",
		"name,city\nZoé,Brest\n": "no column of addresses",
		`[{"email":"a@b.org"}]`:  "one object a line",
	} {
		_, err := roster.NewReader(strings.NewReader(text), roster.Options{})
		var invalid *digest.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAnExportReadsBackAndCalculatesNothing(t *testing.T) {
	since := time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)
	for _, name := range []string{`=HYPERLINK("https://evil.example","x")`, "+33 6 12", "-2", "@SUM(A1)", "'=quoted", "''-x", "Zoé, \"Léger\"", "%x", "plain"} {
		var b strings.Builder
		w := roster.NewWriter(&b)
		choice := digest.Choice{Topics: []string{name, "Sea"}, Cadence: "monthly", Language: "fr", TextOnly: true, Snooze: since, Hour: "07:30", Zone: "Europe/Paris"}
		s := digest.Subscription{Subscriber: digest.Subscriber{Email: "+zoe@example.org", Name: name}, List: "hebdo", State: digest.SubPending, Since: since, Reason: "=1+1", Choice: choice}
		if err := w.Write(s); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(b.String(), "\n")
		for cell := range strings.SplitSeq(line, ",") {
			if cell = strings.TrimLeft(cell, `" `); cell != "" && strings.ContainsAny(cell[:1], "=+-@\t%") {
				t.Errorf("%q would be calculated: %s", name, line)
			}
		}
		want := []roster.Row{{Line: 2, Email: "+zoe@example.org", Name: name, Language: "fr", TextOnly: true, State: "pending", Lists: []string{"hebdo"}, Created: since, Reason: "=1+1", Choice: choice}}
		want[0].Choice.Language, want[0].Choice.TextOnly = "", false // the row's
		want[0].Choice, _ = want[0].Choice.Clean()
		if diff := cmp.Diff(want, readAll(t, b.String(), roster.Options{})); diff != "" {
			t.Errorf("%q:\n%s", name, diff)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add("email,name\na@b.org,\"x\ny\"\n")
	f.Add("{\"email\":\"a@b.org\"}\n")
	f.Add("a@b.org;Zo\xe9\r")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := roster.NewReader(strings.NewReader(text), roster.Options{})
		if err != nil {
			return
		}
		last := 0
		for row, err := range r.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if row.Line <= last || (row.Refused == nil) == (row.Email == "") {
				t.Fatalf("after line %d: %+v", last, row)
			}
			last = row.Line
		}
	})
}

// table writes a million rows with quotes, accents and 1 % bad ones.
func table(w io.Writer, rows int) {
	fmt.Fprintln(w, "email,name,language,status")
	for i := range rows {
		if i%100 == 7 {
			fmt.Fprintf(w, "reader%d.example.org,bad,fr,confirmed\n", i)
			continue
		}
		fmt.Fprintf(w, "reader%d@example.org,\"Zoé \"\"%d\"\" Léger\",fr,confirmed\n", i*7919%rows, i)
	}
}

func BenchmarkReader(b *testing.B) {
	var text strings.Builder
	table(&text, 100_000)
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		r, err := roster.NewReader(strings.NewReader(text.String()), roster.Options{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range r.Rows() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 100_000 {
			b.Fatal(n)
		}
	}
}
