package inline

import (
	"fmt"
	"strings"
)

// LintCSS names what of a sheet would not come out as its author meant it: what
// browsers themselves drop, what cannot be inlined, and what mail clients never
// load. A theme with such a sheet is refused when it is loaded. Name is the
// sheet's, for the reasons; lines count from 1.
func LintCSS(name, css string) []Finding {
	if at := strings.Index(css, "{{"); at >= 0 {
		line := 1 + strings.Count(css[:at], "\n")
		return []Finding{{line, "template", name + ": the template has to be executed before the sheet is read"}}
	}
	p := parseSheet(css, 1)
	var out []Finding
	add := func(line int, rule, format string, args ...any) {
		out = append(out, Finding{line, rule, name + ": " + fmt.Sprintf(format, args...)})
	}
	for _, f := range p.stray {
		add(f.Line, f.Rule, "%s", f.Reason)
	}
	for i := range p.rules {
		r := &p.rules[i]
		switch {
		case r.bad != "":
			add(r.line, "selector", "%s is no selector: browsers drop the whole rule at %s", shorten(textOf(r.prelude)), shorten(r.bad))
		case r.unknown != "":
			add(r.line, "selector", "whether %s holds is not known when the mail is made", r.unknown)
		case r.atName == "nested":
			add(r.line, "nesting", "an at-rule inside a rule cannot be inlined: put the rule inside it")
		case r.atName == "import":
			add(r.line, "import", "mail clients do not load style sheets")
		case conditional(r.atName) && redefined.MatchString(r.at):
			add(r.line, "variable", "a custom property that changes under a condition has no effect once inlined: name the properties themselves")
		}
	}
	return out
}
