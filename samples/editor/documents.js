/** The list of documents, and a new one. */

import { ask, documentId, find, keepName, makePanel, myName, pageOf, recentDocuments, token } from "./page.js";

/**
 * A document's name as the server takes it: 1 to 128 of [A-Za-z0-9._~:-].
 * @param {string} name
 * @returns {string} "" where nothing is left of it
 */
export function idOf(name) {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").trim().replace(/\s+/gu, "-");
  return plain.replace(/[^A-Za-z0-9._~:-]/g, "").replace(/^-+|-+$/g, "").slice(0, 128);
}

/**
 * @param {string} id
 * @param {string} note
 */
function entry(id, note) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = pageOf(id);
  if (id === documentId) link.setAttribute("aria-current", "page");
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = name.title = id;
  const small = document.createElement("small");
  small.textContent = note;
  link.append(name, small);
  item.append(link);
  return item;
}

const dates = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
/**
 * Seconds or milliseconds since 1970.
 * @param {unknown} at
 */
export function dateOf(at) {
  const time = typeof at === "string" ? Date.parse(at) : Number(at) < 1e11 ? Number(at) * 1000 : Number(at);
  return Number.isFinite(time) ? dates.format(time) : "";
}

/** @type {string | null} where the next page begins */
let next = null;
/** Only the newest answer counts. */
let turn = 0;

/** @param {{isMore?: boolean}} [options] */
async function load(options = {}) {
  const { isMore = false } = options;
  const mine = ++turn;
  const hint = find("document-hint");
  const list = find("document-list");
  try {
    const answer = await ask(`/v1/docs?limit=100${isMore && next !== null ? `&after=${encodeURIComponent(next)}` : ""}`);
    if (!answer.ok) throw answer.status;
    const page = await answer.json();
    if (mine !== turn) return;
    /** @type {HTMLElement[]} */
    const entries = page.docs.map((/** @type {any} */ { id, created }) => entry(String(id), dateOf(created)));
    const isCurrent = (/** @type {Element} */ each) => each.querySelector("[aria-current]") !== null;
    if (isMore) list.append(...entries.filter((each) => !isCurrent(each)));
    else list.replaceChildren(...entries);
    // A document is in the list once something is in it; the one that is open always is.
    if (documentId !== "" && ![...list.children].some(isCurrent)) list.prepend(entry(documentId, ""));
    next = typeof page.next === "string" ? page.next : null;
    hint.textContent = list.children.length === 0 ? "No documents yet." : "";
  } catch (error) {
    if (mine !== turn) return;
    // Guests may not list on a public server, and offline there is no list.
    const recent = recentDocuments();
    next = null;
    list.replaceChildren(...recent.map((id) => entry(id, "")));
    const why = error === 403 || error === 401 ? "The server shows you no list." : "The list cannot be had now.";
    hint.textContent = recent.length > 0 ? `${why} These were opened on this device.` : why;
  }
  find("more").hidden = next === null;
}

function listenToForm() {
  const field = find("new-name");
  field.addEventListener("input", () => {
    const id = idOf(field.value);
    const isSame = id === field.value.trim();
    find("new-hint").textContent = field.value.trim() === "" || isSame ? "" : id === "" ? "Use letters from a to z, or digits." : `Its link: ${id}`;
  });
  find("new-document").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    const id = field.value.trim() === "" ? `text-${crypto.getRandomValues(new Uint32Array(2)).join("-")}` : idOf(field.value);
    if (id === "") {
      find("new-hint").textContent = "Use letters from a to z, or digits.";
      field.focus();
      return;
    }
    location.assign(pageOf(id));
  });
}

function listenToName() {
  const dialog = find("name-dialog");
  const button = find("me");
  button.textContent = myName;
  button.addEventListener("click", () => {
    find("name").value = myName === "Guest" ? "" : myName;
    dialog.showModal();
  });
  dialog.querySelector('[value="cancel"]').addEventListener("click", () => dialog.close());
  find("name-form").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    const name = find("name").value.trim();
    dialog.close();
    if (name !== "" && name !== myName) keepName(name);
  });
}

/** Fills the panel; without a document it is the whole page. */
export function showDocuments() {
  const button = find("documents-button");
  const panel = find("documents");
  const { show } = makePanel(button, panel);
  button.addEventListener("click", () => {
    if (!panel.hidden) load();
  });
  find("more").addEventListener("click", () => load({ isMore: true }));
  listenToForm();
  listenToName();
  addEventListener("visibilitychange", () => {
    if (!document.hidden && !panel.hidden) load();
  });
  // Where the panel lies over the text, a touch of the text puts it away.
  find("page").addEventListener("pointerdown", () => {
    if (getComputedStyle(panel).position === "absolute") show(false);
  });
  // A token says who one is, and the server says that once a document is open.
  if (token !== null) {
    find("me").disabled = true;
    find("me").parentElement.hidden = documentId === "";
  }
  if (documentId === "") button.hidden = true;
  if (documentId === "" || matchMedia("(min-width: 75rem)").matches) {
    show(true);
    load();
  }
  return {
    load,
    /** @param {string} name as the server knows it */
    setName: (name) => {
      find("me").textContent = name;
    },
  };
}
