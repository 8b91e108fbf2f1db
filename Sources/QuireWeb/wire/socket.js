/** A connection to one Socket.IO namespace that comes back by itself. */

import { QuireError, violation } from "../client/errors.js";
import { Backoff } from "./backoff.js";
import { Decoder, encode, engine, packet } from "./packets.js";
import { PollingTransport, WebSocketTransport } from "./transport.js";
import { watchBrowser } from "./wake.js";

const connectTimeout = 10_000;
/** A WebSocket that is swallowed on the way is given up sooner: polling may get through. */
const webSocketTimeout = 5_000;
const requestTimeout = 20_000;
const stableAfter = 5_000;
/** For how long polling is taken at once where a WebSocket did not get through. */
const rememberPolling = 10 * 60_000;

/**
 * Until when polling is the choice, by address.
 * @type {Map<string, number>}
 */
const pollingUntil = new Map();
/**
 * Where WebSockets got through: if one fails there, it is the server that is away.
 * @type {Set<string>}
 */
const webSocketWorked = new Set();
/** Though after so many attempts in vain polling is tried all the same. */
const mostInVain = 3;

/**
 * @typedef {"idle" | "connecting" | "connected" | "waiting" | "refused"} Phase
 *
 * How it stands. `retryAt` (milliseconds since 1970) comes with "waiting", `error` with that and with "refused".
 * `recovered` comes with "connected": this is the socket of before, and the events it missed follow.
 * @typedef {{phase: Phase, retryAt: number | null, error: QuireError | null, recovered: boolean}} Status
 *
 * @typedef {{onStatus: (status: Status) => void, onEvent: (name: string, args: any[]) => void}} LinkHandlers
 *
 * What a document needs of a connection: this class, or a stock socket in a wrapper.
 * @typedef {object} Link
 * @property {boolean} isConnected
 * @property {() => void} connect starts, or tries again at once
 * @property {() => void} close ends for good
 * @property {(reason: string) => void} restart breaks it and comes back after a while: the server misbehaved
 * @property {(name: string, ...args: any[]) => void} emit sends what nobody answers; lost when there is no connection
 * @property {(name: string, ...args: any[]) => Promise<any>} request sends what is answered; fails with a `QuireError`
 * @property {(name: string, args: any[], yes: (answer: any) => void, no: (error: QuireError) => void) => void} ask the same with
 *   the answer told at once: a promise would tell it after events that came behind it
 *
 * @typedef {object} SocketOptions
 * @property {URL | string} base where the server is
 * @property {string} namespace
 * @property {Record<string, string>} [query]
 * @property {(() => any) | object} [auth] what CONNECT says, or what gives that or a promise of it
 * @property {("websocket" | "polling")[]} [transports] which, in this order
 * @property {typeof WebSocket} [WebSocket] where there is none, or to test
 * @property {typeof fetch} [fetch]
 * @property {() => number} [random]
 */

/** @implements {Link} */
export class Socket {
  /** @type {SocketOptions} */
  #options;
  #base;
  #handlers;
  /** @type {import("./transport.js").Transport | null} */
  #transport = null;
  #decoder = new Decoder();
  /** @type {Phase} */
  #phase = "idle";
  #backoff;
  /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: QuireError) => void, timer: any}>} */
  #requests = new Map();
  #lastId = 0;
  /** @type {any} */
  #timer = null;
  /** @type {any} */
  #heartbeat = null;
  #patience = 0;
  #heardAt = 0;
  #connectedAt = 0;
  #usesPolling = false;
  #retryAfter = 0;
  /**
   * The secret by which the server knows this socket again, and the mark of the last event.
   * @type {{pid: string, offset?: string} | null}
   */
  #recovery = null;
  /** @type {() => void} */
  #unwatch = () => {};

  /**
   * @param {SocketOptions} options
   * @param {LinkHandlers} handlers
   */
  constructor(options, handlers) {
    this.#options = options;
    this.#base = new URL(options.base, globalThis.location?.href);
    if (!this.#base.pathname.endsWith("/")) this.#base.pathname += "/";
    this.#handlers = handlers;
    this.#backoff = new Backoff({ random: options.random });
  }

  get isConnected() {
    return this.#phase === "connected";
  }

  connect() {
    if (this.#phase === "connected" || this.#phase === "connecting") return;
    this.#unwatch();
    this.#unwatch = watchBrowser({ online: () => this.#retryNow(), offline: () => this.#offline(), wake: () => this.#wake() });
    this.#open();
  }

  close() {
    this.#unwatch();
    if (this.isConnected) this.#send({ type: packet.disconnect });
    this.#drop();
    if (this.#phase !== "idle") this.#enter("idle");
  }

  /** @param {string} reason */
  restart(reason) {
    this.#fail(reason);
  }

  /**
   * When to come back at the earliest, in milliseconds, as a server says that closes.
   * @param {number} delay
   */
  comeBackAfter(delay) {
    if (delay > 0) this.#retryAfter = Math.min(delay, 60_000);
  }

  /**
   * @param {string} name
   * @param {...any} args
   */
  emit(name, ...args) {
    if (this.isConnected) this.#send({ type: packet.event, data: [name, ...args] });
  }

  /**
   * @param {string} name
   * @param {...any} args
   * @returns {Promise<any>}
   */
  request(name, ...args) {
    return new Promise((resolve, reject) => this.ask(name, args, resolve, reject));
  }

  /**
   * @param {string} name
   * @param {any[]} args
   * @param {(answer: any) => void} resolve
   * @param {(error: QuireError) => void} reject
   */
  ask(name, args, resolve, reject) {
    if (!this.isConnected) {
      reject(new QuireError("DISCONNECTED", "not connected", { retryable: true }));
      return;
    }
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => this.#fail("the server did not answer in time"), requestTimeout);
    this.#requests.set(id, { resolve, reject, timer });
    this.#send({ type: packet.event, id, data: [name, ...args] });
  }

  /** @param {{type: number, id?: number, data?: any}} message */
  #send(message) {
    this.#transport?.send(encode({ namespace: this.#options.namespace, ...message }));
  }

  /**
   * @param {Phase} phase
   * @param {Partial<Status>} [more]
   */
  #enter(phase, more = {}) {
    this.#phase = phase;
    this.#handlers.onStatus({ phase, retryAt: null, error: null, recovered: false, ...more });
  }

  // --- Opening, failing, coming back.

  /** The transports that may be used here, in order. */
  get #transports() {
    const wanted = this.#options.transports ?? ["websocket", "polling"];
    const hasWebSocket = (this.#options.WebSocket ?? globalThis.WebSocket) !== undefined;
    const possible = wanted.filter((each) => each !== "websocket" || hasWebSocket);
    return possible.length > 0 ? possible : ["polling"];
  }

  #open() {
    this.#drop();
    this.#enter("connecting");
    // A listener of the status may have closed it.
    if (this.#phase !== "connecting") return;
    this.#decoder = new Decoder();
    const [first, second] = this.#transports;
    if (second === "polling" && (pollingUntil.get(this.#base.href) ?? 0) > Date.now()) this.#usesPolling = true;
    const kind = this.#usesPolling && second ? second : first;
    /** @type {{transport?: any}} */
    const current = {};
    // A transport that was replaced may still call: only the current one is heard.
    const handlers = {
      onPacket: (/** @type {import("./packets.js").Piece} */ piece) => {
        if (current.transport && this.#transport === current.transport) this.#receive(piece);
      },
      onEnd: (/** @type {string} */ reason) => {
        if (current.transport && this.#transport === current.transport) this.#ended(reason);
      },
    };
    const query = this.#options.query ?? {};
    this.#timer = setTimeout(() => this.#ended("no answer"), kind === "websocket" && second ? webSocketTimeout : connectTimeout);
    try {
      current.transport = this.#transport =
        kind === "websocket"
          ? new WebSocketTransport(this.#base, query, handlers, this.#options.WebSocket)
          : new PollingTransport(this.#base, query, handlers, this.#options.fetch);
    } catch (error) {
      // A content policy may forbid WebSockets.
      this.#ended(/** @type {Error} */ (error).message);
    }
  }

  /**
   * The transport is gone. A WebSocket that never spoke may be blocked on the way: polling gets its turn at once.
   * @param {string} reason
   */
  #ended(reason) {
    const isBlocked = !webSocketWorked.has(this.#base.href) || this.#backoff.attempts >= mostInVain;
    const mayChange = isBlocked && !this.#usesPolling && this.#transports.length > 1;
    if (mayChange && this.#phase === "connecting" && this.#patience === 0) {
      this.#usesPolling = true;
      this.#open();
      return;
    }
    this.#fail(reason);
  }

  /**
   * @param {string} reason
   * @param {QuireError} [error]
   */
  #fail(reason, error = new QuireError("DISCONNECTED", reason, { retryable: true })) {
    if (this.#phase !== "connecting" && this.#phase !== "connected") return;
    this.#usesPolling = false;
    // A connection that is broken as soon as it is made is none: whoever makes trouble is asked ever less often.
    if (this.#phase === "connected" && Date.now() - this.#connectedAt > stableAfter) this.#backoff.reset();
    this.#drop();
    const delay = Math.max(this.#backoff.next(), this.#retryAfter * (1 + (this.#options.random ?? Math.random)() / 2));
    this.#retryAfter = 0;
    this.#timer = setTimeout(() => this.#open(), delay);
    this.#enter("waiting", { retryAt: Date.now() + delay, error });
  }

  /** Lets go of the transport and of everything that waited for it. */
  #drop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#heartbeat);
    this.#patience = 0;
    const transport = this.#transport;
    this.#transport = null;
    transport?.close();
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const { reject, timer } of requests) {
      clearTimeout(timer);
      reject(new QuireError("DISCONNECTED", "the connection broke", { retryable: true }));
    }
  }

  // --- The browser's own signs.

  #retryNow() {
    if (this.#phase !== "waiting") return;
    this.#backoff.reset();
    this.#open();
  }

  #offline() {
    if (this.#phase === "connected" || this.#phase === "connecting") this.#fail("the browser went offline");
  }

  /** The tab or the machine slept: timers stood still, and the server may have given us up. */
  #wake() {
    if (this.#phase === "connected" && Date.now() - this.#heardAt > this.#patience) this.#fail("the machine slept");
    this.#retryNow();
  }

  // --- What comes.

  /** @param {import("./packets.js").Piece} piece */
  #receive(piece) {
    try {
      if (typeof piece !== "string") this.#deliver(this.#decoder.feed(piece));
      else this.#receiveText(piece[0], piece.slice(1));
    } catch (error) {
      this.#fail(`the server sent what was not understood: ${/** @type {Error} */ (error).message}`);
    }
  }

  /**
   * @param {string} type
   * @param {string} rest
   */
  #receiveText(type, rest) {
    if (type === engine.open) this.#opened(JSON.parse(rest));
    else if (type === engine.ping) {
      this.#expectHeartbeat();
      this.#transport?.send([engine.pong]);
    } else if (type === engine.message) this.#deliver(this.#decoder.feed(rest));
    else if (type === engine.close) this.#fail("the server closed the connection");
  }

  /** @param {any} handshake */
  #opened(handshake) {
    const patience = Number(handshake.pingInterval) + Number(handshake.pingTimeout);
    this.#patience = patience > 0 && patience < 2 ** 31 ? patience : 45_000;
    if (!(this.#transport instanceof PollingTransport)) webSocketWorked.add(this.#base.href);
    else if (this.#usesPolling && !webSocketWorked.has(this.#base.href)) {
      pollingUntil.set(this.#base.href, Date.now() + rememberPolling);
    }
    this.#expectHeartbeat();
    this.#transport?.opened({ sid: String(handshake.sid), maxPayload: Number(handshake.maxPayload) || 0 });
    this.#enterNamespace();
  }

  async #enterNamespace() {
    const transport = this.#transport;
    let auth;
    try {
      auth = await (typeof this.#options.auth === "function" ? this.#options.auth() : this.#options.auth);
    } catch (error) {
      if (this.#transport === transport) this.#fail(`no token: ${/** @type {Error} */ (error).message}`);
      return;
    }
    if (this.#transport !== transport) return;
    // Without an event there is no offset, and nothing to go on from.
    const recovery = this.#recovery?.offset === undefined ? {} : this.#recovery;
    this.#send({ type: packet.connect, data: { ...auth, ...recovery } });
  }

  #expectHeartbeat() {
    this.#heardAt = Date.now();
    clearTimeout(this.#heartbeat);
    this.#heartbeat = setTimeout(() => this.#fail("the server fell silent"), this.#patience);
  }

  /** @param {import("./packets.js").Packet | null} message */
  #deliver(message) {
    if (message === null || message.namespace !== this.#options.namespace) return;
    switch (message.type) {
      case packet.connect:
        clearTimeout(this.#timer);
        this.#connectedAt = Date.now();
        this.#connected(message.data?.pid);
        break;
      case packet.connectError:
        this.#connectError(message.data);
        break;
      case packet.disconnect:
        this.#fail("the server disconnected");
        break;
      case packet.event:
      case packet.binaryEvent:
        this.#event(message.data);
        break;
      default:
        this.#answer(message);
    }
  }

  /** @param {any} data */
  #connectError(data) {
    if (this.#phase === "connected") throw new Error("a refusal of what was accepted");
    this.#recovery = null;
    const error = QuireError.from({ ...data?.data, message: data?.message });
    if (error.retryable) {
      this.#fail(error.message, error);
      return;
    }
    this.#drop();
    this.#enter("refused", { error });
  }

  /** @param {any} pid */
  #connected(pid) {
    const recovered = typeof pid === "string" && pid === this.#recovery?.pid;
    if (!recovered) this.#recovery = typeof pid === "string" ? { pid } : null;
    this.#enter("connected", { recovered });
  }

  /** @param {any} data */
  #event(data) {
    if (!Array.isArray(data) || typeof data[0] !== "string") throw new Error("an event without a name");
    const [name, ...args] = data;
    // Where connections are recovered the last argument is the event's mark, for us and not for the page.
    if (this.#recovery !== null && typeof args.at(-1) === "string") this.#recovery.offset = args.pop();
    this.#handlers.onEvent(name, args);
  }

  /** @param {import("./packets.js").Packet} packet */
  #answer({ id, data }) {
    const request = id === null ? undefined : this.#requests.get(id);
    if (id === null || request === undefined) return;
    this.#requests.delete(id);
    clearTimeout(request.timer);
    settle(Array.isArray(data) ? data[0] : undefined, request);
  }
}

/**
 * Resolves with an answer that says yes, rejects with one that says no.
 * @param {any} answer
 * @param {{resolve: (answer: any) => void, reject: (error: QuireError) => void}} request
 */
export function settle(answer, { resolve, reject }) {
  if (answer?.ok === true || answer?.success === true) resolve(answer);
  else if (typeof answer?.error?.code === "string") reject(QuireError.from(answer.error));
  else reject(violation("an answer that says neither yes nor no"));
}
