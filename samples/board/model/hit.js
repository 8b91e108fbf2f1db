/** What lies at a place. */

import { contains, distanceToLine, encloses, touches } from "./geometry.js";
import { boundsOf, endsOf } from "./shape.js";

/** @typedef {import("./shape.js").Shape} Shape */

/** @param {Shape} one @param {Shape} other whether `one` covers `other` */
function isAbove(one, other) {
  return one.z !== other.z ? one.z > other.z : one.id > other.id;
}

/**
 * The uppermost shape at a point.
 * @param {Map<string, Shape>} shapes
 * @param {import("./geometry.js").Point} point
 * @param {{reach?: number, arrows?: boolean, except?: string}} options how far from an arrow still hits it
 * @returns {Shape | null}
 */
export function topAt(shapes, point, { reach = 8, arrows = true, except = "" } = {}) {
  /** @type {Shape | null} */
  let top = null;
  for (const shape of shapes.values()) {
    if (shape.id === except || (shape.type === "arrow" && !arrows)) continue;
    if (top !== null && !isAbove(shape, top)) continue;
    const isHit = shape.type === "arrow"
      ? distanceToLine(point, ...endsOf(shape, shapes)) <= reach
      : contains(shape, point);
    if (isHit) top = shape;
  }
  return top;
}

/**
 * The shapes that a rubber band takes: arrows must be all inside, others only touch it.
 * @param {Map<string, Shape>} shapes
 * @param {import("./geometry.js").Rect} band
 * @returns {string[]}
 */
export function within(shapes, band) {
  return [...shapes.values()]
    .filter((shape) => (shape.type === "arrow" ? encloses : touches)(band, boundsOf(shape, shapes)))
    .map(({ id }) => id);
}

/**
 * As one reads: row by row, and in a row from the left. What begins less than half its height lower is in the same row.
 * @param {Map<string, Shape>} shapes
 * @returns {string[]}
 */
export function readingOrder(shapes) {
  const all = [...shapes.values()].map((shape) => ({ id: shape.id, ...boundsOf(shape, shapes) }));
  all.sort((one, other) => one.y - other.y || one.x - other.x || (one.id < other.id ? -1 : 1));
  /** @type {typeof all[]} */
  const rows = [];
  for (const each of all) {
    const row = rows.at(-1);
    if (row && each.y < row[0].y + row[0].h / 2) row.push(each);
    else rows.push([each]);
  }
  return rows.flatMap((row) => row.sort((one, other) => one.x - other.x || one.y - other.y).map(({ id }) => id));
}
