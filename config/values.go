package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Secret is a value that is never shown: it prints, and marshals, masked. Its
// characters are had by converting it to a string.
type Secret string

const mask = "********"

// String masks the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// GoString masks the secret under %#v too.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalYAML masks the secret.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// Size is a number of bytes, written "10MiB".
type Size int64

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}

var errSize = errors.New("not a size; write a number and its unit, like 10MiB")

// ParseSize reads "512KiB", "10MiB" or "10MB". A bare number is refused: nobody
// can tell its unit.
func ParseSize(s string) (Size, error) {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > (1<<62)/u.bytes {
			return 0, errSize
		}
		return Size(n * u.bytes), nil
	}
	return 0, errSize
}

// String is the size in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range []int{2, 1, 0} {
		if b := sizeUnits[u].bytes; int64(s) >= b && int64(s)%b == 0 {
			return fmt.Sprintf("%d%s", int64(s)/b, sizeUnits[u].suffix)
		}
	}
	return fmt.Sprintf("%dB", int64(s))
}

// MarshalYAML writes the size as a person would.
func (s Size) MarshalYAML() (any, error) { return s.String(), nil }

var errDuration = errors.New("not a duration; write a number and its unit, like 30s, 15m, 48h or 7d")

// ParseDuration reads what [time.ParseDuration] reads, and whole days: "7d". A
// day is 24 hours here. Bare numbers and negative durations are refused.
func ParseDuration(s string) (time.Duration, error) {
	if digits, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 || n > 36500 {
			return 0, errDuration
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || strings.Trim(s, "0123456789") == "" {
		return 0, errDuration
	}
	return d, nil
}
