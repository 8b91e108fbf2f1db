/** Dragging cards between columns: with mouse and pen at once, with a finger once it stayed a moment. */

const slop = 5;
/** Where the row of columns scrolls by itself, in pixels from its edge. */
const edge = 48;

export class CardDrag {
  isActive = false;
  /** @type {any} */
  #press = null;
  #frame = 0;

  /** @param {import("./cards-view.js").CardsView} view */
  constructor(view) {
    this.view = view;
    const { columns } = view;
    columns.addEventListener("pointerdown", (event) => this.#down(event));
    columns.addEventListener("pointermove", (event) => this.#move(event));
    columns.addEventListener("pointerup", () => this.#up(true));
    columns.addEventListener("pointercancel", () => this.#up(false));
    // A finger that lifted a card does not scroll any more.
    columns.addEventListener("touchmove", (event) => this.isActive && event.preventDefault(), { passive: false });
    columns.addEventListener("contextmenu", (event) => this.#press && event.preventDefault());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#up(false));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const item = /** @type {HTMLElement | null} */ (target.closest(".card"));
    if (!item || event.button !== 0 || target.closest("textarea") || !this.view.cards.canWrite || this.#press) return;
    const { left, top } = item.getBoundingClientRect();
    this.#press = {
      item, pointerId: event.pointerId, x: event.clientX, y: event.clientY, dx: event.clientX - left, dy: event.clientY - top,
      timer: event.pointerType === "touch" ? setTimeout(() => this.#lift(), 260) : null,
      isTouch: event.pointerType === "touch",
    };
  }

  #lift() {
    const press = this.#press;
    if (!press || this.isActive) return;
    this.isActive = true;
    const { item } = press;
    const { width, height } = item.getBoundingClientRect();
    this.gap = document.createElement("li");
    this.gap.className = "card-gap";
    this.gap.style.height = `${height}px`;
    item.after(this.gap);
    item.style.width = `${width}px`;
    item.classList.add("lifted");
    try {
      this.view.columns.setPointerCapture(press.pointerId);
    } catch {
      // The finger is gone already.
    }
    this.#follow();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const press = this.#press;
    if (!press || event.pointerId !== press.pointerId) return;
    const isFar = Math.hypot(event.clientX - press.x, event.clientY - press.y) > slop;
    if (!this.isActive) {
      if (!isFar) return;
      // A finger that moves at once scrolls.
      if (press.isTouch) return this.#up(false);
    }
    [press.x, press.y] = [event.clientX, event.clientY];
    if (!this.isActive) this.#lift();
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #follow() {
    this.#frame = 0;
    const press = this.#press;
    if (!press || !this.isActive || !this.gap) return;
    press.item.style.transform = `translate(${press.x - press.dx}px, ${press.y - press.dy}px) rotate(1.5deg)`;
    const row = /** @type {HTMLElement} */ (this.view.columns.parentElement);
    const { left, right } = row.getBoundingClientRect();
    const pull = press.x < left + edge ? -12 : press.x > right - edge ? 12 : 0;
    if (pull !== 0) {
      row.scrollLeft += pull;
      this.#frame = requestAnimationFrame(() => this.#follow());
    }
    const column = [...this.view.columns.children].find((each) => {
      const box = each.getBoundingClientRect();
      return press.x >= box.left - 8 && press.x <= box.right + 8;
    });
    const list = column?.querySelector(".cards");
    if (!list || !(/** @type {HTMLElement} */ (column).dataset.column)) return;
    const others = [...list.children].filter((each) => each !== press.item && each !== this.gap);
    const before = others.find((each) => {
      const box = each.getBoundingClientRect();
      return press.y - press.dy + press.item.offsetHeight / 2 < box.top + box.height / 2;
    });
    if (this.gap.parentElement !== list || this.gap.nextElementSibling !== (before ?? null)) list.insertBefore(this.gap, before ?? null);
  }

  /** @param {boolean} isDropped */
  #up(isDropped) {
    const press = this.#press;
    if (!press) return;
    clearTimeout(press.timer);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#press = null;
    if (!this.isActive) return;
    this.isActive = false;
    const { item } = press;
    const gap = /** @type {HTMLElement} */ (this.gap);
    const list = /** @type {HTMLElement} */ (gap.parentElement);
    const column = /** @type {HTMLElement} */ (list.closest(".column")).dataset.column ?? "";
    const next = [...list.children].filter((each) => each !== item);
    const before = /** @type {HTMLElement | undefined} */ (next[next.indexOf(gap) + 1])?.dataset.card ?? null;
    const isElsewhere = item.nextElementSibling !== gap;
    gap.remove();
    item.classList.remove("lifted");
    item.style.width = item.style.transform = "";
    if (isDropped && isElsewhere) this.view.cards.moveCardBefore(item.dataset.card, column, before);
    this.view.draw();
    this.view.item(item.dataset.card)?.focus({ preventScroll: true });
  }
}
