package demo

import "strings"

// words are what the inbox says to people.
type words struct {
	Lang, Inbox, Waiting, To, From, Date, Message, Text, Headers, Source, Raw   string
	Desktop, Phone, ImagesOff, ImagesOn, Dark, Light, Files, None, Back, NoHTML string
}

// wordsFor chooses French for a reader whose browser asks for it first, and
// English for everybody else.
func wordsFor(acceptLanguage string) words {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(acceptLanguage)), "fr") {
		return words{Lang: "fr", Inbox: "Boîte de réception", Waiting: "Rien encore. Le courrier envoyé ici apparaîtra sur cette page\u00a0:",
			To: "À", From: "De", Date: "Date", Message: "Message", Text: "Texte", Headers: "En-têtes", Source: "Source", Raw: "Télécharger",
			Desktop: "Ordinateur", Phone: "Téléphone", ImagesOff: "Masquer les images", ImagesOn: "Montrer les images",
			Dark: "Sombre", Light: "Clair", Files: "Fichiers", None: "(sans objet)", Back: "Tous les messages", NoHTML: "Ce message n’a pas de partie HTML."}
	}
	return words{Lang: "en", Inbox: "Inbox", Waiting: "Nothing yet. Mail sent here will appear on this page:",
		To: "To", From: "From", Date: "Date", Message: "Message", Text: "Text", Headers: "Headers", Source: "Source", Raw: "Download",
		Desktop: "Desktop", Phone: "Phone", ImagesOff: "Hide images", ImagesOn: "Show images",
		Dark: "Dark", Light: "Light", Files: "Files", None: "(no subject)", Back: "All messages", NoHTML: "This message has no HTML part."}
}
