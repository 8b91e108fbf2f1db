/** The bars over the canvas: tools, what can be done to the selection, and the view. */

import { colors, kinds } from "../model/shape.js";
import { onFrame } from "./frames.js";
import { iconButton } from "./icons.js";

/** @typedef {import("../main.js").App} App */

/**
 * Who presses a button of a bar with the mouse goes on with the keyboard where they were.
 * @param {HTMLElement} bar
 */
function leavesFocus(bar) {
  bar.addEventListener("mousedown", (event) => event.preventDefault());
}

/** @param {HTMLElement} bar @param {App} app */
export function fillTools(bar, app) {
  leavesFocus(bar);
  const { toolbox, canvas, commands, board } = app;
  const names = /** @type {const} */ ([
    ["select", "Select", "V"], ["hand", "Move the view", "H"], ["note", kinds.note.name, "N"], ["rect", kinds.rect.name, "R"],
    ["ellipse", kinds.ellipse.name, "O"], ["arrow", kinds.arrow.name, "A"], ["text", kinds.text.name, "T"],
  ]);
  const buttons = names.map(([tool, name, key]) => {
    const button = iconButton(tool, name, key, () => {
      toolbox.set(toolbox.tool === tool ? "select" : tool);
      if (toolbox.tool !== "select") app.announce(`${name}: click on the canvas, or press Enter there`);
    });
    button.addEventListener("keydown", (event) => {
      // By the keyboard the canvas is next.
      if (event.key !== "Enter") return;
      event.preventDefault();
      toolbox.set(tool);
      canvas.focus({ preventScroll: true });
      if (tool !== "select" && tool !== "hand") commands.placeInMiddle();
    });
    button.dataset.tool = tool;
    bar.append(button);
    return button;
  });
  const show = () => {
    for (const button of buttons) {
      const { tool = "" } = button.dataset;
      button.setAttribute("aria-pressed", String(tool === toolbox.tool));
      button.hidden = !board.canWrite && tool !== "select" && tool !== "hand";
    }
    canvas.dataset.tool = toolbox.tool;
    canvas.classList.toggle("hand", toolbox.tool === "hand");
  };
  toolbox.on("change", show);
  board.doc.on("role", show);
  board.doc.on("state", show);
  show();
}

/** @param {HTMLElement} bar @param {App} app */
export function fillSelectionBar(bar, app) {
  leavesFocus(bar);
  const { toolbox, commands, selection, board } = app;
  const swatches = document.createElement("div");
  swatches.className = "swatches";
  swatches.setAttribute("role", "group");
  swatches.setAttribute("aria-label", "Colour");
  const dots = colors.map((color) => {
    const dot = document.createElement("button");
    dot.type = "button";
    dot.className = "dot-button";
    dot.dataset.color = color;
    dot.title = color[0].toUpperCase() + color.slice(1);
    dot.setAttribute("aria-label", dot.title);
    dot.addEventListener("click", () => commands.color(color));
    return dot;
  });
  swatches.append(...dots);
  const several = iconButton("several", "Select several", "", () => toolbox.setSeveral(!toolbox.takesSeveral));
  const edit = iconButton("edit", "Edit text", "Enter", () => selection.single && app.editor.open(selection.single.id));
  bar.append(
    swatches,
    edit,
    iconButton("front", "To the front", "]", () => commands.restack("front")),
    iconButton("back", "To the back", "[", () => commands.restack("back")),
    iconButton("copy", "Duplicate", "Ctrl+D", () => commands.duplicate()),
    several,
    iconButton("trash", "Delete", "Delete", () => commands.remove()),
  );
  const show = () => {
    bar.hidden = !board.canWrite || (selection.size === 0 && !toolbox.takesSeveral);
    several.setAttribute("aria-pressed", String(toolbox.takesSeveral));
    edit.hidden = selection.single === null || selection.single.type === "arrow";
    const shown = new Set(selection.shapes.map(({ color }) => color));
    for (const dot of dots) dot.setAttribute("aria-pressed", String(shown.size === 1 && shown.has(dot.dataset.color ?? "")));
  };
  const later = onFrame(show);
  selection.on("change", later);
  toolbox.on("change", show);
  board.on("change", (/** @type {Set<string>} */ ids) => [...selection.ids].some((id) => ids.has(id)) && later());
  for (const event of ["role", "state"]) board.doc.on(event, show);
  show();
}

/** @param {HTMLElement} bar @param {App} app */
export function fillZoomBar(bar, { camera, commands, canvas }) {
  leavesFocus(bar);
  const percent = document.createElement("button");
  percent.type = "button";
  percent.className = "percent";
  percent.title = "Actual size (0)";
  percent.addEventListener("click", () => camera.zoomTo(1));
  bar.append(
    iconButton("minus", "Zoom out", "-", () => camera.zoomTo(camera.zoom / 1.25)),
    percent,
    iconButton("plus", "Zoom in", "+", () => camera.zoomTo(camera.zoom * 1.25)),
    iconButton("fit", "Show everything", "1", () => commands.fit()),
  );
  const show = () => {
    percent.textContent = `${Math.round(camera.zoom * 100)} %`;
    percent.setAttribute("aria-label", `Zoom ${percent.textContent}; press for actual size`);
    canvas.dataset.zoom = String(camera.zoom);
  };
  camera.on("change", show);
  show();
}

/** @param {HTMLElement} bar @param {App} app */
export function fillHistory(bar, { board, commands }) {
  leavesFocus(bar);
  const { doc } = board;
  const undo = iconButton("undo", "Undo", "Ctrl+Z", () => commands.revert("undo"));
  const redo = iconButton("redo", "Redo", "Ctrl+Shift+Z", () => commands.revert("redo"));
  bar.append(undo, redo);
  const show = () => {
    bar.hidden = !doc.canWrite;
    undo.disabled = !doc.canUndo;
    redo.disabled = !doc.canRedo;
  };
  for (const event of ["undostate", "role", "state"]) doc.on(event, show);
  show();
}

