/** Texts, lists and maps as a page handles them. */

import { NewText } from "../content.js";
import { Emitter } from "./emitter.js";
import { QuireError } from "./errors.js";
import { nameOf } from "./replica.js";

/**
 * What a document holds: nested containers are handles of this module.
 * @typedef {null | boolean | number | string | Uint8Array | Text | List | MapValue} Value
 *
 * What can be put into it: arrays become lists and plain objects maps, both with everything below them.
 * @typedef {Value | ContentList | ContentMap} Content
 * @typedef {{[key: string]: Content}} ContentMap
 *
 * Where a change came from: this page, somebody else, undo or redo, or another state that was loaded.
 * @typedef {"local" | "remote" | "undo" | "load"} Origin
 *
 * One step of a change. Offsets and indices count in what the step before left.
 * @typedef {{kind: "text", container: Text, offset: number, deleteCount: number, insert: string}
 *   | {kind: "list", container: List, index: number, deleteCount: number, insert: Value[]}
 *   | {kind: "move", container: List, from: number, to: number}
 *   | {kind: "map", container: MapValue, key: string, value: Value | undefined}} Patch
 *
 * @typedef {{patches: Patch[], origin: Origin}} ChangeEvent
 *
 * What a handle needs of its document.
 * @typedef {object} Host
 * @property {number} generation changes when all containers must be looked up again
 * @property {(id: any) => any} find the engine's container
 * @property {(body: () => Patch[], weight: number) => void} edit does an edit, when that is allowed
 * @property {(container: any) => Text | List | MapValue} handle the handle of a container of the engine
 */

/**
 * @typedef {Array<Content>} ContentList
 */

/** About as many code units as one change takes; a longer insertion becomes several. */
const chunk = 100_000;

/** What text, list and map have in common. */
class Container {
  /** @type {Host | null} */
  #host = null;
  /** @type {any} */
  #id = null;
  /** @type {any} */
  #found = null;
  #generation = -1;
  #events = new Emitter();

  /**
   * @internal
   * @param {Host} host
   * @param {any} id the engine's
   */
  attach(host, id) {
    this.#host = host;
    this.#id = id;
    return this;
  }

  /** Whether it is part of a document; one made with `new` is only what to put into one. */
  get isAttached() {
    return this.#host !== null;
  }

  /** The same on every copy of the document, and as long as it exists. */
  get id() {
    return this.#id === null ? null : nameOf(this.#id);
  }

  /**
   * The document that it is part of; null for one made with `new`.
   * @returns {import("./document.js").Doc | null}
   */
  get doc() {
    return /** @type {any} */ (this.#host);
  }

  /**
   * @protected
   * @returns {Host}
   */
  get host() {
    if (this.#host === null) throw new QuireError("NOT_IN_DOCUMENT", "put it into a document and use what that gives back");
    return this.#host;
  }

  /**
   * The engine's.
   * @protected
   * @returns {any}
   */
  get inner() {
    const { host } = this;
    if (this.#generation !== host.generation) {
      this.#found = host.find(this.#id);
      this.#generation = host.generation;
    }
    return this.#found;
  }

  /**
   * Calls the listener after each change of what is directly in here.
   * @param {"change"} event
   * @param {(change: ChangeEvent) => void} listener
   * @returns {() => void} takes it off again
   */
  on(event, listener) {
    return this.#events.on(event, listener);
  }

  /**
   * @param {"change"} event
   * @param {(change: ChangeEvent) => void} listener
   */
  off(event, listener) {
    this.#events.off(event, listener);
  }

  /**
   * @internal
   * @param {ChangeEvent} change
   */
  changed(change) {
    this.#events.emit("change", change);
  }

  /**
   * @protected
   * @param {any} value
   * @returns {any}
   */
  given(value) {
    return isEngineContainer(value) ? this.host.handle(value) : value;
  }
}

/** Characters in order; offsets are in UTF-16 code units, as JavaScript counts. */
export class Text extends Container {
  /** @type {string} */
  #initial;

  /** @param {string} [text] for one that is to be put into a document */
  constructor(text = "") {
    super();
    this.#initial = text;
  }

  get length() {
    return this.isAttached ? this.inner.length : this.#initial.length;
  }

  toString() {
    return this.isAttached ? this.inner.toString() : this.#initial;
  }

  toJSON() {
    return this.toString();
  }

  /**
   * @param {number} at
   * @param {string} text
   */
  insert(at, text) {
    this.splice(at, 0, text);
  }

  /**
   * @param {number} at
   * @param {number} count
   */
  delete(at, count) {
    this.splice(at, count, "");
  }

  /**
   * Deletes and inserts at one place, as one change.
   * @param {number} at
   * @param {number} deleteCount
   * @param {string} text
   */
  splice(at, deleteCount, text) {
    if (deleteCount === 0 && text === "") return;
    const first = text.length > chunk ? text.slice(0, pairBefore(text, chunk)) : text;
    this.host.edit(() => {
      this.inner.splice(at, deleteCount, first);
      return [{ kind: "text", container: this, offset: at, deleteCount, insert: first }];
    }, 3 * first.length);
    // One change has to fit into one message.
    if (first.length < text.length) this.splice(at + first.length, 0, text.slice(first.length));
  }

  /**
   * A position that survives edits: bytes, to be kept or sent as they are or with `anchorToString`.
   * @param {number} offset
   * @param {"left" | "right"} [side] the neighbour that it holds on to
   * @returns {Uint8Array}
   */
  anchor(offset, side = "left") {
    return this.inner.anchor(offset, side);
  }

  /**
   * Where an anchor is now; null when what it holds on to is not in this text (yet).
   * @param {Uint8Array} anchor
   * @returns {number | null}
   */
  offset(anchor) {
    return this.inner.offset(anchor);
  }
}

/** Values in order, which can be moved. */
export class List extends Container {
  /** @type {Content[]} */
  #initial;

  /** @param {Content[]} [items] for one that is to be put into a document */
  constructor(items = []) {
    super();
    this.#initial = items;
  }

  get length() {
    return this.isAttached ? this.inner.length : this.#initial.length;
  }

  /**
   * @param {number} index
   * @returns {Value | undefined}
   */
  get(index) {
    return this.given(this.inner.at(index));
  }

  /**
   * The values; nested containers are handles.
   * @returns {Value[]}
   */
  toArray() {
    return this.inner.values.map((/** @type {any} */ value) => this.given(value));
  }

  [Symbol.iterator]() {
    return this.toArray()[Symbol.iterator]();
  }

  /**
   * What is in it, with everything below, as plain values.
   * @returns {any[]}
   */
  toJSON() {
    return this.isAttached ? this.inner.content ?? [] : this.#initial;
  }

  /**
   * @param {number} index
   * @param {...Content} values
   */
  insert(index, ...values) {
    this.splice(index, 0, ...values);
  }

  /** @param {...Content} values */
  push(...values) {
    this.splice(this.length, 0, ...values);
  }

  /**
   * @param {number} index
   * @param {number} [count]
   */
  delete(index, count = 1) {
    this.splice(index, count);
  }

  /**
   * Deletes and inserts at one place, as one change.
   * @param {number} index
   * @param {number} deleteCount
   * @param {...Content} values
   */
  splice(index, deleteCount, ...values) {
    if (deleteCount === 0 && values.length === 0) return;
    const contents = values.map(toContent);
    this.host.edit(() => {
      this.inner.splice(index, deleteCount, ...contents);
      const insert = contents.length === 0 ? [] : contents.map((_, at) => this.get(index + at) ?? null);
      return [{ kind: "list", container: this, index, deleteCount, insert }];
    }, weigh(contents));
  }

  /**
   * Moves an item; others who edit it or move it at the same time never double it.
   * @param {number} from
   * @param {number} to its index in the list without it
   */
  move(from, to) {
    this.host.edit(() => {
      this.inner.move(from, to);
      return [{ kind: "move", container: this, from, to }];
    }, 16);
  }
}

/** Values by key. */
export class MapValue extends Container {
  /** @type {{[key: string]: Content}} */
  #initial;

  /** @param {{[key: string]: Content}} [entries] for one that is to be put into a document */
  constructor(entries = {}) {
    super();
    this.#initial = entries;
  }

  get size() {
    return this.keys().length;
  }

  /**
   * @param {string} key
   * @returns {any}
   */
  get(key) {
    return this.given(this.inner.get(key));
  }

  /** @param {string} key */
  has(key) {
    return this.inner.get(key) !== undefined;
  }

  /**
   * The keys, ascending by their bytes in UTF-8.
   * @returns {string[]}
   */
  keys() {
    return this.inner.keys;
  }

  /** @returns {[string, any][]} */
  entries() {
    return this.keys().map((key) => [key, this.get(key)]);
  }

  [Symbol.iterator]() {
    return this.entries()[Symbol.iterator]();
  }

  /**
   * What is in it, with everything below, as plain values.
   * @returns {{[key: string]: any}}
   */
  toJSON() {
    return this.isAttached ? this.inner.content ?? {} : this.#initial;
  }

  /**
   * Sets a key, as one change.
   * @param {string} key
   * @param {Content} value
   * @returns {any} what is there now: the handle of a container
   */
  set(key, value) {
    const content = toContent(value);
    this.host.edit(() => {
      this.inner.set(key, content);
      return [{ kind: "map", container: this, key, value: this.get(key) }];
    }, 64 + weigh(content));
    return this.get(key);
  }

  /** @param {string} key */
  delete(key) {
    this.host.edit(() => {
      if (this.inner.get(key) === undefined) return [];
      this.inner.delete(key);
      return [{ kind: "map", container: this, key, value: undefined }];
    }, 64);
  }
}

/** @type {[typeof Text, typeof List, typeof MapValue]} */
export const classes = [Text, List, MapValue];

/** @param {any} value */
function isEngineContainer(value) {
  return value !== null && typeof value === "object" && !(value instanceof Uint8Array) && "engine" in value;
}

/**
 * What the engine takes: handles become what they hold.
 * @param {any} value
 * @param {number} [depth]
 * @returns {any}
 */
function toContent(value, depth = 0) {
  if (depth > 64) throw new RangeError("nested too deep");
  if (value instanceof Text) return new NewText(value.toString());
  if (value instanceof List || value instanceof MapValue) return copy(value, depth);
  if (Array.isArray(value)) return value.map((item) => toContent(item, depth + 1));
  if (value === null || typeof value !== "object" || value instanceof Uint8Array || value instanceof NewText) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toContent(item, depth + 1)]));
}

/**
 * A list or map that is put somewhere else is copied, and its texts stay texts.
 * @param {List | MapValue} container
 * @param {number} depth
 * @returns {any}
 */
function copy(container, depth) {
  if (!container.isAttached) return toContent(container.toJSON(), depth + 1);
  if (container instanceof List) return container.toArray().map((item) => toContent(item, depth + 1));
  return Object.fromEntries(container.entries().map(([key, item]) => [key, toContent(item, depth + 1)]));
}

/**
 * About how many bytes a content takes in a change, at most.
 * @param {any} content
 * @returns {number}
 */
function weigh(content) {
  if (typeof content === "string") return 16 + 3 * content.length;
  if (content instanceof Uint8Array) return 16 + content.length;
  if (content instanceof NewText) return 32 + 3 * content.text.length;
  if (content === null || typeof content !== "object") return 16;
  let sum = 32;
  for (const [key, item] of Object.entries(content)) sum += 3 * key.length + weigh(item);
  return sum;
}

/**
 * @param {string} text
 * @param {number} offset
 */
function pairBefore(text, offset) {
  return (text.charCodeAt(offset - 1) & 0xfc00) === 0xd800 ? offset - 1 : offset;
}
