package deliver

import "context"

// Capabilities are what a relay showed when it was asked.
type Capabilities struct {
	Encrypted  bool   // the session is under TLS
	Auth       bool   // AUTH succeeded with the relay's user
	Pipelining bool   // RFC 2920
	Chunking   bool   // RFC 3030
	DSN        bool   // RFC 3461
	SMTPUTF8   bool   // RFC 6531
	Size       string // RFC 1870: the largest message in bytes; "" or "0" when not said
}

// Probe does so with each relay, and shows the last one's capabilities: it
// connects, protects the connection and logs in as a delivery would, and
// says goodbye. No address is named. A failure is a [*digest.SendError].
func (s *Sender) Probe(ctx context.Context) (Capabilities, error) {
	if s.o.Drop != nil {
		return Capabilities{}, s.o.Drop.probe()
	}
	var c Capabilities
	for _, r := range s.o.Relays {
		session, err := open(ctx, r, s.o.Timeouts)
		if err != nil {
			return c, err
		}
		c = capabilities(session, r)
		session.close()
	}
	return c, nil
}

// capabilities is what one relay showed.
func capabilities(session *session, r Relay) Capabilities {
	c := Capabilities{
		Encrypted: r.TLS != TLSNone, Auth: r.User != "",
		Pipelining: session.pipeline, DSN: session.dsn, SMTPUTF8: session.utf8,
	}
	c.Chunking, _ = session.client.Extension("CHUNKING")
	_, c.Size = session.client.Extension("SIZE")
	return c
}
