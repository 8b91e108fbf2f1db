// A text field shows "\r\n" and "\r" as "\n", so its offsets differ from those of a text that holds them.

/** The text as a text field shows it. */
export function display(text) {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/** The offset in the field of an offset in the text. */
export function toDisplay(text, offset) {
  return text.includes("\r") ? display(text.slice(0, offset)).length : offset;
}

/** The offset in the text of an offset in the field. */
export function fromDisplay(text, offset) {
  if (!text.includes("\r")) return offset;
  let at = 0;
  for (let shown = 0; shown < offset && at < text.length; shown += 1) {
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
  }
  return at;
}

/** A change of what the field shows, as a change of the text. */
export function deltaFromDisplay(text, delta) {
  if (!text.includes("\r")) return delta;
  let shown = 0;
  return delta.map((part) => {
    if (typeof part === "string") return part;
    const start = fromDisplay(text, shown);
    shown += Math.abs(part);
    return Math.sign(part) * (fromDisplay(text, shown) - start);
  });
}

/** Halves of surrogate pairs that stand alone, which a paste can hold, become U+FFFD as the server would refuse them. */
export function wellFormed(text) {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}
