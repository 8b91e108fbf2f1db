import assert from "node:assert/strict";
import { test } from "node:test";

import { Decoder, decodePayload, encode, packet } from "../../../samples/lib/packets.js";
import { deltaFromDisplay, display, fromDisplay, toDisplay, wellFormed } from "../../../samples/lib/newlines.js";
import { RequestError, Socket } from "../../../samples/lib/socket.js";
import { apply, splice } from "../../../samples/lib/delta.js";
import { diffTyped } from "../../../samples/lib/diff.js";

test("packets are written as the protocol has them", () => {
  assert.equal(encode({ type: packet.connect, namespace: "/docs", data: { name: "x" } }), '40/docs,{"name":"x"}');
  assert.equal(encode({ type: packet.event, namespace: "/docs", id: 12, data: ["op", 1] }), '42/docs,12["op",1]');
  assert.equal(encode({ type: packet.event, namespace: "/", data: ["op"] }), '42["op"]');
  assert.equal(encode({ type: packet.disconnect, namespace: "/docs" }), "41/docs,");
});

test("packets are read with ids, namespaces and attachments", () => {
  const decoder = new Decoder();
  assert.deepEqual(decoder.feed('3/docs,7[{"ok":true}]'), { type: 3, namespace: "/docs", id: 7, data: [{ ok: true }] });
  assert.deepEqual(decoder.feed('2["a"]'), { type: 2, namespace: "/", id: null, data: ["a"] });
  const first = new Uint8Array([1]);
  const second = new Uint8Array([2]);
  assert.equal(decoder.feed('52-/docs,["x",{"b":{"_placeholder":true,"num":1},"a":[{"_placeholder":true,"num":0}]}]'), null);
  assert.equal(decoder.feed(first), null);
  assert.deepEqual(decoder.feed(second).data, ["x", { b: second, a: [first] }]);
  assert.deepEqual(decoder.feed('50-["none"]').data, ["none"]);
  assert.deepEqual(decodePayload("40\x1ebAQI="), ["40", new Uint8Array([1, 2])]);
});

test("what is no packet is refused", () => {
  const broken = ["", "9", "x", "2[", '511-["a"]', "2{"];
  for (const text of broken) assert.throws(() => new Decoder().feed(text), undefined, text);
  assert.throws(() => new Decoder().feed(new Uint8Array(1)));
  const waiting = new Decoder();
  waiting.feed('51-["x",{"_placeholder":true,"num":0}]');
  assert.throws(() => waiting.feed('2["y"]'));
  const wrong = new Decoder();
  wrong.feed('51-["x",{"_placeholder":true,"num":3}]');
  assert.throws(() => wrong.feed(new Uint8Array(1)));
});

/** Transports that do as the test says; each one made is noted. */
function network() {
  const made = [];
  const transport = (kind) => class {
    constructor(base, query, handlers) {
      Object.assign(this, { kind, handlers, sent: [], closed: false });
      made.push(this);
    }
    opened() {}
    send(text) {
      this.sent.push(text);
    }
    close() {
      this.closed = true;
    }
    open(pingInterval = 25000, pingTimeout = 20000) {
      this.handlers.onPacket(`0${JSON.stringify({ sid: "e", pingInterval, pingTimeout })}`);
      this.handlers.onPacket('40/docs,{"sid":"s"}');
    }
  };
  return { made, transports: [transport("websocket"), transport("polling")] };
}

function connect(transports, events = []) {
  const phases = [];
  const socket = new Socket(
    { base: "http://x/", namespace: "/docs", auth: { name: "n" }, transports, random: () => 0 },
    { onStatus: ({ phase }) => phases.push(phase), onEvent: (name, args) => events.push([name, ...args]) },
  );
  socket.connect();
  return { socket, phases };
}

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

test("it enters the namespace, gets acks and events, and answers heartbeats", async () => {
  const { made, transports } = network();
  const events = [];
  const { socket, phases } = connect(transports, events);
  made[0].open();
  assert.deepEqual(made[0].sent, ['40/docs,{"name":"n"}']);
  const answer = socket.request("join", { doc: "d" });
  assert.equal(made[0].sent[1], '42/docs,1["join",{"doc":"d"}]');
  made[0].handlers.onPacket('43/docs,1[{"ok":true,"rev":3}]');
  assert.deepEqual(await answer, { ok: true, rev: 3 });
  const refused = socket.request("edit");
  made[0].handlers.onPacket('43/docs,2[{"ok":false,"error":{"code":"FORBIDDEN","message":"no","retryable":false}}]');
  await assert.rejects(refused, (error) => error instanceof RequestError && error.code === "FORBIDDEN" && !error.retryable);
  made[0].handlers.onPacket('42/docs,["edit","d",1]');
  made[0].handlers.onPacket("2");
  assert.deepEqual(events, [["edit", "d", 1]]);
  assert.equal(made[0].sent.at(-1), "3");
  assert.deepEqual(phases, ["connecting", "connected"]);
  socket.close();
  assert.ok(made[0].closed);
});

test("a WebSocket that cannot be opened is followed by polling, and a lost connection by a new one", async () => {
  const { made, transports } = network();
  const { socket, phases } = connect(transports);
  made[0].handlers.onEnd("blocked");
  assert.deepEqual(made.map((each) => each.kind), ["websocket", "polling"]);
  made[1].open();
  assert.equal(socket.isConnected, true);
  const open = socket.request("edit");
  made[1].handlers.onEnd("gone");
  await assert.rejects(open, (error) => error.code === "DISCONNECTED" && error.retryable);
  await assert.rejects(socket.request("edit"), (error) => error.code === "DISCONNECTED");
  made[0].handlers.onPacket('42/docs,["late"]');
  await pause(250);
  assert.deepEqual(made.map((each) => each.kind), ["websocket", "polling", "websocket"]);
  made[2].open();
  assert.deepEqual(phases, ["connecting", "connecting", "connected", "waiting", "connecting", "connected"]);
  socket.close();
});

test("delays grow while nothing answers", async () => {
  const { made, transports } = network();
  const times = [];
  const socket = new Socket(
    { base: "http://x/", namespace: "/docs", auth: {}, transports, random: () => 0 },
    { onStatus: ({ phase, retryAt }) => phase === "waiting" && times.push(retryAt - Date.now()), onEvent() {} },
  );
  socket.connect();
  for (let i = 0; i < 4; i += 1) {
    made.at(-1).handlers.onEnd("refused");
    made.at(-1).handlers.onEnd("refused");
    // The user, or the browser's "online", need not wait.
    socket.connect();
  }
  assert.equal(made.length, 9);
  for (const [index, expected] of [150, 300, 600, 1200].entries()) assert.ok(Math.abs(times[index] - expected) < 20, `${times}`);
  socket.close();
});

test("a server that falls silent is given up, and a refusal is final", async () => {
  const { made, transports } = network();
  const { socket, phases } = connect(transports);
  made[0].open(20, 20);
  await pause(100);
  assert.equal(phases.at(-1), "waiting");
  socket.connect();
  made[1].handlers.onPacket('0{"sid":"e","pingInterval":25000,"pingTimeout":20000}');
  made[1].handlers.onPacket('44/docs,{"message":"no","data":{"code":"TOKEN_EXPIRED"}}');
  assert.equal(phases.at(-1), "refused");
  await pause(300);
  assert.equal(made.length, 2);
});

test("a server that sends nonsense is left and tried again", () => {
  const { made, transports } = network();
  const { socket, phases } = connect(transports);
  made[0].open();
  made[0].handlers.onPacket("4nonsense");
  assert.equal(phases.at(-1), "waiting");
  socket.close();
});

test("carriage returns stay in the text that a field shows without them", () => {
  const text = "a\r\nb\rc\n\r\n";
  assert.equal(display(text), "a\nb\nc\n\n");
  for (let offset = 0; offset <= display(text).length; offset += 1) {
    assert.equal(toDisplay(text, fromDisplay(text, offset)), offset);
  }
  const typed = diffTyped(display(text), "a\nbX\nc\n\n", 4);
  assert.equal(apply(text, deltaFromDisplay(text, typed)), "a\r\nbX\rc\n\r\n");
  const joined = diffTyped(display(text), "ab\nc\n\n", 1);
  assert.equal(apply(text, deltaFromDisplay(text, joined)), "ab\rc\n\r\n");
  assert.deepEqual(deltaFromDisplay("plain", splice(2, 1, "x")), splice(2, 1, "x"));
});

test("halves of surrogate pairs that stand alone become replacement characters", () => {
  assert.equal(wellFormed("a\ud83db😀\ude00"), "a\ufffdb😀\ufffd");
});
