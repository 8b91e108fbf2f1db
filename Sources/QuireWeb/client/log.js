/**
 * The changes that a client keeps until it knows that the server has them on disk, in causal order.
 *
 * Its own, which are to be sent, and those of others that the server broadcast before it committed them: if the server dies
 * in between and their author is gone, this client is the one that can give them back. Positions only grow; the entries
 * before `base` are forgotten. (`UnstoredLog.swift` is the same for Swift.)
 */

/**
 * Where a change stands: to be sent; sent as part of a message; another's, on disk at the latest once `revision` is; on disk.
 * @typedef {{kind: "queued"} | {kind: "inFlight", send: number} | {kind: "atServer", revision: number} | {kind: "stored"}} Stage
 *
 * @typedef {{change: import("./formats.js").Change, isOwn: boolean, stage: Stage}} Entry
 */

/** Forgotten slots at the front are reclaimed when they outnumber the living and this. */
const slack = 256;

export class UnstoredLog {
  /** @type {(Entry | null)[]} */
  #entries = [];
  #gone = 0;
  #origin = 0;
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
   * Moves an entry to another stage; a stored one never moves again.
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
   * Forgets the stored entries at the front, and those of others that are stored once `revision` is.
   * @param {number} revision
   */
  dropStored(revision) {
    for (let entry = this.at(this.base); entry !== null; entry = this.at(this.base)) {
      const { stage } = entry;
      if (stage.kind === "atServer" && stage.revision <= revision) this.setStage(this.base, { kind: "stored" });
      else if (stage.kind !== "stored") break;
      this.#forgetFirst();
    }
    this.#reclaim();
  }

  /**
   * Forgets others' changes from the front until at most `limit` bytes of them are kept; stops at those to be sent.
   * @param {number} limit
   */
  boundOthers(limit) {
    while (this.othersByteCount > limit && this.at(this.base)?.stage.kind === "atServer") {
      this.setStage(this.base, { kind: "stored" });
      this.#forgetFirst();
    }
    this.#reclaim();
  }

  clear() {
    this.#entries = [];
    this.#gone = this.#origin = this.ownCount = this.ownByteCount = this.othersByteCount = 0;
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

  #forgetFirst() {
    this.#entries[this.#gone] = null;
    this.#gone += 1;
  }

  #reclaim() {
    if (this.#gone <= slack || this.#gone <= this.#entries.length / 2) return;
    this.#entries.splice(0, this.#gone);
    this.#origin += this.#gone;
    this.#gone = 0;
  }
}
