/** Whether what was written is stored, as the document says it, and what stands in its way. */

import { announce, counted, find } from "./page.js";

/** "Saved" is shown so late after the last "Saving…", for the eye; never too early. */
const calm = 300;

/**
 * What the line above says.
 * @param {{state: string, pending: number, parked: number, kept: boolean, isLost: boolean}} doc `isLost`: keeping it failed
 * @returns {{text: string, saved: "yes" | "no" | "never"}}
 */
export function statusOf({ state, pending, parked, kept, isLost }) {
  if (state === "loading") return { text: "Opening…", saved: "no" };
  const changes = counted(pending, "change");
  const where = kept ? `${changes} kept on this device` : isLost ? `${changes} only in this window` : `keeping ${changes} on this device…`;
  if (state === "refused" || state === "closed") {
    const what = state === "refused" ? "Refused" : "Closed";
    return { text: pending === 0 ? what : `${what}: ${where}`, saved: "never" };
  }
  if (state === "offline") return { text: pending === 0 ? "Offline" : `Offline: ${where}`, saved: "no" };
  if (pending === 0) return { text: "Saved", saved: "yes" };
  if (parked > 0) return { text: `Not sent: ${where}`, saved: "no" };
  return { text: "Saving…", saved: "no" };
}

/** A line below the header that stays until it is put away. */
export class Notice {
  /** @type {HTMLElement | null} */
  #element = null;

  /**
   * @param {string} text
   * @param {{isBad?: boolean, actions?: [string, (button: HTMLButtonElement) => void][]}} [options]
   */
  show(text, options = {}) {
    const { isBad = false, actions = [] } = options;
    if (this.#element !== null) {
      const line = /** @type {HTMLElement} */ (this.#element.firstElementChild);
      if (line.textContent !== text) line.textContent = text;
      return;
    }
    const element = (this.#element = document.createElement("div"));
    element.className = isBad ? "notice bad" : "notice";
    element.setAttribute("role", isBad ? "alert" : "status");
    const line = document.createElement("p");
    element.append(line);
    for (const [label, act] of actions) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = label;
      button.addEventListener("click", () => act(button));
      element.append(button);
    }
    find("notices").append(element);
    // After it is in the page, or it is not read out.
    line.textContent = text;
  }

  hide() {
    this.#element?.remove();
    this.#element = null;
  }
}

/**
 * Copies a text and says so on the button.
 * @param {HTMLButtonElement} button
 * @param {string} text
 */
export async function copy(button, text) {
  const label = button.dataset.label ?? (button.dataset.label = button.textContent ?? "");
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announce("Copied");
    setTimeout(() => (button.textContent = label), 1600);
  } catch {
    // A page without https has no clipboard.
    prompt("Copy this:", text.slice(0, 2000));
  }
}

/** @param {any} connection says why nothing comes, before there is a document and after */
export function watchConnection(connection) {
  const show = () => {
    const isAway = connection.state === "waiting" || (connection.state === "connecting" && document.body.dataset.state === "offline");
    const banner = find("banner");
    const line = banner.firstElementChild;
    const isOpen = document.body.dataset.state !== "loading";
    const isReader = document.body.hasAttribute("data-readonly");
    const text = !isOpen ? "The server cannot be reached. The document opens when it can."
      : isReader ? "You are offline. The text is as it was when the server was last heard of."
        : "You are offline. Go on writing: it is sent when the server can be reached again.";
    if (isAway && line.textContent !== text) line.textContent = text;
    if (banner.hidden === !isAway) return;
    banner.hidden = !isAway;
    if (!isAway && isOpen) announce("Online again");
  };
  connection.on("state", show);
  find("retry").addEventListener("click", () => connection.retry());
  show();
  return show;
}

/**
 * @param {any} doc
 * @param {() => void} showBanner
 * @param {unknown[]} errors of the time before there was anything to see
 */
export function showStatus(doc, showBanner, errors) {
  const parked = new Notice();
  const unkept = new Notice();
  // Nothing fails where there is nothing to keep it in, so nobody tells.
  const isForgetful = typeof indexedDB === "undefined";
  let isLost = isForgetful;
  /** @type {any} */
  let timer = null;

  function write() {
    timer = null;
    const { text, saved } = statusOf({ state: doc.state, pending: doc.pending, parked: doc.parked, kept: doc.kept, isLost });
    find("state").textContent = text;
    document.body.dataset.saved = saved;
  }

  function show() {
    // The next try to keep it went well.
    if (isLost && doc.kept) isLost = false;
    if (isLost) unkept.show("This device keeps nothing, perhaps because the window is private. Leave it open until all is saved.");
    else unkept.hide();
    document.body.dataset.state = doc.state;
    document.body.dataset.role = doc.role;
    const isReader = doc.state !== "loading" && (doc.role === "read" || doc.role === "comment");
    document.body.toggleAttribute("data-readonly", isReader);
    find("lock").hidden = !isReader;
    showBanner();
    // "Saved" waits a moment while somebody types; what is not saved is said at once.
    if (doc.state === "live" && doc.stored && find("state").textContent === "Saving…") timer ??= setTimeout(write, calm);
    else {
      clearTimeout(timer);
      write();
    }
    if (doc.parked > 0) {
      parked.show(
        `You may no longer write here. ${counted(doc.parked, "change")} of yours ${doc.parked === 1 ? "was" : "were"} not sent: `
          + "they wait here, and are sent when you may write again.",
        { actions: [["Copy my text", (button) => copy(button, find("body").value)]] },
      );
    } else parked.hide();
  }

  for (const event of ["state", "role", "pending", "kept"]) doc.on(event, show);
  let role = doc.role;
  doc.on("role", () => {
    if (doc.role === role) return;
    role = doc.role;
    announce(role === "read" || role === "comment" ? "You may only read now" : "You may write now");
  });
  doc.on("reset", (/** @type {any} */ { reason, content, pending }) => {
    new Notice().show(
      `The document was replaced on the server (${reason}). ${pending > 0 ? "Changes of yours are not in it. " : ""}What stood here can be copied.`,
      { isBad: true, actions: [["Copy what stood here", (button) => copy(button, String(content?.body ?? ""))]] },
    );
  });
  const fail = (/** @type {any} */ error) => {
    if (error?.code !== "NOT_KEPT") return;
    isLost = true;
    show();
  };
  doc.on("error", fail);
  // What is neither on the server nor on this device would be lost.
  addEventListener("beforeunload", (event) => {
    if (!doc.stored && !doc.kept) event.preventDefault();
  });
  show();
  for (const error of errors) fail(error);
}
