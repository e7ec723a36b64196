package deliver

import (
	"context"
	"errors"

	"github.com/zest-digest/zest/digest"
)

// lane is one connection's worth of work. It has one message in flight at a
// time: written whole, its reply not yet read. Behind it, where nothing limits
// how fast we send, travels the envelope of the next.
type lane struct {
	s        *Sender
	n        int
	messages map[string]*Message
	feed     Feed
	session  *session

	letters [2]letter // one in flight, one being composed
	turn    int
	flight  flight
	next    *digest.Reader // comes after the one at hand, and is not prepared; nil for nobody
	ahead   ahead
}

// ahead is a message that was made, and may begin, while the one before it was
// being sent.
type ahead struct {
	reader  *digest.Reader // nil for none
	letter  *letter
	begunOn *session // its envelope is on the way there; nil when it is not
}

// flight is a message that was written and awaits its reply.
type flight struct {
	reader *digest.Reader // nil when nothing is in flight
	letter *letter
	tries  int
}

// tries is how many connections a message may be begun on when the server breaks
// them before it has the message. The reader is charged for none.
const tries = 2

func (l *lane) run(ctx context.Context) error {
	defer l.close()
	for {
		// Nothing is in flight while the ledger is asked: it may take its time.
		if err := l.land(ctx); err != nil {
			return err
		}
		readers, err := l.feed.Next(ctx, l.n)
		if err != nil || len(readers) == 0 {
			return err
		}
		for i := range readers {
			var next *digest.Reader
			if i+1 < len(readers) {
				next = &readers[i+1]
			}
			if err := l.one(ctx, &readers[i], next); err != nil {
				return errors.Join(err, l.land(ctx))
			}
		}
	}
}

// one begins the message of one reader, unless it was begun ahead. What is in
// flight lands first; the new message is in flight afterwards, or settled. An
// error without the reader being settled means that nothing of the message left.
func (l *lane) one(ctx context.Context, r, next *digest.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.ahead.reader == r {
		if err := l.land(ctx); err != nil {
			return err
		}
		a := l.ahead
		l.ahead, l.next = ahead{}, next
		return l.transmit(ctx, flight{r, a.letter, 0}, a.begunOn)
	}
	mail, err := l.compose(r)
	if err != nil {
		if err := l.land(ctx); err != nil {
			return err
		}
		return l.settle(ctx, r, "", digest.Outcome{Verdict: digest.VerdictFailed, Reply: shorten(err.Error())})
	}
	if err := l.land(ctx); err != nil {
		return err
	}
	if held, err := l.consult(ctx, r); held || err != nil {
		return err
	}
	if l.s.o.Drop != nil {
		return l.drop(ctx, r, mail)
	}
	l.next = next
	return l.transmit(ctx, flight{r, mail, 0}, nil)
}

// prepare makes the next message, if it may begin right behind the one at hand.
// The policies are asked one outcome too early for that, so it is for when no
// limit is in force and the connection has proved itself; what they would hold
// back waits for its own turn.
func (l *lane) prepare() {
	r, s := l.next, l.session
	l.next = nil
	if r == nil || !s.pipeline || s.sent == 0 || s.sent+1 >= l.s.o.PerConnection || s.seat.limit != nil || !l.s.unlimited() {
		return
	}
	mail, err := l.compose(r)
	if err != nil {
		l.turn ^= 1
		return
	}
	for _, p := range l.s.policies {
		if a := p.before(r, l.s.o.Now()); a != (admission{}) {
			l.turn ^= 1
			return
		}
	}
	l.ahead = ahead{reader: r, letter: mail}
}

// consult asks the policies whether a message may begin, and does the waiting
// for them, with nothing in flight. It reports whether the reader was held back, and so is settled.
func (l *lane) consult(ctx context.Context, r *digest.Reader) (held bool, err error) {
	for i := 0; i < len(l.s.policies); i++ {
		a := l.s.policies[i].before(r, l.s.o.Now())
		if a.hold > 0 {
			return true, l.settle(ctx, r, "", digest.Outcome{Verdict: digest.VerdictDefer, Reply: shorten("not tried, " + a.why), RetryAfter: a.hold})
		}
		if a.wait > 0 {
			if err := sleep(ctx, a.wait); err != nil {
				return false, err
			}
		}
		if a.again {
			i--
		}
	}
	if l.session == nil || l.session.seat.limit == nil {
		return false, nil
	}
	return false, sleep(ctx, l.session.seat.limit.Reserve().Delay())
}

// drop hands a message to a way out that is not a mail server.
func (l *lane) drop(ctx context.Context, r *digest.Reader, mail *letter) error {
	o, err := l.s.o.Drop.put(ctx, r, mail.appendTo(nil))
	if err != nil {
		return err
	}
	return l.settle(ctx, r, stageEnd, o)
}

// compose writes and signs the message of one reader into the letter that is
// not in flight.
func (l *lane) compose(r *digest.Reader) (*letter, error) {
	m := l.messages[r.Variant]
	if m == nil {
		return nil, errors.New("no message was rendered for variant " + r.Variant)
	}
	l.turn ^= 1
	mail := &l.letters[l.turn]
	if err := m.write(mail, r); err != nil {
		return nil, err
	}
	if l.s.o.Signer != nil {
		return mail, l.s.o.Signer.sign(m, mail)
	}
	return mail, nil
}

// transmit sends a message up to its end, on a new connection when the old one
// breaks before the server has the message. begunOn is the session on which its
// envelope is on the way already, nil for none.
func (l *lane) transmit(ctx context.Context, f flight, begunOn *session) error {
	var last error
	for f.tries < tries {
		err := l.offer(ctx, f, begunOn)
		if begunOn = nil; err == nil {
			l.flight = f
			return nil
		}
		var relay *digest.SendError
		if errors.As(err, &relay) || ctx.Err() != nil && l.session == nil {
			return err // no connection: nothing was begun
		}
		var no *refusal
		if errors.As(err, &no) && !isLost(err) {
			if no.at == stageMail && l.s.pool.passOver(l.session.seat, no) {
				l.close()
				continue // no reader was named yet
			}
			return l.refused(ctx, f.reader, no)
		}
		last = err
		f.tries++
	}
	return l.given(ctx, f.reader, last)
}

// offer is one attempt to bring a message to its end on one connection.
func (l *lane) offer(ctx context.Context, f flight, begunOn *session) error {
	if begunOn == nil || begunOn != l.session || begunOn.broken {
		if err := l.connect(ctx); err != nil {
			return err
		}
		if err := l.session.begin(ctx, f.reader); err != nil {
			return err
		}
	}
	if err := l.session.ready(ctx); err != nil {
		return err
	}
	l.prepare()
	begun, err := l.session.content(ctx, f.letter, l.ahead.reader)
	if begun {
		l.ahead.begunOn = l.session
	}
	return err
}

// land reads the reply to the message in flight, if there is one, and settles
// its reader.
func (l *lane) land(ctx context.Context) error {
	for l.flight.reader != nil {
		f := l.flight
		l.flight = flight{}
		err := l.session.end(ctx)
		var no *refusal
		switch {
		case err == nil:
			return l.settle(ctx, f.reader, stageEnd, digest.Outcome{Verdict: digest.VerdictSent, Code: 250})
		case errors.As(err, &no) && !isLost(err):
			return l.refused(ctx, f.reader, no)
		case no == nil:
			_, reply := split("the connection ended before the reply to the message: " + err.Error())
			return l.settle(ctx, f.reader, stageEnd, digest.Outcome{Verdict: digest.VerdictUnknown, Reply: reply})
		}
		// 421: the server said that it closes, and so did not take the message.
		if f.tries++; f.tries >= tries {
			return l.given(ctx, f.reader, err)
		}
		if err := l.transmit(ctx, f, nil); err != nil {
			return err
		}
	}
	return nil
}

// refused settles a reader by the server's word.
func (l *lane) refused(ctx context.Context, r *digest.Reader, no *refusal) error {
	o := digest.Outcome{Code: no.code}
	o.Enhanced, o.Reply = split(no.text)
	means := judge(no.at, no.code, o.Enhanced, o.Reply)
	o.Verdict, o.Strike = means.verdict, means.strike
	return l.settle(ctx, r, no.at, o)
}

// given puts a reader off whose message found no connection that held.
func (l *lane) given(ctx context.Context, r *digest.Reader, last error) error {
	o := digest.Outcome{Verdict: digest.VerdictDefer}
	at := stageConnect
	if no := said(last); no != nil {
		at, o.Code = no.at, no.code
		o.Enhanced, o.Reply = split(no.text)
	} else {
		o.Enhanced, o.Reply = split(last.Error())
	}
	return l.settle(ctx, r, at, o)
}

// settle writes down what came of a reader, and lets the policies hear of it. at
// is how far the message had come, "" when it was never begun.
func (l *lane) settle(ctx context.Context, r *digest.Reader, at stage, o digest.Outcome) error {
	o.Subscriber, o.At = r.Subscriber, l.s.o.Now()
	err := l.feed.Settle(ctx, l.n, o)
	if at == "" {
		return err
	}
	for _, p := range l.s.policies {
		err = errors.Join(err, p.after(r, at, o))
	}
	return err
}

// connect makes sure of a session that can take a message.
func (l *lane) connect(ctx context.Context) error {
	if s := l.session; s != nil && !s.broken && s.sent < l.s.o.PerConnection {
		return nil
	}
	l.close()
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := l.s.pool.dial(ctx)
	if err != nil {
		return err
	}
	l.session = s
	return nil
}

func (l *lane) close() {
	if l.session != nil {
		l.session.close()
		l.s.pool.release(l.session.seat)
		l.session = nil
	}
}
