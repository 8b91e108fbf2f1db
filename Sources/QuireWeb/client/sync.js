/**
 * What one document's client owes the server, and the server it: what to send, what is stored, what to do when it fails.
 *
 * Events come in as calls, decisions go out as values; no sockets, no time. The rules are those of the Swift client
 * (`SyncStateMachine.swift`):
 *
 * - Nothing of one's own is forgotten before the server said that it is on disk. After a reconnect everything without an ack
 *   is sent again; changes are idempotent, so nothing is doubled.
 * - Nothing of others' is forgotten before it is known to be on disk (within a bound).
 * - What was on disk is given back (within a bound) to a server that lost it, as one that was restored from a backup did.
 * - Nothing is merged silently into another history: when the document's epoch changed, it says so.
 *
 * An ack of revision r means that every revision up to r is on disk.
 */

import { QuireError } from "./errors.js";
import { changeName, covers } from "./formats.js";
import { UnstoredLog } from "./log.js";

/**
 * @typedef {"read" | "comment" | "write" | "admin"} Role
 * @typedef {import("./formats.js").Change} Change
 * @typedef {import("./formats.js").Version} Version
 */

/** @type {Role[]} */
export const roles = ["read", "comment", "write", "admin"];

/** @param {Role} role */
export const mayWrite = (role) => roles.indexOf(role) >= 2;

const inFlightLimit = 4;
/** Well below the server's 1 MiB for a message. */
const batchByteLimit = 128 << 10;
const batchCountLimit = 1024;
const othersByteLimit = 4 << 20;
/** With 64 more for each change; past it the oldest go, and a server that loses one of them loses it for good. */
const storedByteLimit = 4 << 20;
/** How often a server that lacks changes is given what we have before its state is taken for ours. */
const healingLimit = 3;

const lost = () =>
  new QuireError("ACKNOWLEDGED_CHANGES_LOST", "the server no longer has changes that it had acknowledged, nor has this page");

export class SyncState {
  /** @type {"offline" | "joining" | "joined" | "failed"} */
  phase = "offline";
  /**
   * Why it failed.
   * @type {QuireError | null}
   */
  failure = null;
  /**
   * The history that the replica belongs to; null before the first join.
   * @type {string | null}
   */
  epoch = null;
  /** The newest revision heard of. */
  revision = 0;
  /** @type {Role} */
  role = "read";
  /**
   * What the server said is on disk.
   * @type {Version}
   */
  #storedVersion = new Map();
  #storedRevision = 0;
  #log = new UnstoredLog();
  #cursor = 0;
  /**
   * Messages that were sent and not answered.
   * @type {{send: number, from: number, to: number}[]}
   */
  #inFlight = [];
  #nextSend = 0;
  /** After a refusal what is in flight behind it is refused as well: wait for that, then start over. */
  #isDraining = false;
  #isSuspended = false;
  #healingAttempts = 0;

  get pendingCount() {
    return this.#log.ownCount;
  }

  get pendingBytes() {
    return this.#log.ownByteCount;
  }

  get inFlightCount() {
    return this.#inFlight.length;
  }

  /** How many changes wait for a role that may write. */
  get parkedCount() {
    return this.phase === "joined" && !mayWrite(this.role) ? this.pendingCount : 0;
  }

  /**
   * What is not stored as far as is known, own and others', in causal order.
   * @returns {Change[]}
   */
  get kept() {
    return this.#entries((entry) => entry.stage.kind !== "stored").map((entry) => entry.change);
  }

  /** The names of the changes that are kept to be sent. */
  get keptNames() {
    const own = this.#entries(({ isOwn, stage }) => isOwn && stage.kind !== "stored");
    return new Set(own.map(({ change }) => changeName(change)));
  }

  /** @param {(entry: import("./log.js").Entry) => boolean} test */
  #entries(test) {
    const found = [];
    for (let position = this.#log.settled; position < this.#log.end; position++) {
      const entry = this.#log.at(position);
      if (entry !== null && test(entry)) found.push(entry);
    }
    return found;
  }

  // --- Changes.

  /**
   * A change that is to be sent.
   * @param {Change} change
   */
  recordLocal(change) {
    this.#log.append(change, true, { kind: "queued" });
  }

  /**
   * Changes of others were received and are part of the replica now.
   * @param {Change[]} changes
   * @param {number} revision
   */
  recordRemote(changes, revision) {
    this.noticeRevision(revision);
    for (const change of changes) this.#log.append(change, false, { kind: "atServer", revision });
    this.#log.boundOthers(othersByteLimit, storedByteLimit);
  }

  /** @param {number} revision */
  noticeRevision(revision) {
    this.revision = Math.max(this.revision, revision);
  }

  /** The size of the next message, about, in bytes; 0 when there is nothing to send or the window is full. */
  get nextByteCount() {
    if (this.phase !== "joined" || !mayWrite(this.role) || this.#isDraining || this.#isSuspended) return 0;
    if (this.#inFlight.length >= inFlightLimit) return 0;
    for (let position = Math.max(this.#cursor, this.#log.settled); position < this.#log.end; position++) {
      const entry = this.#log.at(position);
      if (entry?.stage.kind === "queued") return Math.max(entry.change.bytes.length, Math.min(this.pendingBytes, batchByteLimit));
    }
    return 0;
  }

  /**
   * The next message, or null when there is nothing to send or the window is full.
   * @returns {{send: number, changes: Change[]} | null}
   */
  nextSend() {
    if (this.nextByteCount === 0) return null;
    const send = this.#nextSend;
    /** @type {Change[]} */
    const changes = [];
    let byteCount = 0;
    const from = Math.max(this.#cursor, this.#log.settled);
    let position = from;
    for (; position < this.#log.end && changes.length < batchCountLimit; position++) {
      const entry = this.#log.at(position);
      if (entry?.stage.kind !== "queued") continue;
      if (changes.length > 0 && byteCount + entry.change.bytes.length > batchByteLimit) break;
      byteCount += entry.change.bytes.length;
      changes.push(entry.change);
      this.#log.setStage(position, { kind: "inFlight", send });
    }
    this.#cursor = position;
    if (changes.length === 0) return null;
    this.#nextSend += 1;
    this.#inFlight.push({ send, from, to: position });
    return { send, changes };
  }

  // --- Answers.

  /**
   * The server has the changes of message `send` on disk, at `revision`.
   * @param {number} send
   * @param {number} revision
   */
  acknowledged(send, revision) {
    const message = this.#takeInFlight(send);
    if (message === null) return;
    this.#ofMessage(message, (position, { change }) => {
      const next = change.sequence + 1;
      if ((this.#storedVersion.get(change.replica) ?? 0) < next) this.#storedVersion.set(change.replica, next);
      this.#log.setStage(position, { kind: "stored" });
    });
    this.noticeRevision(revision);
    this.#storedRevision = Math.max(this.#storedRevision, revision);
    this.#log.settle(this.#storedRevision, storedByteLimit);
    this.#healingAttempts = 0;
    this.#finishDraining();
  }

  /**
   * The server refused message `send`; what to do about it. `version` is what it has, when it said so.
   *
   * "proceed": go on; "retryLater": wait, then call `resume`; "park": keep it until the role allows it; "rejoin": join again;
   * "rebuild": take the server's state for ours and hand out what is lost; "fail": stop, tell the user.
   * @param {number} send
   * @param {QuireError} error
   * @param {Version | null} version
   * @returns {{action: "proceed" | "retryLater" | "park" | "rejoin"} | {action: "rebuild" | "fail", error: QuireError}}
   */
  refused(send, error, version) {
    const message = this.#takeInFlight(send);
    if (message === null) return { action: "proceed" };
    this.#ofMessage(message, (position) => this.#log.setStage(position, { kind: "queued" }));
    const isFirst = !this.#isDraining;
    this.#isDraining = true;
    const decision = this.#decide(error, version, isFirst);
    this.#finishDraining();
    return decision;
  }

  /**
   * @param {QuireError} error
   * @param {Version | null} version
   * @param {boolean} isFirst whether no message sent before it was refused
   * @returns {ReturnType<SyncState["refused"]>}
   */
  #decide(error, version, isFirst) {
    switch (error.code) {
      case "MISSING_CHANGES":
        // What was sent behind a refused message lacks that message, which says nothing about the server's state.
        if (isFirst) this.#healingAttempts += 1;
        if (version === null || this.#healingAttempts > healingLimit) return { action: "rebuild", error };
        if (!this.#canGiveBack(version)) return { action: "rebuild", error: lost() };
        this.#requeue(version);
        return { action: "proceed" };
      case "FORBIDDEN":
        if (mayWrite(this.role)) this.role = "comment";
        return { action: "park" };
      case "NOT_JOINED":
        return { action: "rejoin" };
    }
    if (error.retryable) {
      this.#isSuspended = true;
      return { action: "retryLater" };
    }
    this.fail(error);
    return { action: "fail", error };
  }

  /** The wait that "retryLater" asked for is over. */
  resume() {
    this.#isSuspended = false;
  }

  // --- Joining.

  /**
   * The socket is there (again).
   * @param {Uint8Array} version what we have
   * @returns {{version?: Uint8Array, epoch?: string, rev?: number}} what to tell the server
   */
  join(version) {
    this.#abandonInFlight();
    if (this.phase === "failed") return {};
    this.phase = "joining";
    return this.epoch === null ? {} : { version, epoch: this.epoch, rev: this.revision };
  }

  /**
   * The server's answer to a join: null to apply what it carries and send what is queued, or why its state must be taken
   * for ours. `version` is what it has, including what it sends along.
   * @param {{epoch: string, rev: number, version: Version, role: Role}} reply
   * @returns {QuireError | null}
   */
  joined({ epoch, rev, version, role }) {
    this.role = role;
    this.phase = "joined";
    if (this.epoch === null) {
      this.epoch = epoch;
      this.revision = rev;
      return null;
    }
    if (this.epoch !== epoch) {
      return new QuireError("EPOCH_CHANGED", "the document was replaced by another history");
    }
    // Revisions that were not on disk when the server died are given out again, so the old ones mean nothing.
    this.revision = rev;
    this.#storedRevision = Math.min(this.#storedRevision, rev);
    if (!this.#canGiveBack(version)) return lost();
    const lacksOthers = this.#requeue(version);
    if (lacksOthers && !mayWrite(role)) {
      // Others' changes that the server lost: without the right to write they cannot be given back, and to keep them would
      // leave this replica different from everybody else's.
      return new QuireError("MISSING_CHANGES", "the server lost changes, and the role forbids healing");
    }
    return null;
  }

  /** The connection is gone: what was not answered will be sent again. */
  disconnected() {
    this.#abandonInFlight();
    if (this.phase !== "failed") this.phase = "offline";
  }

  /** Forgets the history and everything queued. */
  startOver() {
    this.#abandonInFlight();
    this.#log.clear();
    this.#cursor = 0;
    this.epoch = null;
    this.failure = null;
    this.revision = this.#storedRevision = this.#healingAttempts = 0;
    this.#storedVersion = new Map();
    this.phase = "offline";
  }

  /**
   * Stops: nothing more is sent until `startOver`.
   * @param {QuireError} error
   */
  fail(error) {
    this.#abandonInFlight();
    this.phase = "failed";
    this.failure = error;
  }

  /** Tries once more after it failed: another token may allow what this one did not. */
  revive() {
    if (this.phase !== "failed") return;
    this.phase = "offline";
    this.failure = null;
  }

  // --- Bookkeeping.

  /** @param {number} send */
  #takeInFlight(send) {
    const index = this.#inFlight.findIndex((message) => message.send === send);
    return index < 0 ? null : this.#inFlight.splice(index, 1)[0];
  }

  /**
   * @param {{send: number, from: number, to: number}} message
   * @param {(position: number, entry: import("./log.js").Entry) => void} body
   */
  #ofMessage({ send, from, to }, body) {
    for (let position = from; position < to; position++) {
      const entry = this.#log.at(position);
      if (entry?.stage.kind === "inFlight" && entry.stage.send === send) body(position, entry);
    }
  }

  #finishDraining() {
    if (!this.#isDraining || this.#inFlight.length > 0) return;
    this.#isDraining = false;
    this.#cursor = this.#log.settled;
  }

  #abandonInFlight() {
    for (const message of this.#inFlight) {
      this.#ofMessage(message, (position) => this.#log.setStage(position, { kind: "queued" }));
    }
    this.#inFlight = [];
    this.#isDraining = false;
    this.#isSuspended = false;
    this.#cursor = this.#log.settled;
  }

  /**
   * Whether each change that was acknowledged is still there, as far as a server that has `version` lacks it.
   * @param {Version} version
   */
  #canGiveBack(version) {
    if (covers(version, this.#storedVersion)) return true;
    let missing = 0;
    for (const [replica, next] of this.#storedVersion) missing += Math.max(0, next - (version.get(replica) ?? 0));
    for (let position = this.#log.base; position < this.#log.end; position++) {
      const change = this.#log.at(position)?.change;
      if (change === undefined || change.sequence < (version.get(change.replica) ?? 0)) continue;
      if (change.sequence < (this.#storedVersion.get(change.replica) ?? 0)) missing -= 1;
    }
    // A change may be there twice: own, and as somebody else gave it back.
    return missing <= 0;
  }

  /**
   * Queues what is kept and the server, having `version`, lacks, also what was stored; whether others' changes are among it.
   *
   * One's own that it has are sent again all the same: having is not storing, and only an ack tells.
   * @param {Version} version
   */
  #requeue(version) {
    let lacksOthers = false;
    for (let position = this.#log.base; position < this.#log.end; position++) {
      const entry = this.#log.at(position);
      if (entry === null) continue;
      const isKnown = entry.change.sequence < (version.get(entry.change.replica) ?? 0);
      if (entry.stage.kind === "stored" && !isKnown) {
        this.#log.revive(position);
        if (!entry.isOwn) lacksOthers = true;
      }
      if (entry.isOwn) continue;
      if (entry.stage.kind !== "queued" && entry.stage.kind !== "atServer") continue;
      this.#log.setStage(position, isKnown ? { kind: "atServer", revision: this.revision } : { kind: "queued" });
      if (!isKnown) lacksOthers = true;
    }
    this.#cursor = this.#log.settled;
    return lacksOthers;
  }
}
