/** One connection to a server, and the documents on it. */

import { IndexedDBStore } from "../store/indexeddb.js";
import { Keeper } from "../store/keeper.js";
import { LockTabs, LonelyTabs } from "../store/tabs.js";
import { MemoryStore } from "../store/memory.js";
import { ConnectionPace } from "../wire/backoff.js";
import { Socket } from "../wire/socket.js";
import { StockLink } from "../wire/stock.js";
import { Doc } from "./document.js";
import { Emitter } from "./emitter.js";
import { QuireError } from "./errors.js";
import { Replica, randomReplica } from "./replica.js";
import { SyncState } from "./sync.js";
import { TokenSource } from "./token.js";
import { loadEngine } from "./wasm.js";

/**
 * @typedef {"connecting" | "connected" | "waiting" | "refused" | "closed"} ConnectionState
 *
 * @typedef {object} ConnectOptions
 * @property {string | null} [token] a JWT; without one you are a guest, where those are let in
 * @property {() => Promise<string> | string} [getToken] gives a fresh one: before the old one ends, and when it is refused
 * @property {string} [user] the name of a guest
 * @property {("websocket" | "polling")[]} [transports] which to use, in this order; both
 * @property {import("../wire/stock.js").StockSocket} [socket] a `socket.io-client` socket of the namespace `/docs`, to use instead
 * @property {URL | string | BufferSource | WebAssembly.Module | import("../engine.js").Engine} [wasm] where `quire.wasm` is, or its content; beside `quire.js`
 * @property {typeof globalThis.WebSocket} [WebSocket] where there is none, as in Node 20
 * @property {typeof fetch} [fetch]
 * @property {import("../store/keeper.js").Store} [store] where documents are kept; IndexedDB
 * @property {import("../store/keeper.js").Tabs} [tabs] how pages know of each other; Web Locks
 *
 * A document that is open, how often, and whether what this device keeps of it was read.
 * @typedef {{doc: Doc, count: number, isLoaded: boolean}} Entry
 *
 * @typedef {object} OpenOptions
 * @property {any} [presence] what the others see of this page from the start
 * @property {boolean} [persist] keep it on this device, so that it opens offline and unsent edits survive; true
 * @property {bigint | number} [replica] 53 bits that no other copy has or ever had; random, which is right except in tests
 * @property {number} [undoLimit] how many steps can be undone; 200
 * @property {number} [undoPause] a pause of so many milliseconds ends a step of undo; 600
 * @property {(error: QuireError) => void} [onError] listens to "error" from the start
 */

const noTabs = new LonelyTabs();

export class Connection {
  #options;
  #base;
  #tokens;
  #link;
  #events = new Emitter();
  #pace = new ConnectionPace();
  /** @type {Map<string, Entry>} */
  #docs = new Map();
  /** @type {ConnectionState} */
  #state = "connecting";
  #isTokenStale = false;
  /**
   * The server's user of this connection, once it said so.
   * @type {any}
   */
  user = null;
  /**
   * Why it waits or was refused.
   * @type {QuireError | null}
   */
  error = null;
  /**
   * When it tries again, in milliseconds since 1970; null when it does not wait.
   * @type {number | null}
   */
  retryAt = null;
  #unhide = () => {};
  /** @type {Promise<import("../engine.js").Engine>} */
  #engine;

  /**
   * @param {URL | string} url where the server is
   * @param {ConnectOptions} [options]
   */
  constructor(url, options = {}) {
    this.#options = options;
    this.#base = new URL(url, globalThis.location?.href);
    this.#tokens = new TokenSource(options);
    this.#engine = loadEngine(options.wasm);
    this.#engine.catch(() => {});
    const handlers = {
      onStatus: (/** @type {import("../wire/socket.js").Status} */ status) => this.#status(status),
      onEvent: (/** @type {string} */ name, /** @type {any[]} */ args) => this.#event(name, args),
    };
    this.#link = options.socket ? new StockLink(options.socket, handlers) : new Socket(this.#socketOptions(), handlers);
    this.#watchPage();
    this.#link.connect();
  }

  #socketOptions() {
    const { transports, WebSocket, fetch, user } = this.#options;
    const auth = async () => {
      const token = await this.#tokens.take(this.#isTokenStale);
      this.#isTokenStale = false;
      return { ...(token === null ? {} : { token }), ...(user === undefined ? {} : { name: user }) };
    };
    return { base: this.#base, namespace: "/docs", auth, transports, WebSocket, fetch };
  }

  /** @returns {ConnectionState} */
  get state() {
    return this.#state;
  }

  /**
   * Listens to "state", "user", "closing" and "error"; the result takes the listener off again.
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

  /** Tries at once when it waits, or once more when it was refused. */
  retry() {
    if (this.#state !== "closed") this.#link.connect();
  }

  /**
   * Uses another token. The server takes it on the open connection when it is of the same user with the same rights; else
   * the connection is made anew.
   * @param {string} token
   */
  async setToken(token) {
    this.#tokens.set(token);
    if (!this.#link.isConnected) return this.retry();
    try {
      await this.#link.request("refresh", token);
      this.#tokens.watch(() => this.#renew());
    } catch (error) {
      if (/** @type {QuireError} */ (error).code !== "DISCONNECTED") this.#link.restart("another token");
      this.retry();
    }
  }

  /**
   * Opens a document. Settles when there is something to see: from this device at once, else from the server.
   * @param {string} id
   * @param {OpenOptions} [options]
   * @returns {Promise<Doc>}
   */
  async open(id, options = {}) {
    if (!/^[A-Za-z0-9._~:-]{1,128}$/.test(id)) {
      throw new QuireError("INVALID_DOCUMENT", "a document's name is 1 to 128 characters of [A-Za-z0-9._~:-]");
    }
    const engine = await this.#engine;
    if (this.#state === "closed") throw new QuireError("CLOSED", "the connection was closed");
    let entry = this.#docs.get(id);
    if (entry === undefined) {
      entry = { doc: this.#make(id, engine, options), count: 0, isLoaded: false };
      this.#docs.set(id, entry);
      this.#load(entry);
    }
    entry.count += 1;
    try {
      return await entry.doc.ready;
    } catch (error) {
      await this.closeDoc(entry.doc);
      throw error;
    }
  }

  /**
   * @param {string} id
   * @param {import("../engine.js").Engine} engine
   * @param {OpenOptions} options
   */
  #make(id, engine, { presence, persist = true, replica, undoLimit = 200, undoPause = 600, onError }) {
    const key = JSON.stringify([this.#base.href, this.#tokens.subject, id]);
    const store = persist ? this.#options.store ?? defaultStore() : null;
    const doc = new Doc(id, {
      replica: new Replica(engine, { id: replica === undefined ? randomReplica() : BigInt(replica), undoLimit }),
      sync: new SyncState(),
      pace: this.#pace,
      makeKeeper: (owner) => new Keeper(store, this.#options.tabs ?? defaultTabs(), key, owner),
      link: () => this.#link,
      presence,
      undoPause,
      user: () => this.user,
      onClose: () => this.#docs.delete(id),
    });
    if (onError) doc.on("error", onError);
    return doc;
  }

  /**
   * Gives back what `open` gave; the last of several closes the document.
   * @param {Doc} doc
   */
  async closeDoc(doc) {
    const entry = this.#docs.get(doc.id);
    if (entry?.doc !== doc) return;
    entry.count -= 1;
    if (entry.count === 0) await doc.close();
  }

  /**
   * Takes what this device keeps, and only then tells the document how the connection stands: what it keeps is older than
   * what the server gives, and must not come on top of it.
   * @param {Entry} entry
   */
  async #load(entry) {
    const { doc } = entry;
    await doc.load();
    // Closed meanwhile, and perhaps opened again.
    if (this.#docs.get(doc.id) !== entry) return;
    entry.isLoaded = true;
    if (this.#link.isConnected) doc.connected(this.#link);
    else if (this.#state === "refused" && this.error) doc.refuse(this.error);
  }

  // --- What happens to the connection.

  /** @param {import("../wire/socket.js").Status} status */
  #status({ phase, error, retryAt }) {
    if (this.#state === "closed") return;
    this.error = error;
    this.retryAt = retryAt;
    const docs = [...this.#docs.values()].filter(({ isLoaded }) => isLoaded).map(({ doc }) => doc);
    if (phase === "connected") {
      this.#tokens.watch(() => this.#renew());
      this.#isRetryOfToken = false;
      this.#enter("connected");
      for (const doc of docs) doc.connected(this.#link);
      return;
    }
    if (phase === "refused" && error) {
      if (this.#tryAnotherToken(error)) return;
      for (const doc of docs) doc.refuse(error);
      this.#enter("refused");
      return;
    }
    for (const doc of docs) doc.disconnected();
    if (phase === "connecting" || phase === "waiting") this.#enter(phase);
  }

  #isRetryOfToken = false;

  /**
   * A token that is refused may have ended while nobody looked: a fresh one is tried once.
   * @param {QuireError} error
   */
  #tryAnotherToken(error) {
    if (!this.#tokens.canRenew || this.#isRetryOfToken || !/^TOKEN_|^UNAUTHENTICATED$/.test(error.code)) return false;
    this.#isRetryOfToken = true;
    this.#isTokenStale = true;
    queueMicrotask(() => this.retry());
    return true;
  }

  /** The token ends soon. */
  async #renew() {
    try {
      const token = await this.#tokens.take(true);
      if (token !== null && this.#state !== "closed") await this.setToken(token);
    } catch (error) {
      this.#events.emit("error", error);
      // What was not to be had now may be in a while; past its end the server closes, and a new one is asked for then.
      this.#tokens.watch(() => this.#renew());
    }
  }

  /** @param {ConnectionState} state */
  #enter(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.emit("state", state);
  }

  /**
   * @param {string} name
   * @param {any[]} args
   */
  #event(name, args) {
    switch (name) {
      case "authenticated":
        this.user = args[0]?.user ?? null;
        this.#events.emit("user", this.user);
        break;
      case "closing":
        if (/^TOKEN_/.test(args[0]?.reason)) this.#isTokenStale = this.#tokens.canRenew;
        if (this.#link instanceof Socket) this.#link.comeBackAfter(Number(args[0]?.retryAfter) || 0);
        this.#events.emit("closing", args[0]);
        for (const { doc } of this.#docs.values()) doc.handleEvent(name, args);
        break;
      case "exception":
        this.#events.emit("error", QuireError.from(args[0]?.error ?? args[0]));
        break;
      default:
        // The first argument is the document's name.
        this.#docs.get(args[0])?.doc.handleEvent(name, args.slice(1));
    }
  }

  /** What is not written down yet is, before the page is gone. */
  #watchPage() {
    const { window, document } = globalThis;
    if (typeof window?.addEventListener !== "function") return;
    const hide = () => {
      if (document?.visibilityState === "hidden") for (const { doc } of this.#docs.values()) doc.hide();
    };
    const leave = () => {
      for (const { doc } of this.#docs.values()) doc.hide();
    };
    window.addEventListener("pagehide", leave);
    document?.addEventListener("visibilitychange", hide);
    this.#unhide = () => {
      window.removeEventListener("pagehide", leave);
      document?.removeEventListener("visibilitychange", hide);
    };
  }

  /** Closes all documents, and the connection for good. */
  async close() {
    if (this.#state === "closed") return;
    const closing = [...this.#docs.values()].map(({ doc }) => doc.close());
    this.#unhide();
    this.#tokens.stop();
    this.#enter("closed");
    this.#link.close();
    await Promise.all(closing);
  }
}

/** @type {import("../store/keeper.js").Store | null} */
let sharedStore = null;

function defaultStore() {
  sharedStore ??= typeof globalThis.indexedDB === "undefined" ? new MemoryStore() : new IndexedDBStore();
  return sharedStore;
}

function defaultTabs() {
  const locks = globalThis.navigator?.locks;
  return locks ? new LockTabs(locks) : noTabs;
}
