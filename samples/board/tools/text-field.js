/** A text field on a text of the document, where pauses in typing end what one undo takes back. */

import { bindTextarea } from "/sdk/bindings/textarea.js";

/** A pause of so many milliseconds ends a step of undo. */
const pause = 900;

/**
 * @param {HTMLTextAreaElement} field
 * @param {any} text a text of the document
 * @param {any} doc
 * @returns {{end: () => void}}
 */
export function bindField(field, text, doc) {
  let typedAt = 0;
  const typing = () => {
    if (Date.now() - typedAt > pause) doc.closeUndoStep();
    typedAt = Date.now();
  };
  // Before the binding's own: what is typed next belongs to the new step.
  field.addEventListener("beforeinput", typing);
  const binding = bindTextarea(field, text);
  return {
    end() {
      binding.destroy();
      field.removeEventListener("beforeinput", typing);
      doc.closeUndoStep();
    },
  };
}
