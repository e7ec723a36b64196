PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-26 03:32:21');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-26 03:32:21');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-26 03:32:21');
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);
INSERT INTO meta VALUES('secret',X'27c207a4172b4326ceb09be7994b5c44536a658154d620a67e33dbeb33f7b0e9');
CREATE TABLE sources (
  name          TEXT PRIMARY KEY,
  title         TEXT   NOT NULL,
  etag          TEXT   NOT NULL,
  last_modified TEXT   NOT NULL,
  moved_to      TEXT   NOT NULL,
  gone          BIGINT NOT NULL,
  last_ok       BIGINT NOT NULL,
  last_tried    BIGINT NOT NULL,
  next_try      BIGINT NOT NULL,
  failures      BIGINT NOT NULL,
  last_error    TEXT   NOT NULL
);
INSERT INTO sources VALUES('feed.xml','Blog','','','',0,1795419060166,1795419060166,0,0,'');
CREATE TABLE articles (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  source     TEXT   NOT NULL,
  identity   TEXT   NOT NULL,
  url        TEXT   NOT NULL,
  title      TEXT   NOT NULL,
  author     TEXT   NOT NULL,
  site       TEXT   NOT NULL,
  section    TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  categories TEXT   NOT NULL,
  published  BIGINT NOT NULL,
  first_seen BIGINT NOT NULL,
  image      TEXT   NOT NULL,
  teaser     TEXT   NOT NULL,
  html       TEXT   NOT NULL,
  text       TEXT   NOT NULL,
  words      BIGINT NOT NULL,
  score      DOUBLE PRECISION NOT NULL,
  position   BIGINT NOT NULL,
  enclosures TEXT   NOT NULL,
  UNIQUE (source, identity)
);
INSERT INTO articles VALUES(1,'feed.xml','guid:1','https://blog.example/1','Le pont rouvre','','Blog','','fr','null',0,1795419060166,'{"URL":"","Alt":"","Width":0,"Height":0}','Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.','Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.','Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.',14,0.32800000000000001376,0,'null');
CREATE TABLE editions (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  newsletter  TEXT   NOT NULL,
  number      BIGINT NOT NULL,
  slot        TEXT   NOT NULL,
  state       TEXT   NOT NULL,
  frozen_at   BIGINT NOT NULL,
  finished_at BIGINT NOT NULL,
  expires     BIGINT NOT NULL,
  audience    BIGINT NOT NULL,
  body        TEXT   NOT NULL, -- the edition, as JSON
  letterhead  TEXT   NOT NULL,
  UNIQUE (newsletter, number),
  UNIQUE (newsletter, slot)
);
INSERT INTO editions VALUES(1,'hebdo',1,'2026-11-23T07:30:00Z','sent',1795419060193,1795419060317,1795591860183,2,'{"ID":0,"Newsletter":"hebdo","Number":1,"Slot":"2026-11-23T07:30:00Z","Date":"2026-11-23T07:31:00Z","Subject":"Le pont rouvre","Summary":"","Intro":"","Language":"fr","Sections":[{"Title":"","Cards":[{"Article":{"ID":1,"Source":"feed.xml","Identity":"guid:1","URL":"https://blog.example/1","Title":"Le pont rouvre","Author":"","Site":"Blog","Section":"","Language":"fr","Categories":null,"Published":"0001-01-01T00:00:00Z","FirstSeen":"2026-11-23T07:31:00.166Z","Image":{"URL":"","Alt":"","Width":0,"Height":0},"Teaser":"Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.","HTML":"","Text":"","Words":14,"Score":0.328,"Doubt":"","Position":0,"Enclosures":null},"Summary":"Deux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.","Minutes":0,"Lead":true,"Also":null}]}],"State":"sending","FrozenAt":"2026-11-23T07:31:00.193731271Z","FinishedAt":"0001-01-01T00:00:00Z"}','{"From":{"Name":"Hebdo","Email":"hebdo@example.org"},"ReplyTo":{"Name":"","Email":""},"Date":"2026-11-23T07:31:00Z","ListID":"hebdo.example.org","ListName":"Hebdo","ArchiveURL":"http://127.0.0.1:9/hebdo","Edition":"hebdo/1","Newsletter":"hebdo","Domain":"example.org","BounceDomain":"example.org","UnsubMailbox":"unsubscribe"}');
CREATE TABLE edition_lists (
  edition_id BIGINT NOT NULL,
  list       TEXT   NOT NULL,
  PRIMARY KEY (edition_id, list)
);
INSERT INTO edition_lists VALUES(1,'hebdo');
CREATE TABLE proofs (
  edition_id BIGINT NOT NULL,
  variant    TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  text_only  BIGINT NOT NULL,
  body       TEXT   NOT NULL, -- the proof, as JSON
  PRIMARY KEY (edition_id, variant)
);
INSERT INTO proofs VALUES(1,'fr','fr',0,'{"Variant":{"Key":"fr","Language":"fr","TextOnly":false},"Subject":"Le pont rouvre","HTML":"\u003c!DOCTYPE html\u003e\u003chtml lang=\"fr\" dir=\"ltr\" xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"\u003e\u003chead\u003e\n\u003cmeta charset=\"utf-8\"/\u003e\n\u003cmeta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/\u003e\n\u003cmeta name=\"x-apple-disable-message-reformatting\"/\u003e\n\u003cmeta name=\"format-detection\" content=\"telephone=no, date=no, address=no, email=no, url=no\"/\u003e\n\u003cmeta name=\"color-scheme\" content=\"light dark\"/\u003e\n\u003cmeta name=\"supported-color-schemes\" content=\"light dark\"/\u003e\n\u003ctitle\u003eLe pont rouvre\u003c/title\u003e\n\u003c!--[if mso]\u003e\u003cnoscript\u003e\u003cxml\u003e\u003co:OfficeDocumentSettings\u003e\u003co:PixelsPerInch\u003e96\u003c/o:PixelsPerInch\u003e\u003c/o:OfficeDocumentSettings\u003e\u003c/xml\u003e\u003c/noscript\u003e\u003c![endif]--\u003e\n\u003cstyle\u003e\n.picture { aspect-ratio: 2 / 1; object-fit: cover; }\na:hover { text-decoration: underline !important; }\n@media (max-width: 480px) {\n.gutter { padding: 16px 20px 32px 20px !important; }\n}\n@media (prefers-color-scheme: dark) {\n.ground { background-color: #1b1916 !important; }\n.paper { background-color: #24211d !important; }\n.ink { color: #ece7de !important; }\n.quiet { color: #bbb4a7 !important; }\n.accent { color: #79a5bf !important; }\n.rule { border-color: #48433b !important; }\n.firm { border-color: #bbb4a7 !important; }\n.tile { background-color: #48433b !important; }\n.light { display: none !important; }\n.dark { display: block !important; }\n}\n\u003c/style\u003e\n\u003c/head\u003e\n\u003cbody class=\"body ground\" bgcolor=\"#f9f7f2\" style=\"margin:0;padding:0;background-color:#f9f7f2\"\u003e\n\u003cdiv class=\"wrap ground ltr\" lang=\"fr\" dir=\"ltr\" role=\"article\" aria-roledescription=\"email\" aria-label=\"Le pont rouvre\" style=\"word-break:break-word;overflow-wrap:anywhere;background-color:#f9f7f2\"\u003e\n\u003ctable role=\"presentation\" class=\"fill ground\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#f9f7f2\" style=\"background-color:#f9f7f2;width:100%\"\u003e\u003ctbody\u003e\u003ctr\u003e\u003ctd class=\"gutter\" align=\"center\" style=\"padding:24px 24px 40px 24px\"\u003e\n\u003c!--[if mso]\u003e\u003ctable role=\"presentation\" width=\"600\" align=\"center\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"\u003e\u003ctr\u003e\u003ctd width=\"600\"\u003e\u003c![endif]--\u003e\n\u003ctable role=\"presentation\" class=\"column\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"width:100%;max-width:560px;font-family:\u0026#39;Segoe UI\u0026#39;, -apple-system, BlinkMacSystemFont, Roboto, Helvetica, Arial, sans-serif\"\u003e\n\u003ctbody\u003e\u003ctr\u003e\u003ctd class=\"masthead\" align=\"left\" style=\"padding:0 0 8px 0;font-family:\u0026#39;Segoe UI\u0026#39;, -apple-system, BlinkMacSystemFont, Roboto, Helvetica, Arial, sans-serif\"\u003e\u003ch1 class=\"title ink tracked\" style=\"color:#1f1d1a;margin:0;font-size:16px;line-height:26px;font-weight:700\"\u003eHebdo\u003c/h1\u003e\n\u003cp class=\"dateline quiet\" style=\"color:#625d54;margin:0;font-size:16px;line-height:26px\"\u003eNº 1, lundi 23 novembre 2026\u003c/p\u003e\u003c/td\u003e\u003c/tr\u003e\n\u003ctr\u003e\u003ctd class=\"story\" align=\"left\" style=\"padding:0 0 24px 0;font-family:\u0026#39;Segoe UI\u0026#39;, -apple-system, BlinkMacSystemFont, Roboto, Helvetica, Arial, sans-serif\"\u003e\n\u003ch2 class=\"headline ink\" style=\"color:#1f1d1a;margin:0;font-size:16px;line-height:26px;font-weight:600\"\u003e\u003ca class=\"accent under\" href=\"https://blog.example/1\" style=\"color:#0b5c8a;text-decoration:underline\"\u003eLe pont rouvre\u003c/a\u003e\u003c/h2\u003e\n\u003cp class=\"text ink\" style=\"color:#1f1d1a;margin:0;font-size:16px;line-height:26px\"\u003eDeux ans de travaux et onze millions plus tard, le pont rouvre enfin lundi.\u003c/p\u003e\n\u003cp class=\"kicker quiet\" style=\"color:#625d54;margin:0;font-size:14px;line-height:24px\"\u003eBlog\u003c/p\u003e\n\u003c/td\u003e\u003c/tr\u003e\n\u003ctr\u003e\u003ctd class=\"closing ink\" align=\"left\" style=\"color:#1f1d1a;padding:8px 0 0 0;font-family:\u0026#39;Segoe UI\u0026#39;, -apple-system, BlinkMacSystemFont, Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:26px\"\u003eHebdo\u003c/td\u003e\u003c/tr\u003e\n\u003ctr\u003e\u003ctd class=\"footer\" align=\"left\" style=\"font-family:\u0026#39;Segoe UI\u0026#39;, -apple-system, BlinkMacSystemFont, Roboto, Helvetica, Arial, sans-serif;padding:40px 0 0 0\"\u003e\n\u003cp class=\"small quiet rule footrule\" style=\"color:#625d54;margin:0 0 8px 0;font-size:14px;line-height:24px;padding:16px 0 0 0;border-top:1px solid #ded8cc\"\u003eVous recevez Hebdo parce que vous l’avez demandé.\u003c/p\u003e\n\u003cp class=\"small quiet\" style=\"color:#625d54;margin:0 0 8px 0;font-size:14px;line-height:24px\"\u003e\u003ca class=\"accent under foot\" href=\"@@unsubscribe_url@@\" style=\"color:#0b5c8a;text-decoration:underline;line-height:28px\"\u003eSe désabonner\u003c/a\u003e  ·  \u003ca class=\"accent under foot\" href=\"@@preferences_url@@\" style=\"color:#0b5c8a;text-decoration:underline;line-height:28px\"\u003eChoisir ce que vous recevez\u003c/a\u003e  ·  \u003ca class=\"accent under foot\" href=\"http://127.0.0.1:9/hebdo/1\" style=\"color:#0b5c8a;text-decoration:underline;line-height:28px\"\u003eVersion en ligne\u003c/a\u003e\u003c/p\u003e\n\u003cp class=\"small quiet\" style=\"color:#625d54;margin:0 0 8px 0;font-size:14px;line-height:24px\"\u003eEnvoyé par Hebdo\u003cbr/\u003e1 quai du Port\u003c/p\u003e\n\u003c/td\u003e\u003c/tr\u003e\n\u003c/tbody\u003e\u003c/table\u003e\n\u003c!--[if mso]\u003e\u003c/td\u003e\u003c/tr\u003e\u003c/table\u003e\u003c![endif]--\u003e\n\u003c/td\u003e\u003c/tr\u003e\u003c/tbody\u003e\u003c/table\u003e\n\u003c/div\u003e\n\u003c/body\u003e\u003c/html\u003e\n","Text":"HEBDO\nNº 1 · lundi 23 novembre 2026\n\nLire en ligne :\nhttp://127.0.0.1:9/hebdo/1\n\n* Le pont rouvre [1]\n  Blog\n\n  Deux ans de travaux et onze millions plus tard, le pont rouvre enfin\n  lundi.\n\n  [1] https://blog.example/1\n\n============================================================================\n\nVous recevez Hebdo parce que vous l’avez demandé.\n\nSe désabonner :\n@@unsubscribe_url@@\n\nChoisir ce que vous recevez :\n@@preferences_url@@\n\nEnvoyé par Hebdo\n1 quai du Port\n","Embedded":null}');
CREATE TABLE carried (
  newsletter TEXT   NOT NULL,
  article_id BIGINT NOT NULL,
  edition_id BIGINT NOT NULL,
  PRIMARY KEY (newsletter, article_id)
);
INSERT INTO carried VALUES('hebdo',1,1);
CREATE TABLE slots (
  newsletter TEXT   NOT NULL,
  slot       TEXT   NOT NULL,
  at         BIGINT NOT NULL,
  outcome    TEXT   NOT NULL,
  PRIMARY KEY (newsletter, slot)
);
INSERT INTO slots VALUES('hebdo','2026-11-23T07:30:00Z',1795419000000,'sent');
CREATE TABLE subscribers (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  email      TEXT   NOT NULL,
  email_key  TEXT   NOT NULL UNIQUE,
  name       TEXT   NOT NULL,
  language   TEXT   NOT NULL,
  text_only  BIGINT NOT NULL,
  suppressed BIGINT NOT NULL, -- kept in step with suppressions
  created    BIGINT NOT NULL
);
INSERT INTO subscribers VALUES(1,'camille@example.org','camille@example.org','','',0,0,1795663942034);
INSERT INTO subscribers VALUES(2,'leo@example.org','leo@example.org','','',0,0,1795663942307);
INSERT INTO subscribers VALUES(3,'ada@example.org','ada@example.org','','',0,0,1795663942847);
CREATE TABLE subscriptions (
  list          TEXT   NOT NULL,
  subscriber_id BIGINT NOT NULL,
  state         TEXT   NOT NULL,
  since         BIGINT NOT NULL,
  reason        TEXT   NOT NULL,
  PRIMARY KEY (list, subscriber_id)
);
INSERT INTO subscriptions VALUES('hebdo',1,'confirmed',1795663941961,'');
INSERT INTO subscriptions VALUES('hebdo',2,'confirmed',1795663942307,'');
INSERT INTO subscriptions VALUES('hebdo',3,'left',1795663943171,'operator');
CREATE TABLE suppressions (
  hash   TEXT PRIMARY KEY,
  reason TEXT   NOT NULL,
  source TEXT   NOT NULL,
  since  BIGINT NOT NULL
);
CREATE TABLE deliveries (
  edition_id    BIGINT NOT NULL,
  subscriber_id BIGINT NOT NULL,
  variant       TEXT   NOT NULL,
  status        TEXT   NOT NULL,
  owner         TEXT   NOT NULL DEFAULT '',
  lane          BIGINT NOT NULL DEFAULT 0,
  attempts      BIGINT NOT NULL DEFAULT 0,
  repeats       BIGINT NOT NULL DEFAULT 0,
  code          BIGINT NOT NULL DEFAULT 0,
  enhanced      TEXT   NOT NULL DEFAULT '',
  reply         TEXT   NOT NULL DEFAULT '',
  next_try      BIGINT NOT NULL DEFAULT 0,
  settled       BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (edition_id, subscriber_id)
);
INSERT INTO deliveries VALUES(1,1,'fr','sent','vm-1031-HNTRUNACIL',0,1,0,250,'','',0,1795419060281);
INSERT INTO deliveries VALUES(1,2,'fr','sent','vm-1031-HNTRUNACIL',0,1,0,250,'','',0,1795419060282);
CREATE TABLE consents (
  subscriber_id BIGINT NOT NULL,
  list          TEXT   NOT NULL,
  source        TEXT   NOT NULL, -- where they asked: "web", "import", "operator"
  form          TEXT   NOT NULL, -- the words they agreed to
  asked         BIGINT NOT NULL,
  confirmed     BIGINT NOT NULL,
  PRIMARY KEY (subscriber_id, list)
);
CREATE TABLE asks (
  hash TEXT   NOT NULL,
  at   BIGINT NOT NULL
);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',3);
INSERT INTO sqlite_sequence VALUES('subscribers',3);
INSERT INTO sqlite_sequence VALUES('articles',1);
INSERT INTO sqlite_sequence VALUES('editions',1);
CREATE INDEX articles_url ON articles (url);
CREATE INDEX carried_article ON carried (article_id);
CREATE INDEX subscriptions_subscriber ON subscriptions (subscriber_id);
CREATE INDEX deliveries_open ON deliveries (edition_id, subscriber_id) WHERE status = 'queued' OR status = 'claimed';
CREATE INDEX deliveries_reader ON deliveries (subscriber_id) WHERE status = 'queued' OR status = 'claimed';
CREATE INDEX asks_hash ON asks (hash, at);
COMMIT;
