/** What this page does to its copy of a document: single edits, transactions, undo. */

import { QuireError } from "./errors.js";

/**
 * @typedef {import("./containers.js").Patch} Patch
 *
 * @typedef {object} EditingParts
 * @property {import("./replica.js").Replica} replica
 * @property {number} undoPause so many milliseconds without an edit begin another step of undo
 * @property {(weight: number) => void} check throws when an edit of about so many bytes is not possible now
 * @property {() => void} edited there are changes that nobody took note of
 * @property {(patches: Patch[]) => void} done an edit, or a transaction, is over
 * @property {(patches: any[]) => void} reverted so are undo and redo, with patches of the engine
 */

/** Where a long transaction becomes another change. */
const cut = 512 << 10;

export class Editing {
  #parts;
  /** Whether a transaction is open, what was done in it, and about how many bytes that takes. */
  isOpen = false;
  /** @type {Patch[]} */
  #collected = [];
  #weight = 0;
  #hasEdited = false;
  #editedAt = 0;

  /** @param {EditingParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  get #document() {
    return this.#parts.replica.document;
  }

  /**
   * See `Doc.transaction`.
   * @template T
   * @param {() => T} body
   * @returns {T}
   */
  transaction(body) {
    if (this.isOpen) return body();
    this.#parts.check(0);
    this.#document.closeUndoStep();
    this.#document.begin();
    this.isOpen = true;
    try {
      return body();
    } finally {
      this.isOpen = false;
      this.#document.commit();
      if (this.#hasEdited) this.#finish();
      this.#document.closeUndoStep();
      this.#editedAt = 0;
    }
  }

  /**
   * One edit, by itself or as a part of the transaction that is open.
   * @param {() => Patch[]} body
   * @param {number} weight
   */
  edit(body, weight) {
    this.#parts.check(weight);
    if (!this.isOpen) {
      if (Date.now() - this.#editedAt > this.#parts.undoPause) this.#document.closeUndoStep();
    } else if (this.#weight > 0 && this.#weight + weight > cut) {
      // Another change begins, within the same event.
      this.#document.commit();
      this.#document.begin();
      this.#weight = 0;
    }
    const patches = body();
    this.#weight += weight;
    this.#collected.push(...patches);
    this.#hasEdited = true;
    if (!this.isOpen) this.#finish();
  }

  /**
   * Reverts or redoes the newest step of this page.
   * @param {"undo" | "redo"} what
   * @returns {boolean} whether anything was there to do
   */
  revert(what) {
    this.#parts.check(0);
    if (this.isOpen) throw new QuireError("IN_TRANSACTION", "undo is no part of a transaction");
    const document = this.#document;
    if (what === "undo" ? !document.canUndo : !document.canRedo) return false;
    const patches = document[what]();
    this.#parts.edited();
    this.#parts.reverted(patches);
    return true;
  }

  #finish() {
    const patches = this.#collected;
    this.#collected = [];
    this.#weight = 0;
    this.#hasEdited = false;
    this.#editedAt = Date.now();
    this.#parts.edited();
    this.#parts.done(patches);
  }
}
