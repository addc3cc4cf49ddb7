// Review by keyboard: a key presses the button or link that names it. Everything works without it.

const sent = { once: false }; // a form is sent once, however often its key is pressed

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || sent.once || typing(event.target)) return;
  const key = event.key.toLowerCase();
  if (!/^[a-z]$/.test(key)) return;
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector(`[data-focus="${key}"]`));
  if (field) {
    field.focus();
    field.select();
    event.preventDefault();
    return;
  }
  const place = document.querySelector(`[data-key="${key}"]`);
  if (place instanceof HTMLFormElement) {
    sent.once = true;
    place.requestSubmit();
  } else if (place instanceof HTMLElement) {
    place.click();
  } else {
    return;
  }
  event.preventDefault();
});

// Escape leaves the field that `e` enters.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target instanceof HTMLInputElement && event.target.dataset.focus) event.target.blur();
});

// A page that comes back from the browser's memory takes keys again.
addEventListener("pageshow", () => (sent.once = false));

/** @param {EventTarget | null} target */
function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "submit", "button"].includes(target.type);
  }
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
