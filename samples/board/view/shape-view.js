/** One shape on the page: an element of the layer that the camera moves. Only what changed is touched. */

import { between, fittingSize, grown } from "../model/geometry.js";
import { describe, endsOf } from "../model/shape.js";

/** @typedef {import("../model/shape.js").Shape} Shape */

/** The inner margin and the sizes of type of each kind. */
const type = {
  note: { padding: 14, least: 9, most: 26 },
  rect: { padding: 10, least: 9, most: 22 },
  ellipse: { padding: 22, least: 9, most: 22 },
  text: { padding: 2, least: 8, most: 96 },
};

/** @param {Shape} shape */
export function typeSize({ type: kind, text, w, h }) {
  const { padding, least, most } = type[/** @type {keyof typeof type} */ (kind)];
  return fittingSize(text === "" ? "Text" : text, w - 2 * padding, h - 2 * padding, { least, most });
}

export class ShapeView {
  /**
   * What is shown.
   * @type {Record<string, any>}
   */
  #shown = {};

  /** @param {Shape} shape */
  constructor(shape) {
    const element = (this.element = document.createElement("div"));
    element.className = `shape ${shape.type}`;
    element.dataset.id = shape.id;
    element.tabIndex = -1;
    element.setAttribute("role", "option");
    this.label = document.createElement("span");
    this.label.className = "label";
    element.append(this.label);
  }

  /**
   * @param {Shape} shape
   * @param {Map<string, Shape>} shapes
   * @param {boolean} isSelected
   */
  update(shape, shapes, isSelected) {
    const { style } = this.element;
    this.#place(shape.x, shape.y);
    this.#once("w", shape.w, () => (style.width = `${shape.w}px`));
    this.#once("h", shape.h, () => (style.height = `${shape.h}px`));
    this.#once("text", shape.text, () => (this.label.textContent = shape.text));
    this.#once("size", `${shape.w} ${shape.h} ${shape.text}`, () => (style.fontSize = `${typeSize(shape)}px`));
    this.common(shape, shapes, isSelected);
  }

  /** @param {Shape} shape @param {Map<string, Shape>} shapes @param {boolean} isSelected */
  common(shape, shapes, isSelected) {
    const { element } = this;
    this.#once("z", shape.z, () => (element.style.zIndex = String(shape.z)));
    this.#once("color", shape.color, () => (element.dataset.color = shape.color));
    this.#once("name", describe(shape, shapes), (name) => element.setAttribute("aria-label", name));
    this.#once("selected", isSelected, () => element.setAttribute("aria-selected", String(isSelected)));
  }

  /** @param {number} x @param {number} y */
  #place(x, y) {
    this.#once("at", `translate(${x}px, ${y}px)`, (at) => (this.element.style.transform = at));
  }

  /** @template T @param {string} what @param {T} value @param {(value: T) => void} show */
  #once(what, value, show) {
    if (this.#shown[what] === value) return;
    this.#shown[what] = value;
    show(value);
  }
}

const svg = "http://www.w3.org/2000/svg";

/**
 * A path of an arrow, with its point.
 * @param {import("../model/geometry.js").Point} a
 * @param {import("../model/geometry.js").Point} b
 */
function arrowPath(a, b) {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const size = Math.min(14, length / 2);
  const wing = (/** @type {number} */ side) => {
    const [x, y] = [b.x - size * ux - side * size * 0.5 * uy, b.y - size * uy + side * size * 0.5 * ux];
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const end = `${b.x.toFixed(1)} ${b.y.toFixed(1)}`;
  return `M${a.x.toFixed(1)} ${a.y.toFixed(1)}L${end}M${wing(1)}L${end}L${wing(-1)}`;
}

export class ArrowView extends ShapeView {
  #path = "";

  /** @param {Shape} shape */
  constructor(shape) {
    super(shape);
    this.label.remove();
    const drawing = document.createElementNS(svg, "svg");
    drawing.setAttribute("aria-hidden", "true");
    // A wide one that nobody sees, to be hit.
    this.paths = ["reach", "line"].map((name) => {
      const path = document.createElementNS(svg, "path");
      path.setAttribute("class", name);
      drawing.append(path);
      return path;
    });
    this.element.append(drawing);
  }

  /** @param {Shape} shape @param {Map<string, Shape>} shapes @param {boolean} isSelected */
  update(shape, shapes, isSelected) {
    const [start, end] = endsOf(shape, shapes);
    const box = grown(between(start, end), 12);
    const inside = (/** @type {{x: number, y: number}} */ { x, y }) => ({ x: x - box.x, y: y - box.y });
    const path = arrowPath(inside(start), inside(end));
    const { style } = this.element;
    style.transform = `translate(${box.x}px, ${box.y}px)`;
    if (path !== this.#path) {
      this.#path = path;
      style.width = `${box.w}px`;
      style.height = `${box.h}px`;
      for (const each of this.paths) each.setAttribute("d", path);
    }
    this.common(shape, shapes, isSelected);
  }
}

/** @param {Shape} shape @returns {ShapeView} */
export function makeView(shape) {
  return shape.type === "arrow" ? new ArrowView(shape) : new ShapeView(shape);
}
