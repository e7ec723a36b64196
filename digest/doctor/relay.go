package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"github.com/zest-digest/zest/digest"
)

// Relay says what the attempt to talk to the mail server came to. A nil error
// means that it took the connection, the encryption and the login.
func Relay(address string, err error) Finding {
	f := Finding{Check: "smtp", Subject: address}
	var untrusted *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var send *digest.SendError
	var dial *net.OpError
	switch {
	case err == nil:
		return f.well("takes our connection")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return f.wrong("renew the mail server's certificate, and see why that did not happen by itself", "its certificate has expired: %v", invalid)
	case errors.As(err, &name):
		return f.wrong("set smtp.host to a name that the certificate is for", "its certificate is for another name: %v", name)
	case errors.As(err, &untrusted):
		return f.wrong("give the mail server a certificate of a known authority, or name yours as smtp.ca_file", "its certificate is not trusted: %v", untrusted.Err)
	case errors.As(err, &record):
		return f.wrong("set smtp.tls: starttls for port 587, implicit for port 465", "it does not speak TLS from the first byte")
	case errors.As(err, &send) && send.Stage == "login":
		return f.wrong("correct smtp.user and smtp.password_file; some providers want a password made for applications", "it refuses the login: %v", send.Err)
	case errors.As(err, &dial) && dial.Op == "dial":
		return f.wrong("see that it runs, that smtp.host and smtp.port are right, and that no firewall is in between", "it does not answer: %v", dial)
	}
	return f.wrong("see the mail server's log; smtp.tls, smtp.port and smtp.user are what it judges", "%v", err)
}
