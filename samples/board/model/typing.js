/** What somebody did in a text field, as one splice of the text behind it. */

const isHigh = (/** @type {number} */ unit) => (unit & 0xfc00) === 0xd800;

/**
 * @typedef {{at: number, deleteCount: number, insert: string}} Splice
 */

/**
 * The splice that makes `after` of `before`; null when they are equal. What follows the caret counts as kept, so that one
 * more "a" in "aaa" lands where it was typed. Never cuts a surrogate pair in two.
 * @param {string} before
 * @param {string} after
 * @param {number} [caret] where it is in `after`
 * @returns {Splice | null}
 */
export function spliceBetween(before, after, caret = after.length) {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  const same = (/** @type {number} */ tail) => before[before.length - 1 - tail] === after[after.length - 1 - tail];
  let tail = 0;
  const kept = Math.min(most, after.length - Math.min(caret, after.length));
  while (tail < kept && same(tail)) tail++;
  let start = 0;
  while (start < most - tail && before[start] === after[start]) start++;
  while (tail < most - start && same(tail)) tail++;
  if (start > 0 && isHigh(before.charCodeAt(start - 1))) start--;
  if (tail > 0 && isHigh(before.charCodeAt(before.length - tail - 1))) tail--;
  return { at: start, deleteCount: before.length - tail - start, insert: after.slice(start, after.length - tail) };
}

/**
 * Where an offset is once a splice was done; one in what was deleted goes to its beginning.
 * @param {number} offset
 * @param {Splice} splice
 */
export function offsetAfter(offset, { at, deleteCount, insert }) {
  if (offset <= at) return offset;
  return offset >= at + deleteCount ? offset + insert.length - deleteCount : at;
}
