package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// journal is a file beside an SQLite store in which a run notes to whom it sent,
// ahead of the ledger. A commit of SQLite costs as much for one outcome as for a
// hundred, and lanes cannot wait for a hundred; a line here costs next to
// nothing. The file belongs to the run: it goes when the run ends well, and after
// a run that died [Store.Recover] reads it before anything else.
type journal struct {
	path string

	mu    sync.Mutex
	file  *os.File
	line  [lineSize]byte
	end   int64 // octets: where the next line goes
	room  int64 // octets that the file has on the disk
	grown bool  // the file is longer than the disk knows
}

// A line is the reader, the time in milliseconds, and a checksum: one that the
// disk has only in part counts as none. The edition is the run's.
const (
	lineSize = 20
	// roomStep is how much the file grows at a time, so that a sync has only lines
	// to write and nothing to tell the file system.
	roomStep = 256 << 10
)

// Journal opens the journal of a run, once; nil where the store has none: on
// Postgres, and in memory.
func (s *Store) Journal(owner string) (digest.Journal, error) {
	held, _ := s.sessions.Load(owner)
	run, _ := held.(*session)
	if s.dialect != sqlite || s.path == "" || run == nil {
		return nil, nil
	}
	j := &journal{path: s.journalOf(owner)}
	var err error
	if j.file, err = os.OpenFile(j.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	run.journal = j
	return j, nil
}

func (s *Store) journalOf(owner string) string {
	return filepath.Join(s.path+"-runs", owner+".sent")
}

// Note writes a line. A process that is killed afterwards does not take it along.
func (j *journal) Note(r digest.SubscriberID, at time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.end+lineSize > j.room {
		if _, err := j.file.WriteAt(make([]byte, roomStep), j.room); err != nil {
			return err
		}
		j.room += roomStep
		j.grown = true
	}
	binary.LittleEndian.PutUint64(j.line[0:], uint64(r))
	binary.LittleEndian.PutUint64(j.line[8:], uint64(milli(at)))
	binary.LittleEndian.PutUint32(j.line[16:], crc32.ChecksumIEEE(j.line[:16]))
	if _, err := j.file.WriteAt(j.line[:], j.end); err != nil {
		return err
	}
	j.end += lineSize
	return nil
}

// Sync brings the lines to the disk: those that were written before it was
// called.
func (j *journal) Sync() error {
	j.mu.Lock()
	grown := j.grown
	j.grown = false
	j.mu.Unlock()
	if grown {
		return j.file.Sync()
	}
	return syncData(j.file)
}

// close ends the journal of a run of this process. It stays for [Store.Recover]
// when the ledger does not have all that it holds.
func (j *journal) close(remove bool) error {
	if j == nil {
		return nil
	}
	err := j.file.Close()
	if remove {
		err = errors.Join(err, os.Remove(j.path))
	}
	return err
}

// replay brings into the ledger what a dead run noted and could not write there.
func (s *Store) replay(ctx context.Context, tx runner, id digest.EditionID, owner string) error {
	if s.dialect != sqlite || s.path == "" {
		return nil
	}
	f, err := os.Open(s.journalOf(owner))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var line [lineSize]byte
	var readers []digest.SubscriberID
	var at time.Time
	for in := bufio.NewReader(f); err == nil; {
		if _, err = io.ReadFull(in, line[:]); err == nil && sound(line) {
			readers = append(readers, digest.SubscriberID(binary.LittleEndian.Uint64(line[0:])))
			at = moment(int64(binary.LittleEndian.Uint64(line[8:])))
		}
		if len(readers) == most || err != nil {
			if err := s.settleSent(ctx, tx, id, owner, readers, at); err != nil {
				return err
			}
			readers = readers[:0]
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("reading the journal of a run: %w", err)
}

// sound reports whether the disk has the whole of a line. Behind the last one it
// has zeros.
func sound(line [lineSize]byte) bool {
	return binary.LittleEndian.Uint64(line[0:]) != 0 && binary.LittleEndian.Uint32(line[16:]) == crc32.ChecksumIEEE(line[:16])
}

// forget removes the journal of a dead run, once the ledger has it all.
func (s *Store) forget(owner string) error {
	if s.dialect != sqlite || s.path == "" {
		return nil
	}
	if err := os.Remove(s.journalOf(owner)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
