/**
 * Binds a CodeMirror 6 editor to a text. Nothing of CodeMirror is in here: the page hands in what it imported.
 *
 *     import { StateEffect, Transaction } from "@codemirror/state";
 *     import { Decoration, WidgetType } from "@codemirror/view";
 *     const binding = bindCodeMirror(view, doc.text("body"), {
 *       codemirror: { StateEffect, Transaction, Decoration, WidgetType },
 *       presence: doc.presence,
 *     });
 */

import { remoteCursors, shareCursor } from "./cursor.js";
import { EditorModel } from "./model.js";
import { bindUndo } from "./undo.js";

/**
 * What is used of CodeMirror: `StateEffect`, and as you like `Transaction` (others' edits then stay out of CodeMirror's own
 * history) and `Decoration` with `WidgetType` (the others' carets and selections).
 * @typedef {{StateEffect: any, Transaction?: any, Decoration?: any, WidgetType?: any}} CodeMirrorParts
 */

/**
 * @param {any} view an `EditorView`
 * @param {import("../client/containers.js").Text} text
 * @param {{codemirror: CodeMirrorParts, presence?: import("../client/presence.js").Presence, undo?: boolean}} options
 * @returns {import("./textarea.js").Binding}
 */
export function bindCodeMirror(view, text, { codemirror, presence, undo = true }) {
  const { StateEffect, Transaction, Decoration, WidgetType } = codemirror;
  const EditorView = view.constructor;
  let isOurs = false;
  let isAlive = true;
  const model = new EditorModel(text, (splices) => {
    // One transaction for each: their offsets count in what the one before left.
    for (const { offset, deleteCount, insert } of splices) {
      dispatch({ changes: { from: offset, to: offset + deleteCount, insert } });
    }
  });

  /** @param {any} spec */
  function dispatch(spec) {
    isOurs = true;
    try {
      const annotations = Transaction ? [Transaction.remote.of(true), Transaction.addToHistory.of(false)] : undefined;
      view.dispatch({ ...spec, annotations });
    } finally {
      isOurs = false;
    }
  }

  function showAll() {
    const { shown } = model;
    if (view.state.doc.toString() !== shown) dispatch({ changes: { from: 0, to: view.state.doc.length, insert: shown } });
  }

  /** @param {any} update */
  function updated(update) {
    if (!isAlive) return;
    if (update.docChanged && !isOurs) {
      /** @type {import("./model.js").Splice[]} */
      const splices = [];
      // From left to right: what stands left of a change is already as it will be.
      update.changes.iterChanges(
        (/** @type {number} */ fromA, /** @type {number} */ toA, /** @type {number} */ fromB, /** @type {number} */ _, /** @type {any} */ inserted) =>
          splices.push({ offset: fromB, deleteCount: toA - fromA, insert: inserted.toString() }),
      );
      // An editor may not be changed while it tells of a change.
      if (!model.edited(splices) || model.shown.length !== update.state.doc.length) queueMicrotask(() => isAlive && showAll());
    }
    if (presence && (update.docChanged || update.selectionSet || update.focusChanged)) share();
  }

  function share() {
    if (!presence) return;
    const { anchor, head } = view.state.selection.main;
    shareCursor(presence, text, view.hasFocus ? { anchor: model.toText(anchor), head: model.toText(head) } : null);
  }

  const extensions = [EditorView.updateListener.of(updated)];
  const shows = presence && Decoration && WidgetType;
  if (shows) {
    const Flag = makeFlag(WidgetType);
    extensions.push(EditorView.decorations.of(() => decorations(Flag)));
  }

  /** @param {any} Flag */
  function decorations(Flag) {
    if (!presence || !isAlive) return Decoration.none;
    const most = view.state.doc.length;
    const place = (/** @type {number} */ offset) => Math.min(model.toEditor(offset), most);
    const ranges = [];
    for (const { name, color, anchor, head } of remoteCursors(presence, text)) {
      const [from, to] = [place(Math.min(anchor, head)), place(Math.max(anchor, head))];
      if (from < to) {
        const attributes = { style: `background-color: ${color}33` };
        ranges.push(Decoration.mark({ class: "quire-selection", attributes }).range(from, to));
      }
      ranges.push(Decoration.widget({ widget: new Flag(name, color), side: 1 }).range(place(head)));
    }
    return Decoration.set(ranges, true);
  }

  view.dispatch({ effects: StateEffect.appendConfig.of(extensions) });
  showAll();
  // Decorations are drawn when anything is dispatched; not while the editor is at it.
  const offPresence = shows ? presence.on("change", () => queueMicrotask(() => isAlive && dispatch({}))) : () => {};
  const unbindUndo = undo ? bindUndo(view.contentDOM, text) : () => {};
  return {
    destroy() {
      // What was added to the editor's configuration stays there, and does nothing any more.
      isAlive = false;
      model.destroy();
      offPresence();
      unbindUndo();
      if (presence) shareCursor(presence, text, null);
    },
  };
}

/**
 * A caret with a name.
 * @param {any} WidgetType
 */
function makeFlag(WidgetType) {
  return class extends WidgetType {
    /**
     * @param {string} name
     * @param {string} color
     */
    constructor(name, color) {
      super();
      this.name = name;
      this.color = color;
    }

    /** @param {any} other */
    eq(other) {
      return other.name === this.name && other.color === this.color;
    }

    toDOM() {
      const caret = document.createElement("span");
      caret.className = "quire-caret";
      caret.setAttribute("aria-hidden", "true");
      caret.style.borderLeft = `2px solid ${this.color}`;
      caret.style.marginLeft = "-1px";
      caret.title = this.name;
      return caret;
    }

    ignoreEvent() {
      return true;
    }
  };
}
