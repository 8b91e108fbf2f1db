import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, compose, fromOps, mapOffset, splice, split, toOps, transform, unmapOffset } from "../../../samples/lib/delta.js";
import { diff, diffTyped } from "../../../samples/lib/diff.js";
import { generator, isWellFormed, randomDelta, randomOffset, randomText, seeds } from "./random.js";

function forSeeds(count, body) {
  for (const seed of seeds(count)) {
    try {
      body(generator(seed));
    } catch (error) {
      error.message = `seed ${seed} (QUIRE_SEED=${seed}): ${error.message}`;
      throw error;
    }
  }
}

test("composing two deltas does what one after the other does", () => {
  forSeeds(3000, (random) => {
    const text = randomText(random, 20);
    const first = randomDelta(random, text);
    const second = randomDelta(random, apply(text, first));
    assert.equal(apply(text, compose(first, second)), apply(apply(text, first), second));
  });
});

test("two concurrent deltas end equal in either order", () => {
  forSeeds(5000, (random) => {
    const text = randomText(random, 20);
    const a = randomDelta(random, text);
    const b = randomDelta(random, text);
    const ab = apply(apply(text, a), transform(b, a, false));
    const ba = apply(apply(text, b), transform(a, b, true));
    assert.equal(ab, ba);
    assert.ok(isWellFormed(ab));
  });
});

test("an insertion at the place of an earlier one lands after it, and a deletion goes around it", () => {
  const earlier = splice(2, 0, "XY");
  assert.equal(apply(apply("abcd", earlier), transform(splice(2, 0, "z"), earlier, false)), "abXYzcd");
  assert.equal(apply(apply("abcd", earlier), transform(splice(1, 2, ""), earlier, false)), "aXYd");
});

test("operations of the wire carry a delta there and back", () => {
  forSeeds(3000, (random) => {
    const text = randomText(random, 20);
    const delta = randomDelta(random, text);
    assert.deepEqual(apply(text, fromOps(toOps(delta, "body"), "body")), apply(text, delta));
  });
  assert.deepEqual(fromOps([{ text: "other", at: 3, delete: 1, insert: "x" }], "body"), []);
  assert.deepEqual(toOps([2, "x", -1, 4, -2], "body"), [
    { text: "body", at: 2, delete: 1, insert: "x" },
    { text: "body", at: 7, delete: 2, insert: "" },
  ]);
});

test("a split delta inserts no more than the budget at first and keeps pairs whole", () => {
  forSeeds(3000, (random) => {
    const text = randomText(random, 20);
    const delta = randomDelta(random, text, 5);
    const budget = 2 + random.below(8);
    const [first, rest] = split(delta, budget);
    const inserted = first.filter((part) => typeof part === "string").join("");
    assert.ok(inserted.length <= budget);
    assert.ok(isWellFormed(apply(text, first)));
    assert.equal(apply(apply(text, first), rest), apply(text, delta));
  });
});

test("a diff rebuilds the new text and never cuts a surrogate pair", () => {
  forSeeds(5000, (random) => {
    const before = randomText(random, 30);
    const after = random.chance(0.5) ? apply(before, randomDelta(random, before, 4)) : randomText(random, 30);
    const delta = diff(before, after);
    assert.equal(apply(before, delta), after);
    assert.deepEqual(compose(delta, []), delta, "canonical");
    let at = 0;
    for (const part of delta) {
      if (typeof part === "string") assert.ok(isWellFormed(part), JSON.stringify(part));
      else {
        assert.ok(isWellFormed(before.slice(at, at + Math.abs(part))));
        at += Math.abs(part);
      }
    }
  });
});

test("a diff of one typed splice rebuilds the text and never cuts a surrogate pair", () => {
  forSeeds(5000, (random) => {
    const before = randomText(random, 20);
    const delta = randomDelta(random, before, 1);
    const after = apply(before, delta);
    const typed = diffTyped(before, after, randomOffset(random, after));
    assert.equal(apply(before, typed), after);
    assert.ok(typed.every((part) => typeof part !== "string" || isWellFormed(part)));
    assert.ok(isWellFormed(before.slice(0, Math.max(0, typed[0]))));
  });
  assert.deepEqual(diffTyped("😀", "😁", 2), ["😁", -2]);
});

test("a typed character lands at the caret, not elsewhere in a row of equal ones", () => {
  assert.deepEqual(diffTyped("aaaa", "aaaaa", 2), [1, "a"]);
  assert.deepEqual(diffTyped("aaaa", "aaa", 1), [1, -1]);
  assert.deepEqual(diffTyped("aaaa", "aaaaa", 5), [4, "a"]);
});

test("edits in two far places stay two edits", () => {
  const before = `${"x".repeat(10)}middle${"y".repeat(10)}`;
  assert.deepEqual(diff(before, `A${before}B`), ["A", 26, "B"]);
});

test("texts that differ everywhere are diffed in bounded time", () => {
  const start = performance.now();
  const before = Array.from({ length: 20000 }, (_, i) => String.fromCharCode(97 + ((i * 7919) % 26))).join("");
  const after = Array.from({ length: 20000 }, (_, i) => String.fromCharCode(97 + ((i * 104729 + 13) % 25))).join("");
  assert.equal(apply(before, diff(before, after)), after);
  assert.ok(performance.now() - start < 5000);
});

test("offsets move with the text and come back", () => {
  assert.equal(mapOffset(3, splice(1, 0, "xx")), 5);
  assert.equal(mapOffset(1, splice(1, 0, "xx")), 1);
  assert.equal(mapOffset(1, splice(1, 0, "xx"), true), 3);
  assert.equal(mapOffset(3, splice(1, 4, "z")), 2);
  assert.equal(unmapOffset(2, splice(1, 0, "xyz")), 1);
  assert.equal(unmapOffset(5, splice(1, 0, "xyz")), 2);
  assert.equal(unmapOffset(1, splice(0, 4, "")), 5);
  forSeeds(3000, (random) => {
    const text = randomText(random, 20);
    const delta = randomDelta(random, text);
    const offset = randomOffset(random, apply(text, delta));
    const before = unmapOffset(offset, delta);
    assert.ok(before >= 0 && before <= text.length);
    for (const after of [false, true]) {
      const mapped = mapOffset(randomOffset(random, text), delta, after);
      assert.ok(mapped >= 0 && mapped <= apply(text, delta).length);
    }
  });
});
