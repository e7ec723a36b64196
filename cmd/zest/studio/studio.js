// The page is the server's; this only asks for it again when the edition has changed, and keeps the place.
const version = document.body.dataset.version;
const place = sessionStorage.getItem("place");
if (place) scrollTo(0, +place);
addEventListener("beforeunload", () => sessionStorage.setItem("place", scrollY));
const events = new EventSource("/events");
events.addEventListener("version", e => { if (e.data !== version) location.reload(); });
events.onopen = () => document.body.classList.remove("away");
events.onerror = () => document.body.classList.add("away");
