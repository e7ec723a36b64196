package bounce_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zest-digest/zest/digest/bounce"
)

// report writes a delivery report as Postfix would.
func report(action, status, diagnostic, said string) string {
	return fmt.Sprintf(`Return-Path: <>
Delivered-To: bounce+tok3n@news.example.org
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: bounce+tok3n@news.example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<zoe@provider.example>: host mx.provider.example[192.0.2.9] said: %[4]s

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Original-Envelope-Id: hebdo-42-7

Final-Recipient: rfc822; zoe@provider.example
Original-Recipient: rfc822;zoe@provider.example
Action: %[1]s
Status: %[2]s
Remote-MTA: dns; mx.provider.example
Diagnostic-Code: smtp; %[3]s

--b1
Content-Type: text/rfc822-headers

From: Hebdo <hebdo@example.org>
To: zoe@provider.example
Subject: Cette semaine
Message-ID: <42.7@news.example.org>

--b1--
`, action, status, diagnostic, said)
}

// TestProvidersRefusals holds the words that providers use, each as the answer
// to the recipient's command.
func TestProvidersRefusals(t *testing.T) {
	const atRcpt, atData, atMail = " (in reply to RCPT TO command)", " (in reply to end of DATA command)", " (in reply to MAIL FROM command)"
	for _, c := range []struct {
		provider, status, said, stage string
		want                          bounce.Class
	}{
		{"gmail", "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos 550 5.1.1 or unnecessary spaces.", atRcpt, bounce.ClassHard},
		{"gmail", "5.2.1", "550 5.2.1 The email account that you tried to reach is inactive.", atRcpt, bounce.ClassSoft},
		{"gmail", "5.2.1", "550-5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.", atRcpt, bounce.ClassSoft},
		{"gmail", "5.2.2", "552-5.2.2 The recipient's inbox is out of storage space.", atRcpt, bounce.ClassSoft},
		{"gmail", "5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated.", atData, bounce.ClassPolicy},
		{"gmail", "5.7.1", "550-5.7.1 Our system has detected that this message is likely unsolicited mail.", atData, bounce.ClassPolicy},
		{"gmail", "4.7.0", "421-4.7.0 Our system has detected an unusual rate of unsolicited mail.", atData, bounce.ClassPolicy},
		{"yahoo", "5.0.0", "554 delivery error: dd This user doesn't have a yahoo.fr account (zoe@provider.example) [0]", atData, bounce.ClassHard},
		{"yahoo", "5.0.0", "554 30 Sorry, your message to zoe@provider.example cannot be delivered. This mailbox is disabled (554.30).", atData, bounce.ClassSoft},
		{"yahoo", "5.7.9", "554 5.7.9 Message not accepted for policy reasons.", atData, bounce.ClassPolicy},
		{"yahoo", "4.7.0", "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", atMail, bounce.ClassSoft},
		{"microsoft", "5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", atRcpt, bounce.ClassHard},
		{"microsoft", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient zoe@provider.example not found by SMTP address lookup", "", bounce.ClassHard},
		{"microsoft", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", atRcpt, bounce.ClassHard},
		{"microsoft", "5.7.1", "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).", atMail, bounce.ClassPolicy},
		{"microsoft", "5.7.515", "550 5.7.515 Access denied, sending domain EXAMPLE.ORG does not meet the required authentication level.", atData, bounce.ClassPolicy},
		{"microsoft", "4.7.650", "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", atMail, bounce.ClassPolicy},
		{"microsoft", "5.2.2", "552 5.2.2 STOREDRV.Deliver; mailbox full", "", bounce.ClassSoft},
		{"orange", "5.1.1", "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]", atRcpt, bounce.ClassHard},
		{"orange", "5.2.2", "552 5.2.2 Boite du destinataire pleine. Recipient overquota. OFR_417 [417]", atRcpt, bounce.ClassSoft},
		{"orange", "5.7.1", "550 5.7.1 Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR006_102 [102]", atMail, bounce.ClassPolicy},
		{"orange", "5.2.0", "550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]", atData, bounce.ClassPolicy},
		{"orange", "4.0.0", "421 Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR005_104 [104]", atMail, bounce.ClassPolicy},
		{"free", "5.1.1", "550 5.1.1 <zoe@provider.example>: Recipient address rejected: User unknown in relay recipient table", atRcpt, bounce.ClassHard},
		{"free", "5.2.1", "550 5.2.1 This mailbox has been blocked due to inactivity", atRcpt, bounce.ClassSoft},
		{"free", "5.7.1", "550 5.7.1 spam detected by free.fr", atData, bounce.ClassPolicy},
		{"ovh", "5.1.1", "550 5.1.1 <zoe@provider.example>: Recipient address rejected: User unknown", atRcpt, bounce.ClassHard},
		{"ovh", "5.2.2", "552 5.2.2 <zoe@provider.example>: Quota de la boîte dépassé (mailbox over quota)", atRcpt, bounce.ClassSoft},
		{"ovh", "5.7.1", "554 5.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", atRcpt, bounce.ClassPolicy},
		{"laposte", "5.1.1", "550 5.1.1 Adresse inconnue. Unknown recipient. LPN105_416", atRcpt, bounce.ClassHard},
		{"laposte", "5.5.0", "550 5.5.0 Boite du destinataire archivee. Archived recipient. LPN105_417", atRcpt, bounce.ClassSoft},
		{"laposte", "5.5.0", "550 5.5.0 Service refuse. Veuillez essayer plus tard. service refused, please try later. LPN007_510", atMail, bounce.ClassPolicy},
		{"gmx", "5.1.1", "550 5.1.1 Empfänger unbekannt: Postfach existiert nicht", atRcpt, bounce.ClassHard},
		{"gmx", "5.2.2", "552 5.2.2 Das Postfach des Empfängers ist voll", atRcpt, bounce.ClassSoft},
		{"telefonica", "5.1.1", "550 5.1.1 El usuario no existe en este dominio", atRcpt, bounce.ClassHard},
		{"libero", "5.2.2", "552 5.2.2 Casella piena", atRcpt, bounce.ClassSoft},
		{"postfix", "4.4.1", "connect to mx.provider.example[192.0.2.9]:25: Connection timed out", "", bounce.ClassSoft},
		{"postfix", "5.4.4", "Host or domain name not found. Name service error for name=provider.example type=A: Host not found", "", bounce.ClassHard},
		{"postfix", "4.4.3", "Host or domain name not found. Name service error for name=provider.example type=MX: Host not found, try again", "", bounce.ClassSoft},
		{"postfix", "5.1.8", "550 5.1.8 <bounce@news.example.org>: Sender address rejected: Domain not found", atMail, bounce.ClassPolicy},
		{"postfix", "5.1.0", "550 5.1.0 <bounce@news.example.org>: Sender address rejected: User unknown in virtual mailbox table", atRcpt, bounce.ClassPolicy},
		{"any", "5.7.1", "554 5.7.1 <zoe@provider.example>: Relay access denied", atRcpt, bounce.ClassPolicy},
		{"any", "4.7.1", "450 4.7.1 <zoe@provider.example>: Recipient address rejected: Greylisted, see postgrey", atRcpt, bounce.ClassPolicy},
		{"any", "5.0.0", "550 no", atRcpt, bounce.ClassSoft},
		{"any", "5.0.0", "550 No such user", atData, bounce.ClassPolicy},
	} {
		r, err := bounce.Parse([]byte(report("failed", c.status, c.said, c.said+c.stage)))
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind != bounce.KindBounce || r.Class != c.want {
			t.Errorf("%s %q: %s %s (%s), want %s", c.provider, c.said, r.Kind, r.Class, r.Reason, c.want)
		}
	}
}

func TestAReportTellsWhatItIsAbout(t *testing.T) {
	r, err := bounce.Parse([]byte(report("failed", "5.1.1", "550 5.1.1 User unknown", "550 5.1.1 User unknown")))
	if err != nil {
		t.Fatal(err)
	}
	want := bounce.Report{Kind: bounce.KindBounce, Class: bounce.ClassHard, Status: "5.1.1", Action: "failed",
		Recipients: []string{"zoe@provider.example"}, Reason: "no such mailbox", Diagnostic: "550 5.1.1 User unknown",
		EnvelopeToken: "tok3n", EnvelopeID: "hebdo-42-7", MessageID: "42.7@news.example.org",
		Failures: []bounce.Failure{{Recipient: "zoe@provider.example", Original: "zoe@provider.example", Action: "failed",
			Status: "5.1.1", Code: 550, Class: bounce.ClassHard, Reason: "no such mailbox", Text: "550 5.1.1 User unknown"}}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

// TestClassAndActionDecideTogether: an expired message fails with a 4; a delay
// and a delivery are no bounces at all.
func TestClassAndActionDecideTogether(t *testing.T) {
	for _, c := range []struct {
		action, status string
		kind           bounce.Kind
		class          bounce.Class
	}{
		{"failed", "5.1.1", bounce.KindBounce, bounce.ClassHard},
		{"failed", "4.1.1", bounce.KindBounce, bounce.ClassSoft},
		{"delayed", "4.1.1", bounce.KindDelayed, bounce.ClassSoft},
		{"delayed", "5.1.1", bounce.KindDelayed, bounce.ClassSoft},
		{"delivered", "2.0.0", bounce.KindDelivered, bounce.ClassNone},
		{"relayed", "2.0.0", bounce.KindDelivered, bounce.ClassNone},
	} {
		r, err := bounce.Parse([]byte(report(c.action, c.status, "", "")))
		if err != nil || r.Kind != c.kind || r.Class != c.class {
			t.Errorf("%s %s: %s %s, %v; want %s %s", c.action, c.status, r.Kind, r.Class, err, c.kind, c.class)
		}
	}
}

// TestWholeMessages reads testdata/*.eml. The file's name says what it is:
// KIND-CLASS-anything.eml; all are about zoe@provider.example.
func TestWholeMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := bounce.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		kind, rest, _ := strings.Cut(filepath.Base(path), "-")
		class, _, _ := strings.Cut(rest, "-")
		if string(r.Kind) != kind || string(r.Class) != class {
			t.Errorf("%s: %s %s (%s %q)", path, r.Kind, r.Class, r.Reason, r.Diagnostic)
		}
		if kind != "unknown" && !cmp.Equal(r.Recipients, []string{"zoe@provider.example"}) {
			t.Errorf("%s: recipients %q", path, r.Recipients)
		}
	}
}

func TestNothingIsAnError(t *testing.T) {
	if _, err := bounce.Parse([]byte(" \r\n")); !errors.Is(err, bounce.ErrEmpty) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(report("failed", "5.1.1", "550 5.1.1 User unknown", "")))
	files, _ := filepath.Glob("testdata/*.eml")
	for _, path := range files {
		if raw, err := os.ReadFile(path); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		r, err := bounce.Parse(msg)
		if err != nil {
			return
		}
		if r.Kind == "" || r.Class == "" {
			t.Errorf("neither kind nor class may be empty: %+v", r)
		}
		if r.Class == bounce.ClassHard && r.Kind != bounce.KindBounce {
			t.Errorf("only a bounce condemns an address: %+v", r)
		}
	})
}
