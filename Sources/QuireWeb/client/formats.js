/** The few bytes of the engine's formats that the client reads itself; `Sources/CRDT/Encoding/FORMAT.md` has them all. */

import { violation } from "./errors.js";

/**
 * One change: whose, which, and its bytes.
 * @typedef {{replica: string, sequence: number, bytes: Uint8Array}} Change
 *
 * How many changes of each replica are known.
 * @typedef {Map<string, number>} Version
 */

/**
 * What tells a change from all others.
 * @param {{replica: string, sequence: number}} change
 */
export const changeName = ({ replica, sequence }) => `${replica}:${sequence}`;

class Bytes {
  at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }

  byte() {
    if (this.at >= this.bytes.length) throw violation("bytes that end too early");
    return this.bytes[this.at++];
  }

  /** A varint, exact up to 64 bits. */
  big() {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw violation("a number that is too long");
  }

  /** A varint that is a count. */
  count() {
    const value = this.big();
    if (value > 0x1f_ffff_ffff_ffffn) throw violation("a count that is too large");
    return Number(value);
  }

  /** @param {number} count */
  take(count) {
    if (count > this.bytes.length - this.at) throw violation("bytes that end too early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
}

/**
 * Whose change these bytes are, and which; the rest of them is the engine's to check.
 * @param {Uint8Array} bytes
 * @returns {Change}
 */
export function readChange(bytes) {
  const reader = new Bytes(bytes);
  if ((reader.byte() & 0xc0) !== 0x80) throw violation("bytes that are no change");
  const head = reader.big();
  const sequence = head >> 3n;
  if (sequence >= 1n << 53n) throw violation("a change with an impossible number");
  const replica = (head & 7n) === 7n ? reader.big() : head & 7n;
  return { replica: String(replica), sequence: Number(sequence), bytes };
}

/**
 * The changes of a set; a set of one is the change itself, and no bytes are an empty set.
 * @param {Uint8Array} bytes
 * @returns {Change[]}
 */
export function splitChanges(bytes) {
  if (bytes.length === 0) return [];
  if ((bytes[0] & 0xf0) !== 0xc0) return [readChange(bytes)];
  const reader = new Bytes(bytes);
  reader.byte();
  const count = reader.count();
  /** @type {Change[]} */
  const changes = [];
  for (let index = 0; index < count; index++) changes.push(readChange(reader.take(reader.count())));
  if (reader.at !== bytes.length) throw violation("bytes behind a set of changes");
  return changes;
}

/**
 * A set of changes, in causal order.
 * @param {Change[]} changes
 * @returns {Uint8Array}
 */
export function joinChanges(changes) {
  if (changes.length === 1) return changes[0].bytes;
  const head = [0xc0];
  varint(head, changes.length);
  const parts = [Uint8Array.from(head)];
  for (const { bytes } of changes) {
    /** @type {number[]} */
    const length = [];
    varint(length, bytes.length);
    parts.push(Uint8Array.from(length), bytes);
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * @param {number[]} out
 * @param {number} value below 2^31
 */
function varint(out, value) {
  for (; value >= 0x80; value >>>= 7) out.push((value & 0x7f) | 0x80);
  out.push(value);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Version}
 */
export function readVersion(bytes) {
  const reader = new Bytes(bytes);
  if ((reader.byte() & 0xf8) !== 0xd0) throw violation("bytes that are no version");
  const count = reader.count();
  /** @type {Version} */
  const version = new Map();
  let next = 0n;
  for (let index = 0; index < count; index++) {
    const replica = next + reader.big();
    version.set(String(replica), reader.count());
    next = replica + 1n;
  }
  return version;
}

/**
 * Whether everything that `part` has is in `whole`.
 * @param {Version} whole
 * @param {Version} part
 */
export function covers(whole, part) {
  for (const [replica, count] of part) if ((whole.get(replica) ?? 0) < count) return false;
  return true;
}
