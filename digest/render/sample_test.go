package render_test

import (
	"strings"
	"time"

	"github.com/zest-digest/zest/digest"
)

// story is a card of a sample edition; the words are ours.
func story(lang, section, site, slug, title, summary string, minutes int) digest.Card {
	a := digest.Article{Title: title, Site: site, Section: section, Language: lang, URL: "https://read.example/" + slug}
	return digest.Card{Article: a, Summary: summary, Minutes: minutes}
}

func picture(c digest.Card, file, alt string, w, h int) digest.Card {
	c.Article.Image = digest.Image{URL: "https://images.example/" + file, Alt: alt, Width: w, Height: h}
	return c
}

func french() []digest.Card {
	lead := picture(story("fr", "Littoral", "Estuaire", "maree", "Ce que la marée rend, et ce qu'elle garde",
		"Depuis trois ans, onze communes laissent la mer reprendre leurs polders. Les oiseaux sont revenus avant les promeneurs ; les ostréiculteurs, eux, demandent encore : « À qui appartient une terre que l'eau traverse ? »", 9),
		"shore.jpg", "Un chenal à marée basse, au petit matin", 1200, 600)
	lead.Lead = true
	lead.Also = []digest.Also{{Site: "Le Phare", Title: "À Saint-Armel, la digue qu'on n'a pas relevée", URL: "https://phare.example/digue"},
		{Site: "Grand Large", Title: "Le retour des avocettes", URL: "https://large.example/avocettes"}}
	return []digest.Card{
		lead,
		picture(story("fr", "Sciences", "Boussole", "sommeil", "Le sommeil des pieuvres a deux temps", "Un laboratoire a filmé leurs nuits pendant un an. La peau s'y éclaire par vagues, comme si l'animal repassait sa journée.", 4), "sea.jpg", "", 1200, 800),
		picture(story("fr", "Ville", "Faubourg", "bancs", "Pourquoi les bancs publics disparaissent", "Ils coûtent peu, on ne les vole pas, et presque personne ne s'en plaint. Une géographe a compté ceux de quatre villes.", 6), "bench.jpg", "", 0, 0),
		story("en", "Technology", "Slowtech", "repair", "The repair shop that publishes its failures", "Every device they could not save gets a page: what broke, what they tried, and who to ask instead.", 5),
		picture(story("fr", "Livres", "Marginalia", "lettres", "Lire les lettres des autres", "Une historienne ouvre trois mille enveloppes jamais remises à leurs destinataires. Elle n'en a lu que la moitié, et s'en explique.", 12), "letters.jpg", "", 1200, 600),
		story("ar", "", "الميناء", "port", "الميناء القديم يفتح أرشيفه", "سجلات قرن كامل من السفن والبضائع والرسائل صارت متاحة للباحثين وللقراء.", 3),
		story("fr", "Cuisine", "Table", "pain", "Le pain du lendemain", "Rassis ne veut pas dire perdu. Quatre gestes de boulangers, dont un que leurs grands-mères n'avouaient pas.", 3),
	}
}

func english() []digest.Card {
	lead := picture(story("en", "Coast", "Estuary", "tide", "What the tide gives back, and what it keeps",
		"For three years, eleven villages have let the sea take back their reclaimed fields. The birds returned before the walkers did; the oyster farmers are still asking who owns land that the water crosses.", 9),
		"shore.jpg", "A channel at low tide, early in the morning", 1200, 600)
	lead.Lead = true
	lead.Also = []digest.Also{{Site: "The Lantern", Title: "The dyke nobody raised", URL: "https://lantern.example/dyke"}}
	return []digest.Card{
		lead,
		picture(story("en", "Science", "Compass", "octopus", "Octopuses sleep in two movements", "A laboratory filmed their nights for a year. The skin lights up in waves, as if the animal went over its day again.", 4), "sea.jpg", "", 1200, 800),
		picture(story("en", "City", "Outskirts", "benches", "Why public benches are disappearing", "They cost little, nobody steals them, and hardly anyone complains. A geographer counted those of four towns.", 6), "bench.jpg", "", 0, 0),
		story("fr", "Technique", "Établi", "reparer", "L'atelier qui publie ses échecs", "Chaque appareil qu'il n'a pas pu sauver a sa page : ce qui a cassé, ce qui a été tenté, et à qui demander.", 5),
		picture(story("en", "Books", "Marginalia", "letters", "Reading other people's letters", "A historian opens three thousand envelopes that never reached anyone. She has read only half of them, and explains why.", 12), "letters.jpg", "", 1200, 600),
		story("he", "", "הנמל", "port", "הארכיון של הנמל הישן נפתח לקהל", "מאה שנים של יומני אוניות ומכתבים זמינות עכשיו לכל קורא.", 3),
	}
}

func arabic() []digest.Card {
	lead := picture(story("ar", "الساحل", "المصب", "tide", "ما يعيده المد وما يحتفظ به",
		"منذ ثلاث سنوات تترك إحدى عشرة قرية البحر يستعيد أراضيها. عادت الطيور قبل المتنزهين، وما زال مزارعو المحار يسألون: لمن الأرض التي يعبرها الماء؟", 9),
		"shore.jpg", "قناة عند الجزر في الصباح الباكر", 1200, 600)
	lead.Lead = true
	lead.Also = []digest.Also{{Site: "المنارة", Title: "السد الذي لم يرفعه أحد", URL: "https://lantern.example/dyke"}}
	return []digest.Card{
		lead,
		picture(story("ar", "علوم", "البوصلة", "octopus", "نوم الأخطبوط على مرحلتين", "صوّر مختبر لياليه عامًا كاملًا. يضيء الجلد على شكل موجات كأن الحيوان يراجع يومه.", 4), "sea.jpg", "", 1200, 800),
		story("fr", "Livres", "Marginalia", "lettres", "Lire les lettres des autres", "Une historienne ouvre trois mille enveloppes jamais remises : elle s'en explique.", 12),
		story("ar", "مدينة", "الضواحي", "benches", "لماذا تختفي المقاعد العامة", "كلفتها قليلة ولا يسرقها أحد، ومع ذلك تختفي.", 2),
	}
}

func hebrew() []digest.Card {
	lead := picture(story("he", "חוף", "השפך", "tide", "מה שהגאות מחזירה, ומה שהיא שומרת",
		"כבר שלוש שנים שאחד־עשר כפרים מניחים לים לשוב אל השדות. הציפורים חזרו לפני המטיילים; מגדלי הצדפות עדיין שואלים: של מי האדמה שהמים חוצים?", 9),
		"shore.jpg", "תעלה בשעת שפל, בבוקר מוקדם", 1200, 600)
	lead.Lead = true
	lead.Also = []digest.Also{{Site: "המגדלור", Title: "הסכר שאיש לא הגביה", URL: "https://lantern.example/dyke"}}
	return []digest.Card{
		lead,
		picture(story("he", "מדע", "המצפן", "octopus", "שנת התמנונים בשני פרקים", "מעבדה צילמה את לילותיהם שנה שלמה. העור מואר בגלים, כאילו החיה עוברת שוב על יומה.", 4), "sea.jpg", "", 1200, 800),
		story("en", "Books", "Marginalia", "letters", "Reading other people's letters", "A historian opens three thousand envelopes that never reached anyone.", 12),
		story("he", "עיר", "הפרבר", "benches", "מדוע נעלמים הספסלים", "הם זולים ואיש אינו גונב אותם, ובכל זאת הם נעלמים.", 2),
	}
}

// sample are the stories in each language.
var sample = map[string]func() []digest.Card{"fr": french, "en": english, "ar": arabic, "he": hebrew}

// letter is a newsletter and an edition of it with these cards.
func letter(theme, lang string, sections ...digest.Section) (digest.Newsletter, digest.Edition) {
	n := digest.Newsletter{
		Name: "estran", Title: "L’Estran", Language: lang, ListID: "estran.estran.example", From: digest.Address{Name: "La rédaction de L’Estran", Email: "lettre@estran.example"},
		PostalAddress: "Association L’Estran, 4 quai des Brumes, 56000 Vannes, France", PublicURL: "https://lettre.estran.example", Look: digest.Look{Theme: theme},
	}
	switch lang {
	case "en":
		n.Title, n.From.Name, n.PostalAddress = "The Foreshore", "The Foreshore", "The Foreshore Trust, 4 Mist Quay, Whitby YO21 1AA, United Kingdom"
	case "he":
		n.Title, n.From.Name, n.PostalAddress = "קו החוף", "מערכת קו החוף", "עמותת קו החוף, רציף הערפל 4, חיפה, ישראל"
	case "ar":
		n.Title, n.From.Name, n.PostalAddress = "الشاطئ", "أسرة تحرير الشاطئ", "جمعية الشاطئ، 4 رصيف الضباب، طنجة، المغرب"
	}
	e := digest.Edition{Newsletter: n.Name, Number: 42, Date: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC), Language: lang, Sections: sections}
	var titles []string
	for _, c := range e.Cards() {
		if e.Subject == "" {
			e.Subject = c.Article.Title
		} else if len(titles) < 3 {
			titles = append(titles, c.Article.Title)
		}
	}
	e.Summary = strings.Join(titles, " · ")
	return n, e
}

var introductions = map[string]string{
	"fr": "Bonjour. Cette semaine, une question de frontières : entre la terre et l'eau, entre lire et indiscrétion.\n\nLa lettre paraît le lundi. Répondez-y, nous lisons tout.",
	"en": "Good morning. This week is about borders: between land and water, between reading and prying.\n\nThis letter appears on Mondays. Reply to it; we read everything.",
	"he": "בוקר טוב. השבוע על גבולות: בין יבשה למים, בין קריאה לסקרנות.",
	"ar": "صباح الخير. هذا الأسبوع عن الحدود: بين اليابسة والماء، وبين القراءة والفضول.",
}
