// Package segment decides which readers an expression is about. It is pure.
//
// An expression sees a reader's name, language, text_only, domain (of the
// address), created, attributes, lists (those they are on), left (those they
// left), and now: attributes.city == "Brest" and "tech" in lists.
package segment

import (
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/zest-digest/zest/digest"
)

// Segment is an expression made ready.
type Segment struct{ program *vm.Program }

// env is what an expression sees.
type env struct {
	Name       string         `expr:"name"`
	Language   string         `expr:"language"`
	TextOnly   bool           `expr:"text_only"`
	Domain     string         `expr:"domain"`
	Created    time.Time      `expr:"created"`
	Attributes map[string]any `expr:"attributes"`
	Lists      []string       `expr:"lists"`
	Left       []string       `expr:"left"`
	Now        time.Time      `expr:"now"`
}

// Parse makes an expression ready. The error is a [*digest.InvalidError].
func Parse(expression string) (*Segment, error) {
	program, err := expr.Compile(expression, expr.Env(env{}), expr.AsBool(), expr.DisableBuiltin("now"))
	if err != nil {
		reason, _, _ := strings.Cut(err.Error(), "\n")
		return nil, &digest.InvalidError{Field: "match", Value: expression, Reason: "is no condition on a reader: " + reason}
	}
	return &Segment{program}, nil
}

// Holds reports whether a reader is of the segment. One of whom the expression
// cannot be asked, because they have no such attribute or one of another type,
// is not.
func (s *Segment) Holds(r digest.Subscriber, subscriptions []digest.Subscription, now time.Time) bool {
	e := env{Name: r.Name, Language: r.Language, TextOnly: r.TextOnly, Domain: r.Email[strings.LastIndexByte(r.Email, '@')+1:], Created: r.Created, Attributes: r.Attributes, Lists: []string{}, Left: []string{}, Now: now}
	for _, x := range subscriptions {
		switch x.State {
		case digest.SubConfirmed:
			e.Lists = append(e.Lists, x.List)
		case digest.SubLeft:
			e.Left = append(e.Left, x.List)
		}
	}
	yes, err := expr.Run(s.program, e)
	return err == nil && yes == true
}
