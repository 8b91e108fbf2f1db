/** Undo and redo of an editor are the document's: they take back one's own edits and leave the others'. */

/**
 * @param {HTMLElement} element
 * @param {import("../client/containers.js").Text} text
 * @returns {() => void} takes it off again
 */
export function bindUndo(element, text) {
  /** @param {"undo" | "redo"} what */
  const revert = (what) => {
    if (text.doc?.canWrite) text.doc[what]();
  };
  const key = (/** @type {any} */ event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return;
    const name = String(event.key).toLowerCase();
    if (name !== "z" && !(name === "y" && !event.shiftKey)) return;
    event.preventDefault();
    revert(name === "y" || event.shiftKey ? "redo" : "undo");
  };
  // From a menu.
  const input = (/** @type {any} */ event) => {
    if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return;
    event.preventDefault();
    revert(event.inputType === "historyUndo" ? "undo" : "redo");
  };
  element.addEventListener("keydown", key);
  element.addEventListener("beforeinput", input);
  return () => {
    element.removeEventListener("keydown", key);
    element.removeEventListener("beforeinput", input);
  };
}
