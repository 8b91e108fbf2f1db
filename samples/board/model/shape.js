/** What a shape is, and what becomes of whatever somebody put into the document. */

import { arrowEnds, around, between, grown } from "./geometry.js";

/**
 * @typedef {"note" | "rect" | "ellipse" | "arrow" | "text"} ShapeType
 *
 * An arrow goes from (x, y) to (x + w, y + h); where it holds on to shapes, `from` and `to` name them and win.
 * @typedef {object} Shape
 * @property {string} id
 * @property {ShapeType} type
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 * @property {number} z what is higher covers what is lower
 * @property {string} color
 * @property {string} text
 * @property {string} from
 * @property {string} to
 */

export const colors = ["yellow", "orange", "red", "pink", "violet", "blue", "green", "grey"];

/**
 * How each begins, and what it is called.
 * @type {Record<ShapeType, {name: string, w: number, h: number, color: string}>}
 */
export const kinds = {
  note: { name: "Sticky note", w: 176, h: 176, color: "yellow" },
  rect: { name: "Rectangle", w: 200, h: 128, color: "blue" },
  ellipse: { name: "Ellipse", w: 176, h: 128, color: "green" },
  arrow: { name: "Arrow", w: 160, h: 0, color: "grey" },
  text: { name: "Text", w: 240, h: 48, color: "grey" },
};

const furthest = 1e6;

/** @param {unknown} value @param {number} otherwise @param {number} least @param {number} most */
function number(value, otherwise, least, most) {
  return typeof value === "number" && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
}

/**
 * A field as it may be used, whatever is in the document.
 * @param {string} field
 * @param {unknown} value
 * @param {ShapeType} type
 * @returns {any}
 */
export function clean(field, value, type) {
  switch (field) {
    case "x":
    case "y":
      return number(value, 0, -furthest, furthest);
    case "w":
    case "h":
      return type === "arrow" ? number(value, 0, -furthest, furthest) : number(value, kinds[type][field], 4, furthest);
    case "z":
      return Math.round(number(value, 0, -2e9, 2e9));
    case "color":
      return colors.includes(/** @type {string} */ (value)) ? value : kinds[type].color;
    default:
      return typeof value === "string" ? value : "";
  }
}

/** Those fields of a shape that are read from the document, except its type. */
export const fields = /** @type {const} */ (["x", "y", "w", "h", "z", "color", "text", "from", "to"]);

/**
 * A shape of the document's map; null when it is none.
 * @param {string} id
 * @param {any} content
 * @returns {Shape | null}
 */
export function toShape(id, content) {
  if (content === null || typeof content !== "object" || !Object.hasOwn(kinds, content.type)) return null;
  /** @type {any} */
  const shape = { id, type: content.type };
  for (const field of fields) shape[field] = clean(field, content[field], shape.type);
  return shape;
}

/**
 * The ends of an arrow among the other shapes.
 * @param {Shape} arrow
 * @param {Map<string, Shape>} shapes
 */
export function endsOf(arrow, shapes) {
  const bound = (/** @type {string} */ id) => {
    const shape = id === "" ? null : shapes.get(id);
    return shape && shape.type !== "arrow" ? shape : null;
  };
  return arrowEnds(arrow, bound(arrow.from), bound(arrow.to));
}

/**
 * What a shape covers.
 * @param {Shape} shape
 * @param {Map<string, Shape>} shapes
 * @returns {import("./geometry.js").Rect}
 */
export function boundsOf(shape, shapes) {
  if (shape.type !== "arrow") return shape;
  const [start, end] = endsOf(shape, shapes);
  return grown(between(start, end), 8);
}

/**
 * What several cover.
 * @param {Iterable<Shape>} some
 * @param {Map<string, Shape>} shapes
 */
export function boundsOfAll(some, shapes) {
  return around([...some].map((shape) => boundsOf(shape, shapes)));
}

/**
 * What a screen reader says.
 * @param {Shape} shape
 * @param {Map<string, Shape>} shapes
 */
export function describe(shape, shapes) {
  const name = kinds[shape.type].name;
  if (shape.type === "arrow") {
    const end = (/** @type {string} */ id) => {
      const other = shapes.get(id);
      return other ? other.text.trim().slice(0, 40) || kinds[other.type].name.toLowerCase() : "";
    };
    const [from, to] = [end(shape.from), end(shape.to)];
    return [name, from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(" ");
  }
  const text = shape.text.trim();
  return `${name}, ${shape.color}${text === "" ? ", empty" : `: ${text.slice(0, 200)}`}`;
}
