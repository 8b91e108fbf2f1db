/** The others: their cursors, and frames in their colours around what they have selected. */

import { around } from "../model/geometry.js";
import { boundsOf } from "../model/shape.js";
import { onFrame } from "./frames.js";

const svg = "http://www.w3.org/2000/svg";

export class Remotes {
  /** @type {Map<string, {cursor: HTMLElement, frame: HTMLElement}>} */
  #shown = new Map();

  /**
   * @param {HTMLElement} element
   * @param {{presence: import("../model/presence.js").BoardPresence, board: import("../model/board.js").Board,
   *   camera: import("./camera.js").Camera}} parts
   */
  constructor(element, { presence, board, camera }) {
    this.element = element;
    this.presence = presence;
    this.board = board;
    this.camera = camera;
    const ask = onFrame(() => this.#draw());
    presence.on("change", ask);
    camera.on("change", ask);
    board.on("change", (/** @type {Set<string>} */ ids) => this.#selected.some((id) => ids.has(id)) && ask());
    ask();
  }

  /** @type {string[]} */
  #selected = [];

  #draw() {
    const others = this.presence.others.filter(({ view }) => view === "canvas");
    const sessions = new Set(others.map(({ session }) => session));
    for (const [session, { cursor, frame }] of this.#shown) {
      if (sessions.has(session)) continue;
      cursor.remove();
      frame.remove();
      this.#shown.delete(session);
    }
    this.#selected = others.flatMap(({ selection }) => selection);
    for (const other of others) this.#show(other);
  }

  /** @param {import("../model/presence.js").Other} other */
  #show(other) {
    const { cursor, frame } = this.#shown.get(other.session) ?? this.#make(other.session);
    for (const element of [cursor, frame]) element.style.setProperty("--who", other.color);
    cursor.hidden = other.cursor === null;
    if (other.cursor !== null) {
      const { x, y } = this.camera.toView({ x: other.cursor[0], y: other.cursor[1] });
      cursor.style.transform = `translate(${x}px, ${y}px)`;
      name(cursor, other.name);
    }
    const shapes = other.selection.flatMap((id) => this.board.shapes.get(id) ?? []);
    const box = around(shapes.map((shape) => boundsOf(shape, this.board.shapes)));
    frame.hidden = box === null;
    if (box === null) return;
    const { x, y } = this.camera.toView(box);
    frame.style.transform = `translate(${x}px, ${y}px)`;
    frame.style.width = `${box.w * this.camera.zoom}px`;
    frame.style.height = `${box.h * this.camera.zoom}px`;
    name(frame, other.editing ? `${other.name} is writing` : other.name);
  }

  /** @param {string} session */
  #make(session) {
    const [frame, cursor] = ["other-frame", "other-cursor"].map((className) => {
      const element = document.createElement("div");
      element.className = className;
      const flag = document.createElement("span");
      flag.className = "flag";
      element.append(flag);
      this.element.append(element);
      return element;
    });
    cursor.prepend(arrowhead());
    const pair = { cursor, frame };
    this.#shown.set(session, pair);
    return pair;
  }
}

/** @param {HTMLElement} element @param {string} text */
function name(element, text) {
  const flag = /** @type {HTMLElement} */ (element.querySelector(".flag"));
  if (flag.textContent !== text) flag.textContent = text;
}

function arrowhead() {
  const drawing = document.createElementNS(svg, "svg");
  drawing.setAttribute("viewBox", "0 0 18 18");
  const path = document.createElementNS(svg, "path");
  path.setAttribute("d", "M1.5 1.5 16 7.2 9.3 9.3 7.2 16Z");
  drawing.append(path);
  return drawing;
}
