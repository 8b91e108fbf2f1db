/** Edits that go on for a while and are one step of undo: dragging, resizing, typing. */

/** With more shapes than this the others see a move when it ends: each change of each frame stays in the document's history. */
const mostLive = 40;

export class Gesture {
  /** @type {Map<string, any>} */
  #waiting = new Map();
  /**
   * What there was before.
   * @type {Map<string, any>}
   */
  #before = new Map();
  #frame = 0;
  #hasEdited = false;

  /**
   * @param {import("./board.js").Board} board
   * @param {number} count how many shapes it changes
   */
  constructor(board, count) {
    this.board = board;
    this.isLive = count <= mostLive;
    board.doc.closeUndoStep();
  }

  /**
   * Shows changes at once; they are in the document with the next frame.
   * @param {[string, any][]} changes fields by id
   */
  put(changes) {
    const { shapes } = this.board;
    const known = changes.filter(([id]) => shapes.has(id));
    for (const [id, values] of known) {
      const before = this.#before.get(id) ?? {};
      for (const field of Object.keys(values)) if (!(field in before)) before[field] = /** @type {any} */ (shapes.get(id))[field];
      this.#before.set(id, before);
      this.#waiting.set(id, { ...this.#waiting.get(id), ...values });
    }
    this.board.preview(known);
    if (this.isLive && this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#write());
  }

  #write() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    if (waiting.size === 0 || !this.board.canWrite) return;
    const body = () => waiting.forEach((values, id) => this.board.put(id, values));
    // A transaction is a step of undo of its own; the frames of one gesture are one step together.
    if (this.isLive) this.board.attempt(body);
    else this.board.edit(body);
    this.#hasEdited = true;
  }

  end() {
    this.#write();
    this.board.doc.closeUndoStep();
  }

  /** Everything is as it was. */
  cancel() {
    cancelAnimationFrame(this.#frame);
    this.#waiting.clear();
    this.board.doc.closeUndoStep();
    if (this.#hasEdited && this.board.canWrite) this.board.doc.undo();
    else this.board.preview([...this.#before]);
  }
}
