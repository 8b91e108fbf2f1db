import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { bindCodeMirror } from "../../Sources/QuireWeb/bindings/codemirror.js";
import { remoteCursors } from "../../Sources/QuireWeb/bindings/cursor.js";
import { bindTextarea } from "../../Sources/QuireWeb/bindings/textarea.js";
import * as codemirror from "./support/codemirror.js";
import { Field } from "./support/field.js";
import { Random, client, pause, until } from "./support/sdk.js";
import { Server } from "./support/server.js";

let server;
const connections = [];

before(async () => {
  server = await Server.start();
});
after(async () => {
  await Promise.all(connections.map((each) => each.close()));
  await server.stop();
});

let count = 0;
async function pair(initial = "") {
  const pairOf = [client(server.url), client(server.url)];
  connections.push(...pairOf);
  count += 1;
  const docs = await Promise.all(pairOf.map((each) => each.open(`bound-${count}`, { persist: false })));
  if (initial !== "") docs[0].text("body").insert(0, initial);
  await docs[0].flush();
  await until(() => docs[1].text("body").toString() === initial);
  return docs;
}

test("a field shows the text, and what is typed into it goes there", async () => {
  const [one, other] = await pair("Hello");
  const field = new Field();
  bindTextarea(field, one.text("body"));
  assert.equal(field.value, "Hello");
  field.setSelectionRange(5, 5);
  field.type(" 😀");
  await until(() => other.text("body").toString() === "Hello 😀");
  field.erase(2);
  field.setSelectionRange(0, 1);
  field.type("J");
  await until(() => other.text("body").toString() === "Jello ");
});

test("the caret stays where it is while others type before, at and behind it", async () => {
  const [one, other] = await pair("abcdef");
  const field = new Field();
  bindTextarea(field, one.text("body"));
  field.setSelectionRange(2, 4, "backward");
  other.text("body").insert(0, "xx");
  await until(() => field.value === "xxabcdef");
  assert.deepEqual([field.selectionStart, field.selectionEnd, field.selectionDirection], [4, 6, "backward"]);
  other.text("body").insert(8, "yy");
  other.text("body").delete(0, 3);
  await until(() => field.value === "bcdefyy");
  assert.deepEqual([field.selectionStart, field.selectionEnd], [1, 3]);
  field.setSelectionRange(3, 3);
  other.text("body").insert(3, "!");
  await until(() => field.value === "bcd!efyy");
  assert.equal(field.selectionStart, 3);
  other.text("body").delete(1, 6);
  await until(() => field.value === "by");
  assert.equal(field.selectionStart, 1);
});

test("one more letter in a row of the same lands where it was typed", async () => {
  const [one, other] = await pair("aaaa");
  const field = new Field();
  bindTextarea(field, one.text("body"));
  const patches = [];
  other.text("body").on("change", (change) => patches.push(...change.patches));
  field.setSelectionRange(1, 1);
  field.type("a");
  await until(() => patches.length > 0);
  assert.equal(patches[0].offset, 1);
});

test("while an input method composes the field is left alone, and both texts stay", async () => {
  const [one, other] = await pair("one two three");
  const field = new Field();
  bindTextarea(field, one.text("body"));
  field.setSelectionRange(4, 7);
  field.dispatchEvent(new Event("compositionstart"));
  field.type("に");
  other.text("body").insert(0, ">> ");
  other.text("body").insert(8, "X");
  await until(() => one.text("body").toString() === ">> one tXwo three");
  assert.equal(field.value, "one に three");
  field.erase(1);
  field.type("日本");
  field.dispatchEvent(new Event("compositionend"));
  assert.equal(one.text("body").toString().replace("X", ""), ">> one 日本 three");
  assert.equal(one.text("body").toString().includes("X"), true, "what others typed into the replaced word stays");
  assert.equal(field.value, one.text("body").toString());
  await until(() => other.text("body").toString() === field.value);
});

test("undo keys take back one's own and leave the other's", async () => {
  const [one, other] = await pair("");
  const field = new Field();
  bindTextarea(field, one.text("body"));
  field.type("mine");
  await until(() => other.text("body").toString() === "mine");
  other.text("body").insert(0, "theirs ");
  await until(() => field.value === "theirs mine");
  assert.equal(field.key("z"), true);
  assert.equal(field.value, "theirs ");
  assert.equal(field.key("Z", { shiftKey: true }), true);
  assert.equal(field.value, "theirs mine");
  assert.equal(field.key("a"), false);
});

test("other line breaks are shown as one and stay what they are", async () => {
  const [one, other] = await pair("a\r\nb\r\nc");
  const field = new Field();
  bindTextarea(field, one.text("body"));
  assert.equal(field.value, "a\nb\nc");
  field.setSelectionRange(4, 4);
  field.type("x");
  assert.equal(one.text("body").toString(), "a\r\nb\r\nxc");
  other.text("body").insert(3, "\r\ny");
  await until(() => field.value === "a\n\nyb\nxc");
  field.setSelectionRange(2, 2);
  field.type("\r\n");
  assert.equal(one.text("body").toString().replaceAll("\r", "").replaceAll("\n", ""), "aybxc");
  assert.equal(field.value, one.text("body").toString().replace(/\r\n?/g, "\n"));
});

test("half a surrogate pair never gets into the text, and a refused edit is taken back", async () => {
  const [one] = await pair("a😀b");
  const field = new Field();
  bindTextarea(field, one.text("body"));
  field.setSelectionRange(4, 4);
  field.type("\ud83d");
  assert.equal(one.text("body").toString(), "a😀b\ufffd");
  assert.equal(field.value, one.text("body").toString());
  field.setSelectionRange(2, 2);
  field.type("x");
  assert.doesNotThrow(() => encodeURIComponent(one.text("body").toString()));
  assert.equal(field.value, one.text("body").toString());
});

test("others see the caret as an anchor, and it moves with the text", async () => {
  const [one, other] = await pair("abcdef");
  const field = new Field();
  const binding = bindTextarea(field, one.text("body"), { presence: one.presence });
  one.presence.set({ color: "#112233" });
  field.focus();
  field.setSelectionRange(2, 4);
  field.ownerDocument.dispatchEvent(new Event("selectionchange"));
  await until(() => remoteCursors(other.presence, other.text("body"))[0]?.head === 4);
  const [cursor] = remoteCursors(other.presence, other.text("body"));
  assert.deepEqual([cursor.anchor, cursor.head, cursor.color], [2, 4, "#112233"]);
  other.text("body").insert(0, "xx");
  assert.equal(remoteCursors(other.presence, other.text("body"))[0].head, 6);
  assert.deepEqual(remoteCursors(other.presence, other.text("title")), []);
  binding.destroy();
  await until(() => remoteCursors(other.presence, other.text("body")).length === 0);
  one.presence.set({ cursor: { text: other.text("body").id, anchor: "????", head: 5 } });
  await pause(200);
  assert.deepEqual(remoteCursors(other.presence, other.text("body")), []);
});

test("CodeMirror and the text follow each other", async () => {
  const [one, other] = await pair("one two three");
  const view = new codemirror.EditorView("");
  const binding = bindCodeMirror(view, one.text("body"), { codemirror, presence: one.presence });
  assert.equal(view.state.doc.toString(), "one two three");
  view.dispatch({ changes: [{ from: 0, to: 3, insert: "1" }, { from: 8, to: 13, insert: "3" }, { from: 4, insert: "<" }], selection: { anchor: 1, head: 3 } });
  assert.equal(view.state.doc.toString(), "1 <two 3");
  assert.equal(one.text("body").toString(), "1 <two 3");
  assert.equal(one.pending, 1, "one transaction is one change");
  await until(() => other.text("body").toString() === "1 <two 3");
  await until(() => remoteCursors(other.presence, other.text("body"))[0]?.head === 3);
  other.transaction(() => {
    other.text("body").insert(0, "> ");
    other.text("body").delete(5, 3);
  });
  other.presence.set({ cursor: { text: other.text("body").id, anchor: btoa("\xd8"), head: btoa("\xd9") }, color: "#445566" });
  await until(() => view.state.doc.toString() === other.text("body").toString());
  assert.deepEqual(view.transactions.at(-1).annotations, [{ remote: true }, { addToHistory: false }]);
  await until(() => view.decorations.length === 2);
  assert.deepEqual(view.decorations.map(({ kind, from, to }) => [kind, from, to]), [["mark", 0, view.state.doc.length], ["widget", view.state.doc.length, view.state.doc.length]]);
  other.text("body").insert(0, "a\r\nb");
  await until(() => view.state.doc.toString() === one.text("body").toString().replace("\r\n", "\n"));
  view.dispatch({ changes: { from: view.state.doc.length, insert: "end" } });
  assert.equal(one.text("body").toString().endsWith("end"), true);
  binding.destroy();
  view.dispatch({ changes: { from: 0, insert: "unbound" } });
  assert.equal(one.text("body").toString().includes("unbound"), false);
});

test("two fields and an editor end alike whatever is typed", async () => {
  const seed = process.env.FUZZ_SEED ?? Date.now();
  const random = new Random(seed);
  const [one, other] = await pair("");
  const fields = [new Field(), new Field()];
  bindTextarea(fields[0], one.text("body"));
  bindTextarea(fields[1], other.text("body"));
  const view = new codemirror.EditorView("");
  bindCodeMirror(view, other.text("body"), { codemirror });
  let composing = null;
  for (let step = 0; step < 500; step++) {
    const kind = random.below(12);
    const field = composing ?? random.pick(fields);
    if (kind < 8) {
      const start = random.below(field.value.length + 1);
      if (!composing) field.setSelectionRange(start, Math.min(field.value.length, start + random.below(4)));
      field.type(random.pick(["a", "b\n", "😀", "", "x\r\ny", "\ud800"]));
    } else if (kind === 8 && !composing) {
      composing = field;
      field.dispatchEvent(new Event("compositionstart"));
    } else if (kind === 9 && composing) {
      composing = null;
      field.dispatchEvent(new Event("compositionend"));
    } else if (kind === 10) {
      const from = random.below(view.state.doc.length + 1);
      const to = Math.min(view.state.doc.length, from + random.below(3));
      view.dispatch({ changes: [{ from, to, insert: random.pick(["c", "d\n", ""]) }] });
    } else if (kind === 11) fields[0].key("z");
    if (random.below(3) === 0) await pause(0);
  }
  composing?.dispatchEvent(new Event("compositionend"));
  await Promise.all([one.flush(), other.flush()]);
  await until(() => one.text("body").toString() === other.text("body").toString(), `seed ${seed}`);
  await pause(10);
  const text = one.text("body").toString().replace(/\r\n?/g, "\n");
  assert.deepEqual([fields[0].value, fields[1].value, view.state.doc.toString()], [text, text, text], `FUZZ_SEED=${seed}`);
  assert.doesNotThrow(() => encodeURIComponent(text));
});
