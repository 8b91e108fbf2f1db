/**
 * The shapes in sight, as elements of one layer that is moved and scaled as a whole.
 *
 * A frame touches what changed since the last one. What is far out of sight has no element; which shapes that is, is looked
 * at again only once the view leaves the part of the plane that was looked at.
 */

import { encloses, grown, touches } from "../model/geometry.js";
import { boundsOf } from "../model/shape.js";
import { onFrame } from "./frames.js";
import { makeView } from "./shape-view.js";

/** For so many milliseconds of a frame elements are made. */
const budget = 8;

export class Scene {
  /** @type {Map<string, import("./shape-view.js").ShapeView>} */
  #views = new Map();
  /** @type {Set<string>} */
  #dirty = new Set();
  #hasMoved = true;
  /**
   * What was looked at, and at which zoom.
   * @type {import("../model/geometry.js").Rect | null}
   */
  #covered = null;
  #coveredZoom = 0;
  /** Whose text is being edited on this page. */
  editing = "";

  /**
   * @param {{canvas: HTMLElement, layer: HTMLElement, list: HTMLElement, board: import("../model/board.js").Board,
   *   camera: import("./camera.js").Camera, selection: import("../model/selection.js").Selection}} parts
   */
  constructor({ canvas, layer, list, board, camera, selection }) {
    this.canvas = canvas;
    this.layer = layer;
    this.list = list;
    this.board = board;
    this.camera = camera;
    this.selection = selection;
    this.ask = onFrame(() => this.#draw());
    board.on("change", (ids) => this.touch(ids));
    selection.on("change", (ids) => this.touch(ids));
    camera.on("change", () => {
      this.#hasMoved = true;
      this.ask();
    });
    this.touch(board.shapes.keys());
  }

  /** How many shapes have elements. */
  get count() {
    return this.#views.size;
  }

  /** @param {Iterable<string>} ids */
  touch(ids) {
    for (const id of ids) this.#dirty.add(id);
    this.ask();
  }

  /**
   * The element of a shape, made when it is out of sight.
   * @param {string} id
   */
  element(id) {
    const shape = this.board.shapes.get(id);
    if (shape) this.#show(shape);
    return this.#views.get(id)?.element ?? null;
  }

  #draw() {
    if (this.#hasMoved) this.#move();
    this.layer.classList.toggle("several", this.selection.size > 1);
    const covered = this.#covered;
    const start = performance.now();
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const id of dirty) {
      const shape = this.board.shapes.get(id);
      const isHere = shape && covered !== null && (this.#isNeeded(id) || touches(covered, boundsOf(shape, this.board.shapes)));
      if (!isHere) this.#hide(id);
      // Many that come into sight at once do so over some frames; what is there already never waits.
      else if (this.#views.has(id) || performance.now() - start < budget) this.#show(shape);
      else this.#dirty.add(id);
    }
    if (this.#dirty.size > 0) this.ask();
  }

  #move() {
    this.#hasMoved = false;
    const { x, y, zoom, view } = this.camera;
    this.layer.style.transform = `scale(${zoom}) translate(${-x}px, ${-y}px)`;
    const grid = 24 * zoom * (zoom < 0.35 ? 4 : 1);
    this.canvas.style.backgroundSize = `${grid}px ${grid}px`;
    this.canvas.style.backgroundPosition = `${-x * zoom}px ${-y * zoom}px`;
    this.layer.classList.toggle("far", zoom < 0.2);
    const isClose = this.#coveredZoom > 0 && zoom / this.#coveredZoom < 2;
    if (isClose && this.#covered !== null && encloses(this.#covered, view)) return;
    this.#covered = grown(view, Math.max(view.w, view.h) / 2);
    this.#coveredZoom = zoom;
    for (const [id, shape] of this.board.shapes) {
      const isHere = touches(this.#covered, boundsOf(shape, this.board.shapes));
      if (isHere !== this.#views.has(id)) this.#dirty.add(id);
    }
  }

  /**
   * Whether it keeps its element out of sight, too.
   * @param {string} id
   */
  #isNeeded(id) {
    const view = this.#views.get(id);
    return this.editing === id || (view !== undefined && view.element === document.activeElement);
  }

  /** @param {import("../model/shape.js").Shape} shape */
  #show(shape) {
    let view = this.#views.get(shape.id);
    if (view && !view.element.classList.contains(shape.type)) {
      this.#hide(shape.id);
      view = undefined;
    }
    if (!view) {
      view = makeView(shape);
      this.#views.set(shape.id, view);
      this.list.append(view.element);
    }
    view.update(shape, this.board.shapes, this.selection.has(shape.id));
    view.element.classList.toggle("edited", this.editing === shape.id);
  }

  /** @param {string} id */
  #hide(id) {
    const view = this.#views.get(id);
    if (!view) return;
    this.#views.delete(id);
    const hadFocus = view.element === document.activeElement;
    view.element.remove();
    if (hadFocus) this.canvas.focus({ preventScroll: true });
  }
}
