/** One document as a page handles it. */

import { classes } from "./containers.js";
import { DeviceCopy } from "./device.js";
import { Editing } from "./editing.js";
import { Emitter } from "./emitter.js";
import { QuireError } from "./errors.js";
import { Exchange } from "./exchange.js";
import { News } from "./news.js";
import { Presence } from "./presence.js";
import { nameOf } from "./replica.js";
import { mayWrite } from "./sync.js";

/**
 * @typedef {import("./containers.js").Text} Text
 * @typedef {import("./containers.js").List} List
 * @typedef {import("./containers.js").MapValue} MapValue
 * @typedef {import("./containers.js").Patch} Patch
 * @typedef {import("./containers.js").Origin} Origin
 * @typedef {import("./sync.js").Role} Role
 *
 * "offline": there is content, and edits are sent later; "refused": `doc.error` says why.
 * @typedef {"loading" | "live" | "offline" | "refused" | "closed"} DocState
 *
 * @typedef {object} DocParts
 * @property {import("./replica.js").Replica} replica
 * @property {import("./sync.js").SyncState} sync
 * @property {import("../wire/backoff.js").ConnectionPace} pace
 * @property {(owner: any) => import("../store/keeper.js").Keeper} makeKeeper
 * @property {() => import("../wire/socket.js").Link} link
 * @property {any} presence
 * @property {number} undoPause
 * @property {() => any} user
 * @property {() => void} onClose
 */

/** Own changes that are not stored yet, in bytes; past it edits are refused. */
const mostPending = 16 << 20;
/** What one change may take, below the server's limit of 1 MiB for a message. */
const mostInChange = 900 << 10;

export class Doc {
  #parts;
  #events = new Emitter();
  #handles = new Map();
  #keeper;
  #exchange;
  #device;
  #editing;
  #news;
  #presence;
  #isClosed = false;
  #hasContent = false;
  /**
   * What was told last.
   * @type {Record<string, any>}
   */
  #told = {};
  /** @type {Set<{resolve: () => void, reject: (error: unknown) => void}>} */
  #flushes = new Set();

  /**
   * @internal
   * @param {string} id
   * @param {DocParts} parts
   */
  constructor(id, parts) {
    /** Its name on the server. */
    this.id = id;
    this.#parts = parts;
    const { replica, sync, pace } = parts;
    this.#keeper = parts.makeKeeper({
      record: () => this.#record(),
      failed: (/** @type {unknown} */ cause) => this.#failed(new QuireError("NOT_KEPT", "nothing can be kept on this device", { cause })),
      updated: () => this.#update(),
    });
    this.#presence = new Presence((state) => this.#sendPresence(state));
    this.#presence.state = parts.presence ?? null;
    this.#exchange = new Exchange({
      id,
      replica,
      sync,
      pace,
      keeper: this.#keeper,
      owner: {
        patched: (patches, origin) => this.#patched(patches, origin),
        joined: (session, members) => this.#joined(session, members),
        heard: (event, args) => this.#heard(event, args),
        discarded: (reason, content, pending) => this.#events.emit("reset", { reason, content, pending }),
        failed: (error) => this.#failed(error),
        updated: () => this.#update(),
        presence: () => this.#presence.state,
        content: () => this.toJSON(),
      },
    });
    this.#news = new News((container) => this.handle(container), (change) => this.#events.emit("change", change));
    this.#editing = new Editing({
      replica,
      undoPause: parts.undoPause,
      check: (weight) => this.#check(weight),
      edited: () => this.#edited(),
      done: (patches) => {
        if (patches.length > 0) this.#news.tell({ origin: "local", patches });
        this.#update();
      },
      reverted: (patches) => this.#patched(patches, "undo"),
    });
    this.#device = new DeviceCopy({
      replica,
      sync,
      keeper: this.#keeper,
      exchange: this.#exchange,
      isClosed: () => this.#isClosed,
      isEditing: () => this.#editing.isOpen,
      failed: (error) => this.#failed(error),
      opened: () => {
        this.#hasContent = true;
        this.#update();
        this.#settle.resolve();
      },
    });
    /**
     * Settles when there is content, or never will be.
     * @type {Promise<Doc>}
     */
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve: () => resolve(this), reject };
    });
    this.ready.catch(() => {});
  }

  /** @type {{resolve: () => void, reject: (error: unknown) => void}} */
  #settle = { resolve: () => {}, reject: () => {} };

  // --- How it stands.

  /** @returns {DocState} */
  get state() {
    if (this.#isClosed) return "closed";
    const { phase } = this.#parts.sync;
    if (phase === "failed") return "refused";
    if (!this.#hasContent) return "loading";
    return phase === "joined" ? "live" : "offline";
  }

  /**
   * Why it was refused.
   * @returns {QuireError | null}
   */
  get error() {
    return this.#parts.sync.failure;
  }

  /** @returns {Role} */
  get role() {
    return this.#parts.sync.role;
  }

  /** Whether edits are possible. */
  get canWrite() {
    return (this.state === "live" || this.state === "offline") && mayWrite(this.role);
  }

  /** How many changes made here the server has not stored. */
  get pending() {
    this.#collect();
    return this.#parts.sync.pendingCount;
  }

  /** Whether the server has everything that was made here on its disk. */
  get stored() {
    return this.pending === 0;
  }

  /** Whether everything that was made here is written down on this device, and survives this page. */
  get kept() {
    this.#collect();
    return this.#keeper.isIdle;
  }

  /** How many of the pending changes wait for a role that may write. */
  get parked() {
    this.#collect();
    return this.#parts.sync.parkedCount;
  }

  /** The server's newest revision that was heard of. */
  get rev() {
    return this.#parts.sync.revision;
  }

  /**
   * Who this page is here; null before it joined.
   * @returns {{session: string, user: any} | null}
   */
  get me() {
    const { session } = this.#presence;
    if (session === null) return null;
    return { session, user: this.#presence.members.get(session)?.user ?? this.#parts.user() };
  }

  /**
   * Everybody here, this page too.
   * @returns {import("./exchange.js").Participant[]}
   */
  get members() {
    return [...this.#presence.members.values()];
  }

  get presence() {
    return this.#presence;
  }

  /**
   * Listens; the result takes the listener off again. "change" `{patches, origin}`, "state", "role", "pending", "kept",
   * "undostate", "presence", "members", "signal" `{session, user, payload}`, "closing" `{reason, retryAfter}`, "reset"
   * `{reason, content, pending}`: edits that the server can never take, with what they left; and "error".
   * @param {string} event
   * @param {(detail: any) => void} listener
   */
  on(event, listener) {
    return this.#events.on(event, listener);
  }

  /**
   * @param {string} event
   * @param {(detail: any) => void} listener
   */
  off(event, listener) {
    this.#events.off(event, listener);
  }

  // --- Content.

  /**
   * @param {string} name
   * @returns {Text}
   */
  text(name) {
    return this.handle(this.#parts.replica.document.text(name));
  }

  /**
   * @param {string} name
   * @returns {List}
   */
  list(name) {
    return this.handle(this.#parts.replica.document.list(name));
  }

  /**
   * @param {string} name
   * @returns {MapValue}
   */
  map(name) {
    return this.handle(this.#parts.replica.document.map(name));
  }

  /**
   * Everything in it by name; of roots of one name the text, else the list, else the map.
   * @returns {Record<string, any>}
   */
  toJSON() {
    /** @type {Record<string, any>} */
    const content = {};
    for (const root of [...this.#parts.replica.document.roots].sort((one, other) => other.id.kind - one.id.kind)) {
      const { name } = /** @type {{name: string}} */ (root.id);
      content[name] = root.content ?? (root.id.kind === 0 ? "" : root.id.kind === 1 ? [] : {});
    }
    return content;
  }

  /**
   * Makes the edits of `body` one change, which others get whole, one event and one step of undo. (One of more than 512 KiB
   * becomes several changes: they have to fit into a message.) What was edited before `body` threw stays.
   * @template T
   * @param {() => T} body
   * @returns {T}
   */
  transaction(body) {
    return this.#editing.transaction(body);
  }

  undo() {
    return this.#editing.revert("undo");
  }

  redo() {
    return this.#editing.revert("redo");
  }

  get canUndo() {
    return this.#parts.replica.document.canUndo;
  }

  get canRedo() {
    return this.#parts.replica.document.canRedo;
  }

  /** Ends what one `undo` reverts; a pause does that, too. */
  closeUndoStep() {
    this.#parts.replica.document.closeUndoStep();
  }

  // --- For the handles: see `Host`.

  /** @internal */
  get generation() {
    return this.#parts.replica.generation;
  }

  /**
   * @internal
   * @param {any} id
   */
  find({ kind, name, replica, counter }) {
    const { document } = this.#parts.replica;
    if (name === undefined) return document.nested(kind, replica, counter);
    return kind === 0 ? document.text(name) : kind === 1 ? document.list(name) : document.map(name);
  }

  /**
   * @internal
   * @param {any} container
   * @returns {any}
   */
  handle(container) {
    const name = nameOf(container.id);
    let handle = this.#handles.get(name);
    if (!handle) this.#handles.set(name, (handle = new classes[container.id.kind]().attach(this, container.id)));
    return handle;
  }

  /**
   * @internal
   * @param {() => Patch[]} body
   * @param {number} weight
   */
  edit(body, weight) {
    this.#editing.edit(body, weight);
  }

  /** @param {number} weight */
  #check(weight) {
    if (!this.canWrite) {
      const state = this.state;
      const code = state === "live" || state === "offline" ? "FORBIDDEN" : state === "closed" ? "CLOSED" : "NOT_READY";
      throw new QuireError(code, `the document cannot be edited: ${code === "FORBIDDEN" ? `the role is ${this.role}` : `it is ${state}`}`);
    }
    if (weight > mostInChange) throw new QuireError("TOO_LARGE", "what is put in at once takes less than 900 KiB");
    if (this.#parts.sync.pendingBytes > mostPending) throw new QuireError("QUEUE_FULL", "too much waits to be stored", { retryable: true });
  }

  #edited() {
    this.#hasUncollected = true;
    this.#exchange.schedule();
  }

  #hasUncollected = false;

  /** Takes note of what was edited, outside of transactions. */
  #collect() {
    if (!this.#hasUncollected || this.#editing.isOpen || this.#isClosed) return;
    this.#hasUncollected = false;
    this.#exchange.collect();
  }

  // --- Events.

  /**
   * Patches of the engine.
   * @param {any[]} patches
   * @param {Origin} origin
   */
  #patched(patches, origin) {
    if (patches.length > 0) this.#news.tell({ origin, patches: patches.map((patch) => this.#news.translated(patch)) });
    this.#update();
  }

  /** Tells what is different from what was told last. */
  #update() {
    if (this.#editing.isOpen) return;
    const now = this.#isClosed
      ? { state: "closed" }
      : {
          state: this.state,
          role: this.role,
          pending: this.pending,
          kept: this.#keeper.isIdle,
          undostate: `${this.canUndo} ${this.canRedo}`,
        };
    const before = this.#told;
    this.#told = now;
    if (now.state === "refused" && !this.#hasContent) this.#settle.reject(this.error);
    if (now.state === "closed") this.#settle.reject(new QuireError("CLOSED", "the document was closed"));
    for (const [name, value] of Object.entries(now)) {
      if (before[name] === value) continue;
      const isUndo = name === "undostate";
      this.#events.emit(name, isUndo ? { canUndo: this.canUndo, canRedo: this.canRedo } : value);
    }
    if (now.pending === 0 || now.state === "refused" || now.state === "closed") this.#settleFlushes();
  }

  /** @param {QuireError} error */
  #failed(error) {
    if (this.#events.hasListeners("error")) this.#events.emit("error", error);
  }

  // --- The server.

  /**
   * @internal
   * @param {import("../wire/socket.js").Link} link
   */
  connected(link) {
    this.#exchange.connected(link);
  }

  /** @internal */
  disconnected() {
    this.#presence.left();
    this.#exchange.disconnected();
  }

  /**
   * @internal
   * @param {QuireError} error
   */
  refuse(error) {
    this.#presence.left();
    this.#exchange.refuse(error);
  }

  /**
   * @internal
   * @param {string} event
   * @param {any[]} args
   */
  handleEvent(event, args) {
    if (event === "closing") this.#events.emit("closing", args[0]);
    else this.#exchange.handle(event, args);
  }

  /**
   * @param {string} session
   * @param {import("./exchange.js").Participant[]} members
   */
  #joined(session, members) {
    this.#hasContent = true;
    this.#presence.joined(session, members);
    this.#update();
    this.#settle.resolve();
    this.#events.emit("presence", this.#presence);
    this.#events.emit("members", this.members);
    this.#device.adoptOrphans();
  }

  /**
   * @param {string} event
   * @param {any[]} args
   */
  #heard(event, args) {
    if (event === "presence") {
      const isOther = this.#presence.heard(args[0], args[1]);
      this.#events.emit("presence", this.#presence);
      if (isOther) this.#events.emit("members", this.members);
    } else if (event === "signal") {
      this.#events.emit("signal", { session: args[0]?.session, user: args[0]?.user, payload: args[1] });
    }
  }

  /** @param {any} state */
  #sendPresence(state) {
    const link = this.#parts.link();
    // Whoever joins says it then.
    if (this.#parts.sync.phase !== "joined" || !link.isConnected) return 0;
    const wait = this.#parts.pace.take(500);
    if (wait > 0) return wait;
    link.request("presence", this.id, state).catch((error) => {
      if (error.code === "RATE_LIMITED" && this.#presence.state === state) setTimeout(() => this.#presence.set(state), 1_000);
      else if (error.code !== "DISCONNECTED" && error.code !== "NOT_JOINED") this.#failed(error);
    });
    return 0;
  }

  /**
   * Tells something to everybody else who is here now; it is stored nowhere.
   * @param {any} payload
   * @returns {Promise<void>} settles when the server has it
   */
  async signal(payload) {
    if (this.state !== "live") throw new QuireError("DISCONNECTED", "nobody can be reached now", { retryable: true });
    await this.#parts.link().request("signal", this.id, payload);
  }

  /**
   * Waits until everything made here so far, and meanwhile, is stored.
   * @returns {Promise<void>}
   */
  flush() {
    return new Promise((resolve, reject) => {
      this.#flushes.add({ resolve, reject });
      this.#exchange.pump();
    });
  }

  #settleFlushes() {
    for (const { resolve, reject } of this.#flushes) {
      if (!this.#isClosed && this.state !== "refused" && this.stored) resolve();
      else reject(this.error ?? new QuireError("CLOSED", "the document was closed"));
    }
    this.#flushes.clear();
  }

  // --- This device.

  /** @returns {import("../store/keeper.js").SnapshotRecord | null} */
  #record() {
    const { sync, replica } = this.#parts;
    if (this.#isFreed || sync.epoch === null || !this.#hasContent || this.#editing.isOpen) return null;
    this.#collect();
    return { epoch: sync.epoch, revision: sync.revision, role: sync.role, snapshot: replica.document.snapshot, savedAt: Date.now() };
  }

  #isFreed = false;

  /**
   * @internal Takes what is kept on this device; the changes are shown at once and sent as soon as it is possible.
   * @returns {Promise<void>}
   */
  load() {
    return this.#device.load();
  }

  /** @internal The page may be gone in a moment. */
  hide() {
    if (this.#isClosed || !this.#hasContent) return;
    this.#exchange.pump();
    this.#keeper.saveSnapshot();
  }

  /**
   * Leaves it and lets go of its memory. What is not stored yet is on this device only if it was opened with `persist`;
   * else wait for `flush` first.
   * @returns {Promise<void>} settles when everything is written down here
   */
  async close() {
    if (this.#isClosed) return;
    if (this.#hasContent) this.#exchange.pump();
    this.#presence.left();
    const saved = this.#keeper.close();
    this.#exchange.close();
    this.#isClosed = true;
    this.#device.close();
    this.#update();
    this.#parts.onClose();
    await saved;
    this.#isFreed = true;
    this.#parts.replica.free();
  }
}
