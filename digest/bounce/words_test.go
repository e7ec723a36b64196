package bounce

import "testing"

// TestPhrases holds what servers of many makes say to a recipient they refuse.
func TestPhrases(t *testing.T) {
	for class, phrases := range map[Class][]string{
		ClassHard: {
			"550 #5.1.0 Address rejected.", "550 address invalid", "550 address does not exist", "550 Address not present in directory", "550 Address unknown",
			"553 sorry, your envelope recipient is in my badrcptto list", "550 can't accept user", "550 destination addresses were unknown", "550 Email address could not be found, or was misspelled",
			"550 invalid mailbox", "550 Invalid mailbox path", "550 Invalid recipient zoe", "550 zoe is not a known user", "550 is not a valid mailbox", "550 <zoe@b.example> is not an active address at this host",
			"550 Mailbox does not exist", "550 Mailbox invalid", "550 mailbox not found", "550 nessun utente simile in questo sistema", "550 no account by that name here", "550 No existe ese usuario",
			"550 sorry, no mailbox here by that name", "550 No such address here", "550 no such person at this address", "550 No such recipient here", "554 No such user", "550 not a local user", "550 zoe not a valid user here",
			"550 does not have a final email delivery point", "550 not listed in Domino Directory", "550 User not listed in public Name & Address Book", "550 non-existent user", "550 Recipient address rejected: User unknown in virtual alias table",
			"550 Recipient address rejected: Invalid user", "550 recipient does not exist", "550 Recipient not found", "550 requested action not taken: mailbox unavailable", "550 that user does not have an account here",
			"550 The user's email name is not found", "550 There is no one at this address", "550 this address does not receive mail", "550 This email address is wrong or no longer valid", "550 This user does not exist", "550 unable to find alias user",
			"550 Unknown address error", "550 unknown e-mail address", "550 unknown local part zoe", "550 unknown mailbox", "550 unknown or illegal alias", "550 unknown recipient", "550 Unknown user", "550 user does not exist", "550 User not known", "550 User unknown",
			"550 user missing home directory", "550 Utilisateur inconnu !", "550 vdeliver: invalid or unknown virtual user", "550 5.1.1 Boîte aux lettres inexistante", "550 L'adresse n'existe pas", "550 Cette adresse n'est plus attribuée", "550 Compte supprimé", "550 Compte clos : utilisateur inconnu",
			"550 domain does not exist", "550 domain must exist", "550 Host unknown", "550 invalid domain", "550 mail domain mentioned in email address is unknown", "Name or service not known", "550 No such domain", "550 Recipient address rejected: Unknown domain name",
			"550 recipient domain must exist", "550 unknown host", "Unrouteable address", "unrouteable mail domain", "550 Illegal host/domain name found", "551 zoe has moved; please try <zoe@c.example>", "550 host does not accept mail", "556 Domain does not accept mail (nullMX)", "550 mail receiving disabled for this domain: no longer accepts mail",
			"550 Benutzer unbekannt", "550 Empfänger existiert nicht", "550 Destinatario sconosciuto", "550 Usuario desconocido", "550 Usuário inexistente", "550 Gebruiker onbekend", "550 Пользователь не найден", "550 Такого адреса не существует: адрес не найден", "550 收件人不存在",
		},
		ClassSoft: {
			"552 Mailbox full", "552 user is over quota", "550 mailbox size limit exceeded", "452 Insufficient system storage", "550 5.2.2 Quota exceeded", "550 account is over quota", "552 Le quota de la boîte est dépassé", "552 Boîte pleine",
			"550 Boite du destinataire archivee", "550 the email account that you tried to reach is disabled", "550 account has been suspended", "550 inactive account", "550 Invalid/inactive user", "550 is a deactivated mailbox", "550 mailbox currently suspended", "550 mailbox disabled", "550 mailbox is frozen",
			"550 recipient rejected: temporarily inactive", "550 this account has been disabled or discontinued", "550 user suspended", "550 vdelivermail: account is locked email bounced", "550 Due to extended inactivity new mail is not currently being accepted for this mailbox",
			"451 Temporary local problem", "connection refused", "retry timeout exceeded", "550 Compte désactivé", "550 Konto gesperrt",
		},
		ClassPolicy: {
			"550 mailbox unavailable or access denied", "550 you have been blocked by the recipient", "550 refused due to recipient preferences", "550 user refuses to receive this mail", "550 RESOLVER.RST.NotAuthorized; not authorized", "550 because the recipient is only accepting mail from specific email addresses",
			"554 5.7.1 Message blocked due to spam content", "550 Access denied", "554 Your IP is on our blacklist", "550 SPF check failed", "550 DMARC policy", "550 Relaying denied", "553 sorry, that domain isn't in my list of allowed rcpthosts", "550 Sender verify failed", "550 Sender address rejected: User unknown", "501 Sender domain must exist", "550 cannot find your hostname: no PTR", "554 Message contains a virus",
			"552 Message size exceeds fixed limit", "450 Greylisted", "550 unsolicited mail", "421 too many connections from your host", "550 Your message was rejected due to its content", "554 HELO command rejected: Host not found", "550 Message refusé : contenu indésirable", "554 Adresse IP en liste noire",
		},
	} {
		for _, phrase := range phrases {
			got, reason := verdict(phrase)
			if got == "" {
				got = ClassSoft
			}
			if got != class {
				t.Errorf("%q: %s (%s), want %s", phrase, got, reason, class)
			}
		}
	}
}
