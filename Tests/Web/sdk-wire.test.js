import assert from "node:assert/strict";
import { test } from "node:test";

import { QuireError } from "../../Sources/QuireWeb/client/errors.js";
import { Decoder, decodePayload, encode, packet } from "../../Sources/QuireWeb/wire/packets.js";
import { Socket } from "../../Sources/QuireWeb/wire/socket.js";
import { network, settled } from "./support/wire.js";

// What the socket itself does, without a server: the other tests see it through documents.

test("packets are written as the protocol has them", () => {
  assert.deepEqual(encode({ type: packet.connect, namespace: "/docs", data: { name: "x" } }), ['40/docs,{"name":"x"}']);
  assert.deepEqual(encode({ type: packet.event, namespace: "/docs", id: 12, data: ["op", 1] }), ['42/docs,12["op",1]']);
  assert.deepEqual(encode({ type: packet.event, namespace: "/", data: ["op"] }), ['42["op"]']);
  assert.deepEqual(encode({ type: packet.disconnect, namespace: "/docs" }), ["41/docs,"]);
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

let addresses = 0;

/** A socket, what became of it, and the server's end. */
function connect(options = {}, namespace = "/docs") {
  const { made, WebSocket } = network(namespace);
  const [events, phases, statuses] = [[], [], []];
  // What got through is remembered for each address.
  const base = `http://x${(addresses += 1)}/`;
  const all = { base, namespace, auth: { name: "n" }, transports: ["websocket"], WebSocket, random: () => 0, ...options };
  const socket = new Socket(all, {
    onStatus: (status) => {
      phases.push(status.phase);
      statuses.push({ ...status, delay: status.retryAt && status.retryAt - Date.now() });
    },
    onEvent: (name, args) => events.push([name, ...args]),
  });
  socket.connect();
  return { socket, made, events, phases, statuses };
}

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

test("it enters the namespace, gets acks and events, and answers heartbeats", async () => {
  const { socket, made, events, phases } = connect();
  await made[0].open();
  assert.deepEqual(made[0].sent, ['40/docs,{"name":"n"}']);
  const answer = socket.request("join", { doc: "d" });
  assert.equal(made[0].sent[1], '42/docs,1["join",{"doc":"d"}]');
  made[0].say('43/docs,1[{"ok":true,"rev":3}]');
  assert.deepEqual(await answer, { ok: true, rev: 3 });
  const refused = socket.request("edit");
  made[0].say('43/docs,2[{"ok":false,"error":{"code":"FORBIDDEN","message":"no","retryable":false}}]');
  await assert.rejects(refused, (error) => error instanceof QuireError && error.code === "FORBIDDEN" && !error.retryable);
  const welcome = socket.request("joinChat");
  made[0].say('43/docs,3[{"success":true,"username":"Ada"}]');
  assert.deepEqual(await welcome, { success: true, username: "Ada" });
  made[0].say('42/docs,["edit","d",1]');
  made[0].say("2");
  assert.deepEqual(events, [["edit", "d", 1]]);
  assert.equal(made[0].sent.at(-1), "3");
  assert.deepEqual(phases, ["connecting", "connected"]);
  socket.close();
  assert.ok(made[0].isClosed);
});

test("a WebSocket that cannot be opened is followed by polling, and a lost connection by a new one", async () => {
  const asked = [];
  const polls = [];
  const fetch = (url, { method = "GET", signal }) => {
    asked.push(`${method} ${url.searchParams.get("transport")}`);
    if (method !== "GET") return Promise.resolve(new Response("ok"));
    return new Promise((resolve, reject) => {
      polls.push((body) => resolve(new Response(body)));
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  };
  const { socket, made, phases } = connect({ transports: ["websocket", "polling"], fetch });
  made[0].end();
  assert.deepEqual(asked, ["GET polling"]);
  polls[0]('0{"sid":"e","pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
  await pause(10);
  polls[1]('40/docs,{"sid":"s"}');
  await pause(10);
  assert.ok(socket.isConnected);
  const open = socket.request("edit");
  polls[2]("1");
  await assert.rejects(open, (error) => error.code === "DISCONNECTED" && error.retryable);
  await assert.rejects(socket.request("edit"), (error) => error.code === "DISCONNECTED");
  assert.deepEqual(phases, ["connecting", "connecting", "connected", "waiting"]);
  socket.connect();
  // Where polling got through and a WebSocket did not, it is the first choice for a while.
  assert.equal(made.length, 1);
  socket.close();
});

test("what an old connection still says is not heard", async () => {
  const { socket, made, events, phases } = connect();
  await made[0].open();
  const { onmessage } = made[0];
  made[0].end();
  socket.connect();
  onmessage({ data: '42/docs,["late"]' });
  await made[1].open();
  assert.deepEqual(events, []);
  assert.deepEqual(phases, ["connecting", "connected", "waiting", "connecting", "connected"]);
  socket.close();
});

test("delays grow while nothing answers", () => {
  const { socket, made, statuses } = connect();
  for (let attempt = 0; attempt < 4; attempt += 1) {
    made.at(-1).end();
    // The user, or the browser's "online", need not wait.
    socket.connect();
  }
  assert.equal(made.length, 5);
  const waits = statuses.filter(({ phase }) => phase === "waiting");
  assert.deepEqual(waits.map(({ error }) => error.code), Array(4).fill("DISCONNECTED"));
  for (const [index, { delay }] of waits.entries()) assert.ok(Math.abs(delay - waits[0].delay * 2 ** index) < 30, `${delay}`);
  socket.close();
});

test("a server that falls silent is given up, and a refusal is final", async () => {
  const { socket, made, phases, statuses } = connect();
  await made[0].open({ pingInterval: 20, pingTimeout: 20 });
  await pause(100);
  assert.equal(phases.at(-1), "waiting");
  socket.connect();
  made[1].say('0{"sid":"e","pingInterval":25000,"pingTimeout":20000}');
  await settled();
  made[1].say('44/docs,{"message":"no","data":{"code":"TOKEN_EXPIRED"}}');
  assert.equal(phases.at(-1), "refused");
  assert.equal(statuses.at(-1).error.code, "TOKEN_EXPIRED");
  await pause(300);
  assert.equal(made.length, 2);
});

test("a server that sends nonsense is left and tried again", async () => {
  const { socket, made, phases } = connect();
  await made[0].open();
  made[0].say("4nonsense");
  assert.equal(phases.at(-1), "waiting");
  socket.close();
});

test("a socket that comes back says who it was and what it got last", async () => {
  const { socket, made, events, statuses } = connect({}, "/chat");
  const comeBack = async (pid) => {
    made.at(-1).end();
    socket.connect();
    await made.at(-1).open({ pid });
  };
  await made[0].open({ pid: "secret" });
  assert.equal(made[0].sent[0], '40/chat,{"name":"n"}');
  made[0].say('42/chat,["newMessage",{"message":"x"},"1a"]');
  made[0].say('42/chat,["plain","1b"]');
  assert.deepEqual(events, [["newMessage", { message: "x" }], ["plain"]]);
  await comeBack("secret");
  assert.equal(made[1].sent[0], '40/chat,{"name":"n","pid":"secret","offset":"1b"}');
  await comeBack("another");
  const recovered = statuses.filter(({ phase }) => phase === "connected").map((status) => status.recovered);
  assert.deepEqual(recovered, [false, true, false]);
  // The old mark means nothing to the new socket.
  await comeBack("another");
  assert.equal(made[3].sent[0], '40/chat,{"name":"n"}');
  socket.close();
});

test("without recovery a text at the end of an event is the event's own", async () => {
  const { socket, made, events } = connect({}, "/chat");
  await made[0].open();
  made[0].say('42/chat,["plain","text"]');
  assert.deepEqual(events, [["plain", "text"]]);
  socket.close();
});
