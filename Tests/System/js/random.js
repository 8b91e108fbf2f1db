// A seeded generator, and texts and edits made with it.

import { compose, isHigh, isLow, splice } from "../../../samples/lib/delta.js";

/** Numbers in [0, 1) from a seed (mulberry32's mixing constants). */
export function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
  return { next, below: (bound) => Math.floor(next() * bound), chance: (share) => next() < share };
}

/** The seeds of a run: fixed ones, or the one in QUIRE_SEED, which a failure prints. */
export function seeds(count) {
  return process.env.QUIRE_SEED ? [Number(process.env.QUIRE_SEED)] : Array.from({ length: count }, (_, i) => i + 1);
}

// With digits and a minus among them: texts that look like numbers are texts.
const alphabet = ["7", "-3", "a", "b", "c", " ", "\n", "é", "ß", "漢", "😀", "👩‍💻", "𝒳"];

/** A short text of characters of one, two and more code units. */
export function randomText(random, most = 6) {
  return Array.from({ length: random.below(most + 1) }, () => alphabet[random.below(alphabet.length)]).join("");
}

/** An offset into `text` that is not inside a surrogate pair. */
export function randomOffset(random, text) {
  const offset = random.below(text.length + 1);
  return isLow(text.charCodeAt(offset)) && isHigh(text.charCodeAt(offset - 1)) ? offset - 1 : offset;
}

/** A delta of up to `most` splices on `text`. */
export function randomDelta(random, text, most = 3) {
  let delta = [];
  for (let i = random.below(most) + 1; i > 0; i -= 1) {
    const [from, to] = [randomOffset(random, text), randomOffset(random, text)].sort((a, b) => a - b);
    const end = random.chance(0.5) ? from : Math.min(to, from + 8);
    const insert = random.chance(0.7) ? randomText(random) : "";
    const safeEnd = isLow(text.charCodeAt(end)) && isHigh(text.charCodeAt(end - 1)) ? end - 1 : end;
    const step = splice(from, safeEnd - from, insert);
    delta = compose(delta, step);
    text = text.slice(0, from) + insert + text.slice(safeEnd);
  }
  return delta;
}

/** Whether a text has no half of a surrogate pair standing alone. */
export function isWellFormed(text) {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

