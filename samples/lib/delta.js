// Operational transformation on text, as pure functions.
//
// A delta walks over a text from its start: a positive number keeps so many UTF-16 code units, a negative one deletes
// them, a string is inserted. What follows the last part is kept. Parts are kept canonical: equal kinds are merged, an
// insertion comes before a deletion at the same place, and there is no trailing "keep".

/** Whether a part deletes. (Strings must not be compared with numbers: "7" > 0, and texts of digits are texts.) */
function isDeletion(part) {
  return typeof part === "number" && part < 0;
}

/** Appends one part to a delta that is being built, keeping it canonical. */
function push(delta, part) {
  if (part === 0 || part === "") return;
  const last = delta.length - 1;
  if (typeof part === "string") {
    if (typeof delta[last] === "string") {
      delta[last] += part;
    } else if (isDeletion(delta[last])) {
      if (typeof delta[last - 1] === "string") delta[last - 1] += part;
      else delta.splice(last, 0, part);
    } else {
      delta.push(part);
    }
  } else if (typeof delta[last] === "number" && delta[last] < 0 === part < 0) {
    delta[last] += part;
  } else {
    delta.push(part);
  }
}

/** Drops the trailing "keep", which says nothing. */
function trimmed(delta) {
  while (typeof delta.at(-1) === "number" && delta.at(-1) > 0) delta.pop();
  return delta;
}

/** Reads a delta part by part, and parts of parts; past the end it keeps without end. */
class Reader {
  #delta;
  #index = 0;
  #used = 0;

  constructor(delta) {
    this.#delta = delta;
  }
  get done() {
    return this.#index >= this.#delta.length;
  }
  get inserts() {
    return !this.done && typeof this.#delta[this.#index] === "string";
  }
  get deletes() {
    return !this.done && isDeletion(this.#delta[this.#index]);
  }
  get length() {
    if (this.done) return Infinity;
    const part = this.#delta[this.#index];
    return (typeof part === "string" ? part.length : Math.abs(part)) - this.#used;
  }
  /** The next `count` units, as text where they are inserted. */
  take(count) {
    if (this.done) return "";
    const part = this.#delta[this.#index];
    const text = typeof part === "string" ? part.slice(this.#used, this.#used + count) : "";
    if (count >= this.length) {
      this.#index += 1;
      this.#used = 0;
    } else {
      this.#used += count;
    }
    return text;
  }
}

/** The delta that puts `insert` in place of `count` units at `at`. */
export function splice(at, count, insert) {
  const delta = [];
  push(delta, at);
  push(delta, insert);
  push(delta, -count);
  return trimmed(delta);
}

/** How many units of the text before it a delta speaks of. */
export function baseLength(delta) {
  return delta.reduce((sum, part) => sum + (typeof part === "string" ? 0 : Math.abs(part)), 0);
}

/** How many units a delta inserts and deletes. */
export function size(delta) {
  return delta.reduce((sum, part) => sum + (typeof part === "string" ? part.length : Math.max(0, -part)), 0);
}

/** `text` after `delta`. Throws a RangeError when the delta does not fit the text. */
export function apply(text, delta) {
  if (baseLength(delta) > text.length) throw new RangeError("the delta reaches beyond the end of the text");
  const out = [];
  let at = 0;
  for (const part of delta) {
    if (typeof part === "string") {
      out.push(part);
    } else {
      if (part > 0) out.push(text.slice(at, at + part));
      at += Math.abs(part);
    }
  }
  out.push(text.slice(at));
  return out.join("");
}

/** One delta that does what `first` and then `second` do. */
export function compose(first, second) {
  const out = [];
  const a = new Reader(first);
  const b = new Reader(second);
  while (!a.done || !b.done) {
    if (b.inserts) {
      push(out, b.take(b.length));
    } else if (a.deletes) {
      const count = a.length;
      a.take(count);
      push(out, -count);
    } else {
      const count = Math.min(a.length, b.length);
      const dropped = b.deletes;
      const inserted = a.inserts;
      const text = a.take(count);
      b.take(count);
      if (inserted) push(out, dropped ? "" : text);
      else push(out, dropped ? -count : count);
    }
  }
  return trimmed(out);
}

/**
 * `delta` as it has to be after `other`, both made on the same text. Where both insert at one place, `first` puts the
 * text of `delta` on the left. A deletion never swallows what `other` inserts: it goes around it.
 */
export function transform(delta, other, first) {
  const out = [];
  const a = new Reader(delta);
  const b = new Reader(other);
  while (!a.done) {
    if (a.inserts && (first || !b.inserts)) {
      push(out, a.take(a.length));
    } else if (b.inserts) {
      push(out, b.length);
      b.take(b.length);
    } else {
      const count = Math.min(a.length, b.length);
      const gone = b.deletes;
      const deletes = a.deletes;
      a.take(count);
      b.take(count);
      if (!gone) push(out, deletes ? -count : count);
    }
  }
  return trimmed(out);
}

/** Where the offset lands after `delta`; `after` carries it to the end of what is inserted right there. */
export function mapOffset(offset, delta, after = false) {
  let at = 0;
  let shift = 0;
  for (const part of delta) {
    if (at > offset) break;
    if (typeof part === "string") {
      if (at < offset || after) shift += part.length;
    } else {
      if (part < 0) shift -= Math.min(-part, offset - at);
      at += Math.abs(part);
    }
  }
  return offset + shift;
}

/** The offset before `delta` of what is at `offset` after it; inside an insertion, the place of the insertion. */
export function unmapOffset(offset, delta) {
  let before = 0;
  let after = 0;
  for (const part of delta) {
    if (typeof part === "string") {
      if (after + part.length > offset) return before;
      after += part.length;
    } else if (isDeletion(part)) {
      before -= part;
    } else {
      if (after + part > offset) break;
      before += part;
      after += part;
    }
  }
  return before + offset - after;
}

/** The operations of the wire for a delta: splices in order, each counted in the text after the one before. */
export function toOps(delta, name) {
  const ops = [];
  let at = 0;
  for (let i = 0; i < delta.length; i += 1) {
    const part = delta[i];
    if (typeof part === "string") {
      const deleted = isDeletion(delta[i + 1]) ? -delta[++i] : 0;
      ops.push({ text: name, at, delete: deleted, insert: part });
      at += part.length;
    } else if (part < 0) {
      ops.push({ text: name, at, delete: -part, insert: "" });
    } else {
      at += part;
    }
  }
  return ops;
}

/** The delta for operations of the wire; those for other roots than `name` are passed over. */
export function fromOps(ops, name) {
  return ops
    .filter((op) => op.text === name)
    .reduce((delta, op) => compose(delta, splice(op.at, op.delete ?? 0, op.insert ?? "")), []);
}

/**
 * Two deltas that, one after the other, do what `delta` does, the first of which inserts at most `budget` units.
 * A surrogate pair stays whole.
 */
export function split(delta, budget) {
  const first = [];
  const rest = [];
  let left = Math.max(2, budget);
  for (const part of delta) {
    if (typeof part !== "string") {
      push(first, left > 0 ? part : Math.abs(part));
      push(rest, left > 0 ? Math.max(0, part) : part);
      continue;
    }
    let count = Math.min(left, part.length);
    if (count < part.length && isHigh(part.charCodeAt(count - 1))) count -= 1;
    push(first, part.slice(0, count));
    push(rest, count);
    push(rest, part.slice(count));
    left = count < part.length ? 0 : left - count;
  }
  return [trimmed(first), trimmed(rest)];
}

/** Whether a UTF-16 code unit is the first half of a surrogate pair. */
export function isHigh(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Whether a UTF-16 code unit is the second half of a surrogate pair. */
export function isLow(unit) {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
