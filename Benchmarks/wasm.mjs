// Local replay of recorded traces by the engine as WebAssembly, with one call for each edit.
//
//   Sources/QuireWeb/build && node Benchmarks/wasm.mjs [--runs N] [TRACE...]
//
// Prints one JSON object a trace: milliseconds of CPU time, minimum and median, and the sizes of the module. Each run is a new
// document, whose text is compared with the trace's afterwards. "local" edits in transactions, "changes" makes a change of each edit, and
// "loader" makes one of each too, through engine.js.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { Engine } from "../Sources/QuireWeb/engine.js";
import { readTrace } from "../Tests/Web/trace.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const words = process.argv.slice(2);
let runs = 15;
if (words[0] === "--runs") runs = Number(words.splice(0, 2)[1]);
const file = join(root, ".build-web/quire.wasm");
if (!existsSync(file)) throw new Error("No .build-web/quire.wasm: run Sources/QuireWeb/build.");
const wasm = readFileSync(file);
const sizes = { wasmBytes: wasm.length, wasmGzipped: gzipSync(wasm, { level: 9 }).length };

/** Times `edit`, which gets a new document with the trace's start; the text is compared outside of the time. */
function measure(engine, trace, edit) {
  const times = [];
  for (let run = 0; run < runs; run++) {
    const document = engine.create(1n);
    const body = document.text("body");
    const start = process.cpuUsage();
    if (trace.start) body.insert(0, trace.start);
    edit(document, body);
    const used = process.cpuUsage(start);
    times.push((used.user + used.system) / 1000);
    if (body.length !== trace.end.length || body.toString() !== trace.end) throw new Error(`${trace.name}: another text`);
    document.free();
  }
  times.sort((a, b) => a - b);
  return { min: +times[0].toFixed(3), median: +times[times.length >> 1].toFixed(3) };
}

for (const name of words.length ? words : ["automerge-paper", "sveltecomponent", "json-crdt-blog-post", "friendsforever_flat"]) {
  const trace = readTrace(name);
  const engine = await Engine.load(wasm);
  const { exports } = engine;
  const { offsets, deletions, units, texts } = trace;
  const count = offsets.length;
  let bytes = 0;

  // As in the native rows: many edits in a transaction where only the editing counts, else a change for each edit.
  const replay = (editsPerTransaction) => (document, body) => {
    const { handle } = document;
    const text = body.number;
    for (let index = 0; index < count; index++) {
      const offset = offsets[index];
      let result = 0;
      if (editsPerTransaction && index % editsPerTransaction === 0) {
        if (index > 0) result |= exports.commit(handle);
        result |= exports.begin(handle);
      }
      if (deletions[index] > 0) result |= exports.textDelete(handle, text, offset, deletions[index]);
      const unit = units[index];
      if (unit >= 0) result |= exports.textInsertUnit(handle, text, offset, unit);
      else if (unit === -2) result |= exports.textInsert(handle, text, offset, engine.giveText(texts[index]));
      if (result < 0) engine.check(result);
    }
    if (editsPerTransaction) engine.check(exports.commit(handle));
    bytes = exports.takeChanges(handle);
  };
  const local = measure(engine, trace, replay(1024));
  const changes = measure(engine, trace, replay(0));
  const loader = measure(engine, trace, (document, body) => {
    for (let index = 0; index < count; index++) {
      if (deletions[index] > 0) body.delete(offsets[index], deletions[index]);
      if (texts[index]) body.insert(offsets[index], texts[index]);
    }
    exports.takeChanges(document.handle);
  });
  console.log(
    JSON.stringify({
      trace: name,
      edits: count,
      node: process.version,
      runs,
      local,
      changes,
      nanosecondsPerEdit: +((local.min * 1e6) / count).toFixed(1),
      loader,
      bytesPerEdit: +(bytes / count).toFixed(2),
      memoryBytes: exports.memory.buffer.byteLength,
      ...sizes,
    }),
  );
}
