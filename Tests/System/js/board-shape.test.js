import assert from "node:assert/strict";
import test from "node:test";

import { readingOrder, topAt, within } from "../../../samples/board/model/hit.js";
import { boundsOf, describe, endsOf, toShape } from "../../../samples/board/model/shape.js";

/** A board of such contents. */
function board(contents) {
  return new Map(Object.entries(contents).map(([id, content]) => [id, toShape(id, content)]));
}

const shapes = board({
  below: { type: "rect", x: 0, y: 0, w: 100, h: 100, z: 1, color: "blue", text: "Low" },
  above: { type: "ellipse", x: 50, y: 50, w: 100, h: 100, z: 2 },
  arrow: { type: "arrow", x: 0, y: 300, w: 200, h: 0, z: 3 },
  bound: { type: "arrow", x: 0, y: 0, w: 0, h: 0, z: 4, from: "below", to: "note" },
  note: { type: "note", x: 400, y: 0, w: 100, h: 100, z: 0, text: "Write\nit down" },
});

test("whatever is in the document becomes a shape that can be shown, or none", () => {
  for (const bad of [null, 5, "x", [], {}, { type: "constructor" }, { type: 1 }]) assert.equal(toShape("a", bad), null);
  const wild = { type: "note", x: NaN, y: Infinity, w: -5, h: "tall", z: 1e300, color: "url(x)", text: 7, from: {}, to: null };
  assert.deepEqual(toShape("a", wild), { id: "a", type: "note", x: 0, y: 0, w: 4, h: 176, z: 2e9, color: "yellow", text: "", from: "", to: "" });
});

test("the uppermost shape is hit, an arrow from near", () => {
  assert.equal(topAt(shapes, { x: 60, y: 95 }).id, "above");
  assert.equal(topAt(shapes, { x: 55, y: 55 }).id, "below");
  assert.equal(topAt(shapes, { x: 100, y: 306 }).id, "arrow");
  assert.equal(topAt(shapes, { x: 100, y: 306 }, { arrows: false }), null);
  assert.equal(topAt(shapes, { x: 60, y: 95 }, { except: "above" }).id, "below");
  const even = board({ b: { type: "rect", z: 1 }, a: { type: "rect", z: 1 } });
  assert.equal(topAt(even, { x: 5, y: 5 }).id, "b", "equally high, the same for everybody");
});

test("a band takes what it touches, and arrows that are all in it", () => {
  assert.deepEqual(within(shapes, { x: 90, y: 90, w: 20, h: 300 }), ["below", "above"]);
  assert.deepEqual(within(shapes, { x: -20, y: 280, w: 240, h: 40 }), ["arrow"]);
});

test("an arrow holds on to shapes, not to arrows nor to what is gone", () => {
  const [start, end] = endsOf(shapes.get("bound"), shapes);
  assert.deepEqual([start, end], [{ x: 104, y: 50 }, { x: 394, y: 50 }]);
  const odd = board({ a: { type: "arrow", x: 1, y: 2, w: 3, h: 4, from: "a", to: "gone" } });
  assert.deepEqual(endsOf(odd.get("a"), odd), [{ x: 1, y: 2 }, { x: 4, y: 6 }]);
  assert.deepEqual(boundsOf(odd.get("a"), odd), { x: -7, y: -6, w: 19, h: 20 });
});

test("one goes from shape to shape as one reads", () => {
  assert.deepEqual(readingOrder(shapes), ["below", "bound", "note", "above", "arrow"]);
});

test("screen readers hear what a shape is and says", () => {
  assert.equal(describe(shapes.get("below"), shapes), "Rectangle, blue: Low");
  assert.equal(describe(shapes.get("above"), shapes), "Ellipse, green, empty");
  assert.equal(describe(shapes.get("bound"), shapes), "Arrow from Low to Write\nit down");
});
