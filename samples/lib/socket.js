// A connection to one Socket.IO namespace that comes back by itself.

import { Decoder, encode, engine, packet } from "./packets.js";
import { PollingTransport, WebSocketTransport } from "./transport.js";

const connectTimeout = 10_000;
const requestTimeout = 20_000;
const firstDelay = 300;
const longestDelay = 8_000;

/** What the server said instead of doing what it was asked. */
export class RequestError extends Error {
  constructor({ code = "UNKNOWN", message = "", retryable = false, ...details } = {}) {
    super(message || code);
    Object.assign(this, { code, retryable, details });
  }
}

/**
 * One namespace on a server, reconnecting with growing, jittered delays.
 *
 * `handlers.onStatus({phase, retryAt, error})` tells how it stands: "connecting", "connected", "waiting" (until
 * `retryAt`) or "refused" (the server said no for good: see `error`). `handlers.onEvent(name, args)` gets its events.
 *
 * Where the server recovers connections, "connected" comes with `recovered`: true when this is the socket of before and
 * the events it missed follow.
 */
export class Socket {
  #options;
  #handlers;
  #transport = null;
  #decoder = new Decoder();
  #phase = "idle";
  #attempts = 0;
  #requests = new Map();
  #lastId = 0;
  #timer = null;
  #heartbeat = null;
  #patience = 0;
  #usePolling = false;
  /** The secret by which the server knows this socket again, and the mark of the last event that came. */
  #recovery = null;

  /** `options`: base (URL), namespace, auth (object), query (object), and the transports' classes for tests. */
  constructor(options, handlers) {
    this.#options = { query: {}, transports: [WebSocketTransport, PollingTransport], random: Math.random, ...options };
    this.#handlers = handlers;
  }

  get isConnected() {
    return this.#phase === "connected";
  }

  /** Starts, or tries again at once when it is waiting to. */
  connect() {
    if (this.#phase !== "idle" && this.#phase !== "waiting") return;
    this.#open();
  }

  /** Ends for good. */
  close() {
    this.#drop();
    this.#enter("idle");
  }

  /** Sends an event that nobody answers. Lost when there is no connection. */
  emit(name, ...args) {
    if (this.isConnected) this.#send({ type: packet.event, data: [name, ...args] });
  }

  /** Sends an event and gives the server's answer; fails with a `RequestError`, also when the connection breaks. */
  request(name, ...args) {
    return new Promise((resolve, reject) => {
      if (!this.isConnected) {
        reject(new RequestError({ code: "DISCONNECTED", message: "not connected", retryable: true }));
        return;
      }
      const id = (this.#lastId += 1);
      const timer = setTimeout(() => this.#fail("the server did not answer in time"), requestTimeout);
      this.#requests.set(id, { resolve, reject, timer });
      this.#send({ type: packet.event, id, data: [name, ...args] });
    });
  }

  #send(message) {
    this.#transport?.send(encode({ namespace: this.#options.namespace, ...message }));
  }

  #enter(phase, more = {}) {
    this.#phase = phase;
    this.#handlers.onStatus({ phase, retryAt: null, error: null, recovered: false, ...more });
  }

  #open() {
    clearTimeout(this.#timer);
    this.#drop();
    this.#enter("connecting");
    this.#decoder = new Decoder();
    const [WebSockets, Polling] = this.#options.transports;
    const Transport = this.#usePolling ? Polling : WebSockets;
    const current = {};
    // A transport that was replaced may still call: only the current one is heard.
    const handlers = {
      onPacket: (input) => this.#transport === current.transport && this.#receive(input),
      onEnd: (reason) => this.#transport === current.transport && this.#ended(reason),
    };
    current.transport = this.#transport = new Transport(this.#options.base, this.#options.query, handlers);
    this.#timer = setTimeout(() => this.#ended("no answer"), connectTimeout);
  }

  /** The transport is gone. A WebSocket that never spoke may be blocked on the way: polling gets its turn at once. */
  #ended(reason) {
    if (this.#phase === "connecting" && this.#patience === 0 && !this.#usePolling) {
      this.#usePolling = true;
      this.#open();
      return;
    }
    this.#fail(reason);
  }

  #fail(reason) {
    if (this.#phase === "idle" || this.#phase === "refused" || this.#phase === "waiting") return;
    this.#usePolling = false;
    this.#drop();
    const most = Math.min(longestDelay, firstDelay * 2 ** this.#attempts);
    const delay = most * (0.5 + this.#options.random() / 2);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#open(), delay);
    this.#enter("waiting", { retryAt: Date.now() + delay, error: new Error(reason) });
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
      reject(new RequestError({ code: "DISCONNECTED", message: "the connection broke", retryable: true }));
    }
  }

  #receive(input) {
    try {
      if (typeof input !== "string") this.#deliver(this.#decoder.feed(input));
      else this.#receiveText(input[0], input.slice(1));
    } catch (error) {
      this.#fail(`the server sent what was not understood: ${error.message}`);
    }
  }

  #receiveText(type, rest) {
    if (type === engine.open) {
      const handshake = JSON.parse(rest);
      this.#patience = handshake.pingInterval + handshake.pingTimeout;
      this.#expectHeartbeat();
      this.#transport.opened(handshake);
      const { pid, offset } = this.#recovery ?? {};
      // Without an event there is no offset, and nothing to go on from.
      const recovery = offset === undefined ? {} : { pid, offset };
      this.#send({ type: packet.connect, data: { ...this.#options.auth, ...recovery } });
    } else if (type === engine.ping) {
      this.#expectHeartbeat();
      this.#transport.send(engine.pong);
    } else if (type === engine.message) {
      this.#deliver(this.#decoder.feed(rest));
    } else if (type === engine.close) {
      this.#fail("the server closed the connection");
    }
  }

  #expectHeartbeat() {
    clearTimeout(this.#heartbeat);
    this.#heartbeat = setTimeout(() => this.#fail("the server fell silent"), this.#patience);
  }

  #deliver(message) {
    if (message === null || message.namespace !== this.#options.namespace) return;
    switch (message.type) {
      case packet.connect:
        clearTimeout(this.#timer);
        this.#attempts = 0;
        this.#connected(message.data?.pid);
        break;
      case packet.connectError: {
        const { message: text, data } = message.data;
        this.#recovery = null;
        this.#drop();
        this.#enter("refused", { error: new RequestError({ ...data, message: text }) });
        break;
      }
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

  #connected(pid) {
    const recovered = pid !== undefined && pid === this.#recovery?.pid;
    if (!recovered) this.#recovery = pid === undefined ? null : { pid };
    this.#enter("connected", { recovered });
  }

  #event([name, ...args]) {
    // Where connections are recovered the last argument is the event's mark, for us and not for the page.
    if (this.#recovery !== null && typeof args.at(-1) === "string") this.#recovery.offset = args.pop();
    this.#handlers.onEvent(name, args);
  }

  #answer({ id, data: [answer] }) {
    const request = this.#requests.get(id);
    if (request === undefined) return;
    this.#requests.delete(id);
    clearTimeout(request.timer);
    if (answer?.ok === true || answer?.success === true) request.resolve(answer);
    else request.reject(new RequestError(answer?.error));
  }
}
