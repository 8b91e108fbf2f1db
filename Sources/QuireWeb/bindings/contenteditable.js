/** Binds an editable element to a text: plain text, with the caret kept. */

import { shareCursor } from "./cursor.js";
import { EditorModel, moved, spliced } from "./model.js";
import { bindUndo } from "./undo.js";

const blocks = new Set(["DIV", "P", "LI", "PRE", "BLOCKQUOTE", "H1", "H2", "H3", "H4", "H5", "H6"]);

/**
 * @param {HTMLElement} element is made editable; its content is replaced
 * @param {import("../client/containers.js").Text} text
 * @param {import("./textarea.js").BindingOptions} [options]
 * @returns {import("./textarea.js").Binding}
 */
export function bindContentEditable(element, text, options = {}) {
  const { presence, undo = true, readOnly = true } = options;
  const document = element.ownerDocument;
  const model = new EditorModel(text, (splices) => {
    let selection = selected();
    for (const splice of splices) {
      if (selection) selection = { anchor: moved(selection.anchor, splice), head: moved(selection.head, splice) };
    }
    write();
    if (selection) select(selection);
    showCaret();
  });

  /** One text node; the last line break of a text is only seen when another one follows. */
  function write() {
    const wanted = model.shown.endsWith("\n") ? `${model.shown}\n` : model.shown;
    const node = element.firstChild;
    if (node !== null && node === element.lastChild && node.nodeType === 3) {
      if (node.nodeValue !== wanted) node.nodeValue = wanted;
    } else element.textContent = wanted;
  }

  function read() {
    const whole = contentOf(element);
    return whole.endsWith("\n") ? whole.slice(0, -1) : whole;
  }

  /** Where the selection is, in the editor's offsets; null when it is elsewhere. */
  function selected() {
    const selection = document.getSelection();
    if (!selection || !element.contains(selection.anchorNode) || !element.contains(selection.focusNode)) return null;
    const most = model.shown.length;
    const at = (/** @type {any} */ node, /** @type {number} */ offset) => Math.min(offsetOf(element, node, offset), Math.max(most, read().length));
    return { anchor: at(selection.anchorNode, selection.anchorOffset), head: at(selection.focusNode, selection.focusOffset) };
  }

  /** @param {{anchor: number, head: number}} selection */
  function select({ anchor, head }) {
    const node = element.firstChild;
    const most = node?.nodeValue?.length ?? 0;
    const place = node ?? element;
    document.getSelection()?.setBaseAndExtent(place, Math.min(anchor, most), place, Math.min(head, most));
  }

  /** What the browser did to the element goes into the text, and the element becomes one text node again. */
  function take() {
    if (model.isHeld) return;
    const value = read();
    const selection = selected();
    model.typed(value, selection?.head);
    const wanted = model.shown.endsWith("\n") ? `${model.shown}\n` : model.shown;
    if (element.childNodes.length > 1 || element.textContent !== wanted) {
      write();
      if (selection) select(selection);
    }
    showCaret();
  }

  /**
   * What browsers do differently is done here.
   * @param {any} event
   */
  function before(event) {
    if (event.isComposing || model.isHeld) return;
    const isBreak = event.inputType === "insertParagraph" || event.inputType === "insertLineBreak";
    const isForeign = event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop";
    if (event.inputType?.startsWith("format")) event.preventDefault();
    if (!isBreak && !isForeign) return;
    event.preventDefault();
    const selection = selected();
    if (!selection) return;
    const inserted = isBreak ? "\n" : (event.dataTransfer?.getData("text/plain") ?? event.data ?? "").replace(/\r\n?/g, "\n");
    const start = Math.min(selection.anchor, selection.head);
    const splice = { offset: start, deleteCount: Math.abs(selection.head - selection.anchor), insert: inserted };
    if (!model.typed(spliced(model.shown, splice), start + inserted.length)) return;
    write();
    select({ anchor: start + inserted.length, head: start + inserted.length });
    showCaret();
  }

  function composed() {
    if (!model.isHeld) return;
    const head = selected()?.head;
    model.typed(read(), head);
    model.release();
    take();
  }

  function showCaret() {
    if (!presence || model.isHeld) return;
    const selection = document.activeElement === element ? selected() : null;
    if (selection) shareCursor(presence, text, { anchor: model.toText(selection.anchor), head: model.toText(selection.head) });
  }

  const hold = () => model.hold();
  const leave = () => presence && shareCursor(presence, text, null);
  /** @type {[EventTarget, string, (event: any) => void][]} */
  const listeners = [
    [element, "beforeinput", before],
    [element, "input", take],
    [element, "compositionstart", hold],
    [element, "compositionend", composed],
    [element, "focus", showCaret],
    [element, "blur", leave],
    [document, "selectionchange", showCaret],
  ];
  for (const [target, event, listener] of listeners) target.addEventListener(event, listener);
  const unbindUndo = undo ? bindUndo(element, text) : () => {};
  const lock = () => {
    const mayEdit = !readOnly || text.doc?.canWrite;
    element.setAttribute("contenteditable", mayEdit ? "plaintext-only" : "false");
    // Where that word is not known.
    if (mayEdit && !element.isContentEditable) element.setAttribute("contenteditable", "true");
  };
  const offs = [text.doc?.on("state", lock), text.doc?.on("role", lock)];
  element.style.whiteSpace = "pre-wrap";
  lock();
  write();
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

/**
 * The text of a node as it is seen; a block begins a line.
 * @param {Node} node
 * @returns {string}
 */
function contentOf(node) {
  let content = "";
  for (const child of node.childNodes) {
    if (child.nodeType === 3) content += child.nodeValue;
    else if (child.nodeName === "BR") content += "\n";
    else {
      if (blocks.has(child.nodeName) && content !== "" && !content.endsWith("\n")) content += "\n";
      content += contentOf(child);
    }
  }
  return content;
}

/**
 * How much text stands before a place in the element.
 * @param {Node} root
 * @param {Node} node
 * @param {number} offset
 */
function offsetOf(root, node, offset) {
  const range = /** @type {Document} */ (root.ownerDocument).createRange();
  range.setStart(root, 0);
  range.setEnd(node, offset);
  return contentOf(range.cloneContents()).length;
}
