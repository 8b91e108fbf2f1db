/** Points and rectangles of the board's plane; y grows downwards. Nothing here knows the page. */

/**
 * @typedef {{x: number, y: number}} Point
 * @typedef {{x: number, y: number, w: number, h: number}} Rect
 */

/** @param {Rect} rect @returns {Point} */
export function center({ x, y, w, h }) {
  return { x: x + w / 2, y: y + h / 2 };
}

/**
 * The rectangle between two corners.
 * @param {Point} one
 * @param {Point} other
 * @returns {Rect}
 */
export function between(one, other) {
  return {
    x: Math.min(one.x, other.x),
    y: Math.min(one.y, other.y),
    w: Math.abs(one.x - other.x),
    h: Math.abs(one.y - other.y),
  };
}

/** @param {Rect} rect @param {number} by @returns {Rect} */
export function grown({ x, y, w, h }, by) {
  return { x: x - by, y: y - by, w: w + 2 * by, h: h + 2 * by };
}

/** @param {Rect} one @param {Rect} other */
export function touches(one, other) {
  return one.x <= other.x + other.w && other.x <= one.x + one.w && one.y <= other.y + other.h && other.y <= one.y + one.h;
}

/** @param {Rect} outer @param {Rect} inner */
export function encloses(outer, inner) {
  return (
    outer.x <= inner.x && outer.y <= inner.y && outer.x + outer.w >= inner.x + inner.w && outer.y + outer.h >= inner.y + inner.h
  );
}

/**
 * The smallest rectangle around all; null around none.
 * @param {Iterable<Rect>} rects
 * @returns {Rect | null}
 */
export function around(rects) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, w, h } of rects) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + w);
    bottom = Math.max(bottom, y + h);
  }
  return left > right ? null : { x: left, y: top, w: right - left, h: bottom - top };
}

/**
 * Whether a point is in a shape: in the rectangle, or in the ellipse that fills it.
 * @param {Rect & {type?: string}} shape
 * @param {Point} point
 */
export function contains(shape, point) {
  if (shape.type !== "ellipse") {
    return point.x >= shape.x && point.y >= shape.y && point.x <= shape.x + shape.w && point.y <= shape.y + shape.h;
  }
  const middle = center(shape);
  const across = (point.x - middle.x) / (shape.w / 2 || 1);
  const down = (point.y - middle.y) / (shape.h / 2 || 1);
  return across * across + down * down <= 1;
}

/**
 * How far a point is from the straight line between two others.
 * @param {Point} point
 * @param {Point} a
 * @param {Point} b
 */
export function distanceToLine(point, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / length));
  return Math.hypot(point.x - a.x - along * dx, point.y - a.y - along * dy);
}

/**
 * Where the line from a shape's centre towards a point leaves the shape; the point itself when it is inside.
 * @param {Rect & {type?: string}} shape
 * @param {Point} towards
 * @param {number} gap how far outside of the border
 * @returns {Point}
 */
export function borderPoint(shape, towards, gap = 0) {
  const middle = center(shape);
  const [dx, dy] = [towards.x - middle.x, towards.y - middle.y];
  const length = Math.hypot(dx, dy);
  if (length === 0) return middle;
  const [rx, ry] = [shape.w / 2, shape.h / 2];
  // How much of the way to the point is inside.
  const part = shape.type === "ellipse"
    ? 1 / Math.hypot(dx / (rx || 1), dy / (ry || 1))
    : Math.min(dx === 0 ? Infinity : rx / Math.abs(dx), dy === 0 ? Infinity : ry / Math.abs(dy));
  const share = Math.min(1, part + gap / length);
  return { x: middle.x + dx * share, y: middle.y + dy * share };
}

/**
 * The ends of an arrow: each is on the border of the shape it holds on to, or where the arrow says.
 * @param {Rect} arrow from its start by (w, h) to its end
 * @param {(Rect & {type?: string}) | null | undefined} from
 * @param {(Rect & {type?: string}) | null | undefined} to
 * @returns {[Point, Point]}
 */
export function arrowEnds(arrow, from, to) {
  const start = from ? center(from) : { x: arrow.x, y: arrow.y };
  const end = to ? center(to) : { x: arrow.x + arrow.w, y: arrow.y + arrow.h };
  return [from ? borderPoint(from, end, 4) : start, to ? borderPoint(to, start, 6) : end];
}

/**
 * Which sides of a rectangle a handle moves: "n", "se" and so on.
 * @typedef {"n"|"ne"|"e"|"se"|"s"|"sw"|"w"|"nw"} Handle
 */

/** @type {Handle[]} */
export const handles = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/**
 * A rectangle whose handle was pulled; it never turns over.
 * @param {Rect} rect
 * @param {Handle} handle
 * @param {Point} by
 * @param {{least?: number, keepsRatio?: boolean}} options
 * @returns {Rect}
 */
export function pulled({ x, y, w, h }, handle, by, { least = 16, keepsRatio = false } = {}) {
  const [west, east] = [handle.includes("w"), handle.includes("e")];
  const [north, south] = [handle.includes("n"), handle.includes("s")];
  let width = Math.max(least, w + (east ? by.x : west ? -by.x : 0));
  let height = Math.max(least, h + (south ? by.y : north ? -by.y : 0));
  if (keepsRatio && w > 0 && h > 0) {
    const isUpright = !east && !west;
    const scale = isUpright ? height / h : north || south ? Math.max(width / w, height / h) : width / w;
    [width, height] = [w * scale, h * scale];
  }
  return { x: west ? x + w - width : x, y: north ? y + h - height : y, w: width, h: height };
}

/**
 * Where a part of a whole is once the whole was resized.
 * @param {Rect} part
 * @param {Rect} before
 * @param {Rect} after
 * @returns {Rect}
 */
export function scaled(part, before, after) {
  const across = before.w === 0 ? 1 : after.w / before.w;
  const down = before.h === 0 ? 1 : after.h / before.h;
  return { x: after.x + (part.x - before.x) * across, y: after.y + (part.y - before.y) * down, w: part.w * across, h: part.h * down };
}

/**
 * The largest size of type with which a text fits into a box, as far as one can tell without measuring it.
 * @param {string} text
 * @param {number} width
 * @param {number} height
 * @param {{least: number, most: number}} sizes
 */
export function fittingSize(text, width, height, { least, most }) {
  const lines = text.split("\n");
  const longestWord = Math.max(0, ...text.split(/\s+/).map((word) => word.length));
  for (let size = most; size > least; size -= size > 32 ? 4 : size > 20 ? 2 : 1) {
    const perLine = Math.max(1, Math.floor(width / (size * 0.54)));
    const count = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil((line.length * 1.06) / perLine)), 0);
    if (count * size * 1.3 <= height && longestWord <= perLine) return size;
  }
  return least;
}
