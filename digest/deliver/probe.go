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

// Probe connects, protects the connection and logs in as a delivery would, and
// says goodbye. No address is named. A failure is a [*digest.SendError].
func (s *Sender) Probe(ctx context.Context) (Capabilities, error) {
	session, err := open(ctx, s.o.Relay, s.o.Timeouts)
	if err != nil {
		return Capabilities{}, err
	}
	defer session.close()
	c := Capabilities{
		Encrypted: s.o.Relay.TLS != TLSNone, Auth: s.o.Relay.User != "",
		Pipelining: session.pipeline, DSN: session.dsn, SMTPUTF8: session.utf8,
	}
	c.Chunking, _ = session.client.Extension("CHUNKING")
	_, c.Size = session.client.Extension("SIZE")
	return c, nil
}
