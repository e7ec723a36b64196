package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/zest-digest/zest/config"
)

// security is how the pages come by HTTPS: by a server in front (then it does
// nothing), by a certificate on disk, or by one that it gets itself (RFC 8555).
type security struct {
	config *tls.Config // nil behind a proxy
	acme   *autocert.Manager
	plain  string // where plain HTTP is answered, "" for nowhere
	files  atomic.Pointer[tls.Certificate]
}

func newSecurity(c *config.Config) (*security, error) {
	s := &security{}
	switch c.Web.HTTPS {
	case config.HTTPSFiles:
		if err := s.reload(c); err != nil {
			return nil, err
		}
		s.config = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.files.Load(), nil }}
	case config.HTTPSACME:
		public, err := url.Parse(c.PublicURL)
		if err != nil {
			return nil, err
		}
		s.acme = &autocert.Manager{
			Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(c.Web.ACMEFolder), Email: c.Web.ACMEEmail,
			HostPolicy: autocert.HostWhitelist(public.Hostname()),
			Client:     &acme.Client{DirectoryURL: c.Web.ACMEServer, UserAgent: "zest/" + version().Version},
		}
		s.config, s.plain = s.acme.TLSConfig(), c.Web.ListenHTTP
		s.config.MinVersion = tls.VersionTLS12
	}
	return s, nil
}

// reload reads a certificate again that somebody else renewed.
func (s *security) reload(c *config.Config) error {
	if c.Web.HTTPS != config.HTTPSFiles {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.Web.Certificate, c.Web.CertificateKey)
	if err != nil {
		return fmt.Errorf("reading web.certificate: %w", err)
	}
	s.files.Store(&pair)
	return nil
}

func (s *security) wrap(l net.Listener) net.Listener {
	if s.config == nil {
		return l
	}
	return tls.NewListener(l, s.config)
}

// challenges answers plain HTTP: the authority's questions, and a redirect for
// everybody else. It is nil where nobody asked for it.
func (s *security) challenges(from *service) (func() error, error) {
	if s.acme == nil || s.plain == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", s.plain)
	if err != nil {
		return nil, fmt.Errorf("listening for plain HTTP: %w", err)
	}
	return func() error { return from.server(s.acme.HTTPHandler(nil)).Serve(l) }, nil
}
