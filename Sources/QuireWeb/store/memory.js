/** A store for where there is none: it lives as long as the page. */

/** @implements {Store} */
export class MemoryStore {
  /** @type {Map<string, {record: any, changes: Map<string, any>}>} */
  documents = new Map();

  /** What is here is gone with the page. */
  outlivesPage = false;

  /** @param {string} key */
  async load(key) {
    const { record, changes } = this.#document(key);
    return { record, changes: [...changes.values()] };
  }

  /**
   * @param {string} key
   * @param {Parameters<Store["write"]>[1]} batch
   */
  async write(key, { record, puts, drops }) {
    const document = this.#document(key);
    if (record !== null && !isOlder(record, document.record)) document.record = record;
    for (const name of drops) document.changes.delete(name);
    for (const put of puts) document.changes.set(put.name, put);
  }

  /** @param {string} key */
  async remove(key) {
    this.documents.delete(key);
  }

  /** @param {string} key */
  #document(key) {
    let document = this.documents.get(key);
    if (!document) this.documents.set(key, (document = { record: null, changes: new Map() }));
    return document;
  }
}

/**
 * Whether a snapshot is older than the one there, which another tab wrote.
 * @param {{epoch: string, revision: number}} record
 * @param {any} existing
 */
export function isOlder(record, existing) {
  return existing?.epoch === record.epoch && existing.revision > record.revision;
}

/** @typedef {import("./keeper.js").Store} Store */
