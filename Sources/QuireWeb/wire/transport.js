/** The two ways to carry Engine.IO packets. */

import { decodePayload, encodePiece, engine, joinPayload } from "./packets.js";

/**
 * @typedef {import("./packets.js").Piece} Piece
 * @typedef {{onPacket: (piece: Piece) => void, onEnd: (reason: string) => void}} Handlers `onEnd` is called once
 * @typedef {{sid: string, maxPayload: number}} Handshake
 *
 * @typedef {object} Transport
 * @property {(handshake: Handshake) => void} opened the server's handshake came
 * @property {(pieces: Piece[]) => void} send
 * @property {() => void} close
 */

/**
 * The address of the Engine.IO endpoint below `base`, which is an http(s) URL.
 * @param {URL} base
 * @param {string} transport
 * @param {Record<string, string>} query
 */
function endpoint(base, transport, query) {
  const url = new URL("socket.io/", base);
  for (const [key, value] of Object.entries({ ...query, EIO: "4", transport })) url.searchParams.set(key, value);
  return url;
}

/**
 * Engine.IO over one WebSocket.
 * @implements {Transport}
 */
export class WebSocketTransport {
  #socket;

  /**
   * @param {URL} base
   * @param {Record<string, string>} query
   * @param {Handlers} handlers
   * @param {typeof WebSocket} [WebSocketClass]
   */
  constructor(base, query, { onPacket, onEnd }, WebSocketClass = globalThis.WebSocket) {
    const url = endpoint(base, "websocket", query);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocketClass(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => onPacket(typeof data === "string" ? data : new Uint8Array(data));
    this.#socket.onclose = () => onEnd("the connection closed");
  }

  /** Nothing is to be waited for: the handshake comes by itself. */
  opened() {}

  /** @param {Piece[]} pieces */
  send(pieces) {
    if (this.#socket.readyState !== 1) return;
    for (const piece of pieces) this.#socket.send(/** @type {any} */ (piece));
  }

  close() {
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.close();
  }
}

/**
 * Engine.IO over HTTP long polling: one GET is always open, and one POST at a time carries what is to be sent.
 * @implements {Transport}
 */
export class PollingTransport {
  #base;
  #query;
  #handlers;
  #fetch;
  /** @type {string[]} */
  #outgoing = [];
  #posting = false;
  #abort = new AbortController();
  /** @type {string | null} */
  #sid = null;
  #most = 1 << 20;

  /**
   * @param {URL} base
   * @param {Record<string, string>} query
   * @param {Handlers} handlers
   * @param {typeof fetch} [fetch]
   */
  constructor(base, query, handlers, fetch = globalThis.fetch.bind(globalThis)) {
    this.#base = base;
    this.#query = query;
    this.#handlers = handlers;
    this.#fetch = fetch;
    this.#poll();
  }

  /** @param {Handshake} handshake which session the next requests belong to, and how long a body may be */
  opened({ sid, maxPayload }) {
    this.#sid = sid;
    if (maxPayload > 0) this.#most = maxPayload;
    this.#post();
  }

  /** @param {Piece[]} pieces */
  send(pieces) {
    for (const piece of pieces) this.#outgoing.push(encodePiece(piece));
    this.#post();
  }

  close() {
    if (this.#sid !== null) this.#request({ method: "POST", body: engine.close, keepalive: true }).catch(() => {});
    this.#stop(null);
  }

  /** @param {string | null} reason */
  #stop(reason) {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    if (reason !== null) this.#handlers.onEnd(reason);
  }

  /** @param {RequestInit} options */
  #request(options) {
    const url = endpoint(this.#base, "polling", this.#sid === null ? this.#query : { ...this.#query, sid: this.#sid });
    return this.#fetch(url, { cache: "no-store", ...options });
  }

  async #poll() {
    const { signal } = this.#abort;
    try {
      while (!signal.aborted) {
        const response = await this.#request({ signal });
        if (!response.ok) throw new Error(`polling was answered ${response.status}`);
        const pieces = decodePayload(await response.text());
        for (const each of pieces) if (!signal.aborted) this.#handlers.onPacket(each);
      }
    } catch (error) {
      this.#stop(/** @type {Error} */ (error).message);
    }
  }

  async #post() {
    if (this.#posting || this.#sid === null) return;
    this.#posting = true;
    const { signal } = this.#abort;
    try {
      while (this.#outgoing.length > 0 && !signal.aborted) {
        const response = await this.#request({ signal, method: "POST", body: this.#nextBody() });
        if (!response.ok) throw new Error(`sending was answered ${response.status}`);
        await response.text();
      }
    } catch (error) {
      this.#stop(/** @type {Error} */ (error).message);
    } finally {
      this.#posting = false;
    }
  }

  /** As many packets as fit; texts may take three bytes a unit. */
  #nextBody() {
    let count = 0;
    for (let size = 0; count < this.#outgoing.length && count < 16; count++) {
      const piece = this.#outgoing[count];
      size += 1 + (piece[0] === "b" ? piece.length : 3 * piece.length);
      if (count > 0 && size > this.#most) break;
    }
    return joinPayload(this.#outgoing.splice(0, count));
  }
}
