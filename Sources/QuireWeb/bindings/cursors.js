/** Draws the others' carets and selections over a text field, with names, measured in a mirror of its text. */

import { remoteCursors } from "./cursor.js";
import { textSplice } from "../client/replica.js";

/** For how long a name is shown after its caret moved, in milliseconds. */
const flagTime = 2_500;

/** What of the field's style decides where its characters are. */
const copied = [
  "fontFamily", "fontSize", "fontWeight", "fontStyle", "fontVariant", "fontStretch", "letterSpacing", "wordSpacing", "lineHeight",
  "textIndent", "textTransform", "textAlign", "tabSize", "direction", "paddingTop", "paddingRight", "paddingBottom", "paddingLeft",
];

/**
 * Shows who is where in a field that `bindTextarea` bound. The marks have the classes `quire-selection`, `quire-caret` and
 * `quire-flag`, for a page that wants them otherwise.
 * @param {HTMLTextAreaElement} field
 * @param {import("../client/containers.js").Text} text
 * @param {import("../client/presence.js").Presence} presence
 * @returns {{refresh: () => void, destroy: () => void}}
 */
export function showCursors(field, text, presence) {
  const document = field.ownerDocument;
  const overlay = box(document, { position: "absolute", overflow: "hidden", pointerEvents: "none", margin: "0" });
  overlay.setAttribute("aria-hidden", "true");
  overlay.className = "quire-cursors";
  const scroller = box(document, { position: "relative", willChange: "transform" });
  const mirror = box(document, { whiteSpace: "pre-wrap", overflowWrap: "break-word", visibility: "hidden", boxSizing: "border-box" });
  const layer = box(document, { position: "absolute", inset: "0" });
  const node = document.createTextNode("");
  mirror.append(node);
  scroller.append(mirror, layer);
  overlay.append(scroller);
  field.after(overlay);

  /**
   * Where each caret was drawn last, and since when.
   * @type {Map<string, {place: string, at: number}>}
   */
  const seen = new Map();
  /** @type {number | null} */
  let frame = null;
  /** @type {any} */
  let timer = null;

  function refresh() {
    frame ??= requestAnimationFrame(() => {
      frame = null;
      draw();
    });
  }

  function scroll() {
    scroller.style.transform = `translate(${-field.scrollLeft}px, ${-field.scrollTop}px)`;
  }

  function place() {
    const style = getComputedStyle(field);
    for (const name of copied) mirror.style.setProperty(kebab(name), style.getPropertyValue(kebab(name)));
    overlay.style.left = `${field.offsetLeft + field.clientLeft}px`;
    overlay.style.top = `${field.offsetTop + field.clientTop}px`;
    overlay.style.width = `${field.clientWidth}px`;
    overlay.style.height = `${field.clientHeight}px`;
    scroller.style.width = `${field.clientWidth}px`;
    refresh();
  }

  function draw() {
    // The last character gives an empty last line its height, and the end of the text something to be measured by.
    const wanted = `${field.value}\u200b`;
    if (node.data !== wanted) rewrite(node, wanted);
    scroll();
    const origin = scroller.getBoundingClientRect();
    const marks = [];
    const cursors = remoteCursors(presence, text);
    for (const cursor of cursors) {
      const { anchor, head, color } = cursor;
      for (const rect of boxes(Math.min(anchor, head), Math.max(anchor, head))) {
        const mark = box(document, {
          ...at(rect, origin), position: "absolute", width: `${Math.max(rect.width, 4)}px`, height: `${rect.height}px`,
          background: color, opacity: "0.22",
        });
        mark.className = "quire-selection";
        marks.push(mark);
      }
      marks.push(caret(cursor, origin));
    }
    layer.replaceChildren(...marks);
    for (const session of seen.keys()) if (!cursors.some((cursor) => cursor.session === session)) seen.delete(session);
  }

  /**
   * @param {import("./cursor.js").RemoteCursor} cursor
   * @param {DOMRect} origin
   */
  function caret({ session, name, color, head }, origin) {
    const rect = caretBox(head);
    const position = at(rect, origin);
    const mark = box(document, { ...position, position: "absolute", height: `${rect.height}px`, borderLeft: `2px solid ${color}`, marginLeft: "-1px" });
    mark.className = "quire-caret";
    mark.dataset.name = name;
    const now = performance.now();
    const where = `${head} ${position.left} ${position.top}`;
    if (seen.get(session)?.place !== where) seen.set(session, { place: where, at: now });
    if (now - (seen.get(session)?.at ?? 0) < flagTime) {
      const isBelow = rect.top - origin.top - field.scrollTop < 20;
      const isLeftward = rect.left - origin.left > field.clientWidth - 120;
      const flag = box(document, {
        position: "absolute", background: color, color: "#fff", font: "11px/1.4 system-ui, sans-serif", padding: "0 4px", borderRadius: "3px",
        whiteSpace: "nowrap", ...(isBelow ? { top: "100%" } : { bottom: "100%" }), ...(isLeftward ? { right: "-1px" } : { left: "-1px" }),
      });
      flag.className = "quire-flag";
      flag.textContent = name;
      mark.append(flag);
      clearTimeout(timer);
      timer = setTimeout(refresh, flagTime);
    }
    return mark;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  function range(from, to) {
    const found = document.createRange();
    found.setStart(node, Math.min(from, node.length));
    found.setEnd(node, Math.min(to, node.length));
    return found;
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  const boxes = (from, to) => (from === to ? [] : [...range(from, to).getClientRects()]);

  /**
   * Where a caret stands: before the character at the offset, which may take two units.
   * @param {number} offset
   * @returns {DOMRect}
   */
  function caretBox(offset) {
    const [one] = range(offset, offset + 1).getClientRects();
    if (one !== undefined && one.height > 0) return one;
    return range(offset, offset + 2).getClientRects()[0] ?? mirror.getBoundingClientRect();
  }

  const observer = new ResizeObserver(place);
  observer.observe(field);
  field.addEventListener("scroll", scroll);
  field.addEventListener("input", refresh);
  const offs = [presence.on("change", refresh), text.on("change", refresh)];
  place();
  return {
    refresh: place,
    destroy() {
      observer.disconnect();
      field.removeEventListener("scroll", scroll);
      field.removeEventListener("input", refresh);
      for (const off of offs) off();
      if (frame !== null) cancelAnimationFrame(frame);
      clearTimeout(timer);
      overlay.remove();
    },
  };
}

/**
 * An element with a style. Set one by one: a content policy may forbid style attributes.
 * @param {Document} document
 * @param {Record<string, string>} style
 */
function box(document, style) {
  const element = document.createElement("div");
  for (const [name, value] of Object.entries(style)) element.style.setProperty(kebab(name), value);
  return element;
}

/** @param {string} name */
const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * @param {DOMRect} rect
 * @param {DOMRect} origin
 */
const at = (rect, origin) => ({ left: `${rect.left - origin.left}px`, top: `${rect.top - origin.top}px` });

/**
 * Touches only what differs: a browser lays out a long text anew when all of it is replaced.
 * @param {globalThis.Text} node
 * @param {string} wanted
 */
function rewrite(node, wanted) {
  const splice = textSplice(node.data, wanted);
  if (splice !== null) node.replaceData(splice.offset, splice.deleteCount, splice.insert);
}
