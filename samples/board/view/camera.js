/** Which part of the plane the page shows, and how large. */

import { Emitter } from "../model/emitter.js";

/** @typedef {import("../model/geometry.js").Point} Point */

export const leastZoom = 0.1;
export const mostZoom = 4;

export class Camera extends Emitter {
  /** The point of the plane in the upper left corner. */
  x = -40;
  y = -40;
  zoom = 1;
  /** The size of the view on the page. */
  width = 1;
  height = 1;

  /**
   * The part of the plane in sight.
   * @returns {import("../model/geometry.js").Rect}
   */
  get view() {
    return { x: this.x, y: this.y, w: this.width / this.zoom, h: this.height / this.zoom };
  }

  /** @param {Point} point of the view @returns {Point} of the plane */
  toPlane({ x, y }) {
    return { x: this.x + x / this.zoom, y: this.y + y / this.zoom };
  }

  /** @param {Point} point of the plane @returns {Point} of the view */
  toView({ x, y }) {
    return { x: (x - this.x) * this.zoom, y: (y - this.y) * this.zoom };
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.emit("change");
  }

  /**
   * Moves what is seen by pixels of the view.
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x -= dx / this.zoom;
    this.y -= dy / this.zoom;
    this.emit("change");
  }

  /**
   * Zooms so that what is at a point of the view stays there.
   * @param {number} zoom
   * @param {Point} [at]
   */
  zoomTo(zoom, at = { x: this.width / 2, y: this.height / 2 }) {
    const fixed = this.toPlane(at);
    this.zoom = Math.min(mostZoom, Math.max(leastZoom, zoom));
    this.x = fixed.x - at.x / this.zoom;
    this.y = fixed.y - at.y / this.zoom;
    this.emit("change");
  }

  /** @param {import("../model/geometry.js").Rect} rect @param {number} [margin] in pixels */
  fit(rect, margin = Math.min(64, this.width * 0.07)) {
    const room = Math.min((this.width - 2 * margin) / Math.max(1, rect.w), (this.height - 2 * margin) / Math.max(1, rect.h));
    this.zoom = Math.min(1, mostZoom, Math.max(leastZoom, room));
    this.x = rect.x + rect.w / 2 - this.width / 2 / this.zoom;
    this.y = rect.y + rect.h / 2 - this.height / 2 / this.zoom;
    this.emit("change");
  }

  /**
   * Moves as little as it takes to show a rectangle.
   * @param {import("../model/geometry.js").Rect} rect
   */
  reveal(rect) {
    const margin = 32 / this.zoom;
    const { x, y, w, h } = this.view;
    const nudge = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ from, /** @type {number} */ room) =>
      at - margin < from || size + 2 * margin > room ? at - margin - from : Math.max(0, at + size + margin - from - room);
    const [dx, dy] = [nudge(rect.x, rect.w, x, w), nudge(rect.y, rect.h, y, h)];
    if (dx === 0 && dy === 0) return;
    this.x += dx;
    this.y += dy;
    this.emit("change");
  }
}
