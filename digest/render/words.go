package render

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/fr"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"github.com/zest-digest/zest/templates"
)

// words are the messages of the chrome and the calendars of the languages.
type words struct {
	bundle *i18n.Bundle
	dates  map[string]locales.Translator
}

func loadWords() (words, error) {
	w := words{bundle: i18n.NewBundle(language.English), dates: map[string]locales.Translator{"en": en.New(), "fr": fr.New()}}
	w.bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	files, err := fs.Glob(templates.FS, "locale/mail.*.yaml")
	if err != nil {
		return w, err
	}
	for _, f := range files {
		if _, err := w.bundle.LoadMessageFileFS(templates.FS, f); err != nil {
			return w, fmt.Errorf("reading %s: %w", f, err)
		}
	}
	return w, nil
}

// say is a message in a language; English stands in for one that is missing.
func (w words) say(lang, id string, names map[string]string) string {
	s, err := i18n.NewLocalizer(w.bundle, lang).Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: names})
	if err != nil && s == "" {
		return id
	}
	return s
}

// count is a message about a number, in the right plural.
func (w words) count(lang, id string, n int) string {
	s, err := i18n.NewLocalizer(w.bundle, lang).Localize(&i18n.LocalizeConfig{MessageID: id, PluralCount: n, TemplateData: map[string]int{"Count": n}})
	if err != nil && s == "" {
		return fmt.Sprint(n)
	}
	return s
}

// date is a day in words: "lundi 23 novembre 2026", "dimanche 1er mars 2026".
func (w words) date(lang string, t time.Time) string {
	d, ok := w.dates[primary(lang)]
	if !ok {
		d = w.dates["en"]
	}
	s := d.FmtDateFull(t)
	if primary(lang) == "fr" && t.Day() == 1 {
		s = strings.Replace(s, " 1 ", " 1er ", 1) // CLDR has no ordinal for the first
	}
	return s
}
