import assert from "node:assert/strict";
import { test } from "node:test";

import { Socket } from "../../../Sources/QuireWeb/wire/socket.js";
import { network, settled } from "../../Web/support/wire.js";
import { splice } from "../../../samples/lib/delta.js";
import { SharedText } from "../../../samples/lib/shared-text.js";

const text = "one two three";
const una = { session: "una", user: { id: "u", name: "Una" } };

/** What others tell: a selection in the text of a revision. */
const selecting = (anchor, head, rev) => ({ ...una, state: { cursor: { anchor, head, rev }, color: "#112233" } });

/** A page in the document, and the server's end of its connection: what the server says, the test says, when it says it. */
class House {
  asked = 0;

  static async open(t, members = []) {
    const house = new House();
    const { made, WebSocket } = network("/docs");
    const connection = { transports: ["websocket"], WebSocket };
    house.page = new SharedText(
      { base: "http://x/", doc: "d", chooseColor: () => "#445566", Socket, connection },
      { onText() {}, onPeople() {}, onStatus() {} },
    );
    t.after(() => house.page.close());
    house.page.open();
    [house.connection] = made;
    await house.enter(members);
    return house;
  }

  /** The connection is there, and the join is answered. */
  async enter(members, content = text, rev = 1) {
    await this.connection.open();
    await this.answer("join", { doc: "d", session: "me", role: "write", epoch: "e", rev, members, content: { body: content } });
  }

  say(packet) {
    this.connection.say(packet);
  }

  tell(...event) {
    this.say(`42/docs,${JSON.stringify(event)}`);
  }

  /** Answers the page's last request, which must be this one. */
  async answer(name, content) {
    const request = this.connection.sent.map((packet) => /^42\/docs,(\d+)\["(\w+)"/.exec(packet)).filter(Boolean).at(-1);
    assert.equal(request[2], name);
    assert.ok(Number(request[1]) > this.asked, "it was answered before");
    this.asked = Number(request[1]);
    this.say(`43/docs,${request[1]}${JSON.stringify([{ ok: true, ...content }])}`);
    await settled();
  }

  /** The words that Una's selection covers on the page, or null without one. */
  get selected() {
    const { cursor } = this.page.people.find(({ session }) => session === "una");
    return cursor && this.page.text.slice(cursor.anchor, cursor.head);
  }
}

test("presence of the text that we know is shown at once, and goes with what we type", async (t) => {
  const house = await House.open(t);
  house.tell("presence", "d", [selecting(4, 7, 1)], []);
  assert.equal(house.selected, "two");
  house.page.edit(splice(0, 0, "zero "));
  assert.equal(house.selected, "two");
  await house.answer("edit", { rev: 2 });
  assert.equal(house.selected, "two");
});

test("presence that comes before the acknowledgement of our own edit waits for it", async (t) => {
  const house = await House.open(t);
  house.page.edit(splice(0, 0, "zero "));
  // Una has our edit already: the broadcast does not wait for the disk, the acknowledgement does.
  house.tell("presence", "d", [selecting(9, 12, 2)], []);
  assert.equal(house.selected, null);
  assert.equal(house.page.people[0].color, "#112233");
  await house.answer("edit", { rev: 2 });
  assert.equal(house.page.text, "zero one two three");
  assert.equal(house.selected, "two");
});

test("until then the selection of before stays, and goes with the text", async (t) => {
  const house = await House.open(t, [selecting(4, 7, 1)]);
  house.page.edit(splice(0, 0, "zero "));
  house.tell("presence", "d", [selecting(13, 18, 2)], []);
  assert.equal(house.selected, "two");
  await house.answer("edit", { rev: 2 });
  assert.equal(house.selected, "three");
});

test("presence that is two revisions ahead waits for both", async (t) => {
  const house = await House.open(t);
  house.page.edit(splice(0, 0, "zero "));
  // Her own edit came after ours, and is held back until ours is acknowledged; so is her selection in it.
  house.tell("edit", "d", { rev: 3, session: "una", ops: [{ text: "body", at: 0, delete: 0, insert: "minus " }] });
  house.tell("presence", "d", [selecting(15, 18, 3)], []);
  assert.equal(house.page.text, "zero one two three");
  assert.equal(house.selected, null);
  await house.answer("edit", { rev: 2 });
  assert.equal(house.page.text, "minus zero one two three");
  assert.equal(house.selected, "two");
});

test("a revision that is not the one it waits for does not show it", async (t) => {
  const house = await House.open(t);
  house.tell("presence", "d", [selecting(15, 18, 3)], []);
  house.tell("edit", "d", { rev: 2, session: "una", ops: [{ text: "body", at: 0, delete: 0, insert: "zero " }] });
  assert.equal(house.selected, null);
  house.tell("edit", "d", { rev: 3, session: "una", ops: [{ text: "body", at: 0, delete: 0, insert: "minus " }] });
  assert.equal(house.selected, "two");
});

test("of two that wait the later counts, and one that need not wait is the last word", async (t) => {
  const house = await House.open(t);
  house.page.edit(splice(0, 0, "zero "));
  house.tell("presence", "d", [selecting(9, 12, 2)], []);
  house.tell("presence", "d", [selecting(13, 18, 2)], []);
  await house.answer("edit", { rev: 2 });
  assert.equal(house.selected, "three");
  house.page.edit(splice(0, 0, "minus "));
  house.tell("presence", "d", [selecting(15, 18, 3)], []);
  house.tell("presence", "d", [{ ...una, state: { cursor: null, color: "#112233" } }], []);
  await house.answer("edit", { rev: 3 });
  assert.equal(house.selected, null);
});

test("who has left does not come back with an acknowledgement, nor does what was told before a new join", async (t) => {
  const house = await House.open(t);
  house.page.edit(splice(0, 0, "zero "));
  house.tell("presence", "d", [selecting(9, 12, 2)], []);
  house.tell("presence", "d", [], ["una"]);
  await house.answer("edit", { rev: 2 });
  assert.deepEqual(house.page.people, []);

  house.page.edit(splice(0, 0, "minus "));
  house.tell("presence", "d", [selecting(15, 18, 3)], []);
  house.tell("reset", "d", { reason: "BEHIND", epoch: "e" });
  const join = { doc: "d", session: "me", role: "write", epoch: "e", rev: 2, content: { body: house.page.text.slice(6) } };
  await house.answer("join", { ...join, members: [] });
  await house.answer("edit", { rev: 3 });
  assert.equal(house.page.text, "minus zero one two three");
  assert.deepEqual(house.page.people, []);
});
