// The two ways to carry Engine.IO packets. Both call `onPacket(text or bytes)` and, once, `onEnd(reason)`.

import { decodePayload, encodePayload, engine } from "./packets.js";

/** The address of the Engine.IO endpoint below `base`, which is an http(s) URL. */
function endpoint(base, transport, query) {
  const url = new URL("socket.io/", base);
  for (const [key, value] of Object.entries({ ...query, EIO: "4", transport })) url.searchParams.set(key, value);
  return url;
}

/** Engine.IO over one WebSocket. */
export class WebSocketTransport {
  #socket;

  constructor(base, query, { onPacket, onEnd }, WebSocket = globalThis.WebSocket) {
    const url = endpoint(base, "websocket", query);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => onPacket(typeof data === "string" ? data : new Uint8Array(data));
    this.#socket.onclose = () => onEnd("the connection closed");
  }

  /** Nothing is to be waited for: the handshake comes by itself. */
  opened() {}

  send(text) {
    if (this.#socket.readyState === 1) this.#socket.send(text);
  }

  close() {
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.close();
  }
}

/** Engine.IO over HTTP long polling: one GET is always open, and one POST at a time carries what is to be sent. */
export class PollingTransport {
  #base;
  #query;
  #handlers;
  #fetch;
  #outgoing = [];
  #posting = false;
  #abort = new AbortController();
  #sid = null;

  constructor(base, query, handlers, fetch = globalThis.fetch.bind(globalThis)) {
    this.#base = base;
    this.#query = query;
    this.#handlers = handlers;
    this.#fetch = fetch;
    this.#poll();
  }

  /** The handshake said which session the next requests belong to. */
  opened({ sid }) {
    this.#sid = sid;
    this.#post();
  }

  send(text) {
    this.#outgoing.push(text);
    this.#post();
  }

  close() {
    if (this.#sid !== null) this.#request({ method: "POST", body: engine.close, keepalive: true }).catch(() => {});
    this.#stop(null);
  }

  #stop(reason) {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    if (reason !== null) this.#handlers.onEnd(reason);
  }

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
        const packets = decodePayload(await response.text());
        for (const each of packets) if (!signal.aborted) this.#handlers.onPacket(each);
      }
    } catch (error) {
      this.#stop(error.message);
    }
  }

  async #post() {
    if (this.#posting || this.#sid === null) return;
    this.#posting = true;
    const { signal } = this.#abort;
    try {
      while (this.#outgoing.length > 0 && !signal.aborted) {
        const response = await this.#request({ signal, method: "POST", body: encodePayload(this.#outgoing.splice(0, 8)) });
        if (!response.ok) throw new Error(`sending was answered ${response.status}`);
      }
    } catch (error) {
      this.#stop(error.message);
    } finally {
      this.#posting = false;
    }
  }
}
