/** The conversation about one document: joining, sending, receiving. `DocumentCore+Sync.swift` is the same for Swift. */

import { Backoff } from "../wire/backoff.js";
import { QuireError, violation } from "./errors.js";
import { changeName, joinChanges, readVersion, splitChanges } from "./formats.js";
import { mayWrite, roles } from "./sync.js";

/**
 * @typedef {import("./formats.js").Change} Change
 * @typedef {{session: string, user: any, state: any}} Participant
 *
 * What the owner of a conversation is told.
 * @typedef {object} Owner
 * @property {(patches: any[], origin: "remote" | "load") => void} patched
 * @property {(session: string, members: Participant[]) => void} joined
 * @property {(event: string, args: any[]) => void} heard presence and signals
 * @property {(reason: QuireError, content: Record<string, any>, pending: number) => void} discarded
 * @property {(error: QuireError) => void} failed something went wrong that the conversation survives
 * @property {() => void} updated anything of the state may be different
 * @property {() => any} presence what to be seen with
 * @property {() => Record<string, any>} content everything there is
 *
 * @typedef {object} Parts
 * @property {string} id
 * @property {import("./replica.js").Replica} replica
 * @property {import("./sync.js").SyncState} sync
 * @property {import("../store/keeper.js").Keeper} keeper
 * @property {import("../wire/backoff.js").ConnectionPace} pace
 * @property {Owner} owner
 */

export class Exchange {
  #parts;
  /** @type {import("../wire/socket.js").Link | null} */
  #link = null;
  #generation = 0;
  #isSyncing = false;
  #isScheduled = false;
  #isClosed = false;
  #retries = new Backoff({ first: 250, longest: 10_000 });
  #rebuilds = new Backoff({ first: 250, longest: 30_000 });
  /** @type {any} */
  #paceTimer = null;
  /** What is in the replica was loaded from this device and not yet compared with the server. */
  isFromStore = false;
  /** The next join asks for everything: what is here cannot be continued. */
  #wantsAll = false;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  // --- The connection comes and goes.

  /** @param {import("../wire/socket.js").Link} link */
  connected(link) {
    if (this.#isClosed) return;
    this.#link = link;
    this.#parts.sync.revive();
    this.#sendJoin();
  }

  disconnected() {
    this.#generation += 1;
    this.#link = null;
    this.#isSyncing = false;
    clearTimeout(this.#paceTimer);
    this.#parts.sync.disconnected();
    this.#parts.owner.updated();
  }

  /**
   * The server will not have us: nothing more is tried.
   * @param {QuireError} error
   */
  refuse(error) {
    this.disconnected();
    this.#parts.sync.fail(error);
    this.#parts.owner.updated();
  }

  close() {
    this.#isClosed = true;
    if (this.#link?.isConnected) this.#link.emit("leave", this.#parts.id);
    this.disconnected();
  }

  #sendJoin() {
    const { id, sync, replica, owner } = this.#parts;
    const link = this.#link;
    if (link === null || sync.phase === "failed") return;
    this.collect();
    this.#isSyncing = false;
    const knows = sync.join(replica.document.version);
    const presence = owner.presence();
    const join = { doc: id, format: "changes", ...(this.#wantsAll ? {} : knows), ...(presence === null ? {} : { presence }) };
    owner.updated();
    this.#ask("join", [join], (reply) => this.#joined(reply), (error) => this.#joinRefused(error), ++this.#generation);
  }

  /**
   * Asks, and hears the answer only if the conversation has not begun anew meanwhile.
   * @param {string} event
   * @param {any[]} args
   * @param {(reply: any) => void} yes
   * @param {(error: QuireError) => void} no
   */
  #ask(event, args, yes, no, generation = this.#generation) {
    const current = (/** @type {() => void} */ body) => {
      if (this.#generation === generation && !this.#isClosed) this.#guard(body);
    };
    this.#link?.ask(event, args, (reply) => current(() => yes(reply)), (error) => {
      // A connection that broke tells in another way.
      if (error.code !== "DISCONNECTED") current(() => no(error));
    });
  }

  /**
   * Whatever the server sent that makes no sense breaks the connection and nothing else.
   * @param {() => void} body
   */
  #guard(body) {
    try {
      body();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) {
        this.refuse(new QuireError("ENGINE_FAILED", "the engine stopped", { cause: error }));
        return;
      }
      const reason = error instanceof QuireError ? error : violation(`not understood: ${error}`, error);
      this.#parts.owner.failed(reason);
      this.#link?.restart(reason.message);
    }
  }

  /** @param {QuireError} error */
  #joinRefused(error) {
    const { sync, owner } = this.#parts;
    if (error.retryable) {
      owner.failed(error);
      this.#later(error, () => this.#sendJoin());
      return;
    }
    sync.fail(error);
    owner.updated();
  }

  /** @param {any} reply */
  #joined(reply) {
    const { epoch, session, role } = reply;
    const { sync, replica, keeper, owner } = this.#parts;
    const rev = revision(reply);
    if (typeof epoch !== "string" || typeof session !== "string" || !roles.includes(role) || rev === null) {
      throw violation("a malformed reply to join");
    }
    const version = readVersion(asBytes(reply.version));
    const snapshot = reply.snapshot === undefined ? null : asBytes(reply.snapshot);
    const changes = snapshot === null ? splitChanges(asBytes(reply.changes)) : [];
    this.collect();
    const isFirst = sync.epoch === null;
    const reason = sync.joined({ epoch, rev, version, role });
    if (reason !== null) return this.#rebuild(reason);
    keeper.epoch = epoch;
    if (this.#wantsAll) {
      this.#wantsAll = this.isFromStore = false;
      this.#replace(snapshot, changes, rev);
    } else if (snapshot !== null) this.#replace(snapshot, [], rev);
    else this.#receive(changes, rev, isFirst ? "load" : "remote");
    if (this.isFromStore && this.#isAhead(version)) {
      // The server died before it stored what it had told us: those who made it will bring it back, or nobody has it.
      this.#wantsAll = true;
      this.#sendJoin();
      return;
    }
    this.isFromStore = false;
    this.#retries.reset();
    keeper.claim(replica.id);
    owner.joined(session, participants(reply.members));
    keeper.changed();
    this.pump();
  }

  /**
   * Whether the replica has what neither the server has nor we can send.
   * @param {import("./formats.js").Version} version
   */
  #isAhead(version) {
    const { sync, replica } = this.#parts;
    const kept = new Set(sync.kept.map(changeName));
    for (const [id, count] of readVersion(replica.document.version)) {
      for (let sequence = version.get(id) ?? 0; sequence < count; sequence++) {
        if (!kept.has(changeName({ replica: id, sequence }))) return true;
      }
    }
    return false;
  }

  /**
   * Takes the server's state for ours and hands out what is lost.
   * @param {QuireError} reason
   */
  #rebuild(reason) {
    const { id, sync, replica, keeper, owner } = this.#parts;
    const [content, pending] = [owner.content(), sync.pendingCount];
    this.#link?.emit("leave", id);
    this.#generation += 1;
    sync.startOver();
    keeper.forget();
    const patches = replica.replace(null, []);
    this.#wantsAll = this.isFromStore = false;
    owner.patched(patches, "load");
    owner.discarded(reason, content, pending);
    owner.updated();
    // At once the first time; a server of which we refuse everything is not asked without end.
    const generation = this.#generation;
    const delay = this.#rebuilds.attempts === 0 ? 0 : this.#rebuilds.next();
    this.#rebuilds.attempts += 1;
    setTimeout(() => this.#generation === generation && this.#sendJoin(), delay);
  }

  // --- Sending.

  /** Takes note of what was edited here. */
  collect() {
    const { sync, replica, keeper } = this.#parts;
    const changes = replica.takeChanges();
    for (const change of changes) sync.recordLocal(change);
    if (changes.length > 0) keeper.keep(changes, true);
  }

  /** Sends at the end of the tick, so that all edits of one tick travel together. */
  schedule() {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      if (!this.#isClosed) this.pump();
    });
  }

  /** Sends what there is to send, as far as the window and the pace allow. */
  pump() {
    const { id, sync, pace, owner } = this.#parts;
    this.collect();
    clearTimeout(this.#paceTimer);
    while (this.#link?.isConnected) {
      const size = sync.nextByteCount;
      if (size === 0) break;
      const wait = pace.take(size + 200);
      if (wait > 0) {
        this.#paceTimer = setTimeout(() => this.pump(), wait);
        break;
      }
      const message = sync.nextSend();
      if (message === null) break;
      const { send, changes } = message;
      const stored = (/** @type {any} */ reply) => this.#stored(send, changes, reply);
      this.#ask("change", [id, joinChanges(changes)], stored, (error) => this.#refused(send, error));
    }
    owner.updated();
  }

  /**
   * @param {number} send
   * @param {Change[]} changes
   * @param {any} reply
   */
  #stored(send, changes, reply) {
    const rev = revision(reply);
    if (rev === null) throw violation("an ack to change without rev");
    this.#retries.reset();
    this.#rebuilds.reset();
    this.#parts.sync.acknowledged(send, rev);
    this.#parts.keeper.stored(changes);
    this.pump();
  }

  /**
   * @param {number} send
   * @param {QuireError} error
   */
  #refused(send, error) {
    const { sync, owner } = this.#parts;
    const bytes = error.details.version;
    const version = bytes instanceof Uint8Array ? readVersion(bytes) : null;
    const decision = sync.refused(send, error, version);
    switch (decision.action) {
      case "proceed":
        this.pump();
        break;
      case "retryLater":
        this.#later(error, () => {
          sync.resume();
          this.pump();
        });
        break;
      case "park":
        owner.failed(error);
        break;
      case "rejoin":
        this.#sendJoin();
        break;
      case "rebuild":
        this.#rebuild(decision.error);
        break;
      case "fail":
        owner.failed(decision.error);
    }
    owner.updated();
  }

  /**
   * @param {QuireError} error
   * @param {() => void} body
   */
  #later(error, body) {
    const generation = this.#generation;
    const asked = Number(error.details.retryAfter) || 0;
    setTimeout(() => {
      if (this.#generation === generation && !this.#isClosed) this.#guard(body);
    }, Math.max(this.#retries.next(), Math.min(asked, 60_000)));
  }

  // --- Receiving.

  /**
   * @param {Change[]} changes
   * @param {number} rev
   * @param {"remote" | "load"} [origin]
   */
  #receive(changes, rev, origin = "remote") {
    const { sync, replica, keeper, owner } = this.#parts;
    let receipt;
    try {
      receipt = replica.receive(changes);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      // The server checked it: one of us is broken, and its state is the one that others see.
      owner.patched(/** @type {any} */ (error).patches ?? [], origin);
      owner.failed(violation("a change of the server is refused", error));
      this.#rebuild(violation(`a change of the server is refused: ${/** @type {any} */ (error).code}`, error));
      return;
    }
    sync.recordRemote(receipt.applied, rev);
    keeper.keep(receipt.applied, false);
    owner.patched(receipt.patches, origin);
    if (receipt.hasGap) this.#requestSync();
  }

  /**
   * Takes the server's whole state, and what is not stored yet on top of it.
   * @param {Uint8Array | null} snapshot
   * @param {Change[]} changes
   * @param {number} rev
   */
  #replace(snapshot, changes, rev) {
    const { sync, replica, keeper, owner } = this.#parts;
    this.collect();
    const patches = replica.replace(snapshot, [...changes, ...sync.kept]);
    sync.noticeRevision(rev);
    keeper.claim(replica.id);
    keeper.changed();
    owner.patched(patches, "load");
  }

  /** Asks for what is missing between what we have and what came. */
  #requestSync() {
    if (this.#isSyncing || this.#link === null) return;
    this.#isSyncing = true;
    const { id, replica } = this.#parts;
    const synced = (/** @type {any} */ reply) => {
      this.#isSyncing = false;
      const rev = revision(reply);
      if (rev === null) throw violation("a reply to sync without rev");
      if (reply.snapshot !== undefined) this.#replace(asBytes(reply.snapshot), [], rev);
      else this.#receive(splitChanges(asBytes(reply.changes)), rev);
      this.pump();
    };
    this.#ask("sync", [{ doc: id, version: replica.document.version }], synced, (error) => {
      this.#isSyncing = false;
      throw error;
    });
  }

  /**
   * Takes over changes that were made on this device and never sent.
   * @param {Change[]} changes
   */
  adopt(changes) {
    const { sync, replica, keeper, owner } = this.#parts;
    this.collect();
    const kept = sync.keptNames;
    for (const change of changes) {
      if (kept.has(changeName(change))) continue;
      let receipt;
      try {
        receipt = replica.receive([change]);
      } catch (error) {
        keeper.drop([change]);
        owner.failed(violation("a change that was kept on this device cannot be read", error));
        continue;
      }
      owner.patched(receipt.patches, "load");
      sync.recordLocal(change);
    }
    this.schedule();
  }

  /**
   * An event of this document; `args` without the document's id.
   * @param {string} event
   * @param {any[]} args
   */
  handle(event, args) {
    const { sync, owner } = this.#parts;
    this.#guard(() => {
      switch (event) {
        case "change": {
          // While a join is under way its reply will hold this change.
          const rev = revision(args[1]);
          if (sync.phase !== "joined" || rev === null) return;
          this.collect();
          this.#receive(splitChanges(asBytes(args[0])), rev);
          owner.updated();
          break;
        }
        case "role":
          if (!roles.includes(args[0]?.role)) return;
          sync.role = args[0].role;
          if (mayWrite(sync.role)) this.pump();
          owner.updated();
          break;
        case "reset":
          if (args[0]?.reason === "KICKED") {
            // To come back at once would make nothing of it; what is not stored stays in the document.
            sync.fail(new QuireError("KICKED", "somebody who manages the document put this client out"));
            owner.updated();
            break;
          }
          // The room forgot what it had not stored, or has another history: joining again tells which.
          this.#sendJoin();
          break;
        default:
          owner.heard(event, args);
      }
    });
  }
}

/**
 * @param {any} object
 * @returns {number | null}
 */
function revision(object) {
  const rev = object?.rev;
  return Number.isSafeInteger(rev) && rev >= 0 ? rev : null;
}

/**
 * @param {any} value
 * @returns {Uint8Array}
 */
function asBytes(value) {
  if (value instanceof Uint8Array) return value;
  throw violation("bytes were expected");
}

/**
 * @param {any} list
 * @returns {Participant[]}
 */
export function participants(list) {
  if (!Array.isArray(list)) return [];
  return list.filter((each) => typeof each?.session === "string");
}
