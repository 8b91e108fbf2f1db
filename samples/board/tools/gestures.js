/** What a pointer does from going down to going up: moving, resizing, panning, selecting. Points are of the plane. */

import { between, pulled, scaled } from "../model/geometry.js";
import { Gesture } from "../model/gesture.js";
import { topAt, within } from "../model/hit.js";
import { boundsOf, boundsOfAll, endsOf } from "../model/shape.js";

/**
 * @typedef {import("../main.js").App} App
 * @typedef {import("../model/geometry.js").Point} Point
 *
 * @typedef {object} PointerGesture
 * @property {(point: Point, event: PointerEvent) => void} move
 * @property {(point: Point, event: PointerEvent) => void} end
 * @property {() => void} cancel
 */

/** Moves the selected shapes. @implements {PointerGesture} */
export class Move {
  /** @param {App} app @param {Point} start */
  constructor({ board, selection }, start) {
    this.start = start;
    this.before = selection.shapes.map((shape) => ({ ...shape }));
    this.gesture = new Gesture(board, this.before.length);
  }

  /** @param {Point} point */
  move({ x, y }) {
    const [dx, dy] = [Math.round(x - this.start.x), Math.round(y - this.start.y)];
    this.gesture.put(this.before.map((shape) => [shape.id, { x: shape.x + dx, y: shape.y + dy }]));
  }

  end() {
    this.gesture.end();
  }

  cancel() {
    this.gesture.cancel();
  }
}

/** Resizes the selected shapes by a handle of their frame. @implements {PointerGesture} */
export class Resize {
  /** @param {App} app @param {Point} start @param {import("../model/geometry.js").Handle} handle */
  constructor({ board, selection }, start, handle) {
    this.start = start;
    this.handle = handle;
    const boxes = selection.shapes.filter(({ type }) => type !== "arrow");
    this.before = boxes.map((shape) => ({ ...shape }));
    this.frame = boundsOfAll(this.before, board.shapes);
    this.gesture = new Gesture(board, this.before.length);
  }

  /** @param {Point} point @param {PointerEvent} event */
  move({ x, y }, { shiftKey }) {
    if (this.frame === null) return;
    const by = { x: x - this.start.x, y: y - this.start.y };
    const { frame: before } = this;
    const frame = pulled(before, this.handle, by, { keepsRatio: shiftKey, least: 24 });
    this.gesture.put(this.before.map((shape) => {
      const { x, y, w, h } = scaled(shape, before, frame);
      return [shape.id, this.#changed({ x, y, w: Math.max(8, w), h: Math.max(8, h) }, shape)];
    }));
  }

  /**
   * Only the fields that this handle changes: somebody else may be moving what we make wider.
   * @param {any} after
   * @param {any} before
   */
  #changed(after, before) {
    const isSole = this.before.length === 1;
    const fields = Object.entries(after).filter(([field, value]) => {
      const turned = this.#touched.has(field) || !isSole || Math.round(value) !== before[field];
      if (turned) this.#touched.add(field);
      return turned;
    });
    return Object.fromEntries(fields.map(([field, value]) => [field, Math.round(value)]));
  }

  /** @type {Set<string>} */
  #touched = new Set();

  end() {
    this.gesture.end();
  }

  cancel() {
    this.gesture.cancel();
  }
}

/** Pulls one end of an arrow to another shape or place. @implements {PointerGesture} */
export class PullEnd {
  /** @param {App} app @param {"from" | "to"} end */
  constructor({ board, selection, overlay }, end) {
    this.board = board;
    this.overlay = overlay;
    this.which = end;
    this.arrow = /** @type {import("../model/shape.js").Shape} */ (selection.single);
    this.gesture = new Gesture(board, 1);
  }

  /** @param {Point} point */
  move(point) {
    const { arrow, board } = this;
    const shape = topAt(board.shapes, point, { arrows: false });
    const [start, end] = endsOf(arrow, board.shapes);
    const [a, b] = this.which === "from" ? [point, arrow.to ? end : { x: arrow.x + arrow.w, y: arrow.y + arrow.h }] : [start, point];
    const ends = { x: Math.round(a.x), y: Math.round(a.y), w: Math.round(b.x - a.x), h: Math.round(b.y - a.y) };
    this.overlay.showTarget(shape && boundsOf(shape, board.shapes));
    this.gesture.put([[arrow.id, { ...ends, [this.which]: shape?.id ?? "" }]]);
  }

  end() {
    this.overlay.showTarget(null);
    this.gesture.end();
  }

  cancel() {
    this.overlay.showTarget(null);
    this.gesture.cancel();
  }
}

/** Selects what a band touches. @implements {PointerGesture} */
export class Band {
  /** @param {App} app @param {Point} start @param {boolean} isAdding */
  constructor({ board, selection, overlay }, start, isAdding) {
    this.board = board;
    this.selection = selection;
    this.overlay = overlay;
    this.start = start;
    this.before = isAdding ? [...selection.ids] : [];
  }

  /** @param {Point} point */
  move(point) {
    const band = between(this.start, point);
    this.overlay.showBand(band);
    this.selection.set([...this.before, ...within(this.board.shapes, band)]);
  }

  end() {
    this.overlay.showBand(null);
  }

  cancel() {
    this.overlay.showBand(null);
    this.selection.set(this.before);
  }
}

/** Moves the view. @implements {PointerGesture} */
export class Pan {
  /** @param {App} app @param {PointerEvent} event */
  constructor({ camera, canvas }, { clientX, clientY }) {
    this.camera = camera;
    this.canvas = canvas;
    this.last = { clientX, clientY };
    canvas.classList.add("panning");
  }

  /** @param {Point} _ @param {PointerEvent} event */
  move(_, { clientX, clientY }) {
    this.camera.pan(clientX - this.last.clientX, clientY - this.last.clientY);
    this.last = { clientX, clientY };
  }

  end() {
    this.canvas.classList.remove("panning");
  }

  cancel() {
    this.end();
  }
}
