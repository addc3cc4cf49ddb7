// Review by keyboard: a key presses the button or link that names it. Everything works without it but the sound's place.
// One script, so that the page needs no other: the player of a whole conversation is in player.js.

const sent = { once: false }; // a form is sent once, however often its key is pressed

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target instanceof HTMLInputElement) event.target.blur();
  if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || sent.once || isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  if (!/^[a-z]$/.test(key)) return;
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector(`[data-focus="${key}"]`));
  const place = document.querySelector(`[data-key="${key}"]`);
  if (field) {
    field.focus();
    field.select();
  } else if (place instanceof HTMLFormElement) {
    sent.once = true;
    place.requestSubmit();
  } else if (place instanceof HTMLElement) {
    place.click();
  } else {
    return;
  }
  event.preventDefault();
});

// A page that comes back from the browser's memory takes keys again.
addEventListener("pageshow", () => {
  sent.once = false;
});

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "submit", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

// A time beside the words plays from there.

const audio = /** @type {HTMLAudioElement | null} */ (document.querySelector("audio[data-player]"));
const problem = /** @type {HTMLElement | null} */ (document.querySelector("[data-player-problem]"));

document.addEventListener("click", (event) => {
  const place = event.target instanceof Element ? event.target.closest("[data-seek]") : null;
  if (!audio || !(place instanceof HTMLElement)) return;
  const seconds = Number(place.dataset.seek) / 1000;
  if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) {
    audio.currentTime = seconds;
  } else {
    audio.addEventListener("loadedmetadata", () => (audio.currentTime = seconds), { once: true });
    audio.load();
  }
  audio.play().catch(() => undefined); // an error shows below
});

audio?.addEventListener("error", () => {
  if (!problem) return;
  problem.textContent = "The sound cannot be played. Open the whole conversation to see why.";
  problem.hidden = false;
});

if (audio?.dataset.at) {
  const seconds = Number(audio.dataset.at) / 1000;
  audio.addEventListener("play", () => audio.currentTime < seconds && (audio.currentTime = seconds), { once: true });
}
