import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Decoder, decodePayload, encode, encodePiece, joinPayload, packet } from "../../Sources/QuireWeb/wire/packets.js";
import { covers, readChange, readVersion, splitChanges } from "../../Sources/QuireWeb/client/formats.js";
import { Pace } from "../../Sources/QuireWeb/wire/backoff.js";
import { connect } from "../../Sources/QuireWeb/quire.js";
import { Room, played } from "./support/played.js";
import { Random, module, pause, until } from "./support/sdk.js";

const connections = [];
const unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(error));
process.on("uncaughtException", (error) => unhandled.push(error));

after(async () => {
  await Promise.all(connections.map((each) => each.close()));
  assert.deepEqual(unhandled, []);
});

let count = 0;
function to(WebSocket, options = {}) {
  count += 1;
  // An address of its own: what is remembered of one is not of another.
  const connection = connect(`http://played-${count}.invalid/`, { wasm: module, WebSocket, transports: ["websocket"], ...options });
  connections.push(connection);
  return connection;
}

async function opened(room) {
  const WebSocket = played((event, args, peer) => room.answer(event, args, peer));
  const connection = to(WebSocket);
  const errors = [];
  const doc = await connection.open("d", { persist: false, onError: (error) => errors.push(error) });
  return { doc, connection, errors, WebSocket, peer: () => WebSocket.peers.at(-1) };
}

test("packets come out as they went in, in one piece or many", () => {
  const data = ["e", { a: new Uint8Array([1, 2, 255]), b: [new Uint8Array(0), { _x: null }] }, "/docs,3-"];
  for (const namespace of ["/", "/docs"]) {
    for (const id of [undefined, 0, 123456]) {
      const pieces = encode({ type: packet.event, namespace, id, data });
      const body = joinPayload(pieces.map(encodePiece));
      for (const arrived of [pieces, decodePayload(body)]) {
        const decoder = new Decoder();
        const results = arrived.map((piece) => decoder.feed(typeof piece === "string" ? piece.slice(1) : piece));
        assert.deepEqual(results.slice(0, -1), results.slice(0, -1).map(() => null));
        assert.deepEqual(results.at(-1), { type: packet.binaryEvent, namespace, id: id ?? null, data });
      }
    }
  }
  assert.deepEqual(encode({ type: packet.event, namespace: "/docs", data: ["x"] }), ['42/docs,["x"]']);
});

test("garbage from the server breaks the connection at most, whatever it is", async () => {
  const seed = process.env.FUZZ_SEED ?? Date.now();
  const random = new Random(seed);
  const room = new Room();
  const { doc, connection, peer } = await opened(room);
  const states = new Set();
  doc.on("state", (state) => states.add(state));
  doc.text("body").insert(0, "mine");
  await doc.flush();
  const bytes = () => Uint8Array.from({ length: random.below(40) }, () => random.below(256));
  const anything = () => random.pick([null, true, -1, 1e300, "x", "d", [], {}, { rev: -1 }, { rev: "1" }, [[]], { session: 5 }, bytes(), { ok: true }]);
  const pieces = [
    () => random.pick(["", "0", "0null", "0[]", "1", "2", "3", "4", "40", "42", "43", "45", "46", "4/docs", "9", "b", "44/docs,", "42/docs,", "42/docs,{}", "42/docs,[]", "42/docs,[5]", "43/docs,1", "43/docs,1[]", "43/docs,1[null]", "451-/docs,[\"change\",{\"_placeholder\":true,\"num\":7}]", "452-/docs,[", "4599-/docs,[]", "42/docs,[\"__proto__\"]", `42/docs,${"[".repeat(20_000)}`]),
    bytes,
    () => encode({ type: packet.event, namespace: "/docs", data: [random.pick(["change", "presence", "signal", "role", "reset", "closing", "authenticated", "exception", "edit", "x"]), "d", anything(), anything(), anything()] }),
    () => encode({ type: packet.ack, namespace: "/docs", id: random.below(30), data: [anything()] }),
  ];
  for (let round = 0; round < 400; round++) {
    if (random.below(3) === 0) await until(() => connection.retry() ?? doc.state === "live", `live, FUZZ_SEED=${seed}`);
    for (const piece of [random.pick(pieces)()].flat()) peer().say(piece);
    if (random.below(4) === 0) await pause(0);
  }
  assert.deepEqual(states, new Set(["offline", "live"]), `FUZZ_SEED=${seed}`);
  await until(() => connection.retry() ?? doc.state === "live", `live again, FUZZ_SEED=${seed}`, 20_000);
  doc.text("body").insert(doc.text("body").length, "!");
  await doc.flush();
  assert.equal(room.document.text("body").toString(), doc.text("body").toString());
  assert.equal({}.polluted, undefined);
});

test("a join that makes no sense is tried again ever less often, and nothing is lost of it", async () => {
  const room = new Room();
  let joins = 0;
  let isBad = true;
  const bad = [null, { ok: true }, { ...room.join(), version: new Uint8Array([1]) }, { ...room.join(), snapshot: new Uint8Array([81, 85]) }, { ...room.join(), snapshot: undefined }, { ...room.join(), role: "king" }];
  const WebSocket = played((event, args) => {
    if (event !== "join" || !isBad) return room.answer(event, args);
    joins += 1;
    return bad[joins % bad.length];
  });
  const errors = [];
  const connection = to(WebSocket);
  const opening = connection.open("d", { persist: false, onError: (error) => errors.push(error) });
  await pause(2_500);
  assert.equal(joins < 10, true, `${joins} joins in 2.5 seconds`);
  assert.equal(errors.length > 0, true);
  isBad = false;
  const doc = await opening;
  assert.equal(doc.state, "live");
});

test("changes that the engine refuses make us take the server's state, and again and again not in a rush", async () => {
  const room = new Room();
  const { doc, peer, errors } = await opened(room);
  doc.text("body").insert(0, "stored");
  await doc.flush();
  const resets = [];
  doc.on("reset", (reset) => resets.push(reset));
  // A change with a good head and a broken end.
  const broken = () => {
    const other = room.document;
    other.text("body").insert(0, "x");
    const bytes = other.takeChanges();
    bytes[bytes.length - 1] ^= 0xff;
    return bytes;
  };
  peer().emit("change", "d", broken(), { rev: 99, session: "x" });
  await until(() => resets.length === 1 && doc.state === "live");
  assert.equal(resets[0].content.body, "stored");
  assert.equal(doc.text("body").toString(), "xstored");
  assert.equal(errors.length, 1);
});

test("a server that lost what it had acknowledged gets it back, once", async () => {
  const room = new Room();
  const { doc, peer } = await opened(room);
  doc.text("body").insert(0, "stored");
  await doc.flush();
  const resets = [];
  doc.on("reset", (reset) => resets.push(reset));
  const before = room.document.snapshot;
  room.document.text("body").insert(0, "theirs, ");
  peer().emit("change", "d", room.document.takeChanges(), { rev: 2, session: "x" });
  await until(() => doc.text("body").toString() === "theirs, stored");
  doc.text("body").insert(14, "!");
  await doc.flush();
  const { start } = await import("./engine.js");
  for (const document of [new Room().document, start().open(before, 3n)]) {
    room.document = document;
    peer().cut();
    await until(() => room.document.text("body").toString() === "theirs, stored!" && doc.stored && doc.state === "live");
  }
  assert.deepEqual([resets.length, doc.text("body").toString()], [0, "theirs, stored!"]);
});

test("a server that lost more than what is kept of it is noticed", async () => {
  const room = new Room();
  const { doc, peer } = await opened(room);
  doc.text("body").insert(0, "stored");
  await doc.flush();
  for (let round = 0; round < 9; round++) {
    doc.text("body").insert(0, "x".repeat(500_000));
    await doc.flush();
    doc.text("body").delete(0, 500_000);
    await doc.flush();
  }
  const resets = [];
  doc.on("reset", (reset) => resets.push(reset));
  room.document = new Room().document;
  peer().cut();
  await until(() => resets.length === 1 && doc.state === "live");
  assert.equal(resets[0].reason.code, "ACKNOWLEDGED_CHANGES_LOST");
  assert.equal(resets[0].content.body, "stored");
  assert.equal(doc.text("body").toString(), "");
});

test("others' changes that the server lost are given back", async () => {
  const room = new Room();
  const { doc, peer } = await opened(room);
  const before = room.document.snapshot;
  room.document.text("body").insert(0, "theirs");
  peer().emit("change", "d", room.document.takeChanges(), { rev: 2, session: "x" });
  await until(() => doc.text("body").toString() === "theirs");
  const { start } = await import("./engine.js");
  room.document = start().open(before, 3n);
  peer().cut();
  await until(() => room.document.text("body").toString() === "theirs");
  assert.equal(doc.pending, 0);
});

test("what comes in one breath with the answer to a join is not lost", async () => {
  const room = new Room();
  const Played = played((event, args, peer) => {
    if (event !== "join") return room.answer(event, args);
    // In one tick, as in one polling body.
    const reply = room.join();
    const ask = () => {
      room.document.text("body").insert(0, "now");
      peer.emit("presence", "d", [{ session: "x", user: { name: "x" }, state: 1 }], []);
      peer.emit("change", "d", room.document.takeChanges(), { rev: 2, session: "x" });
    };
    peer.sendPacket({ type: packet.ack, id: peer.lastId, data: [reply] });
    ask();
    return undefined;
  });
  const doc = await to(Played).open("d", { persist: false });
  await until(() => doc.text("body").toString() === "now", "the change", 2_000);
  assert.deepEqual([...doc.presence.others.keys()], ["x"]);
});

test("missing changes are asked for", async () => {
  const room = new Room();
  const syncs = [];
  const answer = room.answer.bind(room);
  room.answer = (event, args) => {
    if (event !== "sync") return answer(event, args);
    syncs.push(args);
    return { ok: true, rev: 3, version: room.document.version, snapshot: room.document.snapshot };
  };
  const { doc, peer } = await opened(room);
  room.document.text("body").insert(0, "a");
  room.document.takeChanges();
  room.document.text("body").insert(1, "b");
  peer().emit("change", "d", room.document.takeChanges(), { rev: 3, session: "x" });
  await until(() => doc.text("body").toString() === "ab");
  assert.equal(syncs.length, 1);
});

test("refused changes: later, in another role, after joining again, never", async () => {
  const room = new Room();
  const refusals = [
    { code: "RATE_LIMITED", message: "slower", retryable: true },
    { code: "NOT_JOINED", message: "join", retryable: true },
    { code: "STORE_FAILED", message: "disk", retryable: true },
  ];
  const answer = room.answer.bind(room);
  let next = null;
  room.answer = (event, args) => {
    if (event === "change" && (next ?? refusals.length > 0)) return { ok: false, error: next ?? refusals.shift() };
    return answer(event, args);
  };
  const { doc, peer } = await opened(room);
  doc.text("body").insert(0, "a");
  await doc.flush();
  assert.equal(room.document.text("body").toString(), "a");
  next = { code: "FORBIDDEN", message: "no", retryable: false };
  const roles = [];
  doc.on("role", (role) => roles.push(role));
  doc.text("body").insert(1, "b");
  await until(() => doc.parked === 1);
  assert.equal(doc.canWrite, false);
  assert.throws(() => doc.text("body").insert(0, "x"), { code: "FORBIDDEN" });
  next = null;
  peer().emit("role", "d", { role: "write", rev: 5 });
  await until(() => doc.stored);
  assert.deepEqual(roles, ["comment", "write"]);
  assert.equal(room.document.text("body").toString(), "ab");
  next = { code: "TOO_LARGE", message: "no", retryable: false };
  doc.text("body").insert(2, "c");
  await assert.rejects(doc.flush(), { code: "TOO_LARGE" });
  assert.equal(doc.state, "refused");
  assert.equal(doc.error.code, "TOO_LARGE");
  assert.equal(doc.text("body").toString(), "abc");
});

test("presence is sent at most 20 times a second, the newest last", async () => {
  const room = new Room();
  const sent = [];
  const answer = room.answer.bind(room);
  room.answer = (event, args) => {
    if (event === "presence") sent.push(args[1]);
    return answer(event, args);
  };
  const { doc } = await opened(room);
  const begin = Date.now();
  for (let at = 0; Date.now() - begin < 600; at++) {
    doc.presence.set({ at });
    await pause(1);
  }
  doc.presence.set({ at: "last" });
  await until(() => sent.at(-1)?.at === "last");
  const most = (Date.now() - begin) / 50 + 2;
  assert.equal(sent.length > 3 && sent.length <= most, true, `${sent.length} states`);
});

test("a connection sends no more than the server takes, whatever the clock does", () => {
  let now = 1_000;
  const pace = new Pace(40, 300, () => now);
  let sent = 0;
  for (let step = 0; step < 10_000; step++) {
    now += 1;
    while (pace.wait(1) === 0) {
      pace.use(1);
      sent += 1;
    }
  }
  assert.equal(sent > 690 && sent <= 700, true, `${sent} in ten seconds`);
  assert.equal(pace.wait(1) <= 26, true);
  now -= 1_000_000;
  assert.equal(pace.wait(1) > 0, true);
  now += 60_000;
  assert.equal(pace.wait(5_000), 0, "what is more than a burst goes when the bucket is full");
  pace.use(5_000);
  assert.equal(pace.wait(1) > 100_000, true);
});

test("a server that falls silent is noticed, and one that says when to come back is heeded", async () => {
  const room = new Room();
  const Played = played((event, args) => room.answer(event, args));
  class Short extends Played {
    say(data) {
      super.say(typeof data === "string" ? data.replace('"pingInterval":25000,"pingTimeout":20000', '"pingInterval":200,"pingTimeout":200') : data);
    }
  }
  Short.peers = Played.peers;
  const connection = to(Short);
  const doc = await connection.open("d", { persist: false });
  await until(() => connection.state === "waiting", "the silence", 2_000);
  assert.match(connection.error.message, /silent/);
  await until(() => doc.state === "live");
  Played.peers.at(-1).emit("closing", { reason: "SHUTDOWN", retryAfter: 3_000 });
  await pause(10);
  Played.peers.at(-1).cut();
  await until(() => connection.state === "waiting");
  assert.equal(connection.retryAt - Date.now() > 2_500, true);
});

test("numbers of changes and versions are read as they are, and nothing else", () => {
  const hex = (text) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
  assert.deepEqual({ ...readChange(hex("92 01 24 04 62 6f 64 79 48 69 d3")), bytes: 0 }, { replica: "1", sequence: 0, bytes: 0 });
  assert.deepEqual({ ...readChange(hex("9e 07 ac 02 01")), bytes: 0 }, { replica: "300", sequence: 0, bytes: 0 });
  assert.deepEqual(readVersion(hex("d0 02 01 04 aa 02 02")), new Map([["1", 4], ["300", 2]]));
  assert.deepEqual(splitChanges(hex("c0 00")), []);
  assert.equal(covers(new Map([["1", 4]]), new Map([["1", 5]])), false);
  for (const bad of ["", "ff", "92", "92 ff", "c0 02 01 92", "c0 01 02 92 01 00", `c0 ${"ff".repeat(12)}`]) {
    assert.throws(() => (bad === "" ? readChange(hex(bad)) : splitChanges(hex(bad))), { code: "PROTOCOL_VIOLATION" });
  }
  for (const bad of ["", "c0", "d0", "d0 01", "d0 01 01"]) assert.throws(() => readVersion(hex(bad)), { code: "PROTOCOL_VIOLATION" });
});
