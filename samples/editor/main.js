// A text that a team writes together.
//
//   ?doc=ID              the document; without it there is the list
//   ?token=JWT           where the server asks for one
//   ?name=NAME           who you are, where the server lets guests in
//   ?transports=polling  without WebSocket

import { connect } from "/sdk/quire.js";
import { showCursors } from "/sdk/bindings/cursors.js";
import { bindTextarea } from "/sdk/bindings/textarea.js";
import { iconButton } from "../board/view/icons.js";
import { showDocuments } from "./documents.js";
import { announce, counted, documentId, find, linkOf, myName, query, rememberDocument, token } from "./page.js";
import { myPresence, showPeople } from "./people.js";
import { copy, Notice, showStatus, watchConnection } from "./status.js";
import { shareTyping } from "./typing.js";
import { showVersions } from "./versions.js";

/** @type {Record<string, string>} */
const reasons = {
  FORBIDDEN: "you have no right to it. Ask whoever sent you the link.",
  UNKNOWN_DOCUMENT: "there is none of this name, and you may only read.",
  UNAUTHENTICATED: "the server asks who you are; the link needs a token.",
  TOKEN_INVALID: "your token is not a good one.",
  TOKEN_EXPIRED: "your token has ended. Get a new link.",
  TOKEN_REVOKED: "your token was revoked. Get a new link.",
  INVALID_DOCUMENT: "its name has characters that no document has.",
};

/** @param {any} error */
function fail(error) {
  document.body.dataset.state = "refused";
  document.body.dataset.saved = "never";
  find("state").textContent = "Not open";
  find("banner").hidden = true;
  const why = reasons[error?.code] ?? error?.message ?? String(error);
  new Notice().show(`The document cannot be opened: ${why}`, { isBad: true });
}

/** @param {any} doc */
function showHistory(doc) {
  const bar = find("history");
  const undo = iconButton("undo", "Undo", "Ctrl+Z", () => doc.undo());
  const redo = iconButton("redo", "Redo", "Ctrl+Shift+Z", () => doc.redo());
  // The caret stays in the text.
  bar.addEventListener("mousedown", (/** @type {Event} */ event) => event.preventDefault());
  bar.append(undo, redo);
  const show = () => {
    bar.hidden = !doc.canWrite;
    undo.disabled = !doc.canUndo;
    redo.disabled = !doc.canRedo;
  };
  for (const event of ["undostate", "role", "state"]) doc.on(event, show);
  show();
}

/** @param {any} text */
function showCount(text) {
  /** @type {any} */
  let timer = null;
  const show = () => {
    timer = null;
    const value = text.toString();
    const words = value.match(/\S+/gu)?.length ?? 0;
    find("count").textContent = counted(words, "word");
  };
  text.on("change", () => (timer ??= setTimeout(show, 250)));
  show();
}

/** @param {any} doc */
function listenToKeys(doc) {
  document.addEventListener("keydown", async (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
    // Nothing has to be saved; whoever asks hears how it stands.
    event.preventDefault();
    if (doc.state !== "live") return announce(find("state").textContent);
    try {
      await doc.flush();
      announce("Saved");
    } catch {
      announce(find("state").textContent);
    }
  });
}

async function edit() {
  document.title = `${documentId} – Quire`;
  find("title").textContent = find("title").title = documentId;
  find("state").textContent = "Opening…";
  find("share").addEventListener("click", () => copy(find("share"), linkOf(documentId)));
  const connection = connect(location.origin, {
    token: token ?? undefined,
    user: myName,
    transports: query.get("transports") === "polling" ? ["polling"] : ["websocket", "polling"],
  });
  connection.on("user", (/** @type {any} */ user) => documents.setName(String(user?.name ?? myName)));
  const showBanner = watchConnection(connection);
  /** @type {unknown[]} */
  const errors = [];
  const doc = await connection.open(documentId, { presence: myPresence(), onError: (/** @type {unknown} */ error) => errors.push(error) });
  rememberDocument(documentId);
  const text = doc.text("body");
  const field = find("body");
  bindTextarea(field, text, { presence: doc.presence });
  showCursors(field, text, doc.presence);
  shareTyping(doc, text);
  showPeople(doc);
  showStatus(doc, showBanner, errors);
  showHistory(doc);
  showCount(text);
  listenToKeys(doc);
  doc.on("state", () => {
    if (doc.state === "refused") fail(doc.error);
  });
  if (doc.canWrite && find("documents").hidden) field.focus();
  // For tests, and for whoever is curious.
  Object.assign(globalThis, { editor: { connection, doc, text, field } });
  await showVersions(doc, text);
}

const documents = showDocuments();
if (documentId === "") {
  document.body.dataset.state = "none";
  find("share").hidden = true;
  find("title").textContent = "Documents";
} else {
  edit().catch(fail);
}
