/** Binds a `<textarea>` (or an `<input>`) to a text. */

import { shareCursor } from "./cursor.js";
import { EditorModel, moved } from "./model.js";
import { bindUndo } from "./undo.js";

/**
 * @typedef {object} BindingOptions
 * @property {import("../client/presence.js").Presence} [presence] shows the others where the caret is
 * @property {boolean} [undo] undo and redo are the document's, which leave the others' alone; true
 * @property {boolean} [readOnly] the field follows `doc.canWrite`; true
 *
 * @typedef {{destroy: () => void}} Binding
 */

/**
 * The field shows the text from now on, and what is typed there goes into it.
 * @param {HTMLTextAreaElement | HTMLInputElement} field
 * @param {import("../client/containers.js").Text} text
 * @param {BindingOptions} [options]
 * @returns {Binding}
 */
export function bindTextarea(field, text, options = {}) {
  const { presence, undo = true, readOnly = true } = options;
  const model = new EditorModel(text, (splices) => follow(splices));

  /** @param {import("./model.js").Splice[]} splices */
  function follow(splices) {
    let [start, end] = [field.selectionStart ?? 0, field.selectionEnd ?? 0];
    const { selectionDirection, scrollTop, scrollLeft } = field;
    for (const splice of splices) {
      [start, end] = [moved(start, splice), moved(end, splice)];
      field.setRangeText(splice.insert, splice.offset, splice.offset + splice.deleteCount, "preserve");
    }
    // A browser that keeps other line breaks, or a page that wrote into it.
    if (field.value !== model.shown) field.value = model.shown;
    field.setSelectionRange(start, end, selectionDirection ?? "none");
    field.scrollTop = scrollTop;
    field.scrollLeft = scrollLeft;
    showCaret();
  }

  function showAll() {
    const [start, end] = [field.selectionStart ?? 0, field.selectionEnd ?? 0];
    field.value = model.shown;
    field.setSelectionRange(Math.min(start, field.value.length), Math.min(end, field.value.length));
  }

  function take() {
    // Composed text comes whole, at its end.
    if (model.isHeld) return;
    if (!model.typed(field.value, field.selectionEnd ?? undefined) || field.value !== model.shown) showAll();
    showCaret();
  }

  function compose() {
    model.hold();
  }

  function composed() {
    if (!model.isHeld) return;
    const isTaken = model.typed(field.value, field.selectionEnd ?? undefined);
    model.release();
    if (!isTaken || field.value !== model.shown) showAll();
    showCaret();
  }

  function showCaret() {
    if (!presence || model.isHeld) return;
    if (field.ownerDocument.activeElement !== field) return;
    const [start, end] = [model.toText(field.selectionStart ?? 0), model.toText(field.selectionEnd ?? 0)];
    const isBackward = field.selectionDirection === "backward";
    shareCursor(presence, text, isBackward ? { anchor: end, head: start } : { anchor: start, head: end });
  }

  function leave() {
    if (presence) shareCursor(presence, text, null);
  }

  /** @type {[EventTarget, string, () => void][]} */
  const listeners = [
    [field, "input", take],
    [field, "compositionstart", compose],
    [field, "compositionend", composed],
    [field, "select", showCaret],
    [field, "keyup", showCaret],
    [field, "pointerup", showCaret],
    [field, "focus", showCaret],
    [field, "blur", leave],
    [field.ownerDocument, "selectionchange", showCaret],
  ];
  for (const [target, event, listener] of listeners) target.addEventListener(event, listener);
  const unbindUndo = undo ? bindUndo(field, text) : () => {};
  const lock = () => {
    if (readOnly) field.readOnly = !text.doc?.canWrite;
  };
  const offs = [text.doc?.on("state", lock), text.doc?.on("role", lock)];
  lock();
  field.value = model.shown;
  return {
    destroy() {
      model.destroy();
      unbindUndo();
      for (const off of offs) off?.();
      for (const [target, event, listener] of listeners) target.removeEventListener(event, listener);
      leave();
    },
  };
}
