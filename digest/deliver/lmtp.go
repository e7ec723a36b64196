package deliver

import (
	"bytes"
	"net"
)

// lmtpConn speaks LMTP where SMTP is spoken to it. The two differ, for one
// recipient a message as ours have, in the greeting alone: LHLO, and no EHLO (RFC
// 2033 section 4.1). There is one reply to a message for each recipient (section
// 4.2), which is one.
type lmtpConn struct{ net.Conn }

// Write changes the greeting on its way out.
func (c lmtpConn) Write(b []byte) (int, error) {
	rest, greeting := bytes.CutPrefix(b, []byte("EHLO "))
	if !greeting {
		return c.Conn.Write(b)
	}
	if _, err := c.Conn.Write(append([]byte("LHLO "), rest...)); err != nil {
		return 0, err
	}
	return len(b), nil
}
