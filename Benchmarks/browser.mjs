// What a page pays: the SDK's engine (WebAssembly, through engine.js) beside yjs, in one Node and in turns.
//
//   Sources/QuireWeb/build && apt-get install node-yjs
//   node --expose-gc Benchmarks/browser.mjs [--runs N] [--json] [TRACE]
//
// Prints a table: the least of N runs, in milliseconds of CPU time, and what is kept of a loaded document. Each run is a new
// document, whose text is compared with the trace's afterwards.
import { cpSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { Engine } from "../Sources/QuireWeb/engine.js";
import { readTrace } from "../Tests/Web/trace.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
// Debian's packages lie where Node looks for none.
const modules = join(root, ".build-web/rivals/node_modules");
for (const name of ["yjs", "lib0", "isomorphic.js"]) {
  if (!existsSync(`/usr/share/nodejs/${name}`)) throw new Error("yjs is not there: apt-get install node-yjs");
  cpSync(`/usr/share/nodejs/${name}`, join(modules, name), { recursive: true, dereference: true });
}
const Y = await import(join(modules, "yjs/dist/yjs.mjs"));
const words = process.argv.slice(2);
const isJSON = words.includes("--json");
const runs = words.includes("--runs") ? Number(words.splice(words.indexOf("--runs"), 2)[1]) : 7;
const name = words.find((word) => !word.startsWith("--")) ?? "automerge-paper";
const trace = readTrace(name);
const file = join(root, ".build-web/quire.wasm");
if (!existsSync(file)) throw new Error("No .build-web/quire.wasm: run Sources/QuireWeb/build.");
if (globalThis.gc === undefined) throw new Error("Memory wants node --expose-gc.");
const engine = await Engine.load(readFileSync(file));

/** The trace's edits at a text; `after` is called behind each. */
function edit(text, after) {
  const { offsets, deletions, texts, start } = trace;
  if (start) {
    text.insert(0, start);
    after();
  }
  for (let index = 0; index < offsets.length; index++) {
    if (deletions[index] > 0) text.delete(offsets[index], deletions[index]);
    if (texts[index]) text.insert(offsets[index], texts[index]);
    after();
  }
}

const nothing = () => {};
const quire = {
  create: () => engine.create(1n),
  text: (doc) => doc.text("body"),
  free: (doc) => doc.free(),
  local(doc) {
    edit(doc.text("body"), nothing);
    doc.takeChanges();
  },
  changes(doc) {
    const all = [];
    edit(doc.text("body"), () => all.push(doc.takeChanges()));
    return all;
  },
  receive(doc, all) {
    for (const change of all) if (change !== null) doc.receive(change);
  },
  save: (doc) => doc.snapshot,
  load(bytes) {
    const doc = engine.open(bytes, 2n);
    doc.text("body").insert(0, "x");
    return doc;
  },
  // Pages of memory that grew; the garbage in them is reused.
  memory: () => engine.exports.memory.buffer.byteLength,
};
const yjs = {
  create: () => new Y.Doc(),
  text: (doc) => doc.getText("body"),
  free: (doc) => doc.destroy(),
  local: (doc) => edit(doc.getText("body"), nothing),
  changes(doc) {
    const all = [];
    doc.on("update", (update) => all.push(update));
    edit(doc.getText("body"), nothing);
    return all;
  },
  receive(doc, all) {
    for (const update of all) Y.applyUpdate(doc, update);
  },
  save: (doc) => Y.encodeStateAsUpdate(doc),
  load(bytes) {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, bytes);
    doc.getText("body").insert(0, "x");
    return doc;
  },
  memory() {
    globalThis.gc();
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
};

function check(side, doc, before = "") {
  if (side.text(doc).toString() !== before + trace.end) throw new Error(`${name}: another text`);
}

/** CPU milliseconds of `body`, and what it gave. */
function timed(body) {
  const start = process.cpuUsage();
  const found = body();
  const used = process.cpuUsage(start);
  return [(used.user + used.system) / 1000, found];
}

const rows = new Map();
function note(row, side, value) {
  const found = rows.get(row) ?? [Infinity, Infinity];
  const at = side === quire ? 0 : 1;
  found[at] = Math.min(found[at], value);
  rows.set(row, found);
}

for (let run = 0; run < runs; run++) {
  for (const side of [quire, yjs]) {
    const local = side.create();
    note("local replay, ms", side, timed(() => side.local(local))[0]);
    check(side, local);
    const author = side.create();
    const [each, changes] = timed(() => side.changes(author));
    note("local replay, each change encoded, ms", side, each);
    const reader = side.create();
    note("remote, each change applied, ms", side, timed(() => side.receive(reader, changes))[0]);
    check(side, reader);
    const [saving, bytes] = timed(() => side.save(local));
    note("snapshot, ms", side, saving);
    note("snapshot, bytes", side, bytes.length);
    note("snapshot, bytes gzipped", side, gzipSync(bytes).length);
    const [loading, loaded] = timed(() => side.load(bytes));
    note("load and first edit, ms", side, loading);
    check(side, loaded, "x");
    for (const doc of [local, author, reader, loaded]) side.free(doc);
  }
}

for (const side of [quire, yjs]) {
  const doc = side.create();
  side.local(doc);
  const bytes = Uint8Array.from(side.save(doc));
  side.free(doc);
  // What was freed is filled first.
  const spare = [];
  for (let before = side.memory(); side === quire && side.memory() === before; ) spare.push(side.load(bytes));
  const before = side.memory();
  const docs = Array.from({ length: 40 }, () => side.load(bytes));
  note("memory of a loaded document, bytes", side, Math.round((side.memory() - before) / docs.length));
  for (const each of [...docs, ...spare]) side.free(each);
}

const table = [...rows].map(([row, [ours, theirs]]) => ({ row, quire: ours, yjs: theirs, ratio: theirs / ours }));
if (isJSON) console.log(JSON.stringify({ trace: name, runs, node: process.version, rows: table }));
else {
  const show = (value) => (value >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3));
  console.log(`${name}, ${trace.offsets.length} edits, least of ${runs} runs, Node ${process.version}`);
  console.log(`${"".padEnd(40)}${"quire".padStart(12)}${"yjs".padStart(12)}${"yjs / quire".padStart(14)}`);
  for (const { row, quire: ours, yjs: theirs, ratio } of table) {
    console.log(`${row.padEnd(40)}${show(ours).padStart(12)}${show(theirs).padStart(12)}${(ratio.toPrecision(3) + "x").padStart(14)}`);
  }
}
