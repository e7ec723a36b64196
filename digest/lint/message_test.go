package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// good is a message of ours that breaks no rule.
var good = strings.ReplaceAll(`DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=zest;
 h=From:From:To:To:Subject:Subject:Date:Date:Message-ID:Message-ID:Reply-To:
 Reply-To:MIME-Version:Content-Type:List-Id:List-Unsubscribe:
 List-Unsubscribe-Post:Feedback-ID;
 bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=dGVzdA==
Date: Tue, 24 Nov 2026 08:00:00 +0100
From: =?utf-8?q?L=27=C3=89tabli?= <lettre@news.example.org>
To: =?utf-8?q?Zo=C3=A9_L=C3=A9ger?= <zoe@example.net>
Reply-To: redaction@example.org
Message-ID: <42.c3Vic2NyaWJlcg@example.org>
Subject: =?utf-8?q?Le_moulin_=C3=A0_mar=C3=A9e_tourne_=C3=A0_nouveau?=
 =?utf-8?q?_et_le_tram_attend?=
MIME-Version: 1.0
List-Id: =?utf-8?q?L=27=C3=89tabli?= <hebdo.example.org>
List-Unsubscribe: <https://news.example.org/u/9fK3x>,
 <mailto:unsubscribe+9fK3x@example.org>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
List-Archive: <https://news.example.org/archive>
Auto-Submitted: auto-generated
Precedence: bulk
Feedback-ID: hebdo-42:hebdo:digest:zestdemo
Content-Type: multipart/alternative; boundary="b1_zest"

--b1_zest
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Le moulin =C3=A0 mar=C3=A9e tourne =C3=A0 nouveau
https://quai.example/moulin?a=3D1&b=3D2

Le tram attend (https://quai.example/tram).
=C3=89crire=C2=A0: redaction@example.org
--=20
Se d=C3=A9sinscrire <https://news.example.org/u/9fK3x>

--b1_zest
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html lang=3D"fr"><head><style>p{margin:0}</style></head><body>
<p><a href=3D"https://quai.example/moulin?a=3D1&amp;b=3D2">Le moulin =C3=A0=
 mar=C3=A9e</a> <a href=3D"https://quai.example/tram">Le tram</a>
<a href=3D"#top">Haut</a>
<a href=3D"mailto:redaction@example.org?subject=
=3Dx">=C3=89crire</a>
<a href=3D"https://news.example.org/u/9fK3x">Se d=C3=A9sinscrire</a></p>
</body></html>

--b1_zest--
`, "\n", "\r\n")

func TestAGoodMessageHasNoFindings(t *testing.T) {
	if diff := cmp.Diff([]Finding(nil), Message([]byte(good))); diff != "" {
		t.Error(diff)
	}
}

// swap is a mutation: the first old becomes new.
func swap(old, new string) func(string) string {
	return func(s string) string {
		crlf := strings.NewReplacer("\n", "\r\n")
		before := s
		if s = strings.Replace(s, crlf.Replace(old), crlf.Replace(new), 1); s == before {
			panic("the good message holds no " + old)
		}
		return s
	}
}

func drop(name string) func(string) string {
	return func(s string) string {
		lines := strings.SplitAfter(s, "\r\n")
		var out strings.Builder
		skipping, body := false, false
		for _, line := range lines {
			body = body || line == "\r\n"
			if !isFold(line) {
				skipping = !body && strings.HasPrefix(line, name+":")
			}
			if !skipping {
				out.WriteString(line)
			}
		}
		return out.String()
	}
}

func TestEveryBrokenRuleIsNamed(t *testing.T) {
	long := strings.Repeat("x", 1000)
	tests := []struct {
		name     string
		mutate   func(string) string
		severity Severity
		rule     string
	}{
		{"bare LF", func(s string) string { return strings.Replace(s, "attend (", "att\nend (", 1) }, Hard, "crlf"},
		{"bare CR", func(s string) string { return strings.Replace(s, "attend (", "att\rend (", 1) }, Hard, "crlf"},
		{"LF everywhere", func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }, Hard, "crlf"},
		{"NUL", swap("Le tram attend (", "Le\x00tram ("), Hard, "nul"},
		{"long line in the header", swap("Reply-To: ", "X-Long: "+long+"\nReply-To: "), Hard, "line-length"},
		{"long line in the body", swap("<p>", long+"<p>"), Hard, "line-length"},
		{"unfolded header", swap("Reply-To: ", "X-Words: "+strings.Repeat("word ", 20)+"\nReply-To: "), Soft, "header-fold"},
		{"8-bit header", swap("redaction@example.org", "rédaction@example.org"), Hard, "header-7bit"},
		{"not a field", swap("Reply-To: ", "Reply To "), Hard, "header-syntax"},
		{"space before the colon", swap("Reply-To: ", "Reply-To : "), Hard, "header-syntax"},
		{"blank fold", swap("MIME-Version: 1.0", " \nMIME-Version: 1.0"), Hard, "header-syntax"},
		{"word too long", swap("=?utf-8?q?_et_le_tram_attend?=", "=?utf-8?q?"+strings.Repeat("a", 64)+"?="), Hard, "encoded-word"},
		{"line with words too long", swap("=?utf-8?q?_et_le_tram_attend?=", strings.Repeat("=?utf-8?q?aaaaaaaaaaaa?= ", 4)), Hard, "encoded-word"},
		{"split character", swap("mar=C3=A9e_tourne_=C3=A0_nouveau?=\n =?utf-8?q?", "mar=C3?=\n =?utf-8?q?=A9e_"), Hard, "encoded-word"},
		{"split character in base64", swap("=?utf-8?q?_et_le_tram_attend?=", "=?utf-8?b?w6nD?="), Hard, "encoded-word"},
		{"unclosed word", swap("=?utf-8?q?_et_le_tram_attend?=", "=?utf-8?q?_et_le_tram_attend"), Hard, "encoded-word"},
		{"space in a word", swap("=?utf-8?q?_et_le_tram_attend?=", "=?utf-8?q?_et le_tram_attend?="), Hard, "encoded-word"},
		{"word glued to text", swap("=?utf-8?q?_et_le_tram_attend?=", "=?utf-8?q?_et_le_tram_attend?=now"), Hard, "encoded-word"},
		{"word in a quoted string", swap("=?utf-8?q?Zo=C3=A9_L=C3=A9ger?=", `"=?utf-8?q?Zo=C3=A9_L=C3=A9ger?="`), Hard, "encoded-word"},
		{"word in an address", swap("<zoe@example.net>", "<=?utf-8?q?zo=C3=A9?=@example.net>"), Hard, "encoded-word"},
		{"word in a structured field", swap("Precedence: bulk", "Precedence: =?utf-8?q?bulk?="), Hard, "encoded-word"},
		{"another character set", swap("=?utf-8?q?_et_le_tram_attend?=", "=?iso-8859-1?q?=E9?="), Hard, "encoded-word"},
		{"comma in a name's word", swap("?q?Zo=C3=A9_L=C3=A9ger?=", "?q?L=C3=A9ger,_Zo=C3=A9?="), Hard, "encoded-word"},
		{"apostrophe in a name's word", swap("?q?L=27=C3=89tabli?= <lettre", "?q?L'=C3=89tabli?= <lettre"), Soft, "encoded-word"},
		{"header injection", swap("=?utf-8?q?_et_le_tram_attend?=", "=?utf-8?q?a=0D=0ABcc:_x?="), Hard, "encoded-word"},
		{"no Date", drop("Date"), Hard, "required-header"},
		{"no From", drop("From"), Hard, "required-header"},
		{"no To", drop("To"), Hard, "required-header"},
		{"no Message-ID", drop("Message-ID"), Hard, "required-header"},
		{"no Subject", drop("Subject"), Hard, "required-header"},
		{"no MIME-Version", drop("MIME-Version"), Hard, "required-header"},
		{"no Content-Type", drop("Content-Type"), Hard, "content-type"},
		{"date without zone", swap("08:00:00 +0100", "08:00:00"), Hard, "date"},
		{"date with a named zone", swap("+0100", "GMT"), Hard, "date"},
		{"wrong weekday", swap("Tue, 24", "Wed, 24"), Hard, "date"},
		{"two senders", swap("<lettre@news.example.org>", "<lettre@news.example.org>, b@example.org"), Hard, "from"},
		{"a sender without a name", swap("From: =?utf-8?q?L=27=C3=89tabli?= <", "From: <"), Soft, "from-name"},
		{"a pictogram in the sender", swap("From: =?utf-8?q?L=27=C3=89tabli?= <", "From: =?utf-8?q?=F0=9F=94=A5_La_Lettre?= <"), Soft, "from-name"},
		{"a sender like an address", swap("From: =?utf-8?q?L=27=C3=89tabli?= <", "From: \"lettre@news.example.org\" <"), Soft, "from-name"},
		{"a long sender", swap("From: =?utf-8?q?L=27=C3=89tabli?= <", "From: La Lettre de toutes les rives du fleuve <"), Soft, "from-name"},
		{"no address in From", swap(" <lettre@news.example.org>", ""), Hard, "from"},
		{"two readers", swap("<zoe@example.net>", "<zoe@example.net>, sam@example.net"), Hard, "to"},
		{"Message-ID without brackets", swap("<42.c3Vic2NyaWJlcg@example.org>", "42.c3Vic2NyaWJlcg@example.org"), Hard, "message-id"},
		{"Message-ID with a leading dot", swap("<42.c3V", "<.42.c3V"), Hard, "message-id"},
		{"Message-ID elsewhere", swap("c3Vic2NyaWJlcg@example.org", "c3Vic2NyaWJlcg@vm.internal"), Hard, "message-id"},
		{"empty subject", func(s string) string {
			return swap("\nMIME-Version: ", "\nSubject: \nMIME-Version: ")(drop("Subject")(s))
		}, Hard, "subject"},
		{"false answer", swap("Subject: ", "Subject: Re: "), Soft, "subject"},
		{"two subjects", swap("MIME-Version: 1.0", "Subject: again\nMIME-Version: 1.0"), Hard, "single-header"},
		{"two List-Unsubscribe", swap("Precedence", "List-Unsubscribe: <https://news.example.org/x>\nPrecedence"), Hard, "single-header"},
		{"no List-Id", drop("List-Id"), Hard, "list-id"},
		{"List-Id without a dot", swap("<hebdo.example.org>", "<hebdo>"), Hard, "list-id"},
		{"List-Id encoded whole", swap("=?utf-8?q?L=27=C3=89tabli?= <hebdo.example.org>", "=?utf-8?q?=C3=89tabli_=3Chebdo.example.org=3E?="), Hard, "list-id"},
		{"no List-Unsubscribe", drop("List-Unsubscribe"), Hard, "list-unsubscribe"},
		{"mailto first", swap("<https://news.example.org/u/9fK3x>,\n <mailto:unsubscribe+9fK3x@example.org>", "<mailto:u@example.org>,\n <https://news.example.org/u/9fK3x>"), Hard, "list-unsubscribe"},
		{"two web addresses", swap("<https://news.example.org/u/9fK3x>,", "<https://news.example.org/u/9fK3x>,\n <https://news.example.org/u/2>,"), Hard, "list-unsubscribe"},
		{"no mailto", swap(",\n <mailto:unsubscribe+9fK3x@example.org>", ""), Hard, "list-unsubscribe"},
		{"only mailto", swap("<https://news.example.org/u/9fK3x>,\n ", ""), Hard, "list-unsubscribe"},
		{"no brackets", swap("<https://news.example.org/u/9fK3x>,", "https://news.example.org/u/9fK3x,"), Hard, "list-unsubscribe"},
		{"plain http", swap("<https://news.example.org/u/9fK3x>,", "<http://news.example.org/u/9fK3x>,"), Hard, "list-unsubscribe"},
		{"plain http here", swap("<https://news.example.org/u/9fK3x>,", "<http://127.0.0.1:8080/u/9fK3x>,"), Soft, "list-unsubscribe"},
		{"the reader in the link", swap("/u/9fK3x>,", "/u?m=zoe%40example.net>,"), Hard, "list-unsubscribe"},
		{"no one-click", drop("List-Unsubscribe-Post"), Hard, "list-unsubscribe-post"},
		{"one-click misspelt", swap("=One-Click", "=one-click"), Hard, "list-unsubscribe-post"},
		{"no Auto-Submitted", drop("Auto-Submitted"), Soft, "auto-submitted"},
		{"Auto-Submitted: no", swap("auto-generated", "no"), Hard, "auto-submitted"},
		{"no Precedence", drop("Precedence"), Soft, "precedence"},
		{"Precedence: junk", swap("bulk", "junk"), Soft, "precedence"},
		{"Feedback-ID with three fields", swap("hebdo-42:hebdo:digest:zestdemo", "hebdo:digest:zestdemo"), Hard, "feedback-id"},
		{"short Feedback-ID sender", swap(":zestdemo", ":zest"), Hard, "feedback-id"},
		{"List-Archive without brackets", swap("<https://news.example.org/archive>", "https://news.example.org/archive"), Hard, "list-archive"},
		{"unsigned one-click", swap("\n List-Unsubscribe-Post:Feedback-ID", "\n Feedback-ID"), Hard, "dkim"},
		{"unsigned unsubscribe", swap("List-Id:List-Unsubscribe:", "List-Id:"), Hard, "dkim"},
		{"length in the signature", swap("v=1; a=", "v=1; l=10; a="), Hard, "dkim"},
		{"sha1", swap("rsa-sha256", "rsa-sha1"), Hard, "dkim"},
		{"signed by another", swap("d=example.org", "d=relay.example"), Soft, "dkim"},
		{"HTML first", func(s string) string {
			return strings.NewReplacer("text/plain", "text/html", "text/html", "text/plain").Replace(s)
		}, Hard, "structure"},
		{"HTML alone", swap(`multipart/alternative; boundary="b1_zest"`, "text/html; charset=utf-8"), Hard, "structure"},
		{"mixed", swap("multipart/alternative", "multipart/mixed"), Hard, "structure"},
		{"latin-1", swap("text/html; charset=utf-8", "text/html; charset=iso-8859-1"), Hard, "charset"},
		{"no charset", swap("text/plain; charset=utf-8", "text/plain"), Hard, "charset"},
		{"half a character", swap("<p>", "=C3<p>"), Hard, "charset"},
		{"base64", swap("quoted-printable", "base64"), Hard, "transfer-encoding"},
		{"8bit", swap("quoted-printable", "8bit"), Hard, "transfer-encoding"},
		{"encoded multipart", swap("Content-Type: multi", "Content-Transfer-Encoding: quoted-printable\nContent-Type: multi"), Hard, "transfer-encoding"},
		{"long line in QP", swap("Le tram attend (", strings.Repeat("y", 70)+" attend ("), Hard, "qp-line"},
		{"lone equals sign", swap("Le tram attend (", "1 = 1 ("), Hard, "qp-encoding"},
		{"lower-case hex", swap("moulin =C3=A0", "moulin =c3=a0"), Hard, "qp-encoding"},
		{"8-bit byte in QP", swap("=C3=89crire=C2", "Écrire=C2"), Hard, "qp-encoding"},
		{"trailing space", swap("--=20", "-- "), Hard, "trailing-space"},
		{"no closing boundary", swap("--b1_zest--\n", ""), Hard, "boundary"},
		{"boundary never comes", swap(`boundary="b1_zest"`, `boundary="other"`), Hard, "boundary"},
		{"no boundary", swap(`; boundary="b1_zest"`, ""), Hard, "boundary"},
		{"boundary in the text", swap("Le tram attend (", "--b1_zest and on\nLe tram ("), Hard, "boundary"},
		{"text without a link", swap("(https://quai.example/tram)", "(ici)"), Hard, "text-links"},
		{"text with a longer link", swap("(https://quai.example/tram)", "(https://quai.example/tramway)"), Hard, "text-links"},
		{"text without the mailbox", swap("=C2=A0: redaction@example.org", "=C2=A0: ici"), Hard, "text-links"},
		{"token in a header", swap("/u/9fK3x>,", "/u/@@unsubscribe_url@@>,"), Hard, "token"},
		{"token in the body", swap("Le tram attend (", "@@name@@, le tram ("), Hard, "token"},
		{"token cut by the encoding", swap("Le tram attend (", "@@na=\nme@@ ("), Hard, "token"},
		{"token in encoded words", swap("?utf-8?q?_et_le_tram_attend?=", "?utf-8?q?_=40=40name=40=40?="), Hard, "token"},
		{"token in a name", swap("=?utf-8?q?Zo=C3=A9_L=C3=A9ger?=", "=?utf-8?b?QEBuYW1lQEA=?="), Hard, "token"},
		{"encoded-word in a file name", swap("--b1_zest--", "--b1_zest\nContent-Type: image/png\nContent-Disposition: attachment; filename=\"=?utf-8?q?=C3=A9?=\"\n\n--b1_zest--"), Hard, "encoded-word"},
		{"Content-ID without brackets", swap("--b1_zest--", "--b1_zest\nContent-Type: image/png\nContent-ID: logo@example.org\n\n--b1_zest--"), Hard, "content-id"},
		{"HTML too big", swap("</body>", strings.Repeat(strings.Repeat("z", 70)+"\n", 1420)+"</body>"), Hard, "html-size"},
		{"styles too big", swap("</style>", strings.Repeat("\n"+strings.Repeat("z", 70), 240)+"\n</style>"), Hard, "style-size"},
		{"subject too long", swap("MIME-Version: 1.0", strings.Repeat(" =?utf-8?q?aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?=\n", 19)+"MIME-Version: 1.0"), Hard, "subject"},
		{"wide text", swap("Le tram attend (", strings.Repeat("wide ", 12)+"=\n"+strings.Repeat("wide ", 8)+"=20\n("), Soft, "text-width"},
		{"no CRLF at the end", func(s string) string { return strings.TrimSuffix(s, "\r\n") }, Soft, "crlf"},
		{"huge header", swap("Reply-To", "X-Big:"+strings.Repeat(" "+strings.Repeat("b", 70)+"\n", 500)+"Reply-To"), Soft, "header-size"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			findings := Message([]byte(tt.mutate(good)))
			for _, f := range findings {
				if f.Rule == tt.rule && f.Severity == tt.severity && f.Reason != "" {
					return
				}
			}
			t.Errorf("no %s finding of %s among %+v", tt.severity, tt.rule, findings)
		})
	}
}

func TestFindingsPointAtTheLine(t *testing.T) {
	findings := Message([]byte(swap("Precedence: bulk", "Precedence: junk")(good)))
	want := 1 + strings.Count(good[:strings.Index(good, "Precedence")], "\n")
	if len(findings) != 1 || findings[0].Line != want {
		t.Errorf("%+v, want line %d", findings, want)
	}
}

func TestPicturesMayTravelInside(t *testing.T) {
	related := func(s string) string {
		s = swap(`Content-Type: multipart/alternative; boundary="b1_zest"`+"\n", `Content-Type: multipart/related; boundary=rel`+"\n\n--rel\n"+`Content-Type: multipart/alternative; boundary="b1_zest"`+"\n")(s)
		return s + "\r\n--rel\r\nContent-Type: image/png\r\nContent-ID: <a@b>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--rel--\r\n"
	}
	if findings := Message([]byte(related(good))); len(findings) > 0 {
		t.Errorf("%+v", findings)
	}
}

func TestALinkIsOverWhereItsReaderWouldSaySo(t *testing.T) {
	for text, want := range map[string]bool{
		"https://x.org/a": true, "(https://x.org/a)": true, "<https://x.org/a>": true, "https://x.org/a. Then": true,
		"« https://x.org/a » ": true, "https://x.org/a…": true, "https://x.org/a, b": true, "https://x.org/ab https://x.org/a\n": true,
		"https://x.org/ab": false, "https://x.org/a/b": false, "https://x.org/a?b=1": false, "https://x.org/a.html": false, "https://x.org/aé": false, "": false,
	} {
		if got := carries(text, "https://x.org/a"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if !carries("write to a+b@x.org.", "mailto:a%2Bb@x.org?subject=hello") {
		t.Error("a bare address does not stand for its mailto")
	}
}

func TestTextAloneIsAMessage(t *testing.T) {
	head, _, _ := strings.Cut(good, "Content-Type: multi")
	eml := head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nBonjour\r\n"
	if findings := Message([]byte(eml)); len(findings) > 0 {
		t.Errorf("%+v", findings)
	}
}

func TestMailFromTheWildIsReadWithoutFalling(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/mime/*")
	if len(files) == 0 {
		t.Skip("no ../shared/data/mime beside the project")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(Message(raw)) == 0 {
			t.Errorf("%s: nothing to say about a message that is not a digest", filepath.Base(file))
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("Subject: =?utf-8?q?=\r\n \r\n\r\n--\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, finding := range Message(raw) {
			if finding.Line < 0 || finding.Reason == "" || finding.Rule == "" {
				t.Errorf("%+v", finding)
			}
		}
	})
}
