/** The local copy of a document in the engine, and how it is exchanged for another one without losing its followers. */

import { joinChanges, readVersion, splitChanges } from "./formats.js";

/**
 * @typedef {import("../engine.js").Engine} Engine
 * @typedef {import("../engine.js").Document} EngineDocument
 * @typedef {import("../engine.js").Patch} Patch
 * @typedef {import("./formats.js").Change} Change
 *
 * What receiving did: the patches, the changes that were new, and whether some wait for others that did not come.
 * @typedef {{patches: Patch[], applied: Change[], hasGap: boolean}} Receipt
 */

/**
 * 53 random bits, which no other copy of the document has.
 * @returns {bigint}
 */
export function randomReplica() {
  const words = new Uint32Array(2).map(() => Math.random() * 2 ** 32);
  globalThis.crypto?.getRandomValues(words);
  // The numbers below 7 are the tests'.
  return ((BigInt(words[0]) << 21n) | BigInt(words[1] >>> 11)) + 7n;
}

export class Replica {
  #engine;
  #undoLimit;
  /**
   * How many changes of each replica are here.
   * @type {Map<string, number>}
   */
  #known = new Map();
  /** Counts the documents that stood here: what was looked up in another one must be looked up again. */
  generation = 0;

  /**
   * @param {Engine} engine
   * @param {{snapshot?: Uint8Array, id?: bigint, undoLimit: number}} options
   */
  constructor(engine, { snapshot, id = randomReplica(), undoLimit }) {
    this.#engine = engine;
    this.#undoLimit = undoLimit;
    this.id = String(id);
    /** @type {EngineDocument} */
    this.document = snapshot ? engine.open(snapshot, id) : engine.create(id);
    this.#begin();
  }

  #begin() {
    this.document.undoLimit = this.#undoLimit;
    this.#known = readVersion(this.document.version);
  }

  /**
   * The local changes since the last call.
   * @returns {Change[]}
   */
  takeChanges() {
    const bytes = this.document.takeChanges();
    if (bytes === null) return [];
    const changes = splitChanges(bytes);
    for (const { replica, sequence } of changes) this.#known.set(replica, sequence + 1);
    return changes;
  }

  /**
   * Applies changes in causal order; throws an `EngineError` with the `patches` of those before when one is refused.
   * @param {Change[]} changes
   * @returns {Receipt}
   */
  receive(changes) {
    const fresh = changes.filter(({ replica, sequence }) => sequence >= (this.#known.get(replica) ?? 0));
    if (fresh.length === 0) return { patches: [], applied: [], hasGap: false };
    let patches;
    try {
      patches = this.document.receive(joinChanges(fresh));
    } catch (error) {
      this.#known = readVersion(this.document.version);
      throw error;
    }
    // No changes are lacked, as a version: two bytes.
    const hasGap = this.document.missing.length > 2;
    if (!hasGap) {
      for (const { replica, sequence } of fresh) {
        this.#known.set(replica, Math.max(this.#known.get(replica) ?? 0, sequence + 1));
      }
      return { patches, applied: fresh, hasGap };
    }
    this.#known = readVersion(this.document.version);
    const applied = fresh.filter(({ replica, sequence }) => sequence < (this.#known.get(replica) ?? 0));
    return { patches, applied, hasGap };
  }

  /**
   * Exchanges the document for the one of a snapshot with `kept` changes on top, or for an empty one.
   *
   * Under a fresh id: the old one's changes may be missing from the snapshot, and one id never continues from two states.
   * @param {Uint8Array | null} snapshot
   * @param {Change[]} kept
   * @returns {Patch[]} what leads from the old content to the new one
   */
  replace(snapshot, kept) {
    const id = randomReplica();
    const fresh = snapshot === null ? this.#engine.create(id) : this.#engine.open(snapshot, id);
    try {
      if (kept.length > 0) fresh.receive(joinChanges(kept));
    } catch (error) {
      fresh.free();
      throw error;
    }
    const old = this.document;
    const patches = difference(old, fresh);
    this.document = fresh;
    this.id = String(id);
    this.generation += 1;
    this.#begin();
    old.free();
    return patches;
  }

  free() {
    this.document.free();
  }
}

// --- What leads from one document to another.

/** @param {any} value */
const isContainer = (value) => value !== null && typeof value === "object" && "document" in value;

/** @param {{kind: number, name?: string, replica?: bigint, counter?: number}} id */
export function nameOf({ kind, name, replica, counter }) {
  return name === undefined ? `${kind}:${replica}:${counter}` : `${kind}/${name}`;
}

/**
 * @param {any} one
 * @param {any} other
 */
function isSame(one, other) {
  if (isContainer(one)) return isContainer(other) && nameOf(one.id) === nameOf(other.id);
  if (one instanceof Uint8Array) {
    return other instanceof Uint8Array && one.length === other.length && one.every((byte, at) => byte === other[at]);
  }
  return Object.is(one, other);
}

/**
 * @param {EngineDocument} old
 * @param {EngineDocument} fresh
 * @returns {Patch[]}
 */
function difference(old, fresh) {
  /** @type {Patch[]} */
  const patches = [];
  const olds = new Map(old.roots.map((root) => [nameOf(root.id), root]));
  const news = new Map(fresh.roots.map((root) => [nameOf(root.id), root]));
  for (const [name, root] of olds) {
    const { kind, name: own } = /** @type {{kind: number, name: string}} */ (root.id);
    if (!news.has(name)) news.set(name, kind === 0 ? fresh.text(own) : kind === 1 ? fresh.list(own) : fresh.map(own));
  }
  for (const [name, root] of news) follow(olds.get(name), root, patches);
  return patches;
}

/**
 * @param {any} old undefined when it was not there, and empty
 * @param {any} fresh
 * @param {Patch[]} patches
 */
function follow(old, fresh, patches) {
  if (fresh.id.kind === 0) {
    const splice = textSplice(old?.toString() ?? "", fresh.toString());
    if (splice) patches.push({ kind: "text", container: fresh, ...splice });
  } else if (fresh.id.kind === 1) followList(old, fresh, patches);
  else followMap(old, fresh, patches);
}

/**
 * @param {any} old
 * @param {any} fresh
 * @param {Patch[]} patches
 */
function followList(old, fresh, patches) {
  const before = old?.values ?? [];
  const after = fresh.values;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before[start], after[start])) start += 1;
  let tail = 0;
  while (tail < shorter - start && isSame(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail += 1;
  const deleteCount = before.length - tail - start;
  const insert = after.slice(start, after.length - tail);
  if (deleteCount > 0 || insert.length > 0) {
    patches.push({ kind: "list", container: fresh, index: start, deleteCount, insert });
  }
  after.forEach((/** @type {any} */ value, /** @type {number} */ index) => {
    if (!isContainer(value)) return;
    const isOld = index < start || index >= after.length - tail;
    follow(isOld ? before[index < start ? index : index - after.length + before.length] : undefined, value, patches);
  });
}

/**
 * @param {any} old
 * @param {any} fresh
 * @param {Patch[]} patches
 */
function followMap(old, fresh, patches) {
  const keys = new Set(fresh.keys);
  for (const key of old?.keys ?? []) {
    if (!keys.has(key)) patches.push({ kind: "map", container: fresh, key, value: undefined });
  }
  for (const key of keys) {
    const value = fresh.get(key);
    const before = old?.get(key);
    const same = before !== undefined && isSame(before, value);
    if (!same) patches.push({ kind: "map", container: fresh, key, value });
    if (isContainer(value)) follow(same ? before : undefined, value, patches);
  }
}

/**
 * The one splice that makes `after` of `before`, which cuts no surrogate pair; null when they are equal.
 *
 * Where the caret is known in `after`, what follows it counts as kept: one more "a" in "aaa" then lands where it was typed.
 * @param {string} before
 * @param {string} after
 * @param {number} [caret]
 * @returns {{offset: number, deleteCount: number, insert: string} | null}
 */
export function textSplice(before, after, caret = after.length) {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  const keep = Math.min(shorter, after.length - Math.min(caret, after.length));
  const isEqualFromEnd = (/** @type {number} */ tail) =>
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail);
  let start = 0;
  let tail = 0;
  while (tail < keep && isEqualFromEnd(tail)) tail += 1;
  while (start < shorter - tail && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  while (tail < shorter - start && isEqualFromEnd(tail)) tail += 1;
  if (splitsPair(before, start) || splitsPair(after, start)) start -= 1;
  if (splitsPair(before, before.length - tail) || splitsPair(after, after.length - tail)) tail -= 1;
  return { offset: start, deleteCount: before.length - tail - start, insert: after.slice(start, after.length - tail) };
}

/**
 * Whether an offset lies between the halves of a surrogate pair.
 * @param {string} text
 * @param {number} offset
 */
export function splitsPair(text, offset) {
  if (offset <= 0 || offset >= text.length) return false;
  return (text.charCodeAt(offset - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(offset) & 0xfc00) === 0xdc00;
}
