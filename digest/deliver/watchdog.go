package deliver

import "time"

// patience is how long a message may take to write before the session listens
// meanwhile. A server that has made up its mind may stop reading, and its reply
// would wait for us as long as we wait for it.
const patience = 5 * time.Second

// watchdog listens to a server while a message is being written to it.
type watchdog struct {
	timer *time.Timer
	heard chan struct{} // the listener of the last timer has ended
}

// begin arms the watchdog. Nothing else may read from the session until end.
func (w *watchdog) begin(s *session) {
	if w.timer != nil {
		w.timer.Reset(patience)
		return
	}
	w.heard = make(chan struct{}, 1)
	w.timer = time.AfterFunc(patience, func() {
		if _, err := s.client.Text.R.Peek(1); err == nil {
			s.conn.SetWriteDeadline(time.Now()) // it has spoken before it had everything: it wants no more
		}
		w.heard <- struct{}{}
	})
}

// end disarms the watchdog, and waits for its listener when there is one.
func (w *watchdog) end(s *session) {
	if !w.timer.Stop() {
		s.conn.SetReadDeadline(time.Now())
		<-w.heard
	}
}
