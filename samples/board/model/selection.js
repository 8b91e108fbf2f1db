/** Which shapes are selected on this page. */

import { Emitter } from "./emitter.js";

export class Selection extends Emitter {
  /** @type {Set<string>} */
  ids = new Set();

  /** @param {import("./board.js").Board} board */
  constructor(board) {
    super();
    this.board = board;
    board.on("change", (changed) => {
      const gone = [...changed].filter((id) => this.ids.has(id) && !board.shapes.has(id));
      if (gone.length > 0) this.set([...this.ids].filter((id) => !gone.includes(id)));
    });
  }

  get size() {
    return this.ids.size;
  }

  /** @param {string} id */
  has(id) {
    return this.ids.has(id);
  }

  /** The only one; null when there are none or several. */
  get single() {
    const [id] = this.ids;
    return this.ids.size === 1 ? this.board.shapes.get(id) ?? null : null;
  }

  /** @returns {import("./shape.js").Shape[]} */
  get shapes() {
    return this.board.sorted(this.ids);
  }

  /** @param {Iterable<string>} ids */
  set(ids) {
    const before = this.ids;
    const next = new Set([...ids].filter((id) => this.board.shapes.has(id)));
    if (next.size === before.size && [...next].every((id) => before.has(id))) return;
    this.ids = next;
    this.emit("change", new Set([...before, ...next]));
  }

  /** @param {string} id */
  toggle(id) {
    this.set(this.ids.has(id) ? [...this.ids].filter((other) => other !== id) : [...this.ids, id]);
  }

  clear() {
    this.set([]);
  }
}
