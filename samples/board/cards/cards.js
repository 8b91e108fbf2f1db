/**
 * Columns and cards.
 *
 * `columns` is a list of maps, whose order people change by moving. `cards` is a map from id to card, and each card says
 * itself where it is: its `place` is a column and a key that sorts within it, in one value. So a card is in one place
 * whatever happens: two who move it at the same time write the same field, one of them wins, and everybody sees it there,
 * once. (Ids in a list for each column would be deleted in one list and inserted in two others.) A card whose column is gone
 * is not lost: it shows up in a column of its own, "Without a column".
 */

import { Text } from "/sdk/quire.js";
import { Emitter, newId } from "../model/emitter.js";
import { byOrder, keyBetween } from "../model/order.js";
import { clean } from "../model/shape.js";

/**
 * @typedef {{id: string, column: string, order: string, text: string, color: string}} Card
 * @typedef {{id: string, title: string, cards: Card[]}} Column
 */

/** Where cards of deleted columns are shown. */
export const strays = "";

export class Cards extends Emitter {
  /** @type {Map<string, Card>} */
  #cards = new Map();
  /** @type {Map<any, string>} */
  #owners = new Map();

  /** @param {any} doc */
  constructor(doc) {
    super();
    this.doc = doc;
    this.columnList = doc.list("columns");
    this.cardMap = doc.map("cards");
    doc.on("change", (/** @type {any} */ change) => this.#heard(change));
    this.#readAll();
  }

  get canWrite() {
    return this.doc.canWrite;
  }

  #readAll() {
    this.#cards.clear();
    for (const id of this.cardMap.keys()) this.#read(id);
  }

  /** @param {string} id */
  #read(id) {
    const handle = this.cardMap.get(id);
    if (typeof handle?.get !== "function") return void this.#cards.delete(id);
    this.#owners.set(handle, id);
    const text = handle.get("text");
    if (text !== null && typeof text === "object") this.#owners.set(text, id);
    const place = String(handle.get("place") ?? "");
    const cut = place.indexOf(" ");
    const [column, order] = cut < 0 ? [place, ""] : [place.slice(0, cut), place.slice(cut + 1)];
    this.#cards.set(id, { id, column, order, text: String(text ?? ""), color: clean("color", handle.get("color"), "note") });
  }

  /** @param {{patches: any[], origin: string}} change */
  #heard({ patches, origin }) {
    let isOurs = origin === "load";
    if (isOurs) this.#readAll();
    else {
      for (const { container, key } of patches) {
        const id = container === this.cardMap ? key : this.#owners.get(container);
        if (id !== undefined) this.#read(id);
        isOurs ||= id !== undefined || container === this.columnList || this.#isColumn(container);
      }
    }
    if (isOurs) this.emit("change");
  }

  /** @param {any} container */
  #isColumn(container) {
    return this.columnList.toArray().includes(container);
  }

  /**
   * The columns with their cards, from left to right and top to bottom.
   * @returns {Column[]}
   */
  get columns() {
    /** @type {Map<string, Column>} */
    const columns = new Map();
    for (const handle of this.columnList) {
      const id = handle?.get?.("id");
      if (typeof id !== "string" || id === strays || columns.has(id)) continue;
      columns.set(id, { id, title: String(handle.get("title") ?? ""), cards: [] });
    }
    for (const card of this.#cards.values()) {
      const id = columns.has(card.column) ? card.column : strays;
      if (!columns.has(id)) columns.set(id, { id, title: "Without a column", cards: [] });
      columns.get(id)?.cards.push(card);
    }
    for (const { cards } of columns.values()) cards.sort(byOrder);
    return [...columns.values()];
  }

  /** @param {string} id */
  textOf(id) {
    const text = this.cardMap.get(id)?.get("text");
    return text !== null && typeof text === "object" ? text : null;
  }

  /** @template T @param {() => T} body @returns {T | undefined} */
  #edit(body) {
    return this.canWrite ? this.doc.transaction(body) : undefined;
  }

  /** @param {string[]} titles */
  addColumns(...titles) {
    return this.#edit(() => this.columnList.push(...titles.map((title) => ({ id: newId(), title }))));
  }

  /** @param {string} id @returns {number} */
  #indexOf(id) {
    return this.columnList.toArray().findIndex((/** @type {any} */ handle) => handle?.get?.("id") === id);
  }

  /** @param {string} id @param {string} title */
  rename(id, title) {
    const at = this.#indexOf(id);
    if (at >= 0 && this.columnList.get(at).get("title") !== title) this.#edit(() => this.columnList.get(at).set("title", title));
  }

  /** @param {string} id @param {number} by */
  moveColumn(id, by) {
    const at = this.#indexOf(id);
    const to = at + by;
    if (at >= 0 && to >= 0 && to < this.columnList.length) this.#edit(() => this.columnList.move(at, to));
  }

  /**
   * Takes a column away with the cards that are in it now.
   * @param {string} id
   */
  removeColumn(id) {
    const at = this.#indexOf(id);
    this.#edit(() => {
      for (const card of this.#cards.values()) if (card.column === id) this.cardMap.delete(card.id);
      if (at >= 0) this.columnList.delete(at);
    });
  }

  /**
   * What a card's `place` must be to stand before the index of a column.
   * @param {string} column
   * @param {number} index
   * @param {string} [moved]
   */
  #place(column, index, moved = "") {
    const cards = (this.columns.find(({ id }) => id === column)?.cards ?? []).filter(({ id }) => id !== moved);
    return `${column} ${keyBetween(cards[index - 1]?.order ?? null, cards[index]?.order ?? null)}`;
  }

  /** @param {string} column @param {string} text @returns {string | undefined} */
  addCard(column, text) {
    const id = newId();
    const index = this.columns.find((each) => each.id === column)?.cards.length ?? 0;
    return this.#edit(() => {
      this.cardMap.set(id, { place: this.#place(column, index), text: new Text(text), color: "grey" });
      return id;
    });
  }

  /**
   * Moves a card to an index of a column, counted without it.
   * @param {string} id
   * @param {string} column
   * @param {number} index
   */
  moveCard(id, column, index) {
    const place = this.#place(column, index, id);
    this.#edit(() => this.cardMap.get(id)?.set("place", place));
  }

  /**
   * Moves a card before another one of a column, or to its end.
   * @param {string} id
   * @param {string} column
   * @param {string | null} next
   */
  moveCardBefore(id, column, next) {
    const cards = (this.columns.find((each) => each.id === column)?.cards ?? []).filter((card) => card.id !== id);
    const at = next === null ? -1 : cards.findIndex((card) => card.id === next);
    this.moveCard(id, column, at < 0 ? cards.length : at);
  }

  /** @param {string} id @param {string} color */
  colorCard(id, color) {
    this.#edit(() => this.cardMap.get(id)?.set("color", color));
  }

  /** @param {string} id */
  removeCard(id) {
    this.#edit(() => this.cardMap.delete(id));
  }
}
