// @ts-nocheck What its functions take and give is said; the exports of the module below have no types.
/**
 * The engine in JavaScript: a thin skin over the exports of `quire.wasm`, for Node and browsers. `EXPORTS.md` describes
 * what lies below.
 *
 *     const engine = await Engine.load(bytes);
 *     const document = engine.create(1n);
 *     const body = document.text("body");
 *     body.insert(0, "Hello");
 *     send(document.takeChanges());
 *
 * Offsets and counts are in UTF-16 code units, which is how JavaScript counts.
 * @module
 */

import { NewText, Reader, Writer, encodeString } from "./content.js";

export { NewText };

/** Why the engine refused something; the document is as it was before. */
export class EngineError extends Error {
  /**
   * @param {string} code a constant name, such as `OUT_OF_BOUNDS`
   * @param {number} number its number
   */
  constructor(code, number) {
    super(code);
    this.name = "EngineError";
    this.code = code;
    this.number = number;
  }
}

/**
 * What a change did; the offsets and indices of each patch count in what the one before left.
 * @typedef {{kind: "text", container: Text, offset: number, deleteCount: number, insert: string}
 *   | {kind: "list", container: List, index: number, deleteCount: number, insert: Value[]}
 *   | {kind: "move", container: List, from: number, to: number}
 *   | {kind: "map", container: MapNode, key: string, value: Value | undefined}} Patch
 *
 * A value as it is kept: nested containers are objects of this module.
 * @typedef {null | boolean | number | string | Uint8Array | Text | List | MapNode} Value
 * @typedef {import("./content.js").Content} Content
 */

/** One instance of the module, with a memory of its own. */
export class Engine {
  /** @param {WebAssembly.Instance} instance one that ran nothing yet */
  constructor(instance) {
    // A copy: what an instance exports is frozen and a dictionary, in which V8 searches for each call.
    this.exports = { ...instance.exports };
    // The seed of hash tables. Node 18 has no global crypto; there this guards against accidents only.
    const random = new Uint32Array(2).map(() => Math.random() * 2 ** 32);
    globalThis.crypto?.getRandomValues(random);
    this.exports.seed(random[0], random[1]);
  }

  /**
   * Compiles and starts the module.
   * @param {BufferSource} bytes the content of `quire.wasm`
   * @returns {Promise<Engine>}
   */
  static async load(bytes) {
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new Engine(instance);
  }

  /**
   * An empty document.
   * @param {bigint} replica 64 bits that no other copy of the document has
   */
  create(replica) {
    const [low, high] = halves(replica);
    return new Document(this, this.check(this.exports.documentCreate(low, high)));
  }

  /**
   * The document of a snapshot.
   * @param {Uint8Array} snapshot
   * @param {bigint} replica 64 bits that no other copy of the document has
   */
  open(snapshot, replica) {
    const [low, high] = halves(replica);
    return new Document(this, this.check(this.exports.documentLoad(this.give(snapshot), low, high)));
  }

  /** How many documents are open. */
  get documentCount() {
    return this.exports.documentCount();
  }

  /**
   * A result, unless it is an error.
   * @param {number} result
   */
  check(result) {
    if (result >= 0) return result;
    const name = this.exports.errorName(-result) < 0 ? "UNKNOWN" : new TextDecoder().decode(this.take());
    throw new EngineError(name, -result);
  }

  /**
   * Puts bytes into the input.
   * @param {Uint8Array} bytes
   * @returns {number} how many they are
   */
  give(bytes) {
    const address = this.#room(bytes.length);
    new Uint8Array(this.exports.memory.buffer).set(bytes, address);
    return bytes.length;
  }

  /**
   * Puts UTF-16 code units into the input.
   * @param {string} text
   * @returns {number} how many they are
   */
  giveText(text) {
    const address = this.#room(text.length * 2);
    const units = new Uint16Array(this.exports.memory.buffer, address, text.length);
    for (let index = 0; index < text.length; index++) units[index] = text.charCodeAt(index);
    return text.length;
  }

  #room(count) {
    const address = this.exports.input(count);
    if (address === 0) throw new EngineError("LIMIT_EXCEEDED", 17);
    return address >>> 0;
  }

  /** A copy of the output. */
  take() {
    const address = this.exports.outputAddress() >>> 0;
    return new Uint8Array(this.exports.memory.buffer).slice(address, address + this.exports.outputCount());
  }

  /** The output as UTF-16 code units. */
  takeText() {
    const address = this.exports.outputAddress() >>> 0;
    const bytes = new Uint8Array(this.exports.memory.buffer, address, this.exports.outputCount());
    return utf16.decode(bytes);
  }
}

const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true });

function halves(replica) {
  return [Number(BigInt.asIntN(32, replica)), Number(BigInt.asIntN(32, replica >> 32n))];
}

/** A replicated document. */
export class Document {
  #containers = new Map();

  /**
   * @param {Engine} engine
   * @param {number} handle
   */
  constructor(engine, handle) {
    this.engine = engine;
    this.handle = handle;
  }

  /** Gives its memory back; every call after that is refused. */
  free() {
    this.#call("documentFree");
  }

  // --- Containers.

  /**
   * A text of the document's own.
   * @param {string} name 1 to 256 bytes of UTF-8
   * @returns {Text}
   */
  text(name) {
    return this.#root(0, name);
  }

  /**
   * A list of the document's own.
   * @param {string} name 1 to 256 bytes of UTF-8
   * @returns {List}
   */
  list(name) {
    return this.#root(1, name);
  }

  /**
   * A map of the document's own.
   * @param {string} name 1 to 256 bytes of UTF-8
   * @returns {MapNode}
   */
  map(name) {
    return this.#root(2, name);
  }

  #root(kind, name) {
    const count = this.engine.give(encodeString(name));
    return this.container(this.#call("root", kind, count));
  }

  /**
   * A nested container by the element that holds it, as `id` of a container has it.
   * @param {0 | 1 | 2} kind text, list, map
   * @param {bigint} replica
   * @param {number} counter
   */
  nested(kind, replica, counter) {
    const [low, high] = halves(replica);
    return this.container(this.#call("nested", kind, low, high, counter));
  }

  /**
   * The container of a number.
   * @param {number} number
   * @returns {Text | List | MapNode}
   */
  container(number) {
    let container = this.#containers.get(number);
    if (!container) {
      this.#call("containerName", number);
      const bytes = this.engine.take();
      const view = new DataView(bytes.buffer);
      const id =
        bytes[1] === 0
          ? { kind: bytes[0], name: new TextDecoder().decode(bytes.subarray(2)) }
          : {
              kind: bytes[0],
              replica: (BigInt(view.getUint32(6, true)) << 32n) | BigInt(view.getUint32(2, true)),
              counter: view.getUint32(10, true),
            };
      container = new [Text, List, MapNode][id.kind](this, number, id);
      this.#containers.set(number, container);
    }
    return container;
  }

  /** The roots that hold or held something. */
  get roots() {
    const count = this.#call("roots");
    const reader = this.#reader();
    return Array.from({ length: count }, () => reader.word()).map((number) => this.container(number));
  }

  // --- Transactions and undo.

  /**
   * Makes the edits of `body` one change. An edit that is refused is left out; what was edited before stays.
   * @template T
   * @param {() => T} body
   * @returns {T}
   */
  transact(body) {
    this.#call("begin");
    try {
      return body();
    } finally {
      this.#call("commit");
    }
  }

  /** What is edited from now on, until `commit`, is one change; see `transact`. */
  begin() {
    this.#call("begin");
  }

  commit() {
    this.#call("commit");
  }

  /** How many steps can be undone; 0, as it is at first, records none. */
  set undoLimit(limit) {
    this.#call("setUndoLimit", limit);
  }

  /** Ends what one call of `undo` reverts. */
  closeUndoStep() {
    this.#call("closeUndoStep");
  }

  get canUndo() {
    return (this.#call("undoState") & 1) !== 0;
  }

  get canRedo() {
    return (this.#call("undoState") & 2) !== 0;
  }

  /** Reverts the newest step of this replica. @returns {Patch[]} */
  undo() {
    this.#call("undo", 0);
    return this.#patches();
  }

  /** Does again what was undone last. @returns {Patch[]} */
  redo() {
    this.#call("undo", 1);
    return this.#patches();
  }

  // --- Changes.

  /** The local changes since the last call, to be sent: a change set; `null` when there are none. */
  takeChanges() {
    return this.#call("takeChanges") === 0 ? null : this.engine.take();
  }

  /**
   * Applies a change or a change set.
   *
   * Of a set of which some is refused the rest is applied: the error then has the patches of that.
   * @param {Uint8Array} bytes
   * @returns {Patch[]} what that did
   */
  receive(bytes) {
    const result = this.engine.exports.receive(this.handle, this.engine.give(bytes));
    if (result >= 0) return this.#patches();
    const patches = result === -1 ? [] : this.#patches();
    try {
      return this.engine.check(result);
    } catch (error) {
      error.patches = patches;
      throw error;
    }
  }

  #patches() {
    const reader = this.#reader();
    const patches = [];
    while (!reader.isAtEnd) {
      const [kind, number, first, second, third] = [0, 0, 0, 0, 0].map(() => reader.word());
      patches.push(this.#patch(reader, kind, this.container(number), first, second, third));
      reader.align();
    }
    return patches;
  }

  #patch(reader, kind, container, first, second, third) {
    switch (kind) {
      case 0:
        return { kind: "text", container, offset: first, deleteCount: second, insert: reader.units(third) };
      case 1: {
        const insert = Array.from({ length: third }, () => reader.content());
        return { kind: "list", container, index: first, deleteCount: second, insert };
      }
      case 2:
        return { kind: "move", container, from: first, to: second };
      default:
        return { kind: "map", container, key: reader.string(first), value: second ? reader.content() : undefined };
    }
  }

  #reader() {
    return new Reader(this.engine.take(), (number) => this.container(number));
  }

  // --- State.

  /** The whole state as bytes. */
  get snapshot() {
    this.#call("snapshot");
    return this.engine.take();
  }

  /** What is known, as bytes. */
  get version() {
    this.#call("version");
    return this.engine.take();
  }

  /** What the changes lack that wait for others, as bytes of a version. */
  get missing() {
    this.#call("missing");
    return this.engine.take();
  }

  #call(name, ...values) {
    return this.engine.check(this.engine.exports[name](this.handle, ...values));
  }
}

/** What text, list and map have in common. */
class Container {
  /**
   * @param {Document} document
   * @param {number} number what the exports call it
   * @param {{kind: number, name: string} | {kind: number, replica: bigint, counter: number}} id the same on every replica
   */
  constructor(document, number, id) {
    this.document = document;
    this.engine = document.engine;
    this.number = number;
    this.id = id;
  }

  /** What it holds, with everything below it; `undefined` when the document does not have it. */
  get content() {
    return this.call("content") === 0 ? undefined : this.reader().content();
  }

  /** @protected */
  call(name, ...values) {
    return this.engine.check(this.engine.exports[name](this.document.handle, this.number, ...values));
  }

  /** @protected */
  reader() {
    return new Reader(this.engine.take(), (number) => this.document.container(number));
  }
}

/** Values in order. */
export class List extends Container {
  get length() {
    return this.call("listCount");
  }

  /** The values. @returns {Value[]} */
  get values() {
    const count = this.call("listRead");
    const reader = this.reader();
    return Array.from({ length: count }, () => reader.content());
  }

  /**
   * The value at an index; `undefined` when there is none.
   * @param {number} index
   * @returns {Value | undefined}
   */
  at(index) {
    return this.call("listValue", index) === 0 ? undefined : this.reader().content();
  }

  /**
   * Deletes items and inserts others there, as one change.
   * @param {number} index
   * @param {number} deleteCount
   * @param {...Content} items
   */
  splice(index, deleteCount, ...items) {
    const writer = new Writer();
    for (const item of items) writer.content(item);
    this.call("listSplice", index, deleteCount, this.engine.give(writer.bytes));
  }

  /** @param {...Content} items */
  push(...items) {
    this.splice(this.length, 0, ...items);
  }

  /**
   * Moves an item.
   * @param {number} from
   * @param {number} to its index in the list without it
   */
  move(from, to) {
    this.call("listMove", from, to);
  }
}

/** Values by key. */
export class MapNode extends Container {
  /**
   * The value of a key; `undefined` when there is none.
   * @param {string} key
   * @returns {Value | undefined}
   */
  get(key) {
    return this.call("mapValue", this.engine.give(encodeString(key))) === 0 ? undefined : this.reader().content();
  }

  /** The keys, ascending by their bytes. @returns {string[]} */
  get keys() {
    const count = this.call("mapKeys");
    const reader = this.reader();
    return Array.from({ length: count }, () => reader.string());
  }

  /**
   * Sets a key, as one change.
   * @param {string} key
   * @param {Content} content
   */
  set(key, content) {
    const writer = new Writer();
    const name = encodeString(key);
    writer.raw(name);
    writer.content(content);
    this.call("mapSet", name.length, this.engine.give(writer.bytes));
  }

  /** @param {string} key */
  delete(key) {
    this.call("mapUnset", this.engine.give(encodeString(key)));
  }
}

/** UTF-16 code units in order. */
export class Text extends Container {
  /**
   * Inserts text, as one change.
   * @param {number} offset
   * @param {string} text
   */
  insert(offset, text) {
    const { engine, document, number } = this;
    const result =
      text.length === 1
        ? engine.exports.textInsertUnit(document.handle, number, offset, text.charCodeAt(0))
        : engine.exports.textInsert(document.handle, number, offset, engine.giveText(text));
    if (result < 0) engine.check(result);
  }

  /**
   * Deletes text, as one change.
   * @param {number} offset
   * @param {number} count
   */
  delete(offset, count) {
    const { engine, document, number } = this;
    const result = engine.exports.textDelete(document.handle, number, offset, count);
    if (result < 0) engine.check(result);
  }

  /**
   * Replaces text, as one change.
   * @param {number} offset
   * @param {number} deleteCount
   * @param {string} text
   */
  splice(offset, deleteCount, text) {
    if (deleteCount === 0) return this.insert(offset, text);
    if (text.length === 0) return this.delete(offset, deleteCount);
    const { engine, document, number } = this;
    engine.check(engine.exports.textSplice(document.handle, number, offset, deleteCount, engine.giveText(text)));
  }

  /** How many UTF-16 code units it has. */
  get length() {
    return this.engine.check(this.engine.exports.textCount(this.document.handle, this.number));
  }

  toString() {
    this.engine.check(this.engine.exports.textRead(this.document.handle, this.number));
    return this.engine.takeText();
  }

  /**
   * A position that survives edits, as bytes.
   * @param {number} offset
   * @param {"left" | "right"} side the neighbour that it holds on to
   */
  anchor(offset, side) {
    const { engine, document, number } = this;
    engine.check(engine.exports.anchor(document.handle, number, offset, side === "right" ? 1 : 0));
    return engine.take();
  }

  /**
   * Where an anchor is now.
   * @param {Uint8Array} anchor
   * @returns {number | null} `null` when its element is not in this text
   */
  offset(anchor) {
    const { engine, document, number } = this;
    const result = engine.exports.anchorOffset(document.handle, number, engine.give(anchor));
    // 42: UNKNOWN_ORIGIN.
    return result === -42 ? null : engine.check(result);
  }
}
