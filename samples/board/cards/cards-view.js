/** The card board on the page: columns side by side, which are lists of cards. */

import { icon, iconButton } from "../view/icons.js";
import { onFrame } from "../view/frames.js";
import { bindField } from "../tools/text-field.js";
import { colors } from "../model/shape.js";
import { strays } from "./cards.js";
import { keyed } from "./keyed.js";
import { CardDrag } from "./card-drag.js";

/**
 * @typedef {import("./cards.js").Card} Card
 * @typedef {import("./cards.js").Column} Column
 */

export class CardsView {
  /** @type {{id: string, binding: ReturnType<typeof bindField>, field: HTMLTextAreaElement} | null} */
  #editing = null;

  /**
   * @param {HTMLElement} element
   * @param {import("./cards.js").Cards} cards
   * @param {{presence: import("../model/presence.js").BoardPresence, announce: (text: string) => void}} parts
   */
  constructor(element, cards, { presence, announce }) {
    this.element = element;
    this.cards = cards;
    this.presence = presence;
    this.announce = announce;
    this.columns = document.createElement("div");
    this.columns.className = "columns";
    this.start = document.createElement("div");
    this.start.className = "cards-start";
    this.addColumn = button("Add a column", "plus", () => this.#added(cards.addColumns("New column")));
    this.addColumn.classList.add("add-column");
    this.start.append(
      paragraph("No columns yet."),
      button("Begin with To do, Doing, Done", "plus", () => cards.addColumns("To do", "Doing", "Done")),
    );
    const row = document.createElement("div");
    row.className = "cards-row";
    row.append(this.columns, this.addColumn);
    element.append(this.start, row);
    this.drag = new CardDrag(this);
    const ask = onFrame(() => this.draw());
    cards.on("change", ask);
    presence.on("change", ask);
    for (const event of ["role", "state"]) cards.doc.on(event, ask);
    this.draw();
  }

  draw() {
    if (this.element.hidden || this.drag.isActive) return;
    const { columns, canWrite } = this.cards;
    this.start.hidden = columns.length > 0;
    this.addColumn.hidden = columns.length === 0 || !canWrite;
    for (const each of this.start.querySelectorAll("button")) each.hidden = !canWrite;
    this.others = this.presence.others.filter(({ view }) => view === "cards");
    keyed(this.columns, columns, ({ id }) => id || "strays", (column) => this.#makeColumn(column), (element, column) => this.#showColumn(element, column));
  }

  // --- Columns.

  /** @param {Column} column */
  #makeColumn({ id }) {
    const { cards } = this;
    const element = document.createElement("section");
    element.className = "column";
    element.dataset.column = id;
    const title = document.createElement("input");
    title.className = "column-title";
    title.maxLength = 80;
    title.setAttribute("aria-label", "Name of the column");
    title.addEventListener("change", () => cards.rename(id, title.value.trim() || "Column"));
    title.addEventListener("keydown", (event) => event.key === "Enter" && title.blur());
    const count = document.createElement("span");
    count.className = "column-count";
    const head = document.createElement("header");
    head.append(
      title, count,
      iconButton("left", "Move the column to the left", "", () => cards.moveColumn(id, -1)),
      iconButton("right", "Move the column to the right", "", () => cards.moveColumn(id, 1)),
      iconButton("trash", "Delete the column and its cards", "", () => this.#removeColumn(id)),
    );
    const list = document.createElement("ol");
    list.className = "cards";
    const form = this.#makeComposer(id);
    element.append(head, list, form);
    return element;
  }

  /** @param {string} id */
  #makeComposer(id) {
    const form = document.createElement("form");
    form.className = "composer";
    const field = document.createElement("input");
    field.placeholder = "Add a card";
    field.setAttribute("aria-label", "Text of a new card");
    field.maxLength = 2000;
    form.append(field);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text === "") return;
      if (this.cards.addCard(id, text)) field.value = "";
    });
    return form;
  }

  /** @param {HTMLElement} element @param {Column} column */
  #showColumn(element, { id, title, cards }) {
    const { canWrite } = this.cards;
    const field = /** @type {HTMLInputElement} */ (element.querySelector(".column-title"));
    if (field !== document.activeElement && field.value !== title) field.value = title;
    field.readOnly = !canWrite || id === strays;
    element.setAttribute("aria-label", `${title}, ${cards.length === 1 ? "1 card" : `${cards.length} cards`}`);
    /** @type {HTMLElement} */ (element.querySelector(".column-count")).textContent = String(cards.length);
    for (const tool of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("header .tool"))) tool.hidden = !canWrite || id === strays;
    /** @type {HTMLElement} */ (element.querySelector(".composer")).hidden = !canWrite || id === strays;
    const list = /** @type {HTMLElement} */ (element.querySelector(".cards"));
    keyed(list, cards, (card) => card.id, (card) => this.#makeCard(card), (item, card) => this.#showCard(item, card));
  }

  /** @param {unknown} _ */
  #added(_) {
    this.draw();
    const title = /** @type {HTMLInputElement | null} */ (this.columns.querySelector(".column:last-child .column-title"));
    title?.focus();
    title?.select();
  }

  /** @param {string} id */
  #removeColumn(id) {
    this.cards.removeColumn(id);
    this.announce("Column deleted; undo brings it back");
  }

  // --- Cards.

  /** @param {Card} card */
  #makeCard({ id }) {
    const item = document.createElement("li");
    item.className = "card";
    item.dataset.card = id;
    item.tabIndex = 0;
    item.setAttribute("aria-keyshortcuts", "Enter Delete Alt+ArrowUp Alt+ArrowDown Alt+ArrowLeft Alt+ArrowRight");
    const text = document.createElement("p");
    text.className = "card-text";
    const flag = document.createElement("span");
    flag.className = "flag";
    item.append(text, flag);
    item.addEventListener("keydown", (event) => this.#key(event, id));
    item.addEventListener("dblclick", () => this.edit(id));
    item.addEventListener("focus", () => this.presence.setSelection([id]));
    item.addEventListener("blur", () => this.presence.setSelection([]));
    return item;
  }

  /** @param {HTMLElement} item @param {Card} card */
  #showCard(item, { id, text, color }) {
    const paragraph = /** @type {HTMLElement} */ (item.querySelector(".card-text"));
    if (paragraph.textContent !== text) paragraph.textContent = text;
    item.dataset.color = color;
    const other = this.others?.find(({ selection }) => selection.includes(id));
    item.classList.toggle("held", other !== undefined);
    if (other) item.style.setProperty("--who", other.color);
    /** @type {HTMLElement} */ (item.querySelector(".flag")).textContent = other?.name ?? "";
  }

  /** @type {import("../model/presence.js").Other[] | undefined} */
  others;

  /** @param {string} id @returns {HTMLElement | null} */
  item(id) {
    return this.columns.querySelector(`[data-card="${CSS.escape(id)}"]`);
  }

  /** @param {KeyboardEvent} event @param {string} id */
  #key(event, id) {
    if (event.target !== event.currentTarget) return;
    const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const arrow = arrows[/** @type {keyof typeof arrows} */ (event.key)];
    if (event.key === "Enter") this.edit(id);
    else if (event.key === "Delete" || event.key === "Backspace") this.#remove(id);
    else if (event.key === "c" && !event.ctrlKey && !event.metaKey) this.#nextColor(id);
    else if (arrow && event.altKey) this.#move(id, arrow[0], arrow[1]);
    else if (arrow) this.#go(id, arrow[0], arrow[1]);
    else return;
    event.preventDefault();
  }

  /** @param {string} id @returns {{columns: Column[], column: number, index: number}} */
  #find(id) {
    const { columns } = this.cards;
    const column = columns.findIndex(({ cards }) => cards.some((card) => card.id === id));
    return { columns, column, index: columns[column]?.cards.findIndex((card) => card.id === id) ?? -1 };
  }

  /** @param {string} id @param {number} across @param {number} down */
  #go(id, across, down) {
    const { columns, column, index } = this.#find(id);
    const target = columns[column + across]?.cards;
    const next = target?.[Math.min(index + down, target.length - (across ? 1 : 0))];
    if (next) this.item(next.id)?.focus();
  }

  /** @param {string} id @param {number} across @param {number} down */
  #move(id, across, down) {
    const { columns, column, index } = this.#find(id);
    const target = columns[column + across];
    if (!target || target.id === strays || !this.cards.canWrite) return;
    const to = across ? Math.min(index, target.cards.length) : index + down;
    if (to < 0 || (!across && to >= target.cards.length)) return;
    this.cards.moveCard(id, target.id, to);
    this.draw();
    this.item(id)?.focus();
    this.announce(`Moved to ${target.title}, place ${to + 1}`);
  }

  /** @param {string} id */
  #remove(id) {
    if (!this.cards.canWrite) return;
    const { columns, column, index } = this.#find(id);
    this.cards.removeCard(id);
    this.draw();
    const left = columns[column]?.cards.filter((card) => card.id !== id) ?? [];
    const next = left[Math.min(index, left.length - 1)];
    if (next) this.item(next.id)?.focus();
    this.announce("Card deleted");
  }

  /** @param {string} id */
  #nextColor(id) {
    const { columns, column, index } = this.#find(id);
    const card = columns[column]?.cards[index];
    if (card) this.cards.colorCard(id, colors[(colors.indexOf(card.color) + 1) % colors.length]);
  }

  /**
   * Writes on a card, where it is.
   * @param {string} id
   */
  edit(id) {
    const item = this.item(id);
    const text = this.cards.textOf(id);
    if (!item || text === null || !this.cards.canWrite || this.#editing?.id === id) return;
    this.#close();
    const field = document.createElement("textarea");
    field.className = "card-field";
    field.setAttribute("aria-label", "Text of the card");
    item.classList.add("edited");
    item.append(field);
    this.#editing = { id, field, binding: bindField(field, text, this.cards.doc) };
    const fit = () => {
      field.style.height = "0";
      field.style.height = `${field.scrollHeight}px`;
    };
    field.addEventListener("input", fit);
    field.addEventListener("blur", () => this.#close());
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Escape" && !(event.key === "Enter" && !event.shiftKey)) return;
      event.preventDefault();
      this.#close();
      item.focus();
    });
    fit();
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  #close() {
    const editing = this.#editing;
    if (editing === null) return;
    this.#editing = null;
    editing.binding.end();
    editing.field.parentElement?.classList.remove("edited");
    editing.field.remove();
  }
}

/** @param {string} text */
function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

/** @param {string} text @param {string} name of the icon @param {() => void} act */
function button(text, name, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.append(icon(name), text);
  element.addEventListener("click", act);
  return element;
}
