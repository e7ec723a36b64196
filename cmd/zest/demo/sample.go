package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/yuin/goldmark"
)

//go:embed sample
var sample embed.FS

// story is one article of the sample web.
type story struct {
	Slug, Path   string // Path starts with a slash
	Publication  string // "quai", "lantern", "etabli"
	Title, Lead  string
	Author, Lang string
	Section      string
	Image, Alt   string // Image is a name under /img, without its extension
	Published    time.Time
	Minutes      int
	First, Rest  template.HTML // the body, cut before its first subheading
}

// ISO is the time of publication as machines read it.
func (s story) ISO() string { return s.Published.Format(time.RFC3339) }

// WhenFR is the day of publication as a French page prints it.
func (s story) WhenFR() string {
	day := fmt.Sprint(s.Published.Day())
	if day == "1" {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %d", day, frenchMonth(s.Published.Month()), s.Published.Year())
}

// WhenEN is the day of publication as an English page prints it.
func (s story) WhenEN() string { return s.Published.Format("2 January 2006") }

func frenchMonth(m time.Month) string {
	return [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
		"septembre", "octobre", "novembre", "décembre"}[m-1]
}

// stories reads every article, newest first, dated back from now.
func stories(now time.Time) ([]story, error) {
	names, err := fs.Glob(sample, "sample/*/*.md")
	if err != nil {
		return nil, err
	}
	all := make([]story, 0, len(names))
	for _, name := range names {
		raw, err := sample.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := parseStory(string(raw), now)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		s.place(path.Base(path.Dir(name)), strings.TrimSuffix(path.Base(name), ".md"))
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b story) int { return b.Published.Compare(a.Published) })
	return all, nil
}

// place gives the story its address. Addresses hold no date, so that two demos
// started on different days speak of the same articles.
func (s *story) place(publication, slug string) {
	s.Publication, s.Slug = publication, slug
	switch publication {
	case "quai":
		s.Path = "/quai/" + plain(s.Section) + "/" + slug + ".html"
	case "lantern":
		s.Path = "/lantern/" + slug
	default:
		s.Path = "/etabli/notes/" + slug + "/"
	}
	if s.Lang == "" {
		s.Lang = map[string]string{"quai": "fr", "lantern": "en"}[publication]
	}
}

// plain writes a section's name as an address does.
func plain(section string) string {
	return strings.NewReplacer("é", "e", "É", "e", " ", "-").Replace(strings.ToLower(section))
}

// parseStory reads "key: value" lines, an empty line, and a body in Markdown.
func parseStory(raw string, now time.Time) (story, error) {
	head, body, ok := strings.Cut(raw, "\n\n")
	if !ok {
		return story{}, fmt.Errorf("no empty line after the head")
	}
	var s story
	fields := map[string]*string{"title": &s.Title, "lead": &s.Lead, "author": &s.Author,
		"lang": &s.Lang, "section": &s.Section, "image": &s.Image, "alt": &s.Alt}
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if key == "age" {
			age, err := time.ParseDuration(value)
			if err != nil {
				return story{}, err
			}
			s.Published = now.Add(-age).Truncate(time.Minute).In(paris())
			continue
		}
		field, known := fields[key]
		if !known {
			return story{}, fmt.Errorf("unknown key %q", key)
		}
		*field = value
	}
	first, rest, _ := strings.Cut(body, "\n## ")
	s.Minutes = 1 + len(strings.Fields(body))/220
	var err error
	if s.First, err = markdown(first); err != nil {
		return story{}, err
	}
	s.Rest, err = markdown("## " + rest)
	return s, err
}

func markdown(text string) (template.HTML, error) {
	var b bytes.Buffer
	err := goldmark.Convert([]byte(text), &b)
	return template.HTML(b.String()), err
}

// paris is the zone of the sample web; UTC where the machine has no zones.
func paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.UTC
	}
	return zone
}

type comment struct{ Who, When, Text string }

type advert struct{ Name, Price, Rating string }

// furniture is what surrounds an article and is not the article.
func furniture(lang string) (advert, []comment) {
	if lang == "fr" {
		return advert{"Lampe de poche Luciole 300", "24,90\u00a0€ au lieu de 39,90\u00a0€", "★★★★☆ 4,3/5 (218 avis)"},
			[]comment{
				{"goéland22", "il y a 2 heures", "Enfin une bonne nouvelle\u00a0! Merci pour l’article."},
				{"Madeleine", "il y a 1 heure", "Mon grand-père en parlait souvent. Il aurait aimé lire ça."},
				{"Jean-Mi", "il y a 12 minutes", "Et le parking, on en parle\u00a0?"},
			}
	}
	return advert{"The Firefly 300 pocket torch", "£21.50, was £34.00", "★★★★☆ 4.3 out of 5 (218 reviews)"},
		[]comment{
			{"tidewatcher", "2 hours ago", "Lovely piece. I read it twice, the second time aloud."},
			{"B. Larkspur", "40 minutes ago", "Some of us have been saying this for years."},
		}
}
