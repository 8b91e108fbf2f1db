/** Drawing new shapes. */

import { between } from "../model/geometry.js";
import { topAt } from "../model/hit.js";
import { boundsOf, kinds } from "../model/shape.js";
import { newId } from "../model/emitter.js";

/**
 * @typedef {import("../main.js").App} App
 * @typedef {import("../model/geometry.js").Point} Point
 */

/**
 * Puts a shape into the document and selects it; a note or text is written on at once.
 * @param {App} app
 * @param {Partial<import("../model/shape.js").Shape> & {type: import("../model/shape.js").ShapeType}} shape
 * @returns {string | undefined}
 */
export function place(app, shape) {
  const { board, selection, scene, editor, toolbox } = app;
  const [id] = board.edit(() => board.add([{ color: toolbox.colors[shape.type], ...shape }], newId)) ?? [];
  if (id === undefined) return undefined;
  selection.set([id]);
  toolbox.set("select");
  scene.element(id)?.focus({ preventScroll: true });
  if (shape.type === "note" || shape.type === "text") editor.open(id);
  app.announce(`${kinds[shape.type].name} added`);
  return id;
}

/** A shape as large as it is drawn, or of the usual size where one only clicks. @implements {import("./gestures.js").PointerGesture} */
export class DrawBox {
  /** @param {App} app @param {Point} start @param {"note" | "rect" | "ellipse" | "text"} type */
  constructor(app, start, type) {
    this.app = app;
    this.start = start;
    this.type = type;
  }

  /** @param {Point} point */
  move(point) {
    this.app.overlay.showBand(between(this.start, point));
  }

  /** @param {Point} point */
  end(point) {
    this.app.overlay.showBand(null);
    const box = between(this.start, point);
    const usual = kinds[this.type];
    const isDrawn = Math.max(box.w, box.h) * this.app.camera.zoom > 12;
    const { x, y, w, h } = isDrawn
      ? { ...box, w: Math.max(32, box.w), h: Math.max(24, box.h) }
      : { x: point.x - usual.w / 2, y: point.y - usual.h / 2, w: usual.w, h: usual.h };
    place(this.app, { type: this.type, x: Math.round(x), y: Math.round(y), w: Math.round(w), h: Math.round(h) });
  }

  cancel() {
    this.app.overlay.showBand(null);
  }
}

/** An arrow, whose ends hold on to the shapes that it begins and ends in. @implements {import("./gestures.js").PointerGesture} */
export class DrawArrow {
  /** @param {App} app @param {Point} start */
  constructor(app, start) {
    this.app = app;
    this.start = start;
    this.from = topAt(app.board.shapes, start, { arrows: false });
    app.overlay.showTarget(this.from && boundsOf(this.from, app.board.shapes));
  }

  /** @param {Point} point */
  move(point) {
    const { overlay, board } = this.app;
    const to = topAt(board.shapes, point, { arrows: false, except: this.from?.id });
    overlay.showLine([this.start, point]);
    overlay.showTarget(to ?? this.from);
  }

  /** @param {Point} point */
  end(point) {
    this.cancel();
    const { board, camera } = this.app;
    const to = topAt(board.shapes, point, { arrows: false, except: this.from?.id });
    const { start, from } = this;
    const isDrawn = Math.hypot(point.x - start.x, point.y - start.y) * camera.zoom > 12;
    const [w, h] = isDrawn ? [point.x - start.x, point.y - start.y] : [kinds.arrow.w, kinds.arrow.h];
    place(this.app, {
      type: "arrow", x: Math.round(start.x), y: Math.round(start.y), w: Math.round(w), h: Math.round(h),
      from: from?.id ?? "", to: isDrawn ? to?.id ?? "" : "",
    });
  }

  cancel() {
    this.app.overlay.showLine(null);
    this.app.overlay.showTarget(null);
  }
}
