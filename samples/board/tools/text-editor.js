/** Writing on a shape, where it is. */

import { typeSize } from "../view/shape-view.js";
import { bindField } from "./text-field.js";

export class TextEditor {
  id = "";
  /** @type {ReturnType<typeof bindField> | null} */
  #binding = null;

  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    const field = (this.field = document.createElement("textarea"));
    field.className = "text-editor";
    field.setAttribute("aria-label", "Text of the shape");
    field.spellcheck = false;
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => this.close(false));
    app.board.on("change", (/** @type {Set<string>} */ ids) => ids.has(this.id) && this.#fit());
    app.board.doc.on("role", () => !app.board.canWrite && this.close());
  }

  /** @param {string} id */
  open(id) {
    const { board, scene, camera, presence } = this.app;
    if (this.id === id || !board.canWrite) return;
    this.close();
    const shape = board.shapes.get(id);
    if (!shape || shape.type === "arrow") return;
    const text = board.textOf(id);
    if (text === null) return;
    this.id = scene.editing = id;
    camera.reveal(shape);
    this.app.layer.append(this.field);
    this.#binding = bindField(this.field, text, board.doc);
    scene.touch([id]);
    this.app.canvas.classList.add("editing");
    this.#fit();
    this.field.focus({ preventScroll: true });
    this.field.select();
    presence.setEditing(id);
  }

  #fit() {
    const shape = this.app.board.shapes.get(this.id);
    if (!shape) return this.close();
    const { field } = this;
    const { style } = field;
    field.dataset.color = shape.color;
    field.dataset.type = shape.type;
    style.width = `${shape.w}px`;
    style.fontSize = `${typeSize(shape)}px`;
    // The text stays where it stands on the shape: in the middle.
    style.height = style.paddingTop = "0";
    const [height, padding] = [field.scrollHeight, parseFloat(getComputedStyle(field).paddingBottom)];
    style.paddingTop = `${Math.max(padding, (shape.h - height + padding) / 2)}px`;
    style.height = `${shape.h}px`;
    style.transform = `translate(${shape.x}px, ${shape.y}px)`;
  }

  /** @param {boolean} [givesFocus] whether the shape gets the keyboard */
  close(givesFocus = this.field === document.activeElement) {
    if (this.id === "") return;
    const { board, scene, presence, selection, canvas } = this.app;
    const { id } = this;
    this.id = scene.editing = "";
    this.#binding?.end();
    this.#binding = null;
    this.field.remove();
    canvas.classList.remove("editing");
    presence.setEditing("");
    // A text that nobody wrote on cannot be seen.
    const shape = board.shapes.get(id);
    if (shape?.type === "text" && shape.text.trim() === "" && board.canWrite) {
      board.edit(() => board.remove([id]));
      selection.clear();
    }
    scene.touch([id]);
    if (givesFocus) (scene.element(id) ?? canvas).focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    event.stopPropagation();
    if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
    event.preventDefault();
    this.close(true);
  }
}
