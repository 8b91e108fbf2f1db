import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { connect } from "../../Sources/QuireWeb/quire.js";
import { Socket } from "../../Sources/QuireWeb/wire/socket.js";
import { NodeWebSocket, client, module, until } from "./support/sdk.js";
import { Server } from "./support/server.js";

/**
 * What `socket.io-client` gives, as far as it is used here: that package is not to be had without npm. It carries what our
 * own client carries, gives bytes as Node's does (`Buffer`), and calls an ack back once, or never when the connection broke.
 */
class StockSocket {
  #listeners = new Map();
  #inner;
  id;

  constructor(url) {
    this.#inner = new Socket({ base: url, namespace: "/docs", WebSocket: NodeWebSocket }, {
      onStatus: ({ phase, error }) => {
        if (phase === "connected") this.#call("connect");
        if (phase === "waiting") this.#call("disconnect", "transport close");
        if (phase === "refused") this.#call("connect_error", Object.assign(new Error(error.message), { data: { code: error.code } }));
      },
      onEvent: (name, args) => this.#call(name, ...args.map(asBuffers)),
    });
    this.#inner.connect();
  }

  get connected() {
    return this.#inner.isConnected;
  }

  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return this;
  }

  off(event, listener) {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  get listenerCount() {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  emit(event, ...args) {
    const ack = typeof args.at(-1) === "function" ? args.pop() : null;
    if (ack === null) this.#inner.emit(event, ...args);
    else {
      this.#inner.request(event, ...args).then(
        (answer) => ack(asBuffers(answer)),
        (error) => error.code !== "DISCONNECTED" && ack({ ok: false, error: { code: error.code, message: error.message, retryable: error.retryable, ...error.details } }),
      );
    }
    return this;
  }

  connect() {
    this.#inner.connect();
    return this;
  }

  disconnect() {
    this.#inner.close();
    return this;
  }

  #call(event, ...args) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...args);
  }
}

function asBuffers(value) {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(asBuffers);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asBuffers(each)]));
}

let server;
before(async () => {
  server = await Server.start();
});
after(() => server.stop());

test("a stock socket that is handed in carries documents, and stays the caller's", async () => {
  const socket = new StockSocket(server.url);
  const connection = connect(server.url, { socket, wasm: module });
  const other = client(server.url);
  const [doc, theirs] = await Promise.all([connection, other].map((each) => each.open("stock", { persist: false })));
  doc.text("body").insert(0, "a");
  await doc.flush();
  theirs.text("body").insert(1, "b");
  theirs.presence.set({ here: true });
  await until(() => doc.text("body").toString() === "ab" && [...doc.presence.others.values()].some(({ state }) => state?.here));
  assert.equal(connection.state, "connected");
  assert.equal(typeof connection.user, "object");

  for (const each of NodeWebSocket.open) each.cut();
  await until(() => doc.state === "offline");
  doc.text("body").insert(2, "c");
  await doc.flush();
  await until(() => theirs.text("body").toString() === "abc");
  await connection.close();
  assert.equal(socket.listenerCount, 0);
  assert.equal(socket.connected, true);
  socket.disconnect();
  await other.close();
});

test("a stock socket that is refused refuses its documents", async () => {
  const guarded = await Server.start({ secret: "x".repeat(40) });
  try {
    const socket = new StockSocket(guarded.url);
    const connection = connect(guarded.url, { socket, wasm: module });
    await assert.rejects(connection.open("stock", { persist: false }), { code: "UNAUTHENTICATED" });
    assert.equal(connection.state, "refused");
    await connection.close();
  } finally {
    await guarded.stop();
  }
});
