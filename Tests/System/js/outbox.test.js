import assert from "node:assert/strict";
import { test } from "node:test";

import { QuireError } from "../../../Sources/QuireWeb/client/errors.js";
import { Outbox } from "../../../samples/lib/outbox.js";

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
  sent[0].reject(new QuireError("DISCONNECTED", "no", { retryable: true }));
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
  sent[0].reject(new QuireError("INVALID_PAYLOAD", "no", { retryable: false }));
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
  sent[0].reject(new QuireError("RATE_LIMITED", "no", { retryable: true }));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.deepEqual(sent.map(({ text }) => text), ["a", "a"]);
});
