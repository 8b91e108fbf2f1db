/** Documents in the browser's IndexedDB. */

import { isOlder } from "./memory.js";

/**
 * @param {IDBRequest<any>} request
 * @returns {Promise<any>}
 */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
const committed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("the transaction was aborted"));
  });

/** @implements {Store} */
export class IndexedDBStore {
  #factory;
  #name;
  /** @type {Promise<IDBDatabase> | null} */
  #database = null;

  /**
   * @param {{factory?: IDBFactory, name?: string}} [options]
   */
  constructor(options = {}) {
    const { factory = globalThis.indexedDB, name = "quire" } = options;
    this.#factory = factory;
    this.#name = name;
  }

  /** @returns {Promise<IDBDatabase>} */
  #open() {
    if (this.#database !== null) return this.#database;
    const opening = new Promise((resolve, reject) => {
      const request = this.#factory.open(this.#name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("documents");
        request.result.createObjectStore("changes");
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("another tab holds the database"));
      request.onsuccess = () => {
        const database = request.result;
        // Another tab wants to change or delete it; or the browser closed it.
        database.onversionchange = () => database.close();
        database.onclose = () => (this.#database = null);
        resolve(database);
      };
    });
    this.#database = opening;
    opening.catch(() => (this.#database = null));
    return opening;
  }

  /** @param {string} key */
  #range(key) {
    return IDBKeyRange.bound([key], [key, []]);
  }

  /** @param {string} key */
  async load(key) {
    const transaction = (await this.#open()).transaction(["documents", "changes"]);
    const record = done(transaction.objectStore("documents").get(key));
    const changes = done(transaction.objectStore("changes").getAll(this.#range(key)));
    return { record: await record, changes: await changes };
  }

  /**
   * @param {string} key
   * @param {Parameters<Store["write"]>[1]} batch
   */
  async write(key, { record, puts, drops }) {
    const transaction = (await this.#open()).transaction(["documents", "changes"], "readwrite", { durability: "strict" });
    const end = committed(transaction);
    const changes = transaction.objectStore("changes");
    for (const name of drops) changes.delete([key, name]);
    for (const put of puts) changes.put(put, [key, put.name]);
    if (record !== null) {
      const documents = transaction.objectStore("documents");
      const request = documents.get(key);
      request.onsuccess = () => {
        if (!isOlder(record, request.result)) documents.put(record, key);
      };
    }
    await end;
  }

  /** @param {string} key */
  async remove(key) {
    const transaction = (await this.#open()).transaction(["documents", "changes"], "readwrite");
    const end = committed(transaction);
    transaction.objectStore("documents").delete(key);
    transaction.objectStore("changes").delete(this.#range(key));
    await end;
  }
}

/** @typedef {import("./keeper.js").Store} Store */
