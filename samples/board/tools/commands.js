/** What is done to the selected shapes, by buttons and keys alike. */

import { newId } from "../model/emitter.js";
import { readingOrder } from "../model/hit.js";
import { boundsOf, boundsOfAll, describe, kinds } from "../model/shape.js";
import { place } from "./draw.js";

export class Commands {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
  }

  #count() {
    const { selection } = this.app;
    return selection.size === 1 ? "1 shape" : `${selection.size} shapes`;
  }

  remove() {
    const { board, selection, announce, canvas } = this.app;
    if (selection.size === 0 || !board.canWrite) return;
    const what = this.#count();
    const ids = [...selection.ids];
    canvas.focus({ preventScroll: true });
    board.edit(() => board.remove(ids));
    announce(`${what} deleted`);
  }

  duplicate() {
    const { board, selection, announce } = this.app;
    const originals = selection.shapes;
    if (originals.length === 0 || !board.canWrite) return;
    const names = new Map(originals.map(({ id }) => [id, newId()]));
    const copies = originals.map(({ id, z: _, ...shape }) => ({
      ...shape,
      id: names.get(id),
      x: shape.x + 24,
      y: shape.y + 24,
      // Arrows between copied shapes hold on to the copies.
      from: names.get(shape.from) ?? shape.from,
      to: names.get(shape.to) ?? shape.to,
    }));
    const ids = board.edit(() => board.add(copies, newId));
    selection.set(ids ?? []);
    announce(`${this.#count()} duplicated`);
  }

  /** @param {"front" | "back"} where */
  restack(where) {
    const { board, selection, announce } = this.app;
    if (selection.size === 0) return;
    board.edit(() => board.restack(selection.ids, where));
    announce(`${this.#count()} brought to the ${where}`);
  }

  /** @param {string} color */
  color(color) {
    const { board, selection, toolbox } = this.app;
    for (const { type } of selection.shapes) toolbox.colors[type] = color;
    board.edit(() => [...selection.ids].forEach((id) => board.put(id, { color })));
  }

  /**
   * Moves by keys: what follows soon is the same step of undo.
   * @param {number} dx
   * @param {number} dy
   */
  nudge(dx, dy) {
    const { board, selection, camera } = this.app;
    if (!board.canWrite) return;
    if (Date.now() - this.#nudgedAt > 800) board.doc.closeUndoStep();
    this.#nudgedAt = Date.now();
    board.attempt(() => {
      for (const { id, x, y } of selection.shapes) board.put(id, { x: x + dx, y: y + dy });
    });
    const box = boundsOfAll(selection.shapes, board.shapes);
    if (box) camera.reveal(box);
  }

  #nudgedAt = 0;

  selectAll() {
    const { board, selection, announce } = this.app;
    selection.set(board.shapes.keys());
    announce(`${this.#count()} selected`);
  }

  /**
   * Goes on to the next shape, as one reads.
   * @param {number} by
   * @returns {boolean} whether there is one
   */
  step(by) {
    const { board, selection, canvas } = this.app;
    const order = readingOrder(board.shapes);
    const focused = /** @type {HTMLElement | null} */ (canvas.querySelector(".shape:focus"))?.dataset.id;
    const current = focused ?? [...selection.ids].at(-1);
    const at = current === undefined ? -1 : order.indexOf(current);
    const next = at < 0 ? (by > 0 ? 0 : -1) : at + by;
    if (next < 0 || next >= order.length) return false;
    this.go(order[next]);
    return true;
  }

  /**
   * Selects a shape, shows it and gives it the keyboard.
   * @param {string} id
   */
  go(id) {
    const { board, selection, camera, scene } = this.app;
    const shape = board.shapes.get(id);
    if (!shape) return;
    selection.set([id]);
    camera.reveal(boundsOf(shape, board.shapes));
    scene.element(id)?.focus({ preventScroll: true });
  }

  /** Puts a shape of the tool in hand into the middle of the view, or an arrow between the two that are selected. */
  placeInMiddle() {
    const { toolbox, camera, selection } = this.app;
    const type = toolbox.tool;
    if (type === "select" || type === "hand") return;
    const { x, y, w, h } = camera.view;
    const size = kinds[type];
    const [from, to] = [...selection.ids];
    const ends = type === "arrow" ? { from: from ?? "", to: to ?? "" } : {};
    place(this.app, { type, x: Math.round(x + (w - size.w) / 2), y: Math.round(y + (h - size.h) / 2), ...ends });
  }

  /** @param {"undo" | "redo"} what */
  revert(what) {
    const { board, announce } = this.app;
    if (!board.canWrite) return;
    announce(board.doc[what]() ? (what === "undo" ? "Undone" : "Done again") : `Nothing to ${what}`);
  }

  /** Shows everything. */
  fit() {
    const { board, camera } = this.app;
    const box = boundsOfAll(board.shapes.values(), board.shapes);
    if (box) camera.fit(box);
    else Object.assign(camera, { x: -40, y: -40 }), camera.zoomTo(1);
  }

  /** Says what is selected. */
  describe() {
    const { selection, board } = this.app;
    return selection.shapes.map((shape) => describe(shape, board.shapes)).join("; ");
  }
}
