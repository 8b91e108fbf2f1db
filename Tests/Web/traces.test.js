import assert from "node:assert/strict";
import { test } from "node:test";

import { start } from "./engine.js";
import { names, readTrace } from "./trace.js";

for (const name of names) {
  test(`${name} is replayed to its text, and its changes lead a second replica there`, () => {
    const { offsets, deletions, texts, start: before, end } = readTrace(name);
    const engine = start();
    const document = engine.create(1n);
    const body = document.text("body");
    if (before) body.insert(0, before);
    for (let index = 0; index < offsets.length; index++) body.splice(offsets[index], deletions[index], texts[index]);
    assert.equal(body.toString(), end);
    const copy = engine.create(2n);
    copy.receive(document.takeChanges());
    assert.equal(copy.text("body").toString(), end);
    assert.deepEqual(copy.snapshot, document.snapshot);
    const loaded = engine.open(document.snapshot, 3n);
    assert.equal(loaded.text("body").toString(), end);
  });
}
