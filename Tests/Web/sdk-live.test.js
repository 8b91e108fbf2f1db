import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { List, MapValue, QuireError, Text, anchorFromString, anchorToString, open } from "../../Sources/QuireWeb/quire.js";
import { Mirror, NodeWebSocket, client, module, pause, until } from "./support/sdk.js";
import { Server } from "./support/server.js";

let server;
const open2 = [];

before(async () => {
  server = await Server.start();
});
after(async () => {
  await Promise.all(open2.map((each) => each.close()));
  await server.stop();
});

let count = 0;
/** Two documents of one name on two connections. */
async function pair(options = {}) {
  count += 1;
  const id = `live-${count}`;
  const [one, other] = [client(server.url, options), client(server.url, options)];
  open2.push(one, other);
  return Promise.all([one.open(id, { persist: false }), other.open(id, { persist: false })]);
}

test("text that is typed in one appears in the other, with patches", async () => {
  const [one, other] = await pair();
  const mirrors = [new Mirror(one.text("body")), new Mirror(other.text("body"))];
  one.text("body").insert(0, "Hello");
  assert.equal(one.text("body").toString(), "Hello");
  await until(() => other.text("body").toString() === "Hello");
  other.text("body").splice(5, 0, ", 😀");
  one.text("body").insert(0, "> ");
  await until(() => one.text("body").toString() === "> Hello, 😀" && other.text("body").toString() === "> Hello, 😀");
  assert.deepEqual(mirrors.map(({ text }) => text), ["> Hello, 😀", "> Hello, 😀"]);
  assert.deepEqual(mirrors[0].origins, ["local", "local", "remote"]);
});

test("lists and maps converge, nested ones too", async () => {
  const [one, other] = await pair();
  const shapes = one.map("shapes");
  const shape = shapes.set("s1", { x: 1, label: new Text("note"), tags: new List(["a", 2, null]) });
  assert.equal(shape instanceof MapValue, true);
  one.list("cards").push("a", "b", "c");
  await until(() => other.map("shapes").has("s1") && other.list("cards").length === 3);
  const theirs = other.map("shapes").get("s1");
  assert.equal(theirs.get("label") instanceof Text, true);
  assert.equal(theirs.get("tags") instanceof List, true);
  theirs.set("x", 7);
  theirs.get("label").insert(4, "s");
  theirs.get("tags").delete(0);
  other.list("cards").move(0, 2);
  shape.set("y", new Uint8Array([1, 2]));
  const expected = { x: 7, y: new Uint8Array([1, 2]), label: "notes", tags: [2, null] };
  await until(() => shape.get("x") === 7 && shape.get("label").toString() === "notes" && one.list("cards").get(2) === "a");
  await until(() => theirs.get("y"));
  assert.deepEqual(shape.toJSON(), expected);
  assert.deepEqual(other.toJSON(), one.toJSON());
  assert.deepEqual(one.list("cards").toArray(), ["b", "c", "a"]);
  assert.equal(theirs.get("tags"), theirs.get("tags"), "one handle for one container");
});

test("events of lists and maps give handles and tell moves", async () => {
  const [one, other] = await pair();
  const heard = [];
  other.on("change", ({ patches, origin }) => heard.push(...patches.map((patch) => ({ ...patch, origin }))));
  one.list("cards").push(new MapValue({ title: "x" }), "b");
  await until(() => heard.length > 0);
  assert.equal(heard[0].container, other.list("cards"));
  assert.equal(heard[0].insert[0], other.list("cards").get(0));
  heard.length = 0;
  one.list("cards").move(1, 0);
  one.map("m").set("k", 1);
  one.map("m").delete("k");
  await until(() => heard.length >= 3);
  assert.deepEqual(heard.map(({ kind }) => kind), ["move", "map", "map"]);
  assert.deepEqual(heard[0].from === 1 && heard[0].to === 0, true);
  assert.equal(heard[2].value, undefined);
});

test("pending falls to nothing once the server has it on disk", async () => {
  const [one, other] = await pair();
  assert.equal(one.pending, 0);
  const seen = [];
  one.on("pending", (pending) => seen.push(pending));
  one.text("body").insert(0, "a");
  assert.equal(one.pending, 1);
  assert.equal(one.stored, false);
  await one.flush();
  assert.equal(one.pending, 0);
  assert.equal(one.stored, true);
  assert.deepEqual(seen, [1, 0]);
  assert.equal(one.rev > 0, true);
  assert.equal(await server.text(one.id), "a");
  assert.equal(other.pending, 0);
});

test("a transaction is one change and one event", async () => {
  const [one, other] = await pair();
  const events = [];
  other.on("change", (change) => events.push(change));
  const local = [];
  one.on("change", (change) => local.push(change));
  const result = one.transaction(() => {
    one.text("body").insert(0, "abc");
    one.transaction(() => one.map("meta").set("title", "x"));
    one.text("body").delete(0, 1);
    return 5;
  });
  assert.equal(result, 5);
  assert.equal(one.pending, 1);
  await until(() => other.map("meta").get("title") === "x");
  assert.equal(events.length, 1);
  assert.equal(local.length, 1);
  assert.equal(local[0].patches.length, 3);
  assert.equal(other.text("body").toString(), "bc");
});

test("undo takes back one's own and leaves the other's", async () => {
  const [one, other] = await pair();
  one.text("body").insert(0, "mine");
  await until(() => other.text("body").toString() === "mine");
  other.text("body").insert(4, " theirs");
  await until(() => one.text("body").length === 11);
  const states = [];
  one.on("undostate", (state) => states.push(state));
  const mirror = new Mirror(one.text("body"));
  assert.equal(one.canUndo, true);
  assert.equal(one.undo(), true);
  assert.equal(one.text("body").toString(), " theirs");
  assert.deepEqual([one.canUndo, one.canRedo], [false, true]);
  assert.equal(one.undo(), false);
  await until(() => other.text("body").toString() === " theirs");
  one.redo();
  assert.equal(one.text("body").toString(), "mine theirs");
  assert.equal(mirror.text, "mine theirs");
  assert.deepEqual(mirror.origins, ["undo", "undo"]);
  assert.deepEqual(states, [{ canUndo: false, canRedo: true }, { canUndo: true, canRedo: false }]);
  await one.flush();
});

test("presence is seen by the others, coalesced, and gone with the socket", async () => {
  const [one, other] = await pair();
  const states = [];
  other.presence.on("change", () => states.push(other.presence.others.get(one.me.session)?.state?.at));
  for (let at = 0; at < 200; at++) one.presence.set({ at });
  await until(() => other.presence.others.get(one.me.session)?.state?.at === 199);
  assert.equal(states.length < 10, true, `${states.length} events for 200 states`);
  assert.equal(other.members.length, 2);
  assert.equal(typeof other.presence.others.get(one.me.session).user.name, "string");
  const anchor = anchorToString(one.text("body").anchor(0, "right"));
  one.presence.set({ anchor });
  await until(() => other.presence.others.get(one.me.session)?.state?.anchor);
  assert.equal(other.text("body").offset(anchorFromString(anchor)), 0);
  const members = [];
  other.on("members", (list) => members.push(list.length));
  await one.close();
  await until(() => other.presence.others.size === 0);
  assert.deepEqual(members, [1]);
  assert.throws(() => other.presence.set("x".repeat(5000)), { code: "TOO_LARGE" });
});

test("signals reach the others and nobody else", async () => {
  const [one, other] = await pair();
  const heard = [];
  one.on("signal", () => heard.push("self"));
  other.on("signal", (signal) => heard.push(signal));
  await one.signal({ wave: true, bytes: new Uint8Array([1, 2, 3]) });
  await until(() => heard.length > 0);
  assert.equal(heard[0].session, one.me.session);
  assert.deepEqual(heard[0].payload.wave, true);
  assert.deepEqual([...heard[0].payload.bytes], [1, 2, 3]);
});

test("several documents share one connection", async () => {
  const connection = client(server.url);
  open2.push(connection);
  const states = [];
  connection.on("state", (state) => states.push(state));
  const docs = await Promise.all(["s-1", "s-2", "s-3"].map((id) => connection.open(id, { persist: false })));
  docs.forEach((doc, index) => doc.text("body").insert(0, `doc ${index}`));
  await Promise.all(docs.map((doc) => doc.flush()));
  assert.equal(connection.state, "connected");
  assert.deepEqual(await Promise.all(docs.map((doc) => server.text(doc.id))), ["doc 0", "doc 1", "doc 2"]);
  assert.equal(await connection.open("s-1"), docs[0]);
  await docs[0].close();
  assert.equal(docs[0].state, "closed");
  assert.throws(() => docs[0].text("body").insert(0, "x"));
  assert.deepEqual(states, ["connected"]);
});

test("open shares connections, and closes them with the last document", async () => {
  const options = { wasm: module, persist: false, transports: ["polling"] };
  const doc = await open(server.url, "opened", options);
  doc.text("body").insert(0, "x");
  await doc.flush();
  await doc.close();
  await assert.rejects(open(server.url, "not/a/name", options), { code: "INVALID_DOCUMENT" });
});

test("polling alone is enough, with bytes both ways", async () => {
  const [one, other] = await pair({ transports: ["polling"] });
  one.text("body").insert(0, "x".repeat(30_000));
  other.text("body").insert(0, "y");
  await until(() => one.text("body").length === 30_001 && other.text("body").length === 30_001);
  assert.equal(one.text("body").toString(), other.text("body").toString());
});

test("where WebSockets do not get through polling does, and is the first choice for a while", async () => {
  let attempts = 0;
  class Blocked {
    constructor() {
      attempts += 1;
      setTimeout(() => this.onclose?.({}));
    }
    close() {}
  }
  // Another name of the server: the choice is remembered by address.
  const url = server.url.replace("127.0.0.1", "localhost");
  for (let round = 0; round < 2; round++) {
    const connection = client(url, { WebSocket: Blocked });
    open2.push(connection);
    const doc = await connection.open("blocked", { persist: false });
    doc.text("body").insert(0, "x");
    await doc.flush();
  }
  assert.equal(attempts, 1);
});

test("a large paste is several changes and arrives whole", async () => {
  const [one, other] = await pair();
  const large = "0123456789 äöü 😀\n".repeat(60_000);
  one.text("body").insert(0, large);
  await until(() => other.text("body").length === large.length, "the paste", 30_000);
  assert.equal(other.text("body").toString(), large);
  assert.throws(() => one.map("m").set("k", "x".repeat(1 << 20)), { code: "TOO_LARGE" });
  one.transaction(() => {
    for (let index = 0; index < 20; index++) one.map("m").set(`k${index}`, "x".repeat(100_000));
  });
  await until(() => other.map("m").size === 20, "the transaction", 30_000);
});

test("a burst of edits is paced and batched, not refused", async () => {
  const [one, other] = await pair();
  const errors = [];
  one.on("error", (error) => errors.push(error.code));
  for (let index = 0; index < 3000; index++) {
    one.text("body").insert(index, "x");
    if (index % 10 === 0) await pause(0);
  }
  await one.flush();
  await until(() => other.text("body").length === 3000);
  assert.deepEqual(errors, []);
});

test("what the engine refuses throws and changes nothing", async () => {
  const [one] = await pair();
  one.text("body").insert(0, "a😀");
  assert.throws(() => one.text("body").insert(99, "x"), { code: "OUT_OF_BOUNDS" });
  assert.throws(() => one.text("body").delete(2, 1));
  assert.throws(() => one.text("body").insert(0, "\ud800"));
  assert.throws(() => one.map("m").set("k", () => {}));
  assert.throws(() => new Text("x").insert(0, "y"), QuireError);
  assert.equal(one.text("body").toString(), "a😀");
  one.transaction(() => {
    one.text("body").insert(0, "b");
    assert.throws(() => one.text("body").insert(99, "x"));
  });
  await one.flush();
  assert.equal(await server.text(one.id), "ba😀");
});

test("a listener that throws or edits stops nobody", async () => {
  const [one, other] = await pair();
  const reported = [];
  const console_ = console.error;
  console.error = (error) => reported.push(error);
  try {
    other.text("body").on("change", () => {
      throw new Error("mine");
    });
    const off = other.text("body").on("change", ({ origin }) => {
      if (origin === "remote") other.text("body").insert(0, "!");
    });
    // Hears of the edit after of what it answered.
    const mirror = new Mirror(other.text("body"));
    one.text("body").insert(0, "a");
    await until(() => one.text("body").toString() === "!a");
    assert.equal(mirror.text, "!a");
    assert.deepEqual(mirror.origins, ["remote", "local"]);
    assert.equal(reported.length, 2);
    off();
  } finally {
    console.error = console_;
  }
});

test("what a server had acknowledged since the backup that it was restored from comes back from who is there", async (t) => {
  const own = await Server.start();
  const clients = [1, 2, 3].map(() => client(own.url));
  try {
    const docs = await Promise.all(clients.map((each) => each.open("restored", { persist: false })));
    const resets = [];
    for (const doc of docs) doc.on("reset", ({ reason }) => resets.push(reason.code));
    const written = [];
    const write = async (rounds) => {
      for (let round = 0; round < rounds; round++) {
        // The third reads along.
        for (const [index, doc] of docs.slice(0, 2).entries()) {
          const word = `<${index}.${written.length}>`;
          written.push(word);
          const body = doc.text("body");
          body.insert(round % 2 === 0 ? 0 : body.length, word);
        }
        if (round % 5 === 4) await Promise.all(docs.map((doc) => doc.flush()));
      }
      await Promise.all(docs.map((doc) => doc.flush()));
    };
    await write(10);
    own.backup();
    await write(40);
    await until(() => docs.every((doc) => doc.text("body").length === docs[0].text("body").length));
    // What is not sent yet follows what is given back.
    await own.kill("SIGTERM");
    docs[0].text("body").insert(0, "<parked>");
    written.push("<parked>");
    own.restore();
    await own.start();
    const text = () => docs[0].text("body").toString();
    await until(() => docs.every((doc) => doc.state === "live" && doc.stored && doc.text("body").toString() === text()), "all agree", 30_000);
    const stored = await own.text("restored");
    const times = (word) => stored.split(word).length - 1;
    const [lost, doubled] = [written.filter((word) => times(word) === 0), written.filter((word) => times(word) > 1)];
    t.diagnostic(`${written.length} words acknowledged, ${lost.length} lost, ${doubled.length} doubled`);
    assert.deepEqual([lost, doubled, resets, stored], [[], [], [], text()]);
  } finally {
    await Promise.all(clients.map((each) => each.close()));
    await own.stop();
  }
});
