import assert from "node:assert/strict";
import test from "node:test";

import * as geometry from "../../../samples/board/model/geometry.js";

const { arrowEnds, around, between, borderPoint, contains, distanceToLine, encloses, fittingSize, pulled, scaled, touches } = geometry;
const box = { x: 10, y: 20, w: 100, h: 50 };

test("rectangles between, around, touching and enclosing", () => {
  assert.deepEqual(between({ x: 5, y: 9 }, { x: 1, y: 2 }), { x: 1, y: 2, w: 4, h: 7 });
  assert.equal(around([]), null);
  assert.deepEqual(around([box, { x: -5, y: 60, w: 1, h: 30 }]), { x: -5, y: 20, w: 115, h: 70 });
  assert.equal(touches(box, { x: 110, y: 70, w: 5, h: 5 }), true);
  assert.equal(touches(box, { x: 111, y: 70, w: 5, h: 5 }), false);
  assert.equal(encloses(box, { x: 10, y: 20, w: 100, h: 50 }), true);
  assert.equal(encloses(box, { x: 10, y: 20, w: 101, h: 50 }), false);
});

test("an ellipse does not contain the corners of its rectangle", () => {
  const ellipse = { ...box, type: "ellipse" };
  assert.equal(contains(box, { x: 12, y: 22 }), true);
  assert.equal(contains(ellipse, { x: 12, y: 22 }), false);
  assert.equal(contains(ellipse, { x: 60, y: 21 }), true);
  assert.equal(contains({ x: 0, y: 0, w: 0, h: 0, type: "ellipse" }, { x: 3, y: 3 }), false);
});

test("the distance to a line ends with the line", () => {
  assert.equal(distanceToLine({ x: 5, y: 3 }, { x: 0, y: 0 }, { x: 10, y: 0 }), 3);
  assert.equal(distanceToLine({ x: 13, y: 4 }, { x: 0, y: 0 }, { x: 10, y: 0 }), 5);
  assert.equal(distanceToLine({ x: 3, y: 4 }, { x: 0, y: 0 }, { x: 0, y: 0 }), 5);
});

test("arrows end at the borders of what they hold on to, and follow it", () => {
  const other = { x: 310, y: 20, w: 100, h: 50 };
  const [start, end] = arrowEnds({ x: 0, y: 0, w: 1, h: 1 }, box, other);
  assert.deepEqual([start, end], [{ x: 114, y: 45 }, { x: 304, y: 45 }]);
  const below = arrowEnds({ x: 0, y: 0, w: 1, h: 1 }, box, { ...other, x: 10, y: 220 });
  assert.deepEqual(below, [{ x: 60, y: 74 }, { x: 60, y: 214 }]);
  assert.deepEqual(arrowEnds({ x: 1, y: 2, w: 3, h: 4 }, null, undefined), [{ x: 1, y: 2 }, { x: 4, y: 6 }]);
  // On top of each other there is no direction, and nothing breaks.
  for (const point of arrowEnds({ x: 0, y: 0, w: 0, h: 0 }, box, box)) assert.deepEqual(point, { x: 60, y: 45 });
  const onEllipse = borderPoint({ ...box, type: "ellipse" }, { x: 600, y: 45 });
  assert.deepEqual(onEllipse, { x: 110, y: 45 });
});

test("handles move their sides only, and never turn a shape over", () => {
  assert.deepEqual(pulled(box, "e", { x: 20, y: 99 }), { x: 10, y: 20, w: 120, h: 50 });
  assert.deepEqual(pulled(box, "n", { x: 20, y: 10 }), { x: 10, y: 30, w: 100, h: 40 });
  assert.deepEqual(pulled(box, "nw", { x: 500, y: 500 }, { least: 16 }), { x: 94, y: 54, w: 16, h: 16 });
  const kept = pulled(box, "se", { x: 100, y: 0 }, { keepsRatio: true });
  assert.deepEqual(kept, { x: 10, y: 20, w: 200, h: 100 });
});

test("parts of a resized whole keep their places in it", () => {
  const after = { x: 0, y: 0, w: 200, h: 25 };
  assert.deepEqual(scaled({ x: 60, y: 45, w: 50, h: 25 }, box, after), { x: 100, y: 12.5, w: 100, h: 12.5 });
  assert.deepEqual(scaled({ x: 10, y: 20, w: 0, h: 0 }, { ...box, w: 0, h: 0 }, after), { x: 0, y: 0, w: 0, h: 0 });
});

test("long texts get small type, within bounds", () => {
  const sizes = { least: 9, most: 26 };
  assert.equal(fittingSize("Hi", 150, 150, sizes), 26);
  assert.equal(fittingSize("word ".repeat(400), 150, 150, sizes), 9);
  const some = fittingSize("A note of some length that needs a few lines", 150, 150, sizes);
  assert.ok(some > 9 && some < 26);
});
