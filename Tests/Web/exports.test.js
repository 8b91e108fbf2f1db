import assert from "node:assert/strict";
import { test } from "node:test";

import { NewText } from "../../Sources/QuireWeb/engine.js";
import { module, start } from "./engine.js";

const refused = (code) => (error) => error.name === "EngineError" && error.code === code;

test("the module imports nothing", () => {
  assert.deepEqual(WebAssembly.Module.imports(module), []);
});

test("the module exports its memory and functions, nothing else", () => {
  const others = WebAssembly.Module.exports(module).filter((each) => each.kind !== "function");
  assert.deepEqual(others, [{ name: "memory", kind: "memory" }]);
});

test("what is typed in one document appears in another", () => {
  const engine = start();
  const left = engine.create(1n);
  const right = engine.create(2n);
  left.text("body").insert(0, "Hello");
  left.text("body").splice(4, 1, "p 😀");
  const patches = right.receive(left.takeChanges());
  assert.equal(right.text("body").toString(), "Hellp 😀");
  assert.equal(right.text("body").length, 8);
  assert.equal(patches.length > 0, true);
  assert.equal(patches[0].container, right.text("body"));
  assert.equal(left.takeChanges(), null);
  assert.deepEqual(left.version, right.version);
  assert.deepEqual(left.snapshot, right.snapshot);
});

test("patches lead a mirror to the text", () => {
  const engine = start();
  const left = engine.create(1n);
  const right = engine.create(2n);
  let mirror = "";
  for (let round = 0; round < 200; round++) {
    left.text("body").splice(round % 7, round % 3 === 2 ? 2 : 0, "abc€".slice(round % 4));
    for (const { offset, deleteCount, insert } of right.receive(left.takeChanges())) {
      mirror = mirror.slice(0, offset) + insert + mirror.slice(offset + deleteCount);
    }
  }
  assert.equal(mirror, left.text("body").toString());
});

test("a change that comes early waits, and says what it lacks", () => {
  const engine = start();
  const left = engine.create(1n);
  const right = engine.create(2n);
  left.text("body").insert(0, "a");
  const first = left.takeChanges();
  left.text("body").insert(1, "b");
  assert.deepEqual(right.receive(left.takeChanges()), []);
  assert.notDeepEqual(right.missing, engine.create(3n).missing);
  right.receive(first);
  assert.equal(right.text("body").toString(), "ab");
  assert.deepEqual(right.missing, engine.create(3n).missing);
});

test("an anchor stays with its neighbour", () => {
  const body = start().create(1n).text("body");
  body.insert(0, "one two");
  const anchor = body.anchor(4, "right");
  body.insert(0, "zero ");
  assert.equal(body.offset(anchor), 9);
  assert.equal(body.document.text("other").offset(anchor), null);
});

test("lists and maps hold values and containers, and patches name them", () => {
  const engine = start();
  const left = engine.create(1n);
  const right = engine.create(2n);
  const board = left.map("board");
  const shape = { x: 1.5, y: -3, title: new NewText("Draft"), tags: ["a", null, true], data: new Uint8Array([1, 2]), "": "é" };
  board.set("s1", shape);
  const patches = right.receive(left.takeChanges());
  const expected = { s1: { ...shape, title: "Draft" } };
  assert.deepEqual(left.map("board").content, expected);
  assert.deepEqual(right.map("board").content, expected);
  assert.equal(patches[0].kind, "map");
  assert.equal(patches[0].key, "s1");
  assert.equal(patches[0].value, right.map("board").get("s1"));
  assert.deepEqual(right.map("board").get("s1").keys, ["", "data", "tags", "title", "x", "y"]);
  right.map("board").get("s1").get("title").insert(5, "!");
  left.receive(right.takeChanges());
  assert.equal(board.get("s1").get("title").toString(), "Draft!");
  assert.equal(right.nested(0, ...Object.values(board.get("s1").get("title").id).slice(1)).toString(), "Draft!");

  const items = left.list("items");
  items.push("a", "b", "c", 4);
  items.move(0, 2);
  items.splice(3, 1);
  const moved = right.receive(left.takeChanges());
  assert.deepEqual(right.list("items").values, ["b", "c", "a"]);
  assert.ok(moved.some(({ kind, from, to }) => kind === "move" && from === 0 && to === 2));
  assert.equal(right.list("items").at(1), "c");
  assert.equal(right.list("items").at(3), undefined);
  board.delete("s1");
  assert.equal(board.get("s1"), undefined);
  right.receive(left.takeChanges());
  assert.deepEqual(right.roots.map(({ id }) => id.name).sort(), ["board", "items"]);
  assert.deepEqual(left.snapshot, right.snapshot);
  assert.throws(() => board.set("x", NaN), refused("INVALID_VALUE"));
  assert.throws(() => board.set("x", "\ud800"), refused("INVALID_VALUE"));
  assert.throws(() => items.splice(9, 0, 1), refused("OUT_OF_BOUNDS"));
  assert.throws(() => items.move(0, -1), refused("OUT_OF_BOUNDS"));
  assert.throws(() => right.nested(0, 1n, 999), refused("UNKNOWN_CONTAINER"));
  assert.equal(left.takeChanges(), null);
});

test("a transaction is one change, and nothing is received meanwhile", () => {
  const engine = start();
  const left = engine.create(1n);
  const right = engine.create(2n);
  const other = engine.create(3n);
  other.text("body").insert(0, "z");
  const change = other.takeChanges();
  left.transact(() => {
    left.text("body").insert(0, "a");
    left.map("m").set("k", 1);
    assert.equal(left.takeChanges(), null);
    assert.throws(() => left.receive(change), refused("TRANSACTION_OPEN"));
    assert.throws(() => left.snapshot, refused("TRANSACTION_OPEN"));
    assert.throws(() => left.undo(), refused("TRANSACTION_OPEN"));
    assert.throws(() => left.transact(() => {}), refused("TRANSACTION_OPEN"));
  });
  right.receive(left.takeChanges());
  assert.equal(right.text("body").toString(), "a");
  assert.deepEqual(right.map("m").content, { k: 1 });
  assert.equal(engine.exports.commit(left.handle), -5);
});

test("undo takes back one's own edits alone", () => {
  const engine = start();
  const left = engine.create(1n);
  const right = engine.create(2n);
  left.undoLimit = 10;
  assert.equal(left.canUndo, false);
  left.text("body").insert(0, "mine");
  left.closeUndoStep();
  right.receive(left.takeChanges());
  right.text("body").insert(4, " yours");
  left.receive(right.takeChanges());
  assert.equal(left.canUndo, true);
  const patches = left.undo();
  assert.equal(left.text("body").toString(), " yours");
  assert.equal(patches[0].deleteCount, 4);
  right.receive(left.takeChanges());
  assert.equal(right.text("body").toString(), " yours");
  assert.equal(left.canRedo, true);
  left.redo();
  assert.equal(left.text("body").toString(), "mine yours");
});

test("refusals have the engine's codes and leave the document as it was", () => {
  const engine = start();
  const document = engine.create(1n);
  const body = document.text("body");
  body.insert(0, "a😀b");
  const before = document.snapshot;
  document.takeChanges();
  assert.throws(() => body.insert(5, "x"), refused("OUT_OF_BOUNDS"));
  assert.throws(() => body.insert(-1, "x"), refused("OUT_OF_BOUNDS"));
  assert.throws(() => body.delete(0, 99), refused("OUT_OF_BOUNDS"));
  assert.throws(() => body.delete(0, -1), refused("OUT_OF_BOUNDS"));
  assert.throws(() => body.delete(2 ** 31 - 1, 2 ** 31 - 1), refused("OUT_OF_BOUNDS"));
  assert.throws(() => body.insert(2, "x"), refused("SPLITS_SURROGATE_PAIR"));
  assert.throws(() => body.delete(1, 1), refused("SPLITS_SURROGATE_PAIR"));
  assert.throws(() => body.insert(0, "\ud800"), refused("ILL_FORMED_TEXT"));
  assert.throws(() => body.splice(0, 1, "xx\udc00"), refused("ILL_FORMED_TEXT"));
  assert.throws(() => document.text(""), refused("LIMIT_EXCEEDED"));
  assert.throws(() => document.text("x".repeat(257)), refused("LIMIT_EXCEEDED"));
  assert.throws(() => document.receive(new Uint8Array()), refused("TRUNCATED"));
  assert.throws(() => document.receive(new Uint8Array([0])), refused("BAD_MAGIC"));
  assert.throws(() => engine.open(new Uint8Array([1, 2, 3]), 1n), refused("TRUNCATED"));
  assert.throws(() => body.offset(new Uint8Array([0xda])), refused("TRUNCATED"));
  assert.deepEqual(document.snapshot, before);
  assert.equal(document.takeChanges(), null);
});

test("a freed document is refused, also when its place is taken again", () => {
  const engine = start();
  const document = engine.create(1n);
  const body = document.text("body");
  document.free();
  assert.equal(engine.documentCount, 0);
  assert.throws(() => body.insert(0, "x"), refused("BAD_HANDLE"));
  const other = engine.create(1n);
  assert.throws(() => body.insert(0, "x"), refused("BAD_HANDLE"));
  assert.throws(() => document.free(), refused("BAD_HANDLE"));
  other.free();
});

test("there are at most 4,096 documents at a time", () => {
  const engine = start();
  const documents = Array.from({ length: 4096 }, (_, index) => engine.create(BigInt(index)));
  assert.throws(() => engine.create(1n), refused("TOO_MANY_DOCUMENTS"));
  documents[17].free();
  engine.create(1n).text("body").insert(0, "x");
});

test("documents that come and go leave no memory behind", () => {
  const engine = start();
  const text = "lorem ipsum ".repeat(300);
  let size = 0;
  for (let round = 0; round < 200; round++) {
    const document = engine.create(BigInt(round));
    const body = document.text("body");
    for (let index = 0; index < 20; index++) body.insert(index * 100, text.slice(index * 100));
    const copy = engine.open(document.snapshot, 2n ** 60n);
    assert.equal(copy.text("body").length, body.length);
    document.free();
    copy.free();
    if (round === 50) size = engine.exports.memory.buffer.byteLength;
  }
  assert.ok(engine.exports.memory.buffer.byteLength <= size * 1.3);
});

test("long pastes and long documents pass through", () => {
  const engine = start();
  const document = engine.create(1n);
  const body = document.text("body");
  const paste = "0123456789abcdef".repeat(1 << 16);
  body.insert(0, paste);
  body.insert(5, paste);
  assert.equal(body.toString(), paste.slice(0, 5) + paste + paste.slice(5));
  body.delete(5, paste.length);
  assert.equal(body.toString(), paste);
  const copy = engine.create(2n);
  copy.receive(document.takeChanges());
  assert.equal(copy.text("body").toString(), paste);
});

test("every number of an error has a name of its own", () => {
  const engine = start();
  const names = new Set();
  for (let number = -3; number < 300; number++) {
    const count = engine.exports.errorName(number);
    if (count < 0) continue;
    const name = Buffer.from(engine.take()).toString();
    assert.match(name, /^[A-Z][A-Z0-9_]+$/);
    assert.ok(!names.has(name), name);
    names.add(name);
  }
  assert.ok(names.size > 20);
});
