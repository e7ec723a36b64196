package store

import (
	"context"
	"errors"

	"github.com/zest-digest/zest/digest"
)

const sourceColumns = `name, title, etag, last_modified, moved_to, gone, last_ok, last_tried, next_try, failures, last_error,
	failing_since, told, identify_by, body_hash, flood, answer, habits`

func scanSource(scan func(...any) error) (digest.SourceState, error) {
	var st digest.SourceState
	var gone, ok, tried, next, since, told int64
	err := scan(&st.Source, &st.Title, &st.ETag, &st.LastModified, &st.MovedTo, &gone, &ok, &tried, &next, &st.Failures, &st.LastError,
		&since, &told, &st.IdentifyBy, &st.BodyHash, &st.Flood, &st.Answer, &st.Habits)
	st.Gone, st.LastOK, st.LastTried, st.NextTry = gone == 1, moment(ok), moment(tried), moment(next)
	st.FailingSince, st.Told = moment(since), moment(told)
	return st, err
}

// SourceState is what is remembered of a source; nothing, for a new one.
func (s *Store) SourceState(ctx context.Context, name string) (digest.SourceState, error) {
	var st digest.SourceState
	var err error
	unread := s.relaxedRead(ctx, func(r runner) error {
		st, err = scanSource(s.row(ctx, r, `SELECT `+sourceColumns+` FROM sources WHERE name = ?`, name).Scan)
		return nil
	})
	if unread != nil {
		return st, unread
	}
	if notFound(err) == digest.ErrNotFound {
		return digest.SourceState{Source: name}, nil
	}
	return st, err
}

// SaveState remembers how a reading ended.
func (s *Store) SaveState(ctx context.Context, st digest.SourceState) error {
	return s.saveState(ctx, s.db, st)
}

// SaveStates remembers how many readings ended that brought nothing, all or none.
// A power cut may take them: the sources are asked again.
func (s *Store) SaveStates(ctx context.Context, list []digest.SourceState) error {
	if len(list) == 0 {
		return nil
	}
	return s.relaxedTx(ctx, func(tx runner) error {
		for _, st := range list {
			if err := s.saveState(ctx, tx, st); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) saveState(ctx context.Context, r runner, st digest.SourceState) error {
	_, err := s.exec(ctx, r, `INSERT INTO sources (`+sourceColumns+`) VALUES (`+marks(18)+`)
		ON CONFLICT (name) DO UPDATE SET title = excluded.title, etag = excluded.etag, last_modified = excluded.last_modified,
		moved_to = excluded.moved_to, gone = excluded.gone, last_ok = excluded.last_ok, last_tried = excluded.last_tried,
		next_try = excluded.next_try, failures = excluded.failures, last_error = excluded.last_error,
		failing_since = excluded.failing_since, told = excluded.told, identify_by = excluded.identify_by,
		body_hash = excluded.body_hash, flood = excluded.flood, answer = excluded.answer, habits = excluded.habits`,
		st.Source, text(st.Title), text(st.ETag), text(st.LastModified), text(st.MovedTo), flag(st.Gone), milli(st.LastOK), milli(st.LastTried), milli(st.NextTry), st.Failures, text(st.LastError),
		milli(st.FailingSince), milli(st.Told), st.IdentifyBy, st.BodyHash, st.Flood, st.Answer, st.Habits)
	return err
}

// PassedOver names the source that passed an item of this canonical address over,
// or is empty.
func (s *Store) PassedOver(ctx context.Context, url string) (string, error) {
	var source string
	err := s.row(ctx, s.db, `SELECT source FROM passed WHERE url = ? ORDER BY source LIMIT 1`, url).Scan(&source)
	if errors.Is(notFound(err), digest.ErrNotFound) {
		return "", nil
	}
	return source, err
}
