/** Icons of one line width, drawn in the colour of the text. */

const svg = "http://www.w3.org/2000/svg";

/** @type {Record<string, string>} */
const paths = {
  select: "M6 4l12 7-5.2 1.4L10 18Z",
  hand: "M8 12V6.5a1.5 1.5 0 0 1 3 0V11m0-5.5v-1a1.5 1.5 0 0 1 3 0V11m0-4.5a1.5 1.5 0 0 1 3 0V14c0 4-2.2 6.5-5.5 6.5-3 0-4.2-1.5-5.3-3.6L4.500 13.200a1.400 1.400 0 0 1 2.400-1.400L8 13.500",
  note: "M5 5h14v9l-5 5H5ZM19 14h-5v5",
  rect: "M4.500 6.500h15v11h-15Z",
  ellipse: "M12 6c4.400 0 8 2.700 8 6s-3.600 6-8 6-8-2.700-8-6 3.600-6 8-6Z",
  arrow: "M5 19 19 5M10 5h9v9",
  text: "M5 7V5h14v2M12 5v14M9 19h6",
  undo: "M8 5 4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
  redo: "M16 5l4 4-4 4M20 9H10a5 5 0 0 0 0 10h4",
  front: "M9 9h11v11H9ZM4 15V4h11M4 4l0 0",
  back: "M4 4h11v11H4ZM20 9v11H9",
  copy: "M8 8h12v12H8ZM16 8V4H4v12h4",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  several: "M4 4h7v7H4ZM13 13h7v7h-7ZM17 4v6M14 7h6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  grip: "M9 6v.01M15 6v.01M9 12v.01M15 12v.01M9 18v.01M15 18v.01",
  edit: "M5 19l1-4L16 5l3 3L9 18Z",
  link: "M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
};

/** @param {string} name */
export function icon(name) {
  const drawing = document.createElementNS(svg, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "icon");
  const path = document.createElementNS(svg, "path");
  path.setAttribute("d", paths[name] ?? "");
  drawing.append(path);
  return drawing;
}

/**
 * A button that shows an icon and says what it is.
 * @param {string} name of the icon
 * @param {string} label
 * @param {string} keys what does the same, as `aria-keyshortcuts` wants it; "" when nothing does
 * @param {() => void} act
 */
export function iconButton(name, label, keys, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool";
  button.title = keys === "" ? label : `${label} (${keys})`;
  button.setAttribute("aria-label", label);
  if (keys !== "") button.setAttribute("aria-keyshortcuts", keys.replaceAll("Ctrl", "Control"));
  button.append(icon(name));
  button.addEventListener("click", act);
  return button;
}
