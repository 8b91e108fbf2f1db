import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, splice } from "../../../samples/lib/delta.js";
import { diffTyped } from "../../../samples/lib/diff.js";
import { deltaFromDisplay, display, fromDisplay, toDisplay, wellFormed } from "../../../samples/lib/newlines.js";

test("carriage returns stay in the text that a field shows without them", () => {
  const text = "a\r\nb\rc\n\r\n";
  assert.equal(display(text), "a\nb\nc\n\n");
  for (let offset = 0; offset <= display(text).length; offset += 1) {
    assert.equal(toDisplay(text, fromDisplay(text, offset)), offset);
  }
  const typed = diffTyped(display(text), "a\nbX\nc\n\n", 4);
  assert.equal(apply(text, deltaFromDisplay(text, typed)), "a\r\nbX\rc\n\r\n");
  const joined = diffTyped(display(text), "ab\nc\n\n", 1);
  assert.equal(apply(text, deltaFromDisplay(text, joined)), "ab\rc\n\r\n");
  assert.deepEqual(deltaFromDisplay("plain", splice(2, 1, "x")), splice(2, 1, "x"));
});

test("halves of surrogate pairs that stand alone become replacement characters", () => {
  assert.equal(wellFormed("a\ud83db😀\ude00"), "a\ufffdb😀\ufffd");
});
