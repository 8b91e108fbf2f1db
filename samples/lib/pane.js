// One pane: a text field that is bound to a shared text, with the others in it and how things stand below it.

import { Socket } from "/sdk/wire/socket.js";

import { baseLength, compose, mapOffset, transform } from "./delta.js";
import { diffTyped } from "./diff.js";
import { Marks } from "./marks.js";
import { deltaFromDisplay, display, fromDisplay, toDisplay, wellFormed } from "./newlines.js";
import { SharedText } from "./shared-text.js";

/** One editor on the page, with a connection of its own. */
export class Pane {
  #element;
  #field;
  #shared;
  #marks;
  #announce;
  #name;
  #composing = false;
  /** The text that the field was made from, and what the others did to it while an input method had the field. */
  #shown = "";
  #drift = [];
  #heard = { connection: "", people: new Map() };

  constructor({ template, announce, base, doc, name, token, chooseColor }) {
    this.#element = template.content.firstElementChild.cloneNode(true);
    this.#field = this.#find("textarea");
    this.#announce = announce;
    this.#name = name;
    this.#shared = new SharedText(
      { base, doc, name, token, chooseColor, Socket },
      {
        onText: (delta) => this.#follow(delta),
        onPeople: () => this.#showPeople(),
        onStatus: () => this.#showStatus(),
      },
    );
    this.#marks = new Marks(this.#field, this.#find(".overlay"), () => this.#picture());
    this.#listen();
    this.#showPeople();
    this.#showStatus();
  }

  get element() {
    return this.#element;
  }
  get hasUnsaved() {
    return !this.#shared.status.saved;
  }

  open() {
    this.#shared.open();
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }

  #listen() {
    const field = this.#field;
    field.addEventListener("input", (event) => {
      if (!event.isComposing) this.#readField();
    });
    field.addEventListener("compositionstart", () => {
      this.#composing = true;
    });
    field.addEventListener("compositionend", () => {
      this.#composing = false;
      this.#readField();
    });
    document.addEventListener("selectionchange", () => {
      if (document.activeElement === field) this.#tellSelection();
    });
    field.addEventListener("focus", () => this.#tellSelection());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#shared.select(null);
      else if (document.activeElement === field) this.#tellSelection();
    });
    this.#find(".offline").addEventListener("click", () => this.#toggleOffline());
    window.addEventListener("online", () => this.#isOffline || this.#shared.open());
  }

  // Between the field and the text

  /** Makes an edit of what differs between the field and the text it was made from. */
  #readField() {
    const field = this.#field;
    const before = display(this.#shown);
    const typed = diffTyped(before, field.value, field.selectionEnd)
      .map((part) => (typeof part === "string" ? wellFormed(part) : part));
    const own = deltaFromDisplay(this.#shown, typed);
    const drift = this.#drift;
    this.#drift = [];
    this.#shared.edit(transform(own, drift, false));
    this.#shown = this.#shared.text;
    const caret = [field.selectionStart, field.selectionEnd];
    if (field.value !== display(this.#shown)) {
      const moved = transform(drift, own, true);
      this.#setField(caret.map((offset) => mapOffset(offset, moved)));
    }
    this.#tellSelection();
    this.#marks.refresh();
  }

  /** Follows a change by somebody else; an input method must not be disturbed, so meanwhile the change waits. */
  #follow(delta) {
    if (this.#composing) {
      this.#drift = compose(this.#drift, delta);
      return;
    }
    const { selectionStart, selectionEnd } = this.#field;
    const moved = [selectionStart, selectionEnd].map((offset) => mapOffset(fromDisplay(this.#shown, offset), delta));
    this.#shown = this.#shared.text;
    this.#setField(moved.map((offset) => toDisplay(this.#shown, offset)));
    this.#marks.refresh();
  }

  /** Puts the text into the field with the least disturbance: only what differs is replaced, scrolling stays. */
  #setField([start, end]) {
    const field = this.#field;
    const value = display(this.#shown);
    const { scrollTop, selectionDirection } = field;
    const change = diffTyped(field.value, value);
    if (change.length > 0) {
      const from = typeof change[0] === "number" && change[0] > 0 ? change[0] : 0;
      const text = change.find((part) => typeof part === "string") ?? "";
      field.setRangeText(text, from, baseLength(change), "preserve");
    }
    if (document.activeElement === field) field.setSelectionRange(start, end, selectionDirection);
    field.scrollTop = scrollTop;
  }

  #tellSelection() {
    if (this.#composing) return;
    const { selectionStart, selectionEnd, selectionDirection } = this.#field;
    const [start, end] = [selectionStart, selectionEnd].map((offset) => fromDisplay(this.#shown, offset));
    this.#shared.select(selectionDirection === "backward" ? { anchor: end, head: start } : { anchor: start, head: end });
  }

  /** What the overlay draws, in offsets of the field; nobody while an input method makes the offsets uncertain. */
  #picture() {
    const text = this.#shown;
    const place = ({ anchor, head }) => ({ anchor: toDisplay(text, anchor), head: toDisplay(text, head) });
    const people = this.#composing ? [] : this.#shared.people;
    return {
      text: this.#field.value,
      people: people.map((person) => ({ ...person, cursor: person.cursor && place(person.cursor) })),
    };
  }

  // Around the field

  get #isOffline() {
    return this.#find(".offline").getAttribute("aria-pressed") === "true";
  }

  #toggleOffline() {
    const offline = !this.#isOffline;
    this.#find(".offline").setAttribute("aria-pressed", String(offline));
    if (offline) this.#shared.close();
    else this.#shared.open();
  }

  #showPeople() {
    const name = this.#shared.user?.name ?? this.#name;
    this.#find(".my-name").textContent = name;
    this.#field.setAttribute("aria-label", `Shared text, written as ${name}`);
    this.#element.setAttribute("aria-label", `Editor of ${name}`);
    if (this.#shared.color !== null) {
      this.#element.style.setProperty("--me", this.#shared.color);
      this.#find(".swatch").style.setProperty("--who", this.#shared.color);
    }
    const people = this.#shared.people;
    this.#find(".people").replaceChildren(...people.map(personItem));
    this.#tellArrivals(new Map(people.map((person) => [person.session, person.name])), name);
    this.#marks.refresh();
  }

  #tellArrivals(now, name) {
    const before = this.#heard.people;
    this.#heard.people = now;
    if (!this.#shared.status.joined) return;
    for (const [session, who] of now) if (!before.has(session)) this.#announce(`${who} is here with ${name}.`);
    for (const [session, who] of before) if (!now.has(session)) this.#announce(`${who} left.`);
  }

  #showStatus() {
    const status = this.#shared.status;
    const { connection, text, saved } = describe(status);
    this.#element.dataset.connection = connection;
    this.#element.dataset.saved = String(status.saved);
    this.#element.dataset.rev = String(this.#shared.rev);
    this.#find(".connection").textContent = text;
    this.#find(".saved").textContent = saved;
    // Code points: an emoji is one character to whoever typed it.
    let length = 0;
    for (const _ of this.#shared.text) length += 1;
    this.#find(".count").textContent = `${length.toLocaleString("en")} ${length === 1 ? "character" : "characters"}`;
    this.#field.readOnly = !status.writable || !status.ever;
    if (this.#heard.connection !== connection) {
      this.#heard.connection = connection;
      this.#announce(`${this.#name}: ${text}. ${saved}`);
    }
  }
}

function personItem({ name, color }) {
  const item = document.createElement("li");
  const swatch = document.createElement("span");
  swatch.className = "swatch";
  swatch.setAttribute("aria-hidden", "true");
  if (color !== null) swatch.style.setProperty("--who", color);
  const label = document.createElement("span");
  label.textContent = name;
  item.append(swatch, label);
  return item;
}

/** How things stand, in words. "Saved" is said only of what the server has acknowledged, which means: it is on disk. */
function describe({ phase, joined, saved, writable, ever, error, parked }) {
  const unsaved = "Not saved yet, kept here";
  if (parked || phase === "refused") {
    const reason = error.message.replace(/\.$/, "");
    return { connection: "refused", text: `Refused: ${reason}`, saved: saved ? "" : "Not saved: copy your text" };
  }
  if (joined) {
    const text = writable ? "Connected" : "Connected, read only";
    return { connection: "connected", text, saved: saved ? "Saved" : "Saving…" };
  }
  const known = ever ? (saved ? "Saved" : unsaved) : "";
  if (phase === "waiting") return { connection: "offline", text: "Offline, trying again", saved: known };
  if (phase === "idle" && ever) return { connection: "offline", text: "Offline", saved: known };
  return { connection: "connecting", text: "Connecting…", saved: known };
}
