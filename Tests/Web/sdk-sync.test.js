import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { MemoryStore } from "../../Sources/QuireWeb/quire.js";
import { Keeper } from "../../Sources/QuireWeb/store/keeper.js";
import { LonelyTabs } from "../../Sources/QuireWeb/store/tabs.js";
import { Mirror, NodeWebSocket, Random, client, pause, until } from "./support/sdk.js";
import { Server, newSecret } from "./support/server.js";

let server;
const connections = [];

function connected(options = {}, url = server.url) {
  const connection = client(url, options);
  connections.push(connection);
  return connection;
}

before(async () => {
  server = await Server.start({ secret: newSecret(), options: ["--messages-per-second", "0", "--connections-per-second", "0"] });
});
after(async () => {
  await Promise.all(connections.map((each) => each.close()));
  await server.stop();
});

const token = (sub, role = "write") => server.token(sub, { "*": role });

test("what was stored survives kill -9, and what was typed meanwhile is sent", async () => {
  const [one, other] = await Promise.all(["ada", "bob"].map((sub) => connected({ token: token(sub) }).open("kill", { persist: false })));
  one.text("body").insert(0, "stored ");
  await one.flush();
  await until(() => other.text("body").length === 7);
  const states = [];
  one.on("state", (state) => states.push(state));
  await server.kill();
  await until(() => one.state === "offline" && other.state === "offline");
  one.text("body").insert(7, "one ");
  other.text("body").insert(0, "other ");
  assert.equal(one.pending, 1);
  assert.equal(one.stored, false);
  assert.equal(one.canWrite, true);
  await server.start();
  await Promise.all([one.flush(), other.flush()]);
  await until(() => one.text("body").toString() === "other stored one " && other.text("body").toString() === "other stored one ");
  assert.equal(await server.text("kill"), "other stored one ");
  assert.deepEqual(states, ["offline", "live"]);
});

test("a kill in the middle of typing loses nothing and doubles nothing", async () => {
  const [one, other] = await Promise.all(["ada", "bob"].map((sub) => connected({ token: token(sub) }).open("middle", { persist: false })));
  let typed = 0;
  let stop = false;
  const typing = (async () => {
    while (!stop) {
      one.text("body").insert(one.text("body").length, `${typed},`);
      typed += 1;
      await pause(1);
    }
  })();
  for (let round = 0; round < 3; round++) {
    await pause(300);
    await server.kill();
    await pause(100);
    await server.start();
    await until(() => one.state === "live");
  }
  stop = true;
  await typing;
  await one.flush();
  const expected = Array.from({ length: typed }, (_, index) => `${index},`).join("");
  assert.equal(one.text("body").toString(), expected);
  await until(() => other.text("body").toString() === expected);
  assert.equal(await server.text("middle"), expected);
});

test("presence is shown again after the connection broke", async () => {
  const [one, other] = await Promise.all(["ada", "bob"].map((sub) => connected({ token: token(sub) }).open("again", { presence: { at: 0 }, persist: false })));
  await until(() => other.presence.others.size === 1);
  one.presence.set({ at: 1 });
  await until(() => [...other.presence.others.values()][0].state.at === 1);
  const seen = [];
  one.on("state", (state) => seen.push([state, one.presence.others.size]));
  for (const socket of NodeWebSocket.open) socket.cut();
  await until(() => seen.length > 1 && one.state === "live" && other.state === "live");
  assert.deepEqual(seen[0], ["offline", 0]);
  await until(() => [...other.presence.others.values()][0]?.state.at === 1);
  assert.deepEqual([...other.presence.others.values()][0].user, { id: "ada", name: "ada" });
  assert.deepEqual(one.me.user, { id: "ada", name: "ada" });
});

test("a reader sees and is seen, and cannot edit", async () => {
  const writer = await connected({ token: token("ada") }).open("roles", { persist: false });
  writer.text("body").insert(0, "x");
  const reader = await connected({ token: token("eve", "read") }).open("roles", { persist: false });
  assert.equal(reader.role, "read");
  assert.equal(reader.canWrite, false);
  await until(() => reader.text("body").toString() === "x");
  assert.throws(() => reader.text("body").insert(0, "y"), { code: "FORBIDDEN" });
  assert.throws(() => reader.transaction(() => {}), { code: "FORBIDDEN" });
  reader.presence.set({ here: true });
  await until(() => [...writer.presence.others.values()].some(({ state }) => state?.here));
});

test("edits that a lowered role forbids are parked, and sent when it rises", async () => {
  const tokens = { current: token("ada") };
  const connection = connected({ getToken: () => tokens.current });
  const doc = await connection.open("parked", { persist: false });
  doc.text("body").insert(0, "stored ");
  await doc.flush();
  await server.kill();
  await until(() => doc.state === "offline");
  doc.text("body").insert(7, "parked");
  tokens.current = token("ada", "read");
  await connection.setToken(tokens.current);
  await server.start();
  await until(() => doc.state === "live");
  assert.equal(doc.role, "read");
  assert.equal(doc.parked, 1);
  assert.equal(doc.pending, 1);
  assert.equal(doc.text("body").toString(), "stored parked");
  assert.equal(await server.text("parked").then((text) => text.includes("parked")), false);
  const roles = [];
  doc.on("role", (role) => roles.push(role));
  await connection.setToken(token("ada", "write"));
  await doc.flush();
  assert.deepEqual([doc.parked, doc.pending], [0, 0]);
  assert.deepEqual(roles, ["write"]);
  const reader = await connected({ token: token("bob") }).open("parked", { persist: false });
  assert.equal(reader.text("body").toString(), "stored parked");
});

test("a token that ends is replaced on the open connection", async () => {
  let given = 0;
  const getToken = async () => {
    given += 1;
    return server.token("ada", { "*": "write" }, 3);
  };
  const connection = connected({ getToken });
  const states = [];
  connection.on("state", (state) => states.push(state));
  const doc = await connection.open("token", { persist: false });
  const { session } = doc.me;
  await pause(5_000);
  doc.text("body").insert(0, "x");
  await doc.flush();
  assert.equal(doc.me.session, session);
  assert.deepEqual(states, ["connected"]);
  assert.equal(given >= 2, true);
});

test("a token that ended is refused, and another one let in", async () => {
  const connection = connected({ token: server.token("ada", { "*": "write" }, -60) });
  const opening = connection.open("ended", { persist: false });
  await assert.rejects(opening, { code: "TOKEN_EXPIRED" });
  assert.equal(connection.state, "refused");
  assert.equal(connection.error.retryable, false);
  await connection.setToken(token("ada"));
  await until(() => connection.state === "connected");
  const doc = await connection.open("ended");
  await until(() => doc.state === "live");
  doc.text("body").insert(0, "x");
  await doc.flush();
});

test("who has no role for a document is told so", async () => {
  const connection = connected({ token: server.token("eve", { "other-*": "write" }) });
  await assert.rejects(connection.open("secret", { persist: false }), { code: "FORBIDDEN" });
  const doc = await connection.open("other-1", { persist: false });
  assert.equal(doc.state, "live");
});

// --- What is kept on this device.

test("a document opens offline with its unsent edits, and they go out on reconnect", async () => {
  // It stands for a device's disk: the page that comes after gets it.
  const store = Object.assign(new MemoryStore(), { outlivesPage: true });
  const own = await Server.start();
  try {
    const first = connected({ store }, own.url);
    const doc = await first.open("kept");
    doc.text("body").insert(0, "stored ");
    await doc.flush();
    await own.kill();
    await until(() => doc.state === "offline");
    doc.text("body").insert(7, "unsent");
    doc.list("cards").push("card");
    await until(() => doc.kept);
    // As if the page were gone, without a word.
    const copy = structuredClone(store.documents);
    await first.close();
    store.documents = copy;

    const second = connected({ store }, own.url);
    const again = await second.open("kept");
    assert.equal(again.state, "offline");
    assert.equal(again.text("body").toString(), "stored unsent");
    assert.equal(again.pending > 0, true);
    again.text("body").insert(0, "> ");
    await own.start();
    await again.flush();
    assert.equal(await own.text("kept"), "> stored unsent");
    assert.deepEqual(again.list("cards").toArray(), ["card"]);
    await second.close();

    const third = await connected({ store }, own.url).open("kept");
    assert.equal(third.text("body").toString(), "> stored unsent");
    assert.equal(third.pending, 0);
  } finally {
    await own.stop();
  }
});

test("what is kept on this device comes before what the server gives, however slow the device is", async () => {
  const store = Object.assign(new MemoryStore(), { outlivesPage: true });
  const first = connected({ token: token("ada"), store });
  const doc = await first.open("slow-device");
  doc.text("body").insert(0, "stored ");
  await doc.flush();
  await until(() => doc.kept);
  await first.close();
  const other = await connected({ token: token("bob") }).open("slow-device", { persist: false });
  other.text("body").insert(0, "> ");
  await other.flush();

  const { documents } = store;
  const slow = Object.assign(new MemoryStore(), { documents });
  const load = slow.load.bind(slow);
  const second = connected({ token: token("ada"), store: slow });
  let hasLoaded = false;
  slow.load = async (key) => {
    // The connection is made while the device still reads.
    const kept = await load(key);
    await until(() => second.state === "connected");
    await pause(200);
    hasLoaded = true;
    return kept;
  };
  const again = await second.open("slow-device");
  const mirror = new Mirror(again.text("body"));
  await until(() => hasLoaded);
  // What would come on top of it comes now.
  await pause(300);
  await until(() => again.state === "live" && again.stored && again.text("body").length === 9);
  assert.equal(again.text("body").toString(), "> stored ");
  assert.equal(mirror.text, "> stored ");
});

test("a device that does not answer keeps nobody waiting, and what it holds goes out when it does", async () => {
  const store = Object.assign(new MemoryStore(), { outlivesPage: true });
  const own = await Server.start();
  try {
    const first = connected({ store }, own.url);
    const doc = await first.open("mute-device");
    doc.text("body").insert(0, "stored ");
    await doc.flush();
    await own.kill();
    await until(() => doc.state === "offline");
    doc.text("body").insert(7, "unsent");
    await until(() => doc.kept);
    const copy = structuredClone(store.documents);
    await first.close();
    await own.start();

    const late = Object.assign(new MemoryStore(), { documents: copy });
    late.load = () => {
      delete late.load;
      return new Promise(() => {});
    };
    const errors = [];
    const again = await connected({ store: late }, own.url).open("mute-device", { onError: (error) => errors.push(error.code) });
    assert.deepEqual(errors, ["NOT_KEPT"]);
    await until(() => again.stored && again.text("body").toString() === "stored unsent");
    assert.equal(await own.text("mute-device"), "stored unsent");
  } finally {
    await own.stop();
  }
});

test("a device that takes no write keeps nobody from closing", async () => {
  const never = () => new Promise(() => {});
  const store = { load: never, write: never, remove: never };
  const failures = [];
  const owner = { record: () => null, failed: (error) => failures.push(error.message), updated: () => {} };
  const keeper = new Keeper(store, new LonelyTabs(), "mute", owner, { read: 10, write: 10 });
  assert.deepEqual(await keeper.load(), { record: null, changes: [] });
  assert.deepEqual(await keeper.orphans(new Set()), []);
  keeper.forget();
  await keeper.close();
  assert.equal(keeper.isIdle, false);
  assert.deepEqual(failures, ["the storage of this device does not answer"]);
});

test("offline edits on both sides merge after both reopened", async () => {
  const stores = [new MemoryStore(), new MemoryStore()];
  const own = await Server.start();
  try {
    let clients = stores.map((store) => connected({ store }, own.url));
    let docs = await Promise.all(clients.map((each) => each.open("both")));
    docs[0].text("body").insert(0, "middle");
    await docs[0].flush();
    await until(() => docs[1].text("body").length === 6);
    await own.kill();
    await until(() => docs.every((doc) => doc.state === "offline"));
    docs[0].text("body").insert(0, "left ");
    docs[1].text("body").insert(6, " right");
    await Promise.all(clients.map((each) => each.close()));
    clients = stores.map((store) => connected({ store }, own.url));
    docs = await Promise.all(clients.map((each) => each.open("both")));
    assert.deepEqual(docs.map((doc) => doc.text("body").toString()), ["left middle", "middle right"]);
    await own.start();
    await until(() => docs.every((doc) => doc.text("body").toString() === "left middle right"));
    await Promise.all(docs.map((doc) => doc.flush()));
  } finally {
    await own.stop();
  }
});

test("records that cannot be read do not block the opening, and the readable edits go out", async () => {
  const store = new MemoryStore();
  const own = await Server.start();
  try {
    const first = connected({ store }, own.url);
    const doc = await first.open("corrupt");
    doc.text("body").insert(0, "stored");
    await doc.flush();
    await own.kill();
    await until(() => doc.state === "offline");
    doc.text("body").insert(6, " unsent");
    await first.close();
    const [[key, kept]] = store.documents;
    kept.record.snapshot = kept.record.snapshot.map((byte, index) => (index > 20 ? byte ^ 0x55 : byte));
    kept.changes.set("1:1", { name: "1:1", bytes: new Uint8Array([1, 2, 3]), isOwn: true, order: 1 });
    const [unsent] = kept.changes.values();
    kept.changes.set("9:9", { ...unsent, name: "9:9" });
    kept.changes.set("x", { name: "x" });
    kept.changes.set("y", null);
    assert.equal(typeof key, "string");
    await own.start();
    const errors = [];
    const second = connected({ store }, own.url);
    const again = await second.open("corrupt", { onError: (error) => errors.push(error.code) });
    await until(() => again.text("body").toString() === "stored unsent");
    await again.flush();
    assert.equal(await own.text("corrupt"), "stored unsent");
    assert.equal(errors.includes("NOT_KEPT"), true);
    await until(() => !["1:1", "9:9", "x"].some((name) => kept.changes.has(name)), "the unreadable records to be dropped");
    // A store that fails altogether.
    const failing = { load: () => Promise.reject(new Error("no")), write: () => Promise.reject(new Error("no")), remove: () => Promise.reject(new Error("no")) };
    const third = await connected({ store: failing }, own.url).open("corrupt", { onError: (error) => errors.push(error.code) });
    assert.equal(third.text("body").toString(), "stored unsent");
    third.text("body").insert(0, "!");
    await third.flush();
    assert.equal(third.kept, false);
  } finally {
    await own.stop();
  }
});

test("what is in the memory of a page is not said to be kept", async () => {
  const stores = [new MemoryStore(), Object.assign(new MemoryStore(), { outlivesPage: true })];
  const [gone, kept] = await Promise.all(stores.map((store) => connected({ store, token: server.token("ada") }).open("not-kept")));
  for (const doc of [gone, kept]) doc.text("body").insert(0, "x");
  await Promise.all([gone.flush(), kept.flush()]);
  await until(() => kept.kept);
  await until(() => stores[0].documents.get([...stores[0].documents.keys()][0])?.record !== null);
  assert.equal(gone.kept, false);
});

test("a tab takes over what a closed one had not sent, and none has another's replica", async () => {
  const [store, tabs] = [new MemoryStore(), new LonelyTabs()];
  const own = await Server.start();
  try {
    const [first, second] = [connected({ store, tabs }, own.url), connected({ store, tabs }, own.url)];
    const [one, other] = [await first.open("tabs"), await second.open("tabs")];
    one.text("body").insert(0, "a");
    await one.flush();
    await own.kill();
    await until(() => one.state === "offline" && other.state === "offline");
    one.text("body").insert(1, "b");
    other.text("body").insert(0, "c");
    const live = await tabs.held();
    assert.equal(live.size >= 2, true);
    await first.close();
    await own.start();
    await other.flush();
    await until(() => other.text("body").toString() === "cab");
    await until(async () => (await own.text("tabs")) === "cab");
  } finally {
    await own.stop();
  }
});

test("another user of the same browser neither sees nor sends what one left", async () => {
  const store = new MemoryStore();
  const first = connected({ store, token: token("ada") });
  const doc = await first.open("private");
  doc.text("body").insert(0, "x");
  await doc.flush();
  await first.close();
  const second = connected({ store, token: token("eve", "read") });
  await second.open("private");
  const subjects = [...store.documents.keys()].map((key) => JSON.parse(key)[1]);
  assert.deepEqual(new Set(subjects), new Set(["ada", "eve"]));
});

test("a document with another history is taken from the server, and what was lost is handed out", async () => {
  const store = new MemoryStore();
  const own = await Server.start();
  const replacement = new Server();
  try {
    const connection = connected({ store }, own.url);
    const doc = await connection.open("epoch");
    doc.text("body").insert(0, "old");
    await doc.flush();
    await own.kill();
    await until(() => doc.state === "offline");
    doc.text("body").insert(3, " unsent");
    replacement.port = own.port;
    await replacement.start();
    const mirror = new Mirror(doc.text("body"));
    const resets = [];
    doc.on("reset", (reset) => resets.push(reset));
    await until(() => doc.state === "live");
    assert.equal(resets.length, 1);
    assert.equal(resets[0].reason.code, "EPOCH_CHANGED");
    assert.equal(resets[0].content.body, "old unsent");
    assert.equal(resets[0].pending, 1);
    assert.equal(doc.text("body").toString(), "");
    assert.equal(mirror.text, "");
    doc.text("body").insert(0, "new");
    await doc.flush();
    assert.equal(await replacement.text("epoch"), "new");
  } finally {
    await own.stop();
    await replacement.stop();
  }
});

// --- Anything at any time.

const seeds = process.env.FUZZ_SEED ? [BigInt(process.env.FUZZ_SEED)] : [1n, 2n, BigInt(Date.now())];
for (const seed of seeds) {
  test(`two clients that type anywhere while connections break end alike (FUZZ_SEED=${seed})`, async () => {
    const random = new Random(seed);
    const own = await Server.start({ options: ["--messages-per-second", "0", "--connections-per-second", "0"] });
    try {
      const clients = [{}, { transports: ["polling"] }].map((options) => connected(options, own.url));
      const docs = await Promise.all(clients.map((each) => each.open("random", { persist: false })));
      const mirrors = docs.map((doc) => new Mirror(doc.text("body")));
      const errors = [];
      docs.forEach((doc) => doc.on("error", (error) => error.retryable || errors.push(error)));
      for (let step = 0; step < 600; step++) {
        const doc = random.pick(docs);
        const body = doc.text("body");
        const kind = random.below(20);
        if (kind < 9) body.insert(safe(body, random.below(body.length + 1)), random.pick(["a", "bc", "é", "😀", "line\n"]));
        else if (kind < 12 && body.length > 0) remove(body, random);
        else if (kind < 14) doc.list("cards").insert(random.below(doc.list("cards").length + 1), step);
        else if (kind === 14 && doc.list("cards").length > 1) {
          doc.list("cards").move(random.below(doc.list("cards").length), random.below(doc.list("cards").length));
        } else if (kind < 17) doc.map("m").set(random.pick(["x", "y", "z"]), step);
        else if (kind === 17) doc.undo();
        else if (kind === 18) doc.redo();
        else if (random.below(3) === 0) for (const socket of NodeWebSocket.open) socket.cut();
        if (step === 300) {
          await own.kill();
          setTimeout(() => own.start(), 200);
        }
        if (random.below(4) === 0) await pause(random.below(8));
      }
      await Promise.all(docs.map((doc) => doc.flush()));
      await until(() => JSON.stringify(docs[0].toJSON()) === JSON.stringify(docs[1].toJSON()));
      assert.equal(await own.text("random"), docs[0].text("body").toString());
      mirrors.forEach((mirror, index) => assert.equal(mirror.text, docs[index].text("body").toString()));
      assert.deepEqual(errors, []);
    } finally {
      await own.stop();
    }
  });
}

/** An offset that is between no halves. */
function safe(body, offset) {
  const text = body.toString();
  return /[\udc00-\udfff]/.test(text[offset] ?? "") ? offset - 1 : offset;
}

function remove(body, random) {
  const from = safe(body, random.below(body.length));
  const to = safe(body, Math.min(body.length, from + 1 + random.below(4)));
  body.delete(from, Math.max(to, from + (body.toString().codePointAt(from) > 0xffff ? 2 : 1)) - from);
}
