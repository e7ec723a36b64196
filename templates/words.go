package templates

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/ca"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/he"
	"github.com/go-playground/locales/it"
	"github.com/go-playground/locales/nl"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/pt"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

// Words are the messages of one surface ("mail" or "web") in every language
// that has a file for it, and the calendars to go with them. They may be used
// by several goroutines.
type Words struct {
	bundle    *i18n.Bundle
	languages []string
	dates     map[string]locales.Translator
}

// LoadWords reads locale/SURFACE.*.yaml. Adding such a file adds a language.
func LoadWords(files fs.FS, surface string) (Words, error) {
	w := Words{bundle: i18n.NewBundle(language.English), dates: map[string]locales.Translator{}}
	for _, l := range []locales.Translator{ar.New(), ca.New(), de.New(), en.New(), es.New(), fr.New(), he.New(), it.New(), nl.New(), pl.New(), pt.New()} {
		w.dates[l.Locale()] = l
	}
	w.bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	names, err := fs.Glob(files, "locale/"+surface+".*.yaml")
	if err != nil {
		return w, err
	}
	for _, name := range names {
		m, err := w.bundle.LoadMessageFileFS(files, name)
		if err != nil {
			return w, fmt.Errorf("reading %s: %w", name, err)
		}
		w.languages = append(w.languages, m.Tag.String())
	}
	return w, nil
}

// Languages lists the languages that have words, in alphabetical order.
func (w Words) Languages() []string { return w.languages }

// Speaks reports whether there are words in exactly this language.
func (w Words) Speaks(lang string) bool {
	for _, l := range w.languages {
		if l == lang {
			return true
		}
	}
	return false
}

// Spoken is the language in which [Words.Say] answers for lang: itself, its
// primary language, or English.
func (w Words) Spoken(lang string) string {
	primary, _, _ := strings.Cut(strings.ToLower(lang), "-")
	for _, l := range []string{lang, primary} {
		if w.Speaks(l) {
			return l
		}
	}
	return "en"
}

// Say is a message in a language; English stands in for one that a language
// lacks. The id itself comes back when nobody wrote the message.
func (w Words) Say(lang, id string, names map[string]string) string {
	s, err := i18n.NewLocalizer(w.bundle, lang).Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: names})
	if err != nil && s == "" {
		return id
	}
	return s
}

// Count is a message about a number, in the plural the language asks for.
func (w Words) Count(lang, id string, n int) string {
	s, err := i18n.NewLocalizer(w.bundle, lang).Localize(&i18n.LocalizeConfig{MessageID: id, PluralCount: n, TemplateData: map[string]int{"Count": n}})
	if err != nil && s == "" {
		return fmt.Sprint(n)
	}
	return s
}

// Date is a day in words: "lundi 23 novembre 2026", "dimanche 1er mars 2026".
// It speaks the language that [Words.Say] answers in.
func (w Words) Date(lang string, t time.Time) string {
	spoken := w.Spoken(lang)
	d, ok := w.dates[spoken]
	if !ok {
		d, spoken = w.dates["en"], "en"
	}
	s := d.FmtDateFull(t)
	if spoken == "fr" && t.Day() == 1 {
		s = strings.Replace(s, " 1 ", " 1er ", 1) // CLDR has no ordinal for the first
	}
	return s
}
