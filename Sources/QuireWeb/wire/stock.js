/** A stock `socket.io-client` socket of the namespace `/docs`, as the link that the SDK needs. */

import { QuireError } from "../client/errors.js";
import { settle } from "./socket.js";

const requestTimeout = 20_000;
const events = ["authenticated", "change", "presence", "signal", "role", "reset", "closing", "exception"];

/** @typedef {import("./socket.js").Link} Link */

/**
 * @typedef {object} StockSocket what is used of a socket
 * @property {boolean} connected
 * @property {(event: string, listener: (...args: any[]) => void) => any} on
 * @property {(event: string, listener: (...args: any[]) => void) => any} off
 * @property {(event: string, ...args: any[]) => any} emit
 * @property {() => any} [connect]
 * @property {() => any} [disconnect]
 */

/** @implements {Link} */
export class StockLink {
  #socket;
  #handlers;
  /** @type {[string, (...args: any[]) => void][]} */
  #listeners = [];
  /** @type {Set<(error: QuireError) => void>} */
  #waiting = new Set();
  /** @type {any} */
  #restart = null;

  /**
   * @param {StockSocket} socket stays the caller's: `close` only stops listening
   * @param {import("./socket.js").LinkHandlers} handlers
   */
  constructor(socket, handlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  get isConnected() {
    return this.#socket.connected;
  }

  connect() {
    if (this.#listeners.length > 0) {
      if (!this.#socket.connected) this.#socket.connect?.();
      return;
    }
    this.#on("connect", () => this.#enter("connected"));
    this.#on("disconnect", (reason) => this.#lost(String(reason)));
    this.#on("connect_error", (error) => this.#refused(error));
    for (const event of events) this.#on(event, (...args) => this.#handlers.onEvent(event, args.map(withBytes)));
    if (this.#socket.connected) this.#enter("connected");
    else {
      this.#enter("connecting");
      this.#socket.connect?.();
    }
  }

  close() {
    clearTimeout(this.#restart);
    for (const [event, listener] of this.#listeners) this.#socket.off(event, listener);
    this.#listeners = [];
    this.#reject("the connection was closed");
    this.#enter("idle");
  }

  /** @param {string} reason */
  restart(reason) {
    if (this.#restart !== null || this.#listeners.length === 0) return;
    this.#restart = setTimeout(() => {
      this.#restart = null;
      this.#socket.connect?.();
    }, 1_000 + 2_000 * Math.random());
    this.#socket.disconnect?.();
    this.#lost(reason);
  }

  /**
   * @param {string} name
   * @param {...any} args
   */
  emit(name, ...args) {
    if (this.#socket.connected) this.#socket.emit(name, ...args);
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
    if (!this.#socket.connected) {
      reject(new QuireError("DISCONNECTED", "not connected", { retryable: true }));
      return;
    }
    const timer = setTimeout(() => this.restart("the server did not answer in time"), requestTimeout);
    const fail = (/** @type {QuireError} */ error) => {
      clearTimeout(timer);
      this.#waiting.delete(fail);
      reject(error);
    };
    this.#waiting.add(fail);
    this.#socket.emit(name, ...args, (/** @type {any} */ answer) => {
      if (!this.#waiting.delete(fail)) return;
      clearTimeout(timer);
      settle(withBytes(answer), { resolve, reject });
    });
  }

  /**
   * @param {string} event
   * @param {(...args: any[]) => void} listener
   */
  #on(event, listener) {
    this.#socket.on(event, listener);
    this.#listeners.push([event, listener]);
  }

  /** @param {string} reason */
  #lost(reason) {
    this.#reject(reason);
    const error = new QuireError("DISCONNECTED", reason, { retryable: true });
    this.#handlers.onStatus({ phase: "waiting", retryAt: null, error, recovered: false });
  }

  /**
   * A stock client does not try again after CONNECT_ERROR, only after a connection that failed.
   * @param {any} error
   */
  #refused(error) {
    this.#reject("refused");
    const isFinal = error?.data?.code !== undefined && error.data.retryable !== true;
    const reason = QuireError.from({ code: "DISCONNECTED", retryable: true, ...error?.data, message: error?.message });
    this.#handlers.onStatus({ phase: isFinal ? "refused" : "waiting", retryAt: null, error: reason, recovered: false });
  }

  /** @param {import("./socket.js").Phase} phase */
  #enter(phase) {
    this.#handlers.onStatus({ phase, retryAt: null, error: null, recovered: false });
  }

  /** @param {string} reason */
  #reject(reason) {
    const waiting = [...this.#waiting];
    for (const fail of waiting) fail(new QuireError("DISCONNECTED", reason, { retryable: true }));
  }
}

/**
 * The same with every `ArrayBuffer` and `Buffer` as a `Uint8Array`.
 * @param {any} value
 * @returns {any}
 */
function withBytes(value) {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) return value.map(withBytes);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withBytes(each)]));
}
