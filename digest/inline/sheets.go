package inline

import "sync"

// Sheets remembers style sheets as they were read, for documents that have them
// in common. The zero value remembers none yet; several goroutines may use it.
type Sheets struct {
	mu   sync.Mutex
	seen map[string][]rule
}

// sheetsKept bounds what is remembered.
const sheetsKept = 32

// read gives the rules of a sheet, which the caller must not change. Their lines
// count from 1.
func (s *Sheets) read(text string) []rule {
	if s == nil {
		return rulesOf(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rules, ok := s.seen[text]
	if !ok {
		if s.seen == nil || len(s.seen) == sheetsKept {
			s.seen = map[string][]rule{}
		}
		rules = rulesOf(text)
		s.seen[text] = rules
	}
	return rules
}

func rulesOf(text string) []rule {
	rules := parseSheet(text, 1).rules
	for i := range rules {
		if r := &rules[i]; r.at != "" {
			r.kept = r.keptAt()
		}
	}
	return rules
}
