/** Everything the canvas does by keys. */

/** @type {Record<string, import("./toolbox.js").Tool>} */
export const toolKeys = { v: "select", h: "hand", n: "note", r: "rect", o: "ellipse", a: "arrow", t: "text" };

/** @type {Record<string, [number, number]>} */
const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keyboard {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    document.addEventListener("keydown", (event) => {
      if (this.#isElsewhere(event)) return;
      if (this.#command(event) || this.#key(event)) event.preventDefault();
    });
    document.addEventListener("keydown", () => document.body.toggleAttribute("data-by-keys", true), true);
    document.addEventListener("pointerdown", () => document.body.toggleAttribute("data-by-keys", false), true);
    document.addEventListener("keyup", (event) => {
      if (event.key === " ") this.#space(false);
    });
    window.addEventListener("blur", () => this.#space(false));
  }

  /**
   * Keys of fields and of the other view are theirs.
   * @param {KeyboardEvent} event
   */
  #isElsewhere({ target, key, ctrlKey, metaKey }) {
    const element = /** @type {HTMLElement} */ (target);
    if (this.app.view !== "canvas") return !((ctrlKey || metaKey) && !element.matches("input, textarea"));
    if (element.matches("input, textarea, select")) return true;
    // Buttons are pressed with these.
    return element.matches("button, a, summary") && (key === " " || key === "Enter" || key === "Tab");
  }

  /** @param {KeyboardEvent} event */
  #command(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return false;
    const { commands, camera, view } = this.app;
    switch (event.key.toLowerCase()) {
      case "z": return commands.revert(event.shiftKey ? "redo" : "undo"), true;
      case "y": return commands.revert("redo"), true;
    }
    if (view !== "canvas") return false;
    switch (event.key.toLowerCase()) {
      case "a": return commands.selectAll(), true;
      case "d": return commands.duplicate(), true;
      case "+": case "=": return camera.zoomTo(camera.zoom * 1.25), true;
      case "-": return camera.zoomTo(camera.zoom / 1.25), true;
      case "0": return camera.zoomTo(1), true;
    }
    return false;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { commands, camera, selection, editor, toolbox, pointer, canvas, board } = this.app;
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    const isOnCanvas = canvas.contains(document.activeElement);
    const { key } = event;
    if (key in directions) return this.#arrow(directions[key], event.shiftKey);
    if (key === "Escape") return this.#escape();
    if (key === "Tab") return isOnCanvas && commands.step(event.shiftKey ? -1 : 1);
    if (key === "Enter") {
      if (!isOnCanvas) return false;
      if (toolbox.tool !== "select" && toolbox.tool !== "hand") return commands.placeInMiddle(), true;
      if (selection.single) editor.open(selection.single.id);
      return true;
    }
    if (key === " ") {
      const focused = /** @type {HTMLElement | null} */ (canvas.querySelector(".shape:focus"))?.dataset.id;
      if (event.shiftKey && focused) selection.toggle(focused);
      else this.#space(true);
      return true;
    }
    switch (key) {
      case "Delete": case "Backspace": return commands.remove(), true;
      case "]": return commands.restack("front"), true;
      case "[": return commands.restack("back"), true;
      case "+": case "=": return camera.zoomTo(camera.zoom * 1.25), true;
      case "-": return camera.zoomTo(camera.zoom / 1.25), true;
      case "0": return camera.zoomTo(1), true;
      case "1": return commands.fit(), true;
    }
    const tool = toolKeys[key.toLowerCase()];
    if (tool === undefined || pointer.isBusy || (!board.canWrite && tool !== "hand" && tool !== "select")) return false;
    toolbox.set(tool);
    canvas.focus({ preventScroll: true });
    return true;
  }

  /**
   * Moves what is selected, or the view.
   * @param {[number, number]} direction
   * @param {boolean} isFar
   */
  #arrow([x, y], isFar) {
    const { commands, camera, selection, board } = this.app;
    if (selection.size === 0 || !board.canWrite) camera.pan(-x * 64, -y * 64);
    else commands.nudge(x * (isFar ? 48 : 8), y * (isFar ? 48 : 8));
    return true;
  }

  #escape() {
    const { pointer, toolbox, selection, canvas } = this.app;
    if (pointer.isBusy) pointer.cancel();
    else if (toolbox.tool !== "select") toolbox.set("select");
    else {
      selection.clear();
      canvas.focus({ preventScroll: true });
    }
    return true;
  }

  /** @param {boolean} isDown */
  #space(isDown) {
    this.app.pointer.isSpaceDown = isDown;
    this.app.canvas.classList.toggle("hand", isDown || this.app.toolbox.tool === "hand");
  }
}
