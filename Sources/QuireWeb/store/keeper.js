/**
 * Keeps one document on this device: a snapshot, and the changes since that the server does not have yet.
 *
 * What is written is read as if anybody had written it: a record that cannot be read is as good as none.
 */

import { changeName, readChange } from "../client/formats.js";

/**
 * @typedef {import("../client/formats.js").Change} Change
 *
 * @typedef {{epoch: string, revision: number, role: string, snapshot: Uint8Array, savedAt: number}} SnapshotRecord
 * @typedef {{name: string, bytes: Uint8Array, isOwn: boolean, epoch: string | null, order: number}} ChangeRecord
 *
 * Where documents are kept. One `write` happens whole or not at all; a snapshot that is older than the one there (of the same
 * epoch, by revision) is not written. All may fail.
 * @typedef {object} Store
 * @property {(key: string) => Promise<{record: any, changes: any[]}>} load
 * @property {(key: string, batch: {record: SnapshotRecord | null, puts: ChangeRecord[], drops: string[]}) => Promise<void>} write
 * @property {(key: string) => Promise<void>} remove
 * @property {boolean} [outlivesPage] false when what it holds is gone with the page
 *
 * What stands for the Web Locks of a browser.
 * @typedef {object} Tabs
 * @property {(name: string) => () => void} claim says that this page lives, until the answer is called or the page is gone
 * @property {() => Promise<Set<string>>} held the names that are claimed by any page
 */

/** Snapshots are written this long after a change, in milliseconds, and at the latest. */
const quietTime = 1_000;
const longestTime = 10_000;
/**
 * Storage that does not answer for this long, in milliseconds, counts as failed: a document opens without what it holds, which
 * is adopted when it answers again; a write is tried again, which is harmless if the first came through after all.
 */
const defaultPatience = { read: 5_000, write: 30_000 };
/** After a write that failed, in milliseconds. */
const retryTime = 5_000;
/** Or when this much waits beside the snapshot, in bytes. */
const mostTail = 512 << 10;

export class Keeper {
  #store;
  #tabs;
  #key;
  #owner;
  #patience;
  /** @type {Map<string, ChangeRecord>} */
  #puts = new Map();
  /** @type {Set<string>} */
  #drops = new Set();
  /**
   * Written changes that the next snapshot makes superfluous.
   * @type {Set<string>}
   */
  #tail = new Set();
  #tailBytes = 0;
  /** @type {any} */
  #timer = null;
  #dirtySince = 0;
  #wantsSnapshot = false;
  /** @type {Promise<void> | null} */
  #writing = null;
  #order = Date.now() * 1000;
  /** @type {Map<string, () => void>} */
  #claims = new Map();
  #hasFailed = false;
  /** Without one the changes are changes of nothing. */
  #hasSnapshot = false;
  #snapshotBytes = 0;
  #retryAt = 0;
  #isClosed = false;
  /**
   * The history that changes belong to that are kept from now on.
   * @type {string | null}
   */
  epoch = null;

  /**
   * @param {Store | null} store null: nothing is kept
   * @param {Tabs} tabs
   * @param {string} key
   * @param {{record: () => SnapshotRecord | null, failed: (error: unknown) => void, updated: () => void}} owner
   * @param {{read: number, write: number}} [patience] how long the store may take, in milliseconds
   */
  constructor(store, tabs, key, owner, patience = defaultPatience) {
    this.#patience = patience;
    this.#store = store;
    this.#tabs = tabs;
    this.#key = key;
    this.#owner = owner;
  }

  /** Whether all that was made here is written down on this device. */
  get isIdle() {
    if (this.#store === null || this.#store.outlivesPage === false) return false;
    return this.#hasSnapshot && !this.#hasFailed && this.#writing === null && this.#puts.size === 0;
  }

  /**
   * What was kept; changes in the order in which they were made.
   * @returns {Promise<{record: SnapshotRecord | null, changes: (Change & {isOwn: boolean, epoch: string | null})[]}>}
   */
  async load() {
    if (this.#store === null) return { record: null, changes: [] };
    try {
      const { record, changes } = await within(this.#patience.read, this.#store.load(this.#key));
      const isGood = typeof record?.epoch === "string" && Number.isSafeInteger(record.revision) && record.snapshot instanceof Uint8Array;
      this.#hasSnapshot = isGood;
      const found = this.#readable(changes);
      for (const change of found) if (!change.isOwn) this.#addToTail(changeName(change), change.bytes.length);
      return { record: isGood ? record : null, changes: found };
    } catch (error) {
      this.#fail(error);
      return { record: null, changes: [] };
    }
  }

  /** @param {any[]} records */
  #readable(records) {
    const found = [];
    for (const record of [...records].sort((one, other) => Number(one?.order) - Number(other?.order))) {
      try {
        const change = readChange(record.bytes);
        if (changeName(change) !== record.name) throw new Error("another change");
        found.push({ ...change, isOwn: record.isOwn === true, epoch: typeof record.epoch === "string" ? record.epoch : null });
      } catch (error) {
        if (typeof record?.name === "string") this.#drops.add(record.name);
        this.#owner.failed(error);
      }
    }
    return found;
  }

  /**
   * The unsent changes of pages that are gone.
   * @param {Set<string>} kept what is not asked for
   */
  async orphans(kept) {
    if (this.#store === null) return [];
    let changes;
    let held = new Set();
    try {
      ({ changes } = await within(this.#patience.read, this.#store.load(this.#key)));
      held = await this.#tabs.held();
    } catch (error) {
      this.#fail(error);
      return [];
    }
    return this.#readable(changes).filter(
      (change) =>
        change.isOwn &&
        !kept.has(changeName(change)) &&
        !this.#tail.has(changeName(change)) &&
        !this.#puts.has(changeName(change)) &&
        !this.#claims.has(change.replica) &&
        !held.has(this.#lockName(change.replica)),
    );
  }

  /**
   * Says that this page uses a replica.
   * @param {string} replica
   */
  claim(replica) {
    if (this.#store === null || this.#claims.has(replica) || this.#isClosed) return;
    this.#claims.set(replica, this.#tabs.claim(this.#lockName(replica)));
  }

  /** @param {string} replica */
  #lockName(replica) {
    return `quire ${this.#key} ${replica}`;
  }

  /**
   * Keeps changes; own ones until they are `stored`.
   * @param {Change[]} changes
   * @param {boolean} isOwn
   */
  keep(changes, isOwn) {
    if (this.#store === null || changes.length === 0) return;
    const epoch = this.epoch;
    for (const { bytes, replica, sequence } of changes) {
      const name = changeName({ replica, sequence });
      this.#puts.set(name, { name, bytes, isOwn, epoch, order: (this.#order += 1) });
      if (!isOwn) this.#addToTail(name, bytes.length);
    }
    this.changed();
    this.#flush();
  }

  /**
   * The server has them: they are in the way only until the next snapshot.
   * @param {Change[]} changes
   */
  stored(changes) {
    if (this.#store === null) return;
    for (const change of changes) this.#addToTail(changeName(change), change.bytes.length);
    this.changed();
  }

  /** @param {Change[]} changes that cannot be used */
  drop(changes) {
    for (const change of changes) this.#drops.add(changeName(change));
    this.#flush();
  }

  /**
   * @param {string} name
   * @param {number} byteCount
   */
  #addToTail(name, byteCount) {
    this.#tail.add(name);
    this.#tailBytes += byteCount;
  }

  /** The document is another one than in the snapshot. */
  changed() {
    if (this.#store === null || this.#isClosed) return;
    const now = Date.now();
    if (this.#timer === null) this.#dirtySince = now;
    clearTimeout(this.#timer);
    // A large document is written seldom: until then its changes are beside it.
    const scale = 1 + this.#snapshotBytes / (1 << 20);
    const isUrgent = this.#tailBytes > mostTail * scale || !this.#hasSnapshot;
    const delay = isUrgent ? 0 : Math.min(quietTime * scale, Math.max(0, this.#dirtySince + longestTime * scale - now));
    this.#timer = setTimeout(() => this.saveSnapshot(), delay);
    this.#timer.unref?.();
  }

  /** Writes a snapshot now. */
  saveSnapshot() {
    if (this.#store === null) return Promise.resolve();
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#wantsSnapshot = true;
    this.#flush();
    return this.#writing ?? Promise.resolve();
  }

  /** Forgets all of the document on this device. */
  forget() {
    this.#puts.clear();
    this.#tail.clear();
    this.#tailBytes = 0;
    this.#hasSnapshot = false;
    if (this.#store === null) return;
    const store = this.#store;
    this.#writing = (this.#writing ?? Promise.resolve()).then(() => within(this.#patience.write, store.remove(this.#key))).catch((error) => this.#fail(error));
    this.#settle(this.#writing);
  }

  #flush() {
    if (this.#store === null || this.#writing !== null || Date.now() < this.#retryAt) return;
    if (this.#puts.size === 0 && this.#drops.size === 0 && !this.#wantsSnapshot) return;
    this.#writing = this.#write().catch((error) => this.#fail(error));
    this.#settle(this.#writing);
  }

  /** @param {Promise<void>} writing */
  #settle(writing) {
    writing.then(() => {
      if (this.#writing === writing) this.#writing = null;
      this.#flush();
      this.#owner.updated();
    });
  }

  async #write() {
    // At the end of the tick: all edits of it are one transaction.
    await Promise.resolve();
    const record = this.#wantsSnapshot ? this.#owner.record() : null;
    this.#wantsSnapshot = false;
    const puts = [...this.#puts.values()];
    const drops = new Set(this.#drops);
    this.#puts.clear();
    this.#drops.clear();
    if (record !== null) {
      this.#snapshotBytes = record.snapshot.length;
      for (const name of this.#tail) drops.add(name);
      this.#tail.clear();
      this.#tailBytes = 0;
    }
    const wanted = puts.filter(({ name }) => !drops.has(name));
    try {
      await within(this.#patience.write, this.#store?.write(this.#key, { record, puts: wanted, drops: [...drops] }));
      this.#hasFailed = false;
      this.#hasSnapshot ||= record !== null;
    } catch (error) {
      for (const put of wanted) if (!this.#puts.has(put.name)) this.#puts.set(put.name, put);
      for (const name of drops) this.#tail.add(name);
      this.#wantsSnapshot ||= record !== null;
      throw error;
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    // Once: a full disk stays full for a while.
    if (!this.#hasFailed) this.#owner.failed(error);
    this.#hasFailed = true;
    this.#retryAt = Date.now() + retryTime;
    /** @type {any} */
    const timer = setTimeout(() => this.#flush(), retryTime);
    timer.unref?.();
  }

  /** Writes what is left and lets go. */
  async close() {
    const saved = this.saveSnapshot();
    this.#isClosed = true;
    await saved;
    while (this.#writing !== null) await this.#writing;
    clearTimeout(this.#timer);
    for (const release of this.#claims.values()) release();
    this.#claims.clear();
  }
}

/**
 * The promise, or a failure once the time is over.
 * @template T
 * @param {number} limit in milliseconds
 * @param {T | Promise<T>} promise
 * @returns {Promise<T>}
 */
async function within(limit, promise) {
  /** @type {any} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the storage of this device does not answer")), limit);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
