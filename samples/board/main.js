// A whiteboard and a card board on one document.
//
//   ?doc=ID              the document; without it a new one is made up
//   ?token=JWT           where the server asks for one
//   ?name=NAME           who you are, where the server lets guests in
//   ?transports=polling  without WebSocket
//   #cards               shows the cards

import { open } from "/sdk/quire.js";
import { makeCanvas } from "./canvas.js";
import { Cards } from "./cards/cards.js";
import { CardsView } from "./cards/cards-view.js";
import { Board } from "./model/board.js";
import { newId } from "./model/emitter.js";
import { BoardPresence } from "./model/presence.js";
import { showHeader } from "./view/header.js";
import { drawn } from "./view/frames.js";

/**
 * What the parts of the canvas know of each other.
 * @typedef {object} App
 * @property {Board} board
 * @property {BoardPresence} presence
 * @property {(text: string) => void} announce
 * @property {import("./model/selection.js").Selection} selection
 * @property {import("./view/camera.js").Camera} camera
 * @property {"canvas" | "cards"} view
 * @property {import("./tools/toolbox.js").Toolbox} toolbox
 * @property {HTMLElement} canvas
 * @property {HTMLElement} layer
 * @property {import("./view/scene.js").Scene} scene
 * @property {import("./view/overlay.js").Overlay} overlay
 * @property {import("./tools/commands.js").Commands} commands
 * @property {import("./tools/text-editor.js").TextEditor} editor
 * @property {import("./tools/pointer.js").Pointer} pointer
 */

const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Reads texts out, one after the other.
 * @param {string} text
 */
function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  find("announcements").append(line);
  setTimeout(() => line.remove(), 8000);
}

const query = new URLSearchParams(location.search);
const id = query.get("doc") || `board-${newId()}`;
const here = new URL(location.href);
here.searchParams.set("doc", id);
history.replaceState(null, "", here);

const header = showHeader(here, announce);

/** @param {App} app @param {CardsView} cards @param {BoardPresence} presence */
function switchViews(app, cards, presence) {
  const buttons = [...document.querySelectorAll(".views button")];
  const show = () => {
    const view = location.hash === "#cards" ? "cards" : "canvas";
    app.editor.close();
    app.view = view;
    document.body.dataset.view = view;
    find("canvas-view").hidden = view !== "canvas";
    find("cards-view").hidden = view !== "cards";
    for (const button of buttons) button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.view === view));
    presence.setView(view);
    if (view === "cards") cards.draw();
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const target = new URL(location.href);
      target.hash = /** @type {HTMLElement} */ (button).dataset.view === "cards" ? "cards" : "";
      history.replaceState(null, "", target);
      show();
    });
  }
  addEventListener("hashchange", show);
  show();
}

try {
  const doc = await open(location.origin, id, {
    token: query.get("token"),
    user: header.me.name || undefined,
    transports: query.get("transports") === "polling" ? ["polling"] : ["websocket", "polling"],
    // Each gesture says itself where a step of undo ends.
    undoPause: Infinity,
    presence: { name: header.me.name, color: header.me.color },
  });
  const board = new Board(doc);
  const presence = new BoardPresence(doc, header.me);
  const app = makeCanvas(board, presence, announce);
  const cards = new CardsView(find("cards-view"), new Cards(doc), { presence, announce });
  header.connect(doc, presence);
  switchViews(app, cards, presence);
  addEventListener("beforeunload", (event) => {
    if (doc.pending > 0 && !doc.kept) event.preventDefault();
  });
  // For tests, and for whoever is curious.
  Object.assign(globalThis, { board: { doc, app, cards, drawn } });
} catch (error) {
  header.fail(/** @type {Error} */ (error));
}
