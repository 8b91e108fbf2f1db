import assert from "node:assert/strict";
import test from "node:test";

import { byOrder, keyBetween } from "../../../samples/board/model/order.js";
import { generator, seeds } from "./random.js";

test("a key is between its neighbours, wherever cards are put", () => {
  for (const seed of seeds(20)) {
    const random = generator(seed);
    const keys = [];
    for (let count = 0; count < 400; count++) {
      const at = random.chance(0.3) ? keys.length : random.chance(0.2) ? 0 : random.below(keys.length + 1);
      const [before, after] = [keys[at - 1] ?? null, keys[at] ?? null];
      const key = keyBetween(before, after, random.next);
      assert.ok(before === null || before < key, `seed ${seed}: ${before} < ${key}`);
      assert.ok(after === null || key < after, `seed ${seed}: ${key} < ${after}`);
      keys.splice(at, 0, key);
    }
    assert.deepEqual(keys, [...keys].sort((one, other) => (one < other ? -1 : 1)));
  }
});

test("keys stay short where most cards are put", () => {
  let [first, last] = [null, null];
  for (let count = 0; count < 2000; count++) {
    last = keyBetween(last, null);
    first = keyBetween(null, first);
  }
  assert.equal(last.length, 5);
  assert.equal(first.length, 5);
  let key = keyBetween(null, null);
  const end = keyBetween(key, null);
  for (let count = 0; count < 200; count++) key = keyBetween(key, end);
  assert.ok(key.length < 60, `${key.length} digits after 200 cards at one place`);
});

test("two who put a card at one place hardly ever make one key", () => {
  const keys = new Set(Array.from({ length: 100 }, () => keyBetween("V00ab", "V01cd")));
  assert.ok(keys.size > 90);
});

test("equal, foreign and broken keys are put up with", () => {
  assert.ok(keyBetween("V00ab", "V00ab") > "V00ab");
  assert.ok(keyBetween("b", "a") > "b");
  for (const [before, after] of [["", ""], [" ", "~"], ["0", "00"], [null, "0"], [null, ""], ["zzzz", null], ["ä", null], ["-", "é"]]) {
    assert.match(keyBetween(before, after), /^[0-9A-Za-z]+$/);
  }
  const cards = [{ order: "b", id: "1" }, { order: "a", id: "2" }, { order: "a", id: "1" }];
  assert.deepEqual(cards.sort(byOrder).map(({ order, id }) => order + id), ["a1", "a2", "b1"]);
});
