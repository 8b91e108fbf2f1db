// A page that does nothing but use the SDK; what tests look at is on `window`.

import { bindContentEditable } from "/sdk/bindings/contenteditable.js";
import { showCursors } from "/sdk/bindings/cursors.js";
import { bindTextarea } from "/sdk/bindings/textarea.js";
import { connect } from "/sdk/quire.js";

const query = new URLSearchParams(location.search);
const transports = query.get("transports")?.split(",");
const field = document.querySelector("#field");

window.errors = [];
window.resets = [];
window.connection = connect(location.origin, { user: query.get("name"), token: query.get("token"), transports });
const doc = await window.connection.open(query.get("doc"), { onError: (error) => window.errors.push(`${error.code} ${error.message} ${error.cause ?? ""}`) });
window.doc = doc;
doc.on("reset", (reset) => window.resets.push(reset));
bindTextarea(field, doc.text("body"), { presence: doc.presence });
bindContentEditable(document.querySelector("#editable"), doc.text("note"), { presence: doc.presence });
showCursors(field, doc.text("body"), doc.presence);
document.body.dataset.ready = "yes";
