package inline_test

import (
	"fmt"
	"strings"
	"testing"
)

// Nothing in a document may cost more than a little while: articles come from
// strangers. One that did would meet the time limit of the whole test.
func TestHostileSheetsEndSoon(t *testing.T) {
	deep := strings.Repeat("<div>", 300) + "x"
	for name, css := range map[string]string{
		"open braces":       strings.Repeat("a{", 3000),
		"open brackets":     strings.Repeat("a[(", 20000),
		"nested not":        strings.Repeat(":not(", 2000) + "p" + strings.Repeat(")", 2000) + "{color:red}",
		"nested has":        strings.Repeat("div:has(", 6) + "p" + strings.Repeat(")", 6) + "{color:red}",
		"long descendants":  strings.Repeat("div ", 40) + "p, " + strings.Repeat("div ", 40) + ".no {color:red} .no " + strings.Repeat("div ", 40) + "{color:red}",
		"nested rules":      strings.Repeat("div{", 30) + "color:red" + strings.Repeat("}", 30),
		"doubling variable": "div{--a00:xxxxxxxxxx;" + doubling(30) + "color:var(--a30)}",
		"stray ends":        strings.Repeat("}])", 20000),
		"many rules":        strings.Repeat("*{color:red}", 2000),
	} {
		t.Run(name, func(t *testing.T) { document(t, page(css, deep)) })
	}
}

func doubling(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		b.WriteString("--a" + digits(i) + ":var(--a" + digits(i-1) + ") var(--a" + digits(i-1) + ");")
	}
	return b.String()
}

func digits(n int) string { return fmt.Sprintf("%02d", n) }
