package store

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// chunkBytes is how much a sorter holds in memory before it writes a run to a
// file; it may hold two of them, one being sorted.
const chunkBytes = 12 << 20

// sorter puts records in the order of their keys, however many there are.
// Inserting in order is what keeps an import linear: in random order every row
// touches another page of the index.
type sorter struct {
	folder string // of the files of runs
	size   int    // of a chunk in bytes; [chunkBytes] when 0
	chunk  chunk
	runs   []*run
	sorted chan error // of the chunk on its way to a file; nil when none is
	count  int
}

// chunk is records in memory. A record is its key's length, its key, the length
// of the rest, and the rest.
type chunk struct {
	bytes []byte
	refs  []ref
}

type ref struct{ begin, key, end uint32 } // the key stands from begin to key, the rest from key to end

// run is a sorted part of the records, in a file or in memory.
type run struct {
	file *os.File
	in   *bufio.Reader
	key  []byte // of the current record
	rest []byte
}

func (s *sorter) add(key string, rest []byte) error {
	s.count++
	c := &s.chunk
	begin := uint32(len(c.bytes))
	c.bytes = append(append(c.bytes, key...), rest...)
	c.refs = append(c.refs, ref{begin, begin + uint32(len(key)), uint32(len(c.bytes))})
	if len(c.bytes) < cmp.Or(s.size, chunkBytes) {
		return nil
	}
	return s.spill()
}

// spill lets the chunk be sorted and written while the next one fills.
func (s *sorter) spill() error {
	if err := s.wait(); err != nil {
		return err
	}
	full := s.chunk
	s.chunk = chunk{bytes: make([]byte, 0, len(full.bytes)+len(full.bytes)/16), refs: make([]ref, 0, len(full.refs)+len(full.refs)/16)}
	file, err := os.CreateTemp(s.folder, "zest-import-*")
	if err != nil {
		return fmt.Errorf("making room to sort the import: %w", err)
	}
	os.Remove(file.Name()) // it holds addresses: nothing must stay, even after a kill
	s.runs = append(s.runs, &run{file: file})
	s.sorted = make(chan error, 1)
	go func() { s.sorted <- full.write(file) }()
	return nil
}

func (s *sorter) wait() error {
	if s.sorted == nil {
		return nil
	}
	err := <-s.sorted
	s.sorted = nil
	return err
}

func (c *chunk) sort() {
	slices.SortStableFunc(c.refs, func(a, b ref) int { return bytes.Compare(c.bytes[a.begin:a.key], c.bytes[b.begin:b.key]) })
}

func (c *chunk) write(w io.Writer) error {
	c.sort()
	out := bufio.NewWriterSize(w, 256<<10)
	var length [binary.MaxVarintLen64]byte
	for _, r := range c.refs {
		for _, part := range [][]byte{c.bytes[r.begin:r.key], c.bytes[r.key:r.end]} {
			out.Write(length[:binary.PutUvarint(length[:], uint64(len(part)))])
			out.Write(part)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("sorting the import: %w", err)
	}
	return nil
}

// all gives every record by key, those of one key in the order they came. What
// it yields is good until the next one.
func (s *sorter) all() iter.Seq2[[2][]byte, error] {
	return func(yield func([2][]byte, error) bool) {
		s.chunk.sort()
		if err := s.wait(); err != nil {
			yield([2][]byte{}, err)
			return
		}
		if len(s.runs) == 0 {
			for _, r := range s.chunk.refs {
				if !yield([2][]byte{s.chunk.bytes[r.begin:r.key], s.chunk.bytes[r.key:r.end]}, nil) {
					return
				}
			}
			return
		}
		if err := s.merge(yield); err != nil {
			yield([2][]byte{}, err)
		}
	}
}

func (s *sorter) merge(yield func([2][]byte, error) bool) error {
	if err := s.spill(); err != nil {
		return err
	}
	if err := s.wait(); err != nil {
		return err
	}
	s.chunk = chunk{}
	h := runHeap{}
	for i, r := range s.runs {
		if _, err := r.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		r.in = bufio.NewReaderSize(r.file, 64<<10)
		switch err := r.next(); err {
		case nil:
			h = append(h, place{r, i})
		case io.EOF:
		default:
			return err
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		r := h[0].run
		if !yield([2][]byte{r.key, r.rest}, nil) {
			return nil
		}
		switch err := r.next(); err {
		case nil:
			heap.Fix(&h, 0)
		case io.EOF:
			heap.Pop(&h)
		default:
			return err
		}
	}
	return nil
}

// close lets go of the files.
func (s *sorter) close() {
	s.wait()
	for _, r := range s.runs {
		r.file.Close()
		os.Remove(r.file.Name()) // where an open file cannot be removed
	}
}

func (r *run) next() (err error) {
	if r.key, err = r.part(r.key); err != nil {
		return err
	}
	if r.rest, err = r.part(r.rest); err != nil {
		return fmt.Errorf("sorting the import: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

func (r *run) part(into []byte) ([]byte, error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		return into, err
	}
	into = slices.Grow(into[:0], int(n))[:n]
	_, err = io.ReadFull(r.in, into)
	return into, err
}

// runHeap has the run with the lowest record on top; of equal keys the run that
// was written first.
type runHeap []place

type place struct {
	run   *run
	order int
}

func (h runHeap) Len() int { return len(h) }
func (h runHeap) Less(i, j int) bool {
	if c := bytes.Compare(h[i].run.key, h[j].run.key); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(place)) }
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
