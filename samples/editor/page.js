/** What every part of the page needs: its elements, its address, who sits before it, and what is read out. */

/** @param {string} id */
export const find = (id) => /** @type {any} */ (document.getElementById(id));

export const query = new URLSearchParams(location.search);

/** The document's name; "" where none was asked for. */
export const documentId = query.get("doc") ?? "";

export const token = query.get("token");

const nameKey = "quire.name";
const recentKey = "quire.documents";
const mostRecent = 30;

/**
 * A device may forbid to keep anything.
 * @param {() => any} read
 */
function attempt(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** A guest's name. */
export const myName = (query.get("name") || attempt(() => localStorage.getItem(nameKey)) || "Guest").slice(0, 60);

/** @param {string} name */
export function keepName(name) {
  attempt(() => localStorage.setItem(nameKey, name));
  const here = new URL(location.href);
  // Where nothing can be kept the address says it.
  if (attempt(() => localStorage.getItem(nameKey)) === name) here.searchParams.delete("name");
  else here.searchParams.set("name", name);
  location.replace(here);
}

/**
 * The documents that were opened on this device, the newest first.
 * @returns {string[]}
 */
export function recentDocuments() {
  const kept = attempt(() => JSON.parse(localStorage.getItem(recentKey) ?? "[]"));
  return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
}

/** @param {string} id */
export function rememberDocument(id) {
  const ids = [id, ...recentDocuments().filter((each) => each !== id)].slice(0, mostRecent);
  attempt(() => localStorage.setItem(recentKey, JSON.stringify(ids)));
}

/**
 * Where a document is for this person.
 * @param {string} id
 */
export function pageOf(id) {
  const link = new URL(location.href);
  link.hash = "";
  link.searchParams.set("doc", id);
  return link.href;
}

/**
 * Where a document is for everybody: without what is one's own.
 * @param {string} id
 */
export function linkOf(id) {
  const link = new URL(location.pathname, location.href);
  link.searchParams.set("doc", id);
  return link.href;
}

/**
 * Asks the server over HTTP; with a body it is told something.
 * @param {string} path
 * @param {object} [body]
 */
export function ask(path, body) {
  /** @type {Record<string, string>} */
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  if (body === undefined) return fetch(path, { headers });
  headers["Content-Type"] = "application/json";
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/**
 * @param {number} count
 * @param {string} one
 */
export const counted = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

/**
 * Reads a text out.
 * @param {string} text
 */
export function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  find("announcements").append(line);
  setTimeout(() => line.remove(), 8000);
}

/**
 * A panel at the side with its button.
 * @param {HTMLElement} button
 * @param {HTMLElement} panel
 */
export function makePanel(button, panel) {
  const show = (/** @type {boolean} */ isShown) => {
    panel.hidden = !isShown;
    button.setAttribute("aria-expanded", String(isShown));
  };
  button.addEventListener("click", () => {
    show(panel.hidden);
    if (!panel.hidden) /** @type {HTMLElement | null} */ (panel.querySelector("input, a, button"))?.focus();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || button.hidden) return;
    show(false);
    button.focus();
  });
  return { show };
}
