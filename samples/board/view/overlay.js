/** What lies over the shapes and does not grow with them: the frame of the selection, its handles, what is being drawn. */

import { handles } from "../model/geometry.js";
import { boundsOfAll, endsOf } from "../model/shape.js";
import { onFrame } from "./frames.js";

/** @typedef {import("../model/geometry.js").Rect} Rect */

export class Overlay {
  /**
   * @param {HTMLElement} element
   * @param {{board: import("../model/board.js").Board, camera: import("./camera.js").Camera,
   *   selection: import("../model/selection.js").Selection}} parts
   */
  constructor(element, { board, camera, selection }) {
    this.element = element;
    this.board = board;
    this.camera = camera;
    this.selection = selection;
    this.frame = add(element, "frame");
    for (const handle of handles) add(this.frame, "handle").dataset.handle = handle;
    this.ends = ["from", "to"].map((end) => {
      const dot = add(element, "handle end");
      dot.dataset.end = end;
      return dot;
    });
    this.band = add(element, "band");
    this.line = add(element, "draft-line");
    this.target = add(element, "target");
    for (const each of [this.frame, ...this.ends, this.band, this.line, this.target]) each.hidden = true;
    this.ask = onFrame(() => this.#draw());
    board.on("change", (ids) => [...ids].some((id) => selection.has(id)) && this.ask());
    selection.on("change", this.ask);
    camera.on("change", this.ask);
  }

  #draw() {
    const shapes = this.selection.shapes;
    const single = this.selection.single;
    const isArrow = single?.type === "arrow";
    const box = isArrow ? null : boundsOfAll(shapes, this.board.shapes);
    this.frame.hidden = box === null;
    this.frame.classList.toggle("plain", !this.board.canWrite || shapes.every(({ type }) => type === "arrow"));
    if (box !== null) {
      this.place(this.frame, box);
      this.frame.classList.toggle("small", Math.min(box.w, box.h) * this.camera.zoom < 56);
    }
    for (const [index, dot] of this.ends.entries()) {
      dot.hidden = !isArrow || !this.board.canWrite;
      if (dot.hidden || !single) continue;
      const { x, y } = this.camera.toView(endsOf(single, this.board.shapes)[index]);
      dot.style.transform = `translate(${x}px, ${y}px)`;
    }
  }

  /**
   * Puts an element of the overlay where a rectangle of the plane is.
   * @param {HTMLElement} element
   * @param {Rect} rect
   */
  place(element, rect) {
    const { x, y } = this.camera.toView(rect);
    element.style.transform = `translate(${x}px, ${y}px)`;
    element.style.width = `${rect.w * this.camera.zoom}px`;
    element.style.height = `${rect.h * this.camera.zoom}px`;
  }

  /**
   * Shows a rubber band, or none.
   * @param {Rect | null} rect
   */
  showBand(rect) {
    this.band.hidden = rect === null;
    if (rect !== null) this.place(this.band, rect);
  }

  /**
   * Shows the shape that an arrow would hold on to.
   * @param {Rect | null | undefined} rect
   */
  showTarget(rect) {
    this.target.hidden = !rect;
    if (rect) this.place(this.target, rect);
  }

  /**
   * Shows an arrow that is being drawn.
   * @param {[import("../model/geometry.js").Point, import("../model/geometry.js").Point] | null} ends
   */
  showLine(ends) {
    this.line.hidden = ends === null;
    if (ends === null) return;
    const [a, b] = ends.map((end) => this.camera.toView(end));
    this.line.style.width = `${Math.hypot(b.x - a.x, b.y - a.y)}px`;
    this.line.style.transform = `translate(${a.x}px, ${a.y}px) rotate(${Math.atan2(b.y - a.y, b.x - a.x)}rad)`;
  }
}

/** @param {HTMLElement} parent @param {string} name */
function add(parent, name) {
  const element = document.createElement("div");
  element.className = name;
  parent.append(element);
  return element;
}
