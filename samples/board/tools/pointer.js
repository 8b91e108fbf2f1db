/** Mouse, pen and fingers on the canvas: decides which gesture begins, and what two fingers and the wheel do. */

import { DrawArrow, DrawBox } from "./draw.js";
import { Band, Move, Pan, PullEnd, Resize } from "./gestures.js";

/** A pointer that moved less, in pixels, clicked. */
const slop = 4;

export class Pointer {
  /**
   * Fingers, by pointer.
   * @type {Map<number, {x: number, y: number}>}
   */
  #fingers = new Map();
  /** @type {{pointerId: number, x: number, y: number, begin: (() => any) | null, gesture: any, click: () => void} | null} */
  #press = null;
  #lastClick = { id: "", at: 0 };
  /** Whether the space bar makes every tool the hand. */
  isSpaceDown = false;

  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    const { canvas } = app;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, true));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  get isBusy() {
    return this.#press !== null;
  }

  /** Gives up what is being done. */
  cancel() {
    this.#press?.gesture?.cancel();
    this.#press = null;
  }

  /** @param {MouseEvent} event of the page @returns {import("../model/geometry.js").Point} of the view */
  #inView({ clientX, clientY }) {
    const { left, top } = this.app.canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const { app } = this;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest(".text-editor")) return;
    app.editor.close();
    const at = this.#inView(event);
    if (event.pointerType === "touch") {
      this.#fingers.set(event.pointerId, at);
      if (this.#fingers.size > 1) return this.cancel();
    } else if (event.button > 1 || this.#press !== null) return;
    event.preventDefault();
    app.canvas.setPointerCapture(event.pointerId);
    const press = this.#choose(event, target, app.camera.toPlane(at));
    this.#press = { pointerId: event.pointerId, ...at, gesture: null, ...press };
  }

  /**
   * What moving would begin, and what a click does.
   * @param {PointerEvent} event
   * @param {HTMLElement} target
   * @param {import("../model/geometry.js").Point} point
   * @returns {{begin: (() => any) | null, click: () => void, gesture?: any}}
   */
  #choose(event, target, point) {
    const { app } = this;
    const { board, selection, toolbox, canvas } = app;
    const nothing = () => {};
    const pan = () => new Pan(app, event);
    const { tool } = toolbox;
    if (event.button === 1 || tool === "hand" || this.isSpaceDown) return { begin: pan, click: nothing };
    if (tool !== "select" && board.canWrite) {
      canvas.focus({ preventScroll: true });
      const gesture = tool === "arrow" ? new DrawArrow(app, point) : new DrawBox(app, point, tool);
      return { begin: null, gesture, click: nothing };
    }
    const { handle, end } = target.dataset;
    if (handle) return { begin: () => new Resize(app, point, /** @type {any} */ (handle)), click: nothing };
    if (end) return { begin: () => new PullEnd(app, /** @type {any} */ (end)), click: nothing };
    const isAdding = event.shiftKey || event.ctrlKey || event.metaKey || toolbox.takesSeveral;
    const element = /** @type {HTMLElement | null} */ (target.closest(".shape"));
    const id = element?.dataset.id ?? "";
    if (!element || !board.shapes.has(id)) {
      canvas.focus({ preventScroll: true });
      const click = () => !isAdding && selection.clear();
      return { begin: event.pointerType === "touch" ? pan : () => new Band(app, point, isAdding), click };
    }
    element.focus({ preventScroll: true });
    const wasSelected = selection.has(id);
    if (isAdding) return { begin: this.#mover(point, () => !wasSelected && selection.toggle(id)), click: () => selection.toggle(id) };
    if (!wasSelected) selection.set([id]);
    return { begin: this.#mover(point, nothing), click: () => this.#clicked(id) };
  }

  /** @param {import("../model/geometry.js").Point} point @param {() => void} first */
  #mover(point, first) {
    return () => {
      first();
      return this.app.board.canWrite ? new Move(this.app, point) : null;
    };
  }

  /**
   * The second of two quick clicks edits.
   * @param {string} id
   */
  #clicked(id) {
    const { selection, editor } = this.app;
    selection.set([id]);
    const now = Date.now();
    const isSecond = this.#lastClick.id === id && now - this.#lastClick.at < 450;
    this.#lastClick = { id, at: isSecond ? 0 : now };
    if (isSecond) editor.open(id);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const { app } = this;
    const at = this.#inView(event);
    app.presence.setCursor(app.camera.toPlane(at));
    if (this.#fingers.has(event.pointerId)) {
      if (this.#fingers.size === 2) this.#pinch(event.pointerId, at);
      this.#fingers.set(event.pointerId, at);
    }
    const press = this.#press;
    if (press === null || press.pointerId !== event.pointerId) return;
    if (press.begin !== null && Math.hypot(at.x - press.x, at.y - press.y) < slop) return;
    if (press.begin !== null) press.gesture = press.begin();
    press.begin = null;
    press.gesture?.move(app.camera.toPlane(at), event);
  }

  /** @param {PointerEvent} event @param {boolean} [isCancelled] */
  #up(event, isCancelled = false) {
    this.#fingers.delete(event.pointerId);
    const press = this.#press;
    if (press === null || press.pointerId !== event.pointerId) return;
    this.#press = null;
    if (isCancelled) press.gesture?.cancel();
    else if (press.begin !== null) press.click();
    else press.gesture?.end(this.app.camera.toPlane(this.#inView(event)), event);
  }

  /**
   * Two fingers move and zoom.
   * @param {number} pointerId
   * @param {{x: number, y: number}} at
   */
  #pinch(pointerId, at) {
    const { camera } = this.app;
    const before = /** @type {{x: number, y: number}} */ (this.#fingers.get(pointerId));
    const [other] = [...this.#fingers].filter(([id]) => id !== pointerId).map(([, finger]) => finger);
    const length = (/** @type {{x: number, y: number}} */ finger) => Math.hypot(finger.x - other.x, finger.y - other.y) || 1;
    camera.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    camera.zoomTo((camera.zoom * length(at)) / length(before), { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const { camera } = this.app;
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? camera.height : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) camera.zoomTo(camera.zoom * Math.exp(-dy * 0.002 * (event.deltaMode === 0 && Math.abs(dy) < 20 ? 5 : 1)), this.#inView(event));
    else if (event.shiftKey && dx === 0) camera.pan(-dy, 0);
    else camera.pan(-dx, -dy);
  }
}
