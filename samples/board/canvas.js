/** Puts the whiteboard together. */

import { Selection } from "./model/selection.js";
import { Camera } from "./view/camera.js";
import { Overlay } from "./view/overlay.js";
import { Remotes } from "./view/remotes.js";
import { Scene } from "./view/scene.js";
import { fillHistory, fillSelectionBar, fillTools, fillZoomBar } from "./view/bars.js";
import { Commands } from "./tools/commands.js";
import { Keyboard } from "./tools/keyboard.js";
import { Pointer } from "./tools/pointer.js";
import { TextEditor } from "./tools/text-editor.js";
import { Toolbox } from "./tools/toolbox.js";

const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {import("./model/board.js").Board} board
 * @param {import("./model/presence.js").BoardPresence} presence
 * @param {(text: string) => void} announce
 */
export function makeCanvas(board, presence, announce) {
  const selection = new Selection(board);
  const camera = new Camera();
  /** @type {any} */
  const app = {
    board, presence, announce, selection, camera,
    view: "canvas",
    toolbox: new Toolbox(),
    canvas: find("canvas"),
    layer: find("layer"),
    list: find("shapes"),
  };
  app.scene = new Scene(app);
  app.overlay = new Overlay(find("overlay"), app);
  app.remotes = new Remotes(find("others"), app);
  app.commands = new Commands(app);
  app.editor = new TextEditor(app);
  app.pointer = new Pointer(app);
  app.keyboard = new Keyboard(app);
  fillTools(find("tools"), app);
  fillSelectionBar(find("selection"), app);
  fillZoomBar(find("zoom"), app);
  fillHistory(find("history"), app);
  selection.on("change", () => presence.setSelection(selection.ids));
  app.canvas.addEventListener("pointerleave", () => presence.setCursor(null));
  new ResizeObserver(([{ contentRect: { width, height } }]) => width > 0 && camera.resize(width, height)).observe(app.canvas);
  const empty = () => (find("canvas-empty").hidden = board.shapes.size > 0 || !board.canWrite);
  board.on("change", empty);
  empty();
  board.on("failed", (/** @type {Error} */ error) => announce(`Not possible: ${error.message}`));
  keepPlace(camera, board);
  return app;
}

/**
 * A reload shows what was seen before; a board that is opened first shows everything.
 * @param {Camera} camera
 * @param {import("./model/board.js").Board} board
 */
function keepPlace(camera, board) {
  const key = `board-camera ${board.doc.id}`;
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
    if ([kept?.x, kept?.y, kept?.zoom].every(Number.isFinite)) Object.assign(camera, { x: kept.x, y: kept.y, zoom: kept.zoom });
  } catch {
    // Without a place of its own the view is the usual one.
  }
  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem(key, JSON.stringify({ x: camera.x, y: camera.y, zoom: camera.zoom }));
    } catch {
      // Some browsers keep nothing.
    }
  });
}
