/**
 * The changes that a client keeps for the server's sake, in causal order.
 *
 * First those that are not on its disk as far as is known: its own, which are to be sent, and those of others that the server
 * broadcast before it committed them: if the server dies in between and their author is gone, this client is the one that can
 * give them back. Then, within a bound, those that are on its disk: a server that is restored from a backup has lost them.
 * Positions only grow; the entries before `base` are forgotten. (`UnstoredLog.swift` is the same for Swift.)
 */

/**
 * Where a change stands: to be sent; sent as part of a message; another's, on disk at the latest once `revision` is; on disk.
 * @typedef {{kind: "queued"} | {kind: "inFlight", send: number} | {kind: "atServer", revision: number} | {kind: "stored"}} Stage
 *
 * @typedef {{change: import("./formats.js").Change, isOwn: boolean, stage: Stage}} Entry
 */

/** What keeping a change costs beside its bytes, about. */
const overhead = 64;
/** Forgotten slots at the front are reclaimed when they outnumber the living and this. */
const slack = 256;

export class UnstoredLog {
  /** @type {(Entry | null)[]} */
  #entries = [];
  #gone = 0;
  #origin = 0;
  /** The position of the first entry that is not stored. */
  settled = 0;
  /** What the entries before that cost, in bytes. */
  storedByteCount = 0;
  /** Changes to be sent that are not on disk yet. */
  ownCount = 0;
  ownByteCount = 0;
  othersByteCount = 0;

  get base() {
    return this.#origin + this.#gone;
  }

  get end() {
    return this.#origin + this.#entries.length;
  }

  /** @param {number} position */
  at(position) {
    return position < this.base ? null : this.#entries[position - this.#origin] ?? null;
  }

  /**
   * @param {import("./formats.js").Change} change
   * @param {boolean} isOwn
   * @param {Stage} stage
   */
  append(change, isOwn, stage) {
    this.#entries.push({ change, isOwn, stage });
    this.#count(isOwn, 1, change.bytes.length);
  }

  /**
   * Moves an entry to another stage; one that is stored stays so, but for `revive`.
   * @param {number} position
   * @param {Stage} stage
   */
  setStage(position, stage) {
    const entry = this.at(position);
    if (entry === null || entry.stage.kind === "stored") return;
    entry.stage = stage;
    if (stage.kind === "stored") this.#count(entry.isOwn, -1, -entry.change.bytes.length);
  }

  /**
   * Queues a stored entry: the server has it no longer.
   * @param {number} position
   */
  revive(position) {
    const entry = this.at(position);
    if (entry?.stage.kind !== "stored") return;
    entry.stage = { kind: "queued" };
    this.#count(entry.isOwn, 1, entry.change.bytes.length);
    while (this.settled > position) {
      this.settled -= 1;
      const passed = this.at(this.settled);
      if (passed !== null) this.storedByteCount -= cost(passed);
    }
  }

  /**
   * Takes note that `revision` is stored, and forgets the oldest stored entries until the others cost at most `limit` bytes.
   * @param {number} revision
   * @param {number} limit
   */
  settle(revision, limit) {
    for (let entry = this.at(this.settled); entry !== null; entry = this.at(this.settled)) {
      const { stage } = entry;
      if (stage.kind === "atServer" && stage.revision <= revision) this.setStage(this.settled, { kind: "stored" });
      else if (stage.kind !== "stored") break;
      this.#passSettled(entry);
    }
    this.#boundStored(limit);
  }

  /**
   * Has the first of others' changes count as stored until at most `limit` bytes of them do not; stops at those to be sent.
   * @param {number} limit
   * @param {number} storedLimit
   */
  boundOthers(limit, storedLimit) {
    while (this.othersByteCount > limit) {
      const entry = this.at(this.settled);
      if (entry?.stage.kind === "atServer") this.setStage(this.settled, { kind: "stored" });
      else if (entry?.stage.kind !== "stored") break;
      this.#passSettled(entry);
    }
    this.#boundStored(storedLimit);
  }

  clear() {
    this.#entries = [];
    this.#gone = this.#origin = this.settled = this.storedByteCount = 0;
    this.ownCount = this.ownByteCount = this.othersByteCount = 0;
  }

  /**
   * @param {boolean} isOwn
   * @param {number} count
   * @param {number} bytes
   */
  #count(isOwn, count, bytes) {
    if (isOwn) {
      this.ownCount += count;
      this.ownByteCount += bytes;
    } else this.othersByteCount += bytes;
  }

  /** @param {Entry} entry */
  #passSettled(entry) {
    this.storedByteCount += cost(entry);
    this.settled += 1;
  }

  /** @param {number} limit */
  #boundStored(limit) {
    while (this.storedByteCount > limit && this.base < this.settled) {
      const entry = this.at(this.base);
      if (entry !== null) this.storedByteCount -= cost(entry);
      this.#entries[this.#gone] = null;
      this.#gone += 1;
    }
    this.#reclaim();
  }

  #reclaim() {
    if (this.#gone <= slack || this.#gone <= this.#entries.length / 2) return;
    this.#entries.splice(0, this.#gone);
    this.#origin += this.#gone;
    this.#gone = 0;
  }
}

/** @param {Entry} entry */
const cost = ({ change }) => change.bytes.length + overhead;
