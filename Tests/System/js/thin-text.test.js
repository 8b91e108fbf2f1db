import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, splice } from "../../../samples/lib/delta.js";
import * as thin from "../../../samples/lib/thin-text.js";
import { generator, isWellFormed, randomOffset, seeds } from "./random.js";
import { Client, Server, root, settle } from "./simulation.js";

function forSeeds(count, body) {
  for (const seed of seeds(count)) {
    try {
      body(generator(seed));
    } catch (error) {
      error.message = `seed ${seed} (QUIRE_SEED=${seed}): ${error.message}`;
      throw error;
    }
  }
}

function assertConverged(server, clients) {
  for (const client of clients) {
    assert.equal(client.shown, server.text, client.name);
    assert.equal(client.state.rev, server.rev, client.name);
    assert.ok(thin.isSaved(client.state), `${client.name} is saved`);
  }
  assert.ok(isWellFormed(server.text));
}

function house(random, count) {
  const server = new Server(random);
  server.initial = "The quick 😀 fox\n";
  const clients = Array.from({ length: count }, (_, i) => new Client(server, random, `client ${i}`));
  for (const client of clients) client.join();
  settle(server, clients);
  return { server, clients };
}

test("clients that type at once over slow connections end equal", () => {
  forSeeds(600, (random) => {
    const { server, clients } = house(random, 2 + random.below(3));
    for (let i = 0; i < 120; i += 1) {
      const client = clients[random.below(clients.length)];
      const dice = random.next();
      if (dice < 0.3) client.typeRandomly();
      else if (dice < 0.9) client.step();
      else server.commit();
    }
    settle(server, clients);
    assertConverged(server, clients);
  });
});

test("clients whose connections break over a server that is killed end equal", () => {
  forSeeds(600, (random) => {
    const { server, clients } = house(random, 3);
    trouble(random, server, clients, (client) => client.typeRandomly());
    settle(server, clients);
    assertConverged(server, clients);
  });
});

test("nothing that was shown as saved is lost and nothing comes twice, whatever is killed", () => {
  let typed = 0;
  let twice = 0;
  let lost = 0;
  forSeeds(600, (random) => {
    const { server, clients } = house(random, 3);
    // Each typed character is one of a kind, so each can be counted in the end.
    let code = 0xe000;
    const saved = new Set();
    trouble(random, server, clients, (client) => {
      const text = String.fromCharCode(code++, code++);
      client.typedSoFar = (client.typedSoFar ?? "") + text;
      client.type(splice(randomOffset(random, client.shown), 0, text));
    }, (client) => {
      if (thin.isSaved(client.state)) for (const character of client.typedSoFar ?? "") saved.add(character);
    });
    settle(server, clients);
    assertConverged(server, clients);
    for (const character of saved) assert.ok(server.text.includes(character), "a saved character is gone");
    const count = (character) => server.text.split(character).length - 1;
    for (let i = 0xe000; i < code; i += 1) {
      typed += 1;
      const times = count(String.fromCharCode(i));
      if (times > 1) twice += 1;
      if (times === 0) lost += 1;
    }
  });
  // Whether an unacknowledged edit arrived is read off the text: a guess, that must be a good one.
  assert.ok(twice <= typed / 1000, `${twice} of ${typed} came twice`);
  assert.equal(lost, 0, `${lost} of ${typed} were never saved and are gone`);
});

/** A bad day: typing, slow messages, commits, broken connections and kills in random order. */
function trouble(random, server, clients, type, look = () => {}) {
  for (let i = 0; i < 150; i += 1) {
    const client = clients[random.below(clients.length)];
    const dice = random.next();
    if (dice < 0.2) type(client);
    else if (dice < 0.85 && client.connection === null) client.join();
    else if (dice < 0.85) client.step();
    else if (dice < 0.95) server.commit();
    else if (dice < 0.98) client.connection?.close();
    else server.kill();
    for (const each of clients) look(each);
  }
}

test("an edit waits while another is under way, and goes out against the newest revision", () => {
  let state = thin.create("abc", 7, "e");
  state = thin.typed(state, splice(3, 0, "d"));
  const first = thin.next(state, root);
  assert.deepEqual(first.message, { rev: 7, ops: [{ text: root, at: 3, delete: 0, insert: "d" }] });
  state = thin.typed(first.state, splice(4, 0, "e"));
  assert.equal(thin.next(state, root), null);
  assert.equal(thin.isSaved(state), false);
  state = thin.acknowledged(state, { rev: 8 }, root).state;
  assert.equal(state.base, "abcd");
  assert.deepEqual(thin.next(state, root).message, { rev: 8, ops: [{ text: root, at: 4, delete: 0, insert: "e" }] });
});

test("edits that came after ours wait for our acknowledgement, and its positions win", () => {
  let state = thin.next(thin.typed(thin.create("abc", 1), splice(1, 0, "X")), root).state;
  const later = thin.received(state, { rev: 3, session: "s", ops: [{ text: root, at: 0, delete: 0, insert: "R" }] }, root);
  assert.deepEqual(later.view, []);
  const done = thin.acknowledged(later.state, { rev: 2, ops: [{ text: root, at: 2, delete: 0, insert: "X" }] }, root);
  assert.equal(done.state.base, "RabXc");
  assert.equal(apply("aXbc", done.view), "RabXc");
  assert.deepEqual(done.applied.map((entry) => entry.rev), [2, 3]);
});

test("a gap that no acknowledgement fills, or operations that do not fit, ask for a fresh join", () => {
  const state = thin.create("abc", 1);
  const op = (at) => [{ text: root, at, delete: 0, insert: "x" }];
  assert.equal(thin.received(state, { rev: 3, ops: op(0) }, root).state.lost, true);
  assert.equal(thin.received(state, { rev: 2, ops: op(9) }, root).state.lost, true);
  assert.equal(thin.received(state, { rev: 1, ops: op(0) }, root).state, state);
});

test("an edit that turned out to change nothing needs no revision", () => {
  let state = thin.next(thin.typed(thin.create("abc", 1), splice(0, 1, "")), root).state;
  state = thin.received(state, { rev: 2, ops: [{ text: root, at: 0, delete: 2, insert: "" }] }, root).state;
  state = thin.acknowledged(state, { rev: 2, ops: [] }, root).state;
  assert.equal(state.base, "c");
  assert.ok(thin.isSaved(state));
});

test("a refused edit is typed text again", () => {
  let state = thin.next(thin.typed(thin.create("abc", 1), splice(3, 0, "d")), root).state;
  state = thin.takenBack(thin.typed(state, splice(4, 0, "e")));
  assert.equal(thin.viewText(state), "abcde");
  assert.deepEqual(thin.next(state, root).message.ops, [{ text: root, at: 3, delete: 0, insert: "de" }]);
});

test("what was typed offline is kept and moved over what others did meanwhile", () => {
  const offline = thin.typed(thin.create("one two", 4, "e"), splice(7, 0, " three"));
  const { state, view } = thin.rejoined(offline, { text: "zero one two", rev: 9, epoch: "e" });
  assert.equal(thin.viewText(state), "zero one two three");
  assert.equal(apply("one two three", view), "zero one two three");
  assert.equal(state.rev, 9);
});

test("an edit that was under way is recognised in the text, and sent again only when it is not there", () => {
  const sent = thin.next(thin.typed(thin.create("one two", 4, "e"), splice(7, 0, " three")), root).state;
  const there = thin.rejoined(sent, { text: "zero one two three", rev: 6, epoch: "e" });
  assert.equal(there.landed, true);
  assert.ok(thin.isSaved(there.state));
  const gone = thin.rejoined(sent, { text: "zero one two", rev: 5, epoch: "e" });
  assert.equal(gone.landed, false);
  assert.equal(thin.viewText(gone.state), "zero one two three");
  const nothing = thin.rejoined(sent, { text: "one two", rev: 4, epoch: "e" });
  assert.equal(nothing.landed, false);
});

test("a long paste goes out in parts below the limit of a message", () => {
  let state = thin.typed(thin.create("", 0), splice(0, 0, "漢".repeat(200000)));
  let parts = 0;
  for (let sent = thin.next(state, root); sent !== null; sent = thin.next(state, root)) {
    assert.ok(Buffer.byteLength(JSON.stringify(sent.message)) < 512 * 1024);
    parts += 1;
    state = thin.acknowledged(sent.state, { rev: parts }, root).state;
  }
  assert.equal(parts, 4);
  assert.equal(state.base.length, 200000);
});
