import assert from "node:assert/strict";
import { test } from "node:test";

import { generator, seeds } from "../System/js/random.js";
import { module, start } from "./engine.js";

const odd = [0, 1, -1, 2, 3, 7, 4095, 4096, 65535, 65536, 1 << 24, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1, NaN, undefined, 0.5];

test("calls with any numbers in any order give results, never a trap", () => {
  const functions = WebAssembly.Module.exports(module).filter((each) => each.kind === "function");
  for (const seed of seeds(40)) {
    const random = generator(seed);
    const engine = start();
    const { exports } = engine;
    const documents = [engine.create(1n), engine.create(2n)];
    for (const document of documents) document.text("body").insert(0, "abc😀d");
    const kept = documents.map((document) => document.handle);
    for (let step = 0; step < 3000; step++) {
      const { name } = functions[random.below(functions.length)];
      // Nothing is learnt from filling the table or the memory again and again.
      if (name === "input" && random.below(10) > 0) continue;
      const values = Array.from({ length: exports[name].length }, (_, index) =>
        index === 0 && random.below(4) > 0 
          ? kept[random.below(kept.length)]
          : random.below(3) === 0
            ? odd[random.below(odd.length)]
            : random.below(12) - 2,
      );
      // 256 MiB, as a number of bytes, is granted; tests on small machines do without.
      if (name === "input") values[0] = random.below(2) ? -values[0] : random.below(5000);
      if (name === "documentFree" && kept.includes(values[0] | 0)) continue;
      let result;
      try {
        result = exports[name](...values);
      } catch (error) {
        error.message = `seed ${seed} (QUIRE_SEED=${seed}), step ${step}: ${name}(${values}): ${error.message}`;
        throw error;
      }
      if (name === "input" && result !== 0) {
        const memory = new Uint8Array(exports.memory.buffer);
        for (let index = 0; index < values[0]; index++) memory[(result >>> 0) + index] = random.below(256);
      }
      if (name === "documentCreate" && result > 0 && engine.documentCount > 50) exports.documentFree(result);
    }
    for (const document of documents) {
      exports.commit(document.handle);
      const copy = engine.open(document.snapshot, 99n);
      assert.equal(copy.text("body").toString(), document.text("body").toString(), `seed ${seed}`);
      copy.free();
    }
  }
});

test("damaged changes and snapshots are refused or read, never a trap", () => {
  for (const seed of seeds(60)) {
    const random = generator(seed);
    const engine = start();
    const source = engine.create(1n);
    const body = source.text("body");
    for (let index = 0; index < 40; index++) {
      body.insert(random.below(body.length + 1), String.fromCharCode(97 + random.below(26)).repeat(1 + random.below(9)));
      if (random.below(3) === 0) body.delete(0, 1);
    }
    const changes = source.takeChanges();
    const snapshot = source.snapshot;
    for (let round = 0; round < 200; round++) {
      const isChange = random.below(2) === 0;
      const damaged = (isChange ? changes : snapshot).slice(0, random.below(4) === 0 ? random.below(changes.length) : undefined);
      for (let index = 0; index <= random.below(3); index++) {
        if (damaged.length > 0) damaged[random.below(damaged.length)] = random.below(256);
      }
      const document = engine.create(2n);
      try {
        if (isChange) document.receive(damaged);
        else engine.open(damaged, 3n).free();
      } catch (error) {
        if (error.name !== "EngineError") {
          error.message = `seed ${seed} (QUIRE_SEED=${seed}), round ${round}: ${error.message}`;
          throw error;
        }
      }
      document.text("body").insert(0, "still alive");
      document.free();
    }
    assert.equal(engine.documentCount, 1);
  }
});

/** CRC-32 as at the end of a snapshot, little-endian. */
function seal(snapshot) {
  let sum = -1;
  for (const byte of snapshot.subarray(0, -4)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  new DataView(snapshot.buffer, snapshot.byteOffset).setUint32(snapshot.length - 4, ~sum >>> 0, true);
  return snapshot;
}

test("numbers that no 32 bits hold are refused where they are sealed with the right checksum", () => {
  const largest = [0xff, 0xff, 0xff, 0xff, 0x0f];
  for (const seed of seeds(20)) {
    const random = generator(seed);
    const engine = start();
    const source = engine.create(1n);
    source.text("body").insert(0, "hello");
    source.text("body").delete(1, 2);
    source.takeChanges();
    const snapshot = source.snapshot;
    assert.deepEqual(seal(snapshot.slice()), snapshot);
    for (let round = 0; round < 400; round++) {
      const bytes = [...snapshot];
      for (let index = 0; index <= random.below(2); index++) {
        const place = 5 + random.below(bytes.length - 9);
        if (random.below(2)) bytes.splice(place, 1, ...largest);
        else bytes[place] = random.below(256);
      }
      try {
        engine.open(seal(Uint8Array.from(bytes)), 3n).free();
      } catch (error) {
        if (error.name !== "EngineError") {
          error.message = `seed ${seed} (QUIRE_SEED=${seed}), round ${round}: ${error.message}`;
          throw error;
        }
      }
    }
  }
});
