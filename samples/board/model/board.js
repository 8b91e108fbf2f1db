/**
 * The shapes of a document as plain records, kept up to date, and all that is done to them.
 *
 * In the document each shape is a map of its own, `shapes/ID`, so that two people who change different fields of one shape
 * both have their way; its text is a text that several people type in at once.
 */

import { Text } from "/sdk/quire.js";
import { Emitter } from "./emitter.js";
import { clean, endsOf, fields, kinds, toShape } from "./shape.js";

/** @typedef {import("./shape.js").Shape} Shape */

export class Board extends Emitter {
  /**
   * What is on the board, by id.
   * @type {Map<string, Shape>}
   */
  shapes = new Map();
  /**
   * The arrows that hold on to a shape, by the shape's id.
   * @type {Map<string, Set<string>>}
   */
  #arrows = new Map();
  /**
   * Whose map or text a container of the document is.
   * @type {Map<any, string>}
   */
  #owners = new Map();
  #root;

  /** @param {any} doc */
  constructor(doc) {
    super();
    this.doc = doc;
    this.#root = doc.map("shapes");
    doc.on("change", (/** @type {any} */ change) => this.#heard(change));
    this.#readAll();
  }

  get canWrite() {
    return this.doc.canWrite;
  }

  // --- Reading. "change" tells a set of ids that are new, different or gone.

  #readAll() {
    const before = new Set(this.shapes.keys());
    this.shapes.clear();
    this.#arrows.clear();
    this.#owners.clear();
    const content = this.#root.toJSON();
    for (const id of Object.keys(content)) this.#read(id, content[id]);
    this.emit("change", new Set([...before, ...this.shapes.keys()]));
  }

  /** @param {string} id @param {any} [content] */
  #read(id, content) {
    const handle = this.#root.get(id);
    this.#forget(id);
    if (typeof handle?.get !== "function") return;
    const shape = toShape(id, content ?? handle.toJSON());
    if (shape === null) return;
    this.#owners.set(handle, id);
    this.#own(handle.get("text"), id);
    this.shapes.set(id, shape);
    this.#link(shape);
  }

  /** @param {any} text @param {string} id */
  #own(text, id) {
    if (text !== null && typeof text === "object") this.#owners.set(text, id);
  }

  /** @param {string} id */
  #forget(id) {
    const shape = this.shapes.get(id);
    if (!shape) return;
    this.#unlink(shape);
    this.shapes.delete(id);
  }

  /** @param {Shape} shape */
  #link(shape) {
    if (shape.type !== "arrow") return;
    for (const end of [shape.from, shape.to]) {
      if (end === "") continue;
      if (!this.#arrows.has(end)) this.#arrows.set(end, new Set());
      this.#arrows.get(end)?.add(shape.id);
    }
  }

  /** @param {Shape} shape */
  #unlink(shape) {
    for (const end of [shape.from, shape.to]) this.#arrows.get(end)?.delete(shape.id);
  }

  /** @param {{patches: any[], origin: string}} change */
  #heard({ patches, origin }) {
    if (origin === "load") return this.#readAll();
    const changed = new Set();
    for (const { container, key, kind, value } of patches) {
      if (container === this.#root) {
        this.#read(key);
        changed.add(key);
        continue;
      }
      const id = this.#owners.get(container);
      const shape = id === undefined ? undefined : this.shapes.get(id);
      if (!shape) continue;
      if (kind === "map") this.#set(shape, key, value);
      else if (kind === "text") shape.text = container.toString();
      changed.add(id);
    }
    this.#tell(changed);
  }

  /** @param {Shape} shape @param {string} key @param {any} value */
  #set(shape, key, value) {
    if (key === "type") return this.#read(shape.id);
    if (!fields.includes(/** @type {any} */ (key))) return;
    this.#unlink(shape);
    if (key === "text") this.#own(value, shape.id);
    const plain = key === "text" && value !== null && typeof value === "object" ? value.toString() : value;
    /** @type {any} */ (shape)[key] = clean(key, plain, shape.type);
    this.#link(shape);
  }

  /**
   * Arrows follow what they hold on to.
   * @param {Set<string>} changed
   */
  #tell(changed) {
    if (changed.size === 0) return;
    for (const id of [...changed]) for (const arrow of this.#arrows.get(id) ?? []) changed.add(arrow);
    this.emit("change", changed);
  }

  /**
   * The text of a shape in the document; null when it has none.
   * @param {string} id
   */
  textOf(id) {
    const text = this.#root.get(id)?.get("text");
    return text !== null && typeof text === "object" ? text : null;
  }

  /**
   * From what is below to what is above, the same for everybody.
   * @param {Iterable<string>} [ids]
   * @returns {Shape[]}
   */
  sorted(ids = this.shapes.keys()) {
    const some = [...ids].flatMap((id) => this.shapes.get(id) ?? []);
    return some.sort((one, other) => one.z - other.z || (one.id < other.id ? -1 : 1));
  }

  // --- Writing.

  /**
   * Several edits as one change and one step of undo.
   * @template T
   * @param {() => T} body
   * @returns {T | undefined} nothing when the board is read-only
   */
  edit(body) {
    return this.attempt(() => this.doc.transaction(body));
  }

  /**
   * Edits that may be refused: the role changed, or too much waits to be stored. Then the page shows what there is.
   * @template T
   * @param {() => T} body
   * @returns {T | undefined}
   */
  attempt(body) {
    if (!this.canWrite) return undefined;
    try {
      return body();
    } catch (error) {
      this.#readAll();
      this.emit("failed", error);
      return undefined;
    }
  }

  /**
   * Puts new shapes on top.
   * @param {(Partial<Shape> & {type: Shape["type"]})[]} some with their ids, when others refer to them
   * @param {() => string} makeId
   * @returns {string[]}
   */
  add(some, makeId) {
    let { top } = this.layers;
    const ids = some.map(({ id, type, text = "", ...given }) => {
      const { w, h, color } = kinds[type];
      const name = id ?? makeId();
      const entries = { type, x: 0, y: 0, w, h, color, ...given, z: (top += step()) };
      this.#root.set(name, type === "arrow" ? entries : { ...entries, text: new Text(text) });
      return name;
    });
    return ids;
  }

  /**
   * Sets those fields of a shape that differ.
   * @param {string} id
   * @param {Partial<Shape>} values
   */
  put(id, values) {
    const handle = this.#root.get(id);
    if (typeof handle?.set !== "function") return;
    // What counts is the document: the record here may show a preview.
    for (const [field, value] of Object.entries(values)) if (handle.get(field) !== value) handle.set(field, value);
  }

  /**
   * Shows shapes otherwise than they are in the document, for a moment.
   * @param {[string, Partial<Shape>][]} changes
   */
  preview(changes) {
    for (const [id, values] of changes) {
      const shape = this.shapes.get(id);
      if (!shape) continue;
      this.#unlink(shape);
      Object.assign(shape, values);
      this.#link(shape);
    }
    this.#tell(new Set(changes.map(([id]) => id)));
  }

  /**
   * Takes shapes away; arrows that hold on to them stay where they are.
   * @param {Iterable<string>} ids
   */
  remove(ids) {
    const gone = new Set(ids);
    for (const id of gone) {
      for (const name of this.#arrows.get(id) ?? []) if (!gone.has(name)) this.#letGo(name, gone);
    }
    for (const id of gone) this.#root.delete(id);
  }

  /** @param {string} name @param {Set<string>} gone */
  #letGo(name, gone) {
    const arrow = this.shapes.get(name);
    if (!arrow) return;
    const [start, end] = endsOf(arrow, this.shapes).map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }));
    const ends = { x: start.x, y: start.y, w: end.x - start.x, h: end.y - start.y };
    this.put(name, { ...ends, ...(gone.has(arrow.from) ? { from: "" } : {}), ...(gone.has(arrow.to) ? { to: "" } : {}) });
  }

  /** The lowest and the highest `z`. */
  get layers() {
    let [bottom, top] = [0, 0];
    for (const { z } of this.shapes.values()) {
      bottom = Math.min(bottom, z);
      top = Math.max(top, z);
    }
    return { bottom, top };
  }

  /** @param {Iterable<string>} ids @param {"front" | "back"} where */
  restack(ids, where) {
    const some = this.sorted(ids);
    let z = where === "front" ? this.layers.top : this.layers.bottom;
    if (where === "back") some.reverse();
    for (const { id } of some) this.put(id, { z: (z += where === "front" ? step() : -step()) });
  }
}

/** A step in `z`, drawn by lot: two who put something on top at the same time hardly ever get the same. */
function step() {
  return 1 + Math.floor(Math.random() * 1000);
}
