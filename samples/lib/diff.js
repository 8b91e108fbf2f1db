// What changed between two texts, as a delta. No result ever cuts a surrogate pair in two.

import { isHigh, isLow, splice } from "./delta.js";

/** Past this many differing characters a diff is not worth its time: the whole differing middle is one splice. */
const distanceLimit = 800;

/** Whether `offset` lies between the two halves of a surrogate pair. */
function splitsPair(text, offset) {
  return offset > 0 && offset < text.length && isHigh(text.charCodeAt(offset - 1)) && isLow(text.charCodeAt(offset));
}

/**
 * The one splice from `before` to `after`: `[start, end of it in before, end of it in after]`. When the caret's offset
 * in `after` is known, what follows it counts as kept, so that one more "a" in "aaa" lands where it was typed.
 */
function spliceBounds(before, after, caret = after.length) {
  let start = 0;
  let tail = 0;
  const most = Math.min(before.length, after.length);
  const keep = Math.min(most, after.length - Math.min(caret, after.length));
  while (tail < keep && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail += 1;
  while (start < most - tail && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  while (
    tail < most - start &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  ) tail += 1;
  if (splitsPair(before, start) || splitsPair(after, start)) start -= 1;
  if (splitsPair(before, before.length - tail) || splitsPair(after, after.length - tail)) tail -= 1;
  return [start, before.length - tail, after.length - tail];
}

/** The smallest single splice that makes `after` of `before`; for what was typed into a text field. */
export function diffTyped(before, after, caret) {
  if (before === after) return [];
  const [start, endBefore, endAfter] = spliceBounds(before, after, caret);
  return splice(start, endBefore - start, after.slice(start, endAfter));
}

/**
 * A small delta that makes `after` of `before`, by characters (Myers 1986, "An O(ND) difference algorithm and its
 * variations"), so that edits in several places stay several edits. Bounded in time and memory.
 */
export function diff(before, after) {
  if (before === after) return [];
  const [start, endBefore, endAfter] = spliceBounds(before, after);
  const a = Array.from(before.slice(start, endBefore));
  const b = Array.from(after.slice(start, endAfter));
  const path = a.length === 0 || b.length === 0 ? null : shortestPath(a, b);
  if (path === null) return splice(start, endBefore - start, after.slice(start, endAfter));

  // Walks back from the end; the parts come out last first.
  const steps = [];
  let x = a.length;
  let y = b.length;
  for (let d = path.length - 1; d > 0; d -= 1) {
    const row = path[d - 1];
    const k = x - y;
    const down = k === -d || (k !== d && reach(row, k - 1) < reach(row, k + 1));
    const fromX = down ? reach(row, k + 1) : reach(row, k - 1);
    const fromY = fromX - (down ? k + 1 : k - 1);
    const afterX = down ? fromX : fromX + 1;
    while (x > afterX) {
      steps.push(a[x - 1].length);
      x -= 1;
    }
    steps.push(down ? b[fromY] : -a[fromX].length);
    x = fromX;
    y = fromY;
  }
  while (x > 0) {
    steps.push(a[x - 1].length);
    x -= 1;
  }
  return normalize([start, ...steps.reverse()]);
}

/** The parts as a canonical delta. */
function normalize(parts) {
  const out = [];
  let inserted = "";
  let deleted = 0;
  let kept = 0;
  const flush = () => {
    if (inserted !== "") out.push(inserted);
    if (deleted > 0) out.push(-deleted);
    inserted = "";
    deleted = 0;
  };
  for (const part of parts) {
    if (typeof part === "number" && part >= 0) {
      if (part > 0) flush();
      kept += part;
    } else {
      if (kept > 0) out.push(kept);
      kept = 0;
      if (typeof part === "string") inserted += part;
      else deleted -= part;
    }
  }
  flush();
  return out;
}

/** How far row `d` of the path got on diagonal `k`; rows are stored from diagonal -d on. */
function reach(row, k) {
  const index = k + (row.length - 1) / 2;
  return index < 0 || index >= row.length ? -1 : row[index];
}

/** The furthest-reaching paths for 0, 1, 2... edits, until the end is reached; null past the limit. */
function shortestPath(a, b) {
  if (Math.abs(a.length - b.length) > distanceLimit) return null;
  const rows = [];
  for (let d = 0; d <= distanceLimit; d += 1) {
    const row = new Int32Array(2 * d + 1);
    for (let k = -d; k <= d; k += 2) {
      let x = 0;
      if (d > 0) {
        const previous = rows[d - 1];
        const down = k === -d || (k !== d && reach(previous, k - 1) < reach(previous, k + 1));
        x = down ? reach(previous, k + 1) : reach(previous, k - 1) + 1;
      }
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      row[k + d] = x;
      if (x >= a.length && x - k >= b.length) {
        rows.push(row);
        return rows;
      }
    }
    rows.push(row);
  }
  return null;
}
