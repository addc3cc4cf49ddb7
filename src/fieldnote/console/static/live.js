// Live updates: when something changed, the parts with `data-live` are replaced by their present state.
// The stream closes while the page is hidden: a browser has six connections for a host.

const WAIT = 1500; // milliseconds: changes come in groups

/** @type {EventSource | null} */
let stream = null;
/** @type {number | undefined} */
let timer;
let busy = false;
let again = false;

function open() {
  if (stream || document.hidden || !document.querySelector("[data-live]")) return;
  stream = new EventSource("/live");
  stream.addEventListener("changed", () => {
    clearTimeout(timer);
    timer = setTimeout(update, WAIT);
  });
}

function close() {
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

async function update() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
    else close(); // signed out, or the server stops: the next page says it
  } catch {
    close();
  } finally {
    busy = false;
    if (again) {
      again = false;
      timer = setTimeout(update, WAIT);
    }
  }
}

/** @param {Document} fresh */
function replace(fresh) {
  for (const part of document.querySelectorAll("[data-live][id]")) {
    const other = fresh.getElementById(part.id);
    const inUse = part.contains(document.activeElement) || part.querySelector("dialog[open], details[open]");
    if (!other || inUse || part.innerHTML === other.innerHTML) continue;
    part.replaceChildren(...Array.from(other.childNodes, (node) => document.importNode(node, true)));
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) close();
  else {
    open();
    update();
  }
});
addEventListener("pagehide", close);
addEventListener("pageshow", open);
open();

// A page that the browser asked for ahead of time may be minutes old.
const [visit] = performance.getEntriesByType("navigation");
if (visit && "deliveryType" in visit && visit.deliveryType === "navigational-prefetch") update();
