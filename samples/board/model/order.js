/**
 * Keys that sort between any two others, as text: the place of a card in its column.
 *
 * A key is the digits of a fraction between 0 and 1, without zeros at its end. New ones end in digits drawn by lot, so that
 * two people who put something at one place at the same time hardly ever make the same key.
 */

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const base = digits.length;

/** So many digits count up at the end and down at the beginning of a column, so that keys there stay short. */
const width = 3;

/**
 * A key after `before` and before `after`; null is the beginning or the end.
 * @param {string | null} before
 * @param {string | null} after
 * @param {() => number} [random]
 * @returns {string}
 */
export function keyBetween(before, after, random = Math.random) {
  if (before === null && after === null) return digits[base / 2] + "00" + tail(random);
  const counted = before === null ? counting(after ?? "", -1) : after === null ? counting(before, 1) : null;
  if (counted !== null) return counted + tail(random);
  const low = before ?? "";
  // Two equal keys have nothing between them: what follows lands behind both.
  const high = after !== null && after > low ? after : null;
  let key = "";
  for (let at = 0, isBelow = high !== null; ; at++) {
    const least = digit(low, at, 0);
    const most = isBelow ? digit(/** @type {string} */ (high), at, base) : base;
    if (most - least > 1) return key + digits[least + Math.ceil((most - least - 1) / 2)] + tail(random);
    key += digits[least];
    // Once a digit is below that of `high`, whatever follows is, too.
    if (least < most) isBelow = false;
  }
}

/**
 * The first digits of a key one further; null when there is nothing further.
 * @param {string} key
 * @param {number} by
 */
function counting(key, by) {
  let value = by;
  for (let at = 0; at < width; at++) value += digit(key, at, 0) * base ** (width - 1 - at);
  if (value <= 0 || value >= base ** width) return null;
  let text = "";
  for (let at = width - 1; at >= 0; at--) text += digits[Math.floor(value / base ** at) % base];
  return text;
}

/** @param {string} key @param {number} at @param {number} otherwise */
function digit(key, at, otherwise) {
  const value = at < key.length ? digits.indexOf(key[at]) : -1;
  // Keys of other programs may hold anything; a digit that is none counts as if the key ended.
  return value < 0 ? otherwise : value;
}

/**
 * Two digits of which the last is no zero.
 * @param {() => number} random
 */
function tail(random) {
  return digits[Math.floor(random() * base)] + digits[1 + Math.floor(random() * (base - 1))];
}

/** Orders by key, and by id where keys are equal: the same for everybody. */
export function byOrder(/** @type {{order: string, id: string}} */ one, /** @type {{order: string, id: string}} */ other) {
  if (one.order !== other.order) return one.order < other.order ? -1 : 1;
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0;
}
