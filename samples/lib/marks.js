// Draws the others' selections and carets over a text field, measured in a mirror of its text.

import { baseLength } from "./delta.js";
import { diffTyped } from "./diff.js";

const flagTime = 2_500;

/** The overlay of one text field. */
export class Marks {
  #field;
  #overlay;
  #scroller;
  #mirror;
  #layer;
  #moved = new Map();
  #frame = null;
  #timer = null;
  #source = () => ({ text: "", people: [] });

  /** `source()` answers `{text, people}`: the text that the field shows, and the people with offsets into it. */
  constructor(field, overlay, source) {
    this.#field = field;
    this.#overlay = overlay;
    this.#scroller = overlay.querySelector(".scroller");
    this.#mirror = overlay.querySelector(".mirror");
    this.#layer = overlay.querySelector(".marks");
    this.#source = source;
    field.addEventListener("scroll", () => this.#scroll());
    new ResizeObserver(() => this.refresh()).observe(field);
  }

  /** Draws anew before the next frame. */
  refresh() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
    });
  }

  #scroll() {
    this.#scroller.style.transform = `translate(${-this.#field.scrollLeft}px, ${-this.#field.scrollTop}px)`;
  }

  #draw() {
    const { text, people } = this.#source();
    // The last character gives an empty last line its height, and the end of the text something to be measured by.
    this.#write(`${text}\u200b`);
    this.#scroller.style.width = `${this.#field.clientWidth}px`;
    this.#scroll();
    const origin = this.#scroller.getBoundingClientRect();
    const now = performance.now();
    const marks = [];
    for (const person of people) {
      if (person.cursor === null) continue;
      const { anchor, head } = person.cursor;
      for (const box of this.#boxes(Math.min(anchor, head), Math.max(anchor, head))) {
        marks.push(mark("selection", person, { left: box.left - origin.left, top: box.top - origin.top }, box.width, box.height));
      }
      marks.push(this.#caret(person, head, origin, now));
    }
    this.#layer.replaceChildren(...marks);
    this.#forget(people);
  }

  /** Touches only what differs: a browser lays out a long text anew when all of it is replaced. */
  #write(text) {
    const node = this.#mirror.firstChild;
    if (node === null) {
      this.#mirror.textContent = text;
      return;
    }
    const change = diffTyped(node.data, text);
    if (change.length === 0) return;
    const from = typeof change[0] === "number" && change[0] > 0 ? change[0] : 0;
    const inserted = change.find((part) => typeof part === "string") ?? "";
    node.replaceData(from, baseLength(change) - from, inserted);
  }

  #caret(person, head, origin, now) {
    const box = this.#caretBox(head);
    const at = { left: box.left - origin.left, top: box.top - origin.top };
    const caret = mark("caret", person, at, null, box.height);
    const place = `${head}:${at.left}:${at.top}`;
    const known = this.#moved.get(person.session);
    if (known?.place !== place) this.#moved.set(person.session, { place, at: now });
    const age = now - this.#moved.get(person.session).at;
    const flag = document.createElement("span");
    flag.className = "flag";
    flag.textContent = person.name;
    flag.classList.toggle("shown", age < flagTime);
    flag.classList.toggle("below", at.top - this.#field.scrollTop < 20);
    flag.classList.toggle("leftward", at.left > this.#field.clientWidth - 120);
    caret.append(flag);
    if (age < flagTime) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), flagTime);
    }
    return caret;
  }

  #forget(people) {
    for (const session of this.#moved.keys()) {
      if (!people.some((person) => person.session === session)) this.#moved.delete(session);
    }
  }

  #range(from, to) {
    const range = document.createRange();
    const node = this.#mirror.firstChild;
    range.setStart(node, Math.min(from, node.length));
    range.setEnd(node, Math.min(to, node.length));
    return range;
  }

  #boxes(from, to) {
    return from === to ? [] : [...this.#range(from, to).getClientRects()];
  }

  /** Where the caret stands: before the character at `offset`, which may take two units. */
  #caretBox(offset) {
    const [box] = this.#range(offset, offset + 1).getClientRects();
    if (box !== undefined && box.height > 0) return box;
    const [wide] = this.#range(offset, offset + 2).getClientRects();
    return wide ?? this.#mirror.getBoundingClientRect();
  }
}

function mark(kind, person, { left, top }, width, height) {
  const element = document.createElement("div");
  element.className = kind;
  element.dataset.name = person.name;
  element.style.setProperty("--who", person.color ?? "var(--soft)");
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
  if (width !== null) element.style.width = `${Math.max(width, 4)}px`;
  element.style.height = `${height}px`;
  return element;
}
