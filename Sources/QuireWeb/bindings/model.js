/**
 * What an editor shows of a text, and how the two follow each other.
 *
 * Editors know one kind of line break: they show "\r\n" and "\r" as "\n", so their offsets are others. While an editor must
 * not be touched (an input method composes in it), what others do waits here, and what is typed is moved over it.
 */

import { textSplice } from "../client/replica.js";

/** @typedef {{offset: number, deleteCount: number, insert: string}} Splice */

export class EditorModel {
  #text;
  #apply;
  /** The text as the editor shows it, but for its line breaks. */
  #base;
  /**
   * What is in the text and not in the editor.
   * @type {Splice[]}
   */
  #waiting = [];
  #isOwn = false;
  #isHeld = false;
  #off;

  /**
   * @param {import("../client/containers.js").Text} text
   * @param {(splices: Splice[], origin: string) => void} apply shows changes; offsets are the editor's
   */
  constructor(text, apply) {
    this.#text = text;
    this.#apply = apply;
    this.#base = text.toString();
    this.#off = text.on("change", ({ patches, origin }) => {
      if (this.#isOwn && origin === "local") return;
      this.#waiting.push(.../** @type {Splice[]} */ (patches));
      if (!this.#isHeld) this.#show(origin);
    });
  }

  /** What the editor is to show. */
  get shown() {
    return shown(this.#base);
  }

  get isHeld() {
    return this.#isHeld;
  }

  /** The editor is not to be touched until `release`. */
  hold() {
    this.#isHeld = true;
  }

  release() {
    this.#isHeld = false;
    if (this.#waiting.length === 0) return;
    // What was typed meanwhile stands in the text among what others did: the difference says it all.
    this.#waiting = [];
    const before = this.shown;
    this.#base = this.#text.toString();
    const splice = textSplice(before, this.shown);
    if (splice !== null) this.#apply([splice], "remote");
  }

  /** @param {string} origin */
  #show(origin) {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const splices = [];
    for (const splice of waiting) {
      const before = this.#base;
      const after = spliced(before, splice);
      this.#base = after;
      if (before.includes("\r") || after.includes("\r")) {
        const seen = textSplice(shown(before), shown(after));
        if (seen !== null) splices.push(seen);
      } else splices.push(splice);
    }
    this.#apply(splices, origin);
  }

  /**
   * The editor shows something else: brings that into the text. `caret` is where it was typed.
   * @param {string} value
   * @param {number} [caret]
   * @returns {boolean} whether the text took it; else the editor is to show `shown` again
   */
  typed(value, caret) {
    const splice = textSplice(this.shown, value, caret);
    return splice === null || this.edited([splice]);
  }

  /**
   * The editor changed: offsets are its own, each in what the splice before left.
   * @param {Splice[]} splices
   * @returns {boolean} whether the text took it
   */
  edited(splices) {
    /** @type {() => void} */
    const edit = () => {
      for (const { offset, deleteCount, insert } of splices) this.#edit(offset, deleteCount, insert);
    };
    this.#isOwn = true;
    try {
      if (splices.length === 1) edit();
      else this.#text.doc?.transaction(edit);
      return true;
    } catch (error) {
      if (typeof (/** @type {any} */ (error).code) !== "string") throw error;
      return false;
    } finally {
      this.#isOwn = false;
    }
  }

  /**
   * @param {number} from
   * @param {number} deleteCount
   * @param {string} insert
   */
  #edit(from, deleteCount, insert) {
    const start = hidden(this.#base, from);
    const end = hidden(this.#base, from + deleteCount);
    const clean = shown(wellFormed(insert));
    let offset = start;
    /**
     * What is deleted: what others put into the middle of it meanwhile stays.
     * @type {[number, number][]}
     */
    let deleted = start < end ? [[start, end]] : [];
    for (const splice of this.#waiting) {
      offset = moved(offset, splice);
      deleted = deleted.flatMap((range) => around(range, splice));
    }
    const last = deleted.length === 1 && deleted[0][0] === offset ? deleted[0][1] : null;
    if (last !== null) this.#text.splice(offset, last - offset, clean);
    else {
      for (const [from, to] of deleted.reverse()) {
        this.#text.delete(from, to - from);
        offset = moved(offset, { offset: from, deleteCount: to - from, insert: "" });
      }
      this.#text.insert(offset, clean);
    }
    this.#base = spliced(this.#base, { offset: start, deleteCount: end - start, insert: clean });
  }

  /**
   * An offset in the text of one in the editor.
   * @param {number} offset
   */
  toText(offset) {
    return hidden(this.#base, offset);
  }

  /**
   * An offset in the editor of one in the text.
   * @param {number} offset
   */
  toEditor(offset) {
    return this.#base.includes("\r") ? shown(this.#base.slice(0, offset)).length : offset;
  }

  destroy() {
    this.#off();
  }
}

/**
 * @param {string} text
 * @param {Splice} splice
 */
export function spliced(text, { offset, deleteCount, insert }) {
  return text.slice(0, offset) + insert + text.slice(offset + deleteCount);
}

/**
 * Where an offset is after a splice; before what was put in at its place.
 * @param {number} offset
 * @param {Splice} splice
 */
export function moved(offset, { offset: at, deleteCount, insert }) {
  if (offset <= at) return offset;
  if (offset >= at + deleteCount) return offset + insert.length - deleteCount;
  return at;
}

/**
 * What is left of a range after a splice that others made.
 * @param {[number, number]} range
 * @param {Splice} splice
 * @returns {[number, number][]}
 */
function around([from, to], { offset, deleteCount, insert }) {
  const shift = insert.length - deleteCount;
  /** @type {[number, number][]} */
  const parts = [
    [from, Math.min(to, offset)],
    [Math.max(from, offset + deleteCount) + shift, to + shift],
  ];
  return parts.filter(([start, end]) => start < end);
}

/**
 * The text as an editor shows it.
 * @param {string} text
 */
export function shown(text) {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/**
 * The offset in the text of an offset in the editor.
 * @param {string} text
 * @param {number} offset
 */
function hidden(text, offset) {
  if (!text.includes("\r")) return offset;
  let at = 0;
  for (let seen = 0; seen < offset && at < text.length; seen += 1) at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
  return at;
}

/**
 * Halves of surrogate pairs that stand alone, which a paste can hold, become U+FFFD.
 * @param {string} text
 */
export function wellFormed(text) {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

