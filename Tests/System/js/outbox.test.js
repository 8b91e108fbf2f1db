import assert from "node:assert/strict";
import { test } from "node:test";

import { packet } from "../../../samples/lib/packets.js";
import { Outbox } from "../../../samples/lib/outbox.js";
import { RequestError, Socket } from "../../../samples/lib/socket.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** An outbox whose messages are answered by the test, in the order they are sent. */
function outbox() {
  const sent = [];
  const states = [];
  const box = new Outbox(
    (message) => new Promise((resolve, reject) => sent.push({ ...message, resolve, reject })),
    ({ text, state }) => states.push(`${text} ${state}`),
  );
  return { box, sent, states };
}

test("messages go one after the other, once the way is free", async () => {
  const { box, sent, states } = outbox();
  box.add({ text: "a" });
  box.add({ text: "b" });
  await settled();
  assert.equal(sent.length, 0);
  box.open();
  await settled();
  assert.deepEqual(sent.map(({ text }) => text), ["a"]);
  sent[0].resolve();
  await settled();
  sent[1].resolve();
  await settled();
  assert.deepEqual(states, ["a sending", "b sending", "a sent", "b sent"]);
  assert.equal(box.count, 0);
});

test("what was not acknowledged goes again with the same id, before what came later", async () => {
  const { box, sent } = outbox();
  box.open();
  box.add({ text: "a" });
  await settled();
  sent[0].reject(new RequestError({ code: "DISCONNECTED", retryable: true }));
  box.shut();
  box.add({ text: "b" });
  await settled();
  assert.equal(sent.length, 1);
  box.open();
  await settled();
  sent[1].resolve();
  await settled();
  assert.deepEqual(sent.map(({ text }) => text), ["a", "a", "b"]);
  assert.equal(sent[0].id, sent[1].id);
  assert.notEqual(sent[1].id, sent[2].id);
  assert.match(sent[0].id, /^[0-9a-f]{32}$/);
});

test("what is refused for good is told and does not hold up the rest", async () => {
  const { box, sent, states } = outbox();
  box.open();
  box.add({ text: "a" });
  box.add({ text: "b" });
  await settled();
  sent[0].reject(new RequestError({ code: "INVALID_PAYLOAD", retryable: false }));
  await settled();
  sent[1].resolve();
  await settled();
  assert.deepEqual(states, ["a sending", "b sending", "a failed", "b sent"]);
});

test("a rate that is exceeded is waited out", async () => {
  const { box, sent } = outbox();
  box.open();
  box.add({ text: "a" });
  await settled();
  sent[0].reject(new RequestError({ code: "RATE_LIMITED", retryable: true }));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.deepEqual(sent.map(({ text }) => text), ["a", "a"]);
});

/** A socket on transports that do as the test says. */
function socket() {
  const made = [];
  const Transport = class {
    constructor(base, query, handlers) {
      Object.assign(this, { handlers, sent: [] });
      made.push(this);
    }
    opened() {}
    send(text) {
      this.sent.push(text);
    }
    close() {}
    receive(text) {
      this.handlers.onPacket(text);
    }
  };
  const events = [];
  const recovered = [];
  const options = { base: "http://x/", namespace: "/chat", auth: { name: "Ada" }, transports: [Transport, Transport] };
  const one = new Socket(options, {
    onStatus: (status) => status.phase === "connected" && recovered.push(status.recovered),
    onEvent: (name, args) => events.push([name, ...args]),
  });
  const open = (pid) => {
    made.at(-1).receive('0{"sid":"e","pingInterval":25000,"pingTimeout":20000}');
    made.at(-1).receive(`40/chat,${JSON.stringify({ sid: "s", pid })}`);
  };
  const comeBack = () => {
    made.at(-1).handlers.onEnd("gone");
    one.connect();
  };
  return { one, made, events, recovered, open, comeBack };
}

test("a socket that comes back says who it was and what it got last", () => {
  const { one, made, events, recovered, open, comeBack } = socket();
  one.connect();
  open("secret");
  assert.equal(made[0].sent[0], `4${packet.connect}/chat,{"name":"Ada"}`);
  made[0].receive('42/chat,["newMessage",{"message":"x"},"1a"]');
  made[0].receive('42/chat,["plain","1b"]');
  assert.deepEqual(events, [["newMessage", { message: "x" }], ["plain"]]);
  comeBack();
  open("secret");
  assert.equal(made[1].sent[0], '40/chat,{"name":"Ada","pid":"secret","offset":"1b"}');
  comeBack();
  open("another");
  assert.deepEqual(recovered, [false, true, false]);
  // The old mark means nothing to the new socket.
  comeBack();
  open("another");
  assert.equal(made[3].sent[0], '40/chat,{"name":"Ada"}');
  one.close();
});

test("without recovery a text at the end of an event is the event's own", () => {
  const { one, made, events, open } = socket();
  one.connect();
  open(undefined);
  made[0].receive('42/chat,["plain","text"]');
  assert.deepEqual(events, [["plain", "text"]]);
  one.close();
});

test("an acknowledgement with success is one", async () => {
  const { one, made, open } = socket();
  one.connect();
  open("secret");
  const answer = one.request("joinChat", {});
  made[0].receive('43/chat,1[{"success":true,"username":"Ada"}]');
  assert.deepEqual(await answer, { success: true, username: "Ada" });
  one.close();
});
