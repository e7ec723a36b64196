package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strings"
	"sync"
	"time"

	"github.com/zest-digest/zest/digest"
)

// puzzles make a stranger's computer work a little before it sends a form: a
// person's takes part of a second, a flood's takes hours. A puzzle is signed, so
// that none is kept until it is solved, and no cookie is needed.
type puzzles struct {
	secret []byte
	mu     sync.Mutex
	spent  map[string]time.Time // solved already, until they expire
}

const (
	puzzleBits = 15 // leading zero bits of the hash: some 33,000 tries
	puzzleLife = 2 * time.Hour
	spentKept  = 100_000
	puzzleMAC  = 12 // bytes
)

func newPuzzles(k digest.Keyring) *puzzles {
	return &puzzles{secret: k.Derive("puzzle"), spent: map[string]time.Time{}}
}

// pose makes a puzzle: to find a number such that SHA-256 of "PUZZLE.NUMBER"
// begins with so many zero bits.
func (z *puzzles) pose(newsletter string, now time.Time) string {
	b := make([]byte, 12, 12+4+puzzleMAC)
	rand.Read(b)
	b = binary.BigEndian.AppendUint32(b, uint32(now.Add(puzzleLife).Unix()/60))
	return base64.RawURLEncoding.EncodeToString(append(b, z.mac(b, newsletter)...))
}

func (z *puzzles) mac(b []byte, newsletter string) []byte {
	h := hmac.New(sha256.New, z.secret)
	h.Write(b)
	h.Write([]byte(newsletter))
	return h.Sum(nil)[:puzzleMAC]
}

// solved checks a solution, "PUZZLE.NUMBER". Each counts once.
func (z *puzzles) solved(newsletter, proof string, now time.Time) bool {
	puzzle, _, found := strings.Cut(proof, ".")
	if !found || len(proof) > 100 || !worked(proof) {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(puzzle)
	if err != nil || len(b) != 16+puzzleMAC || !hmac.Equal(b[16:], z.mac(b[:16], newsletter)) {
		return false
	}
	expires := time.Unix(int64(binary.BigEndian.Uint32(b[12:16]))*60, 0)
	return now.Before(expires) && z.spend(puzzle, expires, now)
}

// worked reports whether the hash of a solution begins with enough zero bits.
func worked(proof string) bool {
	sum := sha256.Sum256([]byte(proof))
	return bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:4])) >= puzzleBits
}

func (z *puzzles) spend(puzzle string, expires, now time.Time) bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	if _, again := z.spent[puzzle]; again {
		return false
	}
	if len(z.spent) >= spentKept {
		for p, until := range z.spent {
			if now.After(until) {
				delete(z.spent, p)
			}
		}
		if len(z.spent) >= spentKept {
			return false // a flood of solved puzzles is a flood
		}
	}
	z.spent[puzzle] = expires
	return true
}
