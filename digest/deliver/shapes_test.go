package deliver_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/deliver"
	"github.com/zest-digest/zest/digest/deliver/delivertest"
)

// shape is a kind of message.
type shape struct {
	letter digest.Letterhead
	proof  digest.Proof
	reader digest.Reader
}

func shapes() map[string]shape {
	plain := shape{letter, proof, reader(1, "Zoé Le Goff")}
	out := map[string]shape{"html and text": plain}
	change := func(name string, f func(*shape)) {
		s := plain
		f(&s)
		out[name] = s
	}
	change("text alone", func(s *shape) { s.proof.HTML = "" })
	change("text without an end", func(s *shape) { s.proof.HTML, s.proof.Text = "", "Bonjour" })
	change("text that ends in a token", func(s *shape) { s.proof.HTML, s.proof.Text = "", "Partir : @@unsubscribe_url@@" })
	change("text that ends in empty lines", func(s *shape) { s.proof.HTML, s.proof.Text = "", "Partir : @@unsubscribe_url@@\n \n\n\n" })
	change("tokens and nothing else", func(s *shape) { s.proof.HTML, s.proof.Text = "@@name@@", "@@name@@@@email@@" })
	change("a notice", func(s *shape) {
		s.letter.ListID, s.letter.ReplyTo = "", digest.Address{}
		s.reader.OneClick, s.reader.MailUnsub = "", ""
	})
	change("spaces everywhere", func(s *shape) {
		s.proof.Text = "  a  b\t\tc \n\t\n @@name@@  \n \n"
		s.proof.HTML = "<p>  x\t y</p>   \n   <p>\t@@name@@  @@unsubscribe_url@@ \t</p>\n\n\n"
		s.reader.Name = "A  B   C"
	})
	change("dots everywhere", func(s *shape) {
		s.proof.Text = ".\n..\n.@@name@@\n@@name@@.\n." + strings.Repeat(".", 300)
		s.reader.Name = "..."
	})
	change("a long name", func(s *shape) { s.reader.Name = strings.Repeat("Éléonore de la Très Longue Rivière ", 8) })
	change("a long subject", func(s *shape) { s.proof.Subject = strings.Repeat("Le pont rouvre, “enfin” ; ", 12) })
	change("a picture inside", func(s *shape) {
		s.proof.Embedded = []digest.Embedded{{ID: "logo@example.org", Type: "image/png", Data: []byte(strings.Repeat("\x89PNG.\r\n.", 99))}}
	})
	return out
}

// sentAs is a message as a server got it, signed.
func sentAs(t *testing.T, s shape, signer *deliver.DKIM, script delivertest.Script) string {
	t.Helper()
	m, err := deliver.Compile(s.letter, s.proof)
	if err != nil {
		t.Fatal(err)
	}
	server := delivertest.Start(t, script)
	o, err := sender(t, server, func(o *deliver.Options) { o.Signer = signer }).SendOne(t.Context(), m, s.reader)
	if err != nil || o.Verdict != digest.VerdictSent {
		t.Fatalf("%+v %v", o, err)
	}
	return server.Messages()[0].Data
}

// tampered are ways to change a message that its signature must not survive.
func tampered(raw string) map[string]string {
	return map[string]string{
		"another Subject":          "Subject: hello\r\n" + raw,
		"another List-Unsubscribe": "List-Unsubscribe: <https://evil.example>\r\n" + raw,
		"another From":             "From: evil@example.org\r\n" + raw,
		"more text":                raw + "more\r\n",
	}
}

func TestEveryShapeIsSignedAsGoMsgauthReadsIt(t *testing.T) {
	rsa, rsaRecord := key(t, "r", deliver.KeyRSA)
	ed, edRecord := key(t, "e", deliver.KeyEd25519)
	records := map[string]string{"r._domainkey.example.org": rsaRecord, "e._domainkey.example.org": edRecord}
	verify := func(raw string) (signatures int, err error) {
		got, err := dkim.VerifyWithOptions(strings.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) { return []string{records[name]}, nil }})
		for _, v := range got {
			if err == nil {
				err = v.Err
			}
		}
		return len(got), err
	}
	for name, s := range shapes() {
		raw := sentAs(t, s, rsa.With(ed), delivertest.Script{})
		if n, err := verify(raw); n != 2 || err != nil {
			t.Errorf("%s: %d signatures, %v\n%s", name, n, err, raw)
		}
		chunk := sentAs(t, s, rsa.With(ed), delivertest.Script{Extensions: []string{"PIPELINING", "CHUNKING"}})
		if chunk != raw {
			t.Errorf("%s: not the same in a chunk and under DATA:\n%q\n%q", name, chunk, raw)
		}
		for how, changed := range tampered(raw) {
			if _, err := verify(changed); err == nil {
				t.Errorf("%s: the signature held with %s", name, how)
			}
		}
	}
}

// verifier is dkimpy asked about the messages of a folder.
const verifier = `import sys, glob, dkim
for path in sorted(glob.glob(sys.argv[1] + "/*.eml")):
    try:
        ok = dkim.DKIM(open(path, "rb").read()).verify(dnsfunc=lambda name, timeout=5: sys.argv[2].encode())
    except dkim.DKIMException:
        ok = False
    print(path.split("/")[-1], "pass" if ok else "fail")`

// nameserver answers every question with one TXT record, on port 53 of a network
// that has nothing else in it.
const nameserver = `import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
text = sys.argv[1].encode()
data = b"".join(bytes([len(text[i:i+255])]) + text[i:i+255] for i in range(0, len(text), 255))
print("up", flush=True)
while True:
    q, who = s.recvfrom(4096)
    end = q.index(b"\0", 12) + 5
    s.sendto(q[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + q[12:end] + b"\xc0\x0c\0\x10\0\1\0\0\0\x3c" + len(data).to_bytes(2, "big") + data, who)`

// namespace gives opendkim-testmsg, which knows no other resolver than the
// system's, a network and a resolv.conf of its own.
const namespace = `set -e
ip link set lo up
echo nameserver 127.0.0.1 >"$1/resolv.conf"
mount --bind "$1/resolv.conf" /etc/resolv.conf
/usr/bin/python3 -c "$3" "$2" >"$1/up" &
trap 'kill $!' EXIT
while ! grep -q up "$1/up"; do sleep 0.05; done
for f in "$1"/*.eml; do
  if opendkim-testmsg <"$f" >/dev/null 2>&1; then echo "$(basename "$f") pass"; else echo "$(basename "$f") fail"; fi
done`

// others are the programs that judge our signatures, by the package that Debian
// has them in.
func others(dir, record string) map[string]*exec.Cmd {
	return map[string]*exec.Cmd{
		"python3-dkim":   exec.Command("/usr/bin/python3", "-c", verifier, dir, record),
		"opendkim-tools": exec.Command("unshare", "-rmn", "sh", "-c", namespace, "sh", dir, record, nameserver),
	}
}

func TestEveryShapeIsSignedAsOthersReadIt(t *testing.T) {
	rsa, record := key(t, "r", deliver.KeyRSA)
	dir := t.TempDir()
	want := map[string]string{}
	write := func(name, raw, verdict string) {
		want[name+".eml"] = verdict
		if err := os.WriteFile(filepath.Join(dir, name+".eml"), []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range shapes() {
		raw := sentAs(t, s, rsa, delivertest.Script{})
		name = strings.ReplaceAll(name, " ", "-")
		write(name, raw, "pass")
		for how, changed := range tampered(raw) {
			write(name+"-"+strings.ReplaceAll(how, " ", "-"), changed, "fail")
		}
	}
	for pkg, cmd := range others(dir, record) {
		t.Run(pkg, func(t *testing.T) {
			if !installed(pkg) {
				if os.Getenv("CI") != "" {
					t.Fatal("not installed")
				}
				t.Skip("not installed")
			}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := map[string]string{}
			for line := range strings.Lines(string(out)) {
				name, verdict, _ := strings.Cut(strings.TrimSpace(line), " ")
				got[name] = verdict
			}
			for _, name := range slices.Sorted(maps.Keys(want)) {
				if got[name] != want[name] {
					t.Errorf("%s: %s, want %s", name, got[name], want[name])
				}
			}
		})
	}
}

func installed(pkg string) bool {
	if pkg == "opendkim-tools" {
		_, err := exec.LookPath("opendkim-testmsg")
		return err == nil
	}
	return exec.Command("/usr/bin/python3", "-c", "import dkim").Run() == nil
}
