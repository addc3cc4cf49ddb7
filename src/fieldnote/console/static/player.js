// The player follows the words: a click on a sentence plays it, and the line that is heard is marked.

const player = /** @type {HTMLAudioElement | null} */ (document.querySelector("audio[data-player]"));
if (player) follow(player);

/** @param {HTMLAudioElement} audio */
function follow(audio) {
  const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".transcript [data-start]")]);
  const starts = lines.map((line) => Number(line.dataset.start) / 1000);
  const help = /** @type {HTMLElement | null} */ (document.querySelector("[data-player-help]"));
  const following = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-follow]"));
  const problem = /** @type {HTMLElement | null} */ (document.querySelector("[data-player-problem]"));
  /** @type {HTMLElement | null} */
  let heard = null;

  if (help && lines.length) help.hidden = false;
  document.documentElement.classList.add("with-player");

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || getSelection()?.isCollapsed === false) return;
    const place = /** @type {HTMLElement | null} */ (event.target.closest("[data-seek]"));
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const line = place.closest("li[id]");
    if (line) event.preventDefault(); // a link from elsewhere also moves to its line
    play(Number(place.dataset.seek) / 1000);
  });

  /** @param {number} seconds */
  function play(seconds) {
    seek(seconds);
    audio.play().catch(() => undefined); // an error shows below
  }

  /** @param {number} seconds */
  function seek(seconds) {
    if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) {
      audio.currentTime = seconds;
      return;
    }
    audio.addEventListener("loadedmetadata", () => (audio.currentTime = seconds), { once: true });
    audio.load();
  }

  audio.addEventListener("timeupdate", mark);
  audio.addEventListener("seeked", mark);
  audio.addEventListener("playing", () => problem && (problem.hidden = true));
  audio.addEventListener("error", async () => {
    if (!problem) return;
    problem.textContent = await reason();
    problem.hidden = false;
  });

  async function reason() {
    try {
      const answer = await fetch(audio.currentSrc || audio.src, { headers: { range: "bytes=0-0" } });
      if (!answer.ok && answer.headers.get("content-type")?.startsWith("text/plain")) return await answer.text();
    } catch {
      return "The console does not answer. Reload the page in a moment.";
    }
    return "This browser cannot play the sound.";
  }

  function mark() {
    const now = audio.currentTime + 0.05;
    let at = -1;
    while ((starts[at + 1] ?? Infinity) <= now) at += 1;
    const line = lines[at] ?? null;
    if (line === heard) return;
    heard?.removeAttribute("aria-current");
    line?.setAttribute("aria-current", "true");
    heard = line;
    if (line && following?.checked && !audio.paused) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      line.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    }
  }
}
