/** A text field on a text of the document: what is typed goes in as it is typed, what others type appears around the caret. */

import { offsetAfter, spliceBetween } from "../model/typing.js";

/** A pause of so many milliseconds ends a step of undo. */
const pause = 900;

/**
 * @param {HTMLTextAreaElement} field
 * @param {any} text a text of the document
 * @param {any} doc
 * @returns {{end: () => void, pause: () => void}}
 */
export function bindField(field, text, doc) {
  let known = (field.value = text.toString());
  let typedAt = 0;

  const typed = () => {
    const splice = spliceBetween(known, field.value, field.selectionEnd);
    if (splice === null) return;
    if (Date.now() - typedAt > pause) doc.closeUndoStep();
    typedAt = Date.now();
    try {
      text.splice(splice.at, splice.deleteCount, splice.insert);
      known = field.value;
    } catch {
      // Not allowed any more: the field shows what there is.
      field.value = known;
    }
  };

  const heard = (/** @type {{patches: any[], origin: string}} */ { patches, origin }) => {
    if (origin === "local") return;
    let [start, end] = [field.selectionStart, field.selectionEnd];
    for (const { offset, deleteCount, insert } of patches) {
      const splice = { at: offset, deleteCount, insert };
      [start, end] = [offsetAfter(start, splice), offsetAfter(end, splice)];
    }
    known = field.value = text.toString();
    field.setSelectionRange(start, end);
  };

  field.addEventListener("input", typed);
  const off = text.on("change", heard);
  return {
    pause: () => (typedAt = 0),
    end: () => {
      typed();
      field.removeEventListener("input", typed);
      off();
      doc.closeUndoStep();
    },
  };
}
