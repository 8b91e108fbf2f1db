/** What the others see of this page, and what it sees of them. */

import { Emitter } from "./emitter.js";

/** A state has at most 4 KiB; of more selected shapes the others see only these. */
const mostSelected = 60;

/**
 * @typedef {object} Other
 * @property {string} session
 * @property {string} name
 * @property {string} color
 * @property {string} view
 * @property {[number, number] | null} cursor
 * @property {string[]} selection
 * @property {string} editing
 */

/** "change" tells that somebody else did something. */
export class BoardPresence extends Emitter {
  /** @type {any} */
  #state;
  #isAsked = false;

  /** @param {any} doc @param {{name: string, color: string}} me */
  constructor(doc, me) {
    super();
    this.doc = doc;
    this.#state = { name: me.name, color: me.color, view: "canvas", cursor: null, selection: [], editing: "" };
    doc.on("presence", () => this.emit("change"));
    doc.on("state", () => this.emit("change"));
    this.#tell();
  }

  /** @param {any} part */
  #set(part) {
    Object.assign(this.#state, part);
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => this.#tell());
  }

  #tell() {
    this.#isAsked = false;
    this.doc.presence.set({ ...this.#state });
  }

  /** @param {{name: string, color: string}} me */
  setMe({ name, color }) {
    this.#set({ name, color });
  }

  /** @param {import("./geometry.js").Point | null} point */
  setCursor(point) {
    this.#set({ cursor: point && [Math.round(point.x), Math.round(point.y)] });
  }

  /** @param {Iterable<string>} ids */
  setSelection(ids) {
    this.#set({ selection: [...ids].slice(0, mostSelected) });
  }

  /** @param {string} editing */
  setEditing(editing) {
    this.#set({ editing });
  }

  /** @param {"canvas" | "cards"} view */
  setView(view) {
    this.#set({ view, cursor: null });
  }

  /**
   * Everybody else; whatever others put there is made safe to show.
   * @returns {Other[]}
   */
  get others() {
    return [...this.doc.presence.others].map(([session, { user, state }]) => {
      const given = state !== null && typeof state === "object" ? state : {};
      const isPoint = Array.isArray(given.cursor) && given.cursor.length === 2 && given.cursor.every(Number.isFinite);
      return {
        session,
        name: String(given.name || user?.name || "Guest").slice(0, 60),
        color: /^#[0-9a-f]{6}$/i.test(given.color) ? given.color : "#68645b",
        view: given.view === "cards" ? "cards" : "canvas",
        cursor: isPoint ? given.cursor : null,
        selection: Array.isArray(given.selection) ? given.selection.filter((/** @type {any} */ id) => typeof id === "string") : [],
        editing: typeof given.editing === "string" ? given.editing : "",
      };
    });
  }
}
