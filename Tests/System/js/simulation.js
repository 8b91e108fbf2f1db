// A server and thin clients in one thread: messages travel in order per connection but at random speed, commits come
// late, connections break, and the server forgets what it had not committed when it is killed.

import { apply, fromOps, toOps, transform } from "../../../samples/lib/delta.js";
import * as thin from "../../../samples/lib/thin-text.js";
import { randomDelta } from "./random.js";

export const root = "body";

/** The room as the contract describes it: moves edits over what came since, broadcasts at once, acknowledges late. */
export class Server {
  constructor(random) {
    this.random = random;
    this.log = [];
    this.initial = "";
    this.durable = 0;
    this.connections = new Set();
    this.waiting = [];
  }
  get rev() {
    return this.log.length;
  }
  get text() {
    return this.log.reduce(apply, this.initial);
  }
  edit(connection, id, { rev, ops }) {
    let delta = fromOps(ops, root);
    const sent = JSON.stringify(ops);
    for (const other of this.log.slice(rev)) delta = transform(delta, other, false);
    const applied = toOps(delta, root);
    if (applied.length > 0) {
      this.log.push(delta);
      for (const other of this.connections) {
        if (other !== connection) other.down({ kind: "edit", rev: this.rev, session: connection.session, ops: applied });
      }
    }
    const differs = JSON.stringify(applied) !== sent;
    this.waiting.push({ connection, at: this.rev, ack: { kind: "ack", id, rev: this.rev, ...(differs && { ops: applied }) } });
  }
  commit() {
    this.durable = this.rev;
    for (const { connection, ack } of this.waiting.splice(0)) connection.down(ack);
  }
  kill() {
    this.log.length = this.durable;
    this.waiting = [];
    for (const connection of [...this.connections]) connection.close();
  }
}

class Connection {
  constructor(server, client) {
    this.server = server;
    this.client = client;
    this.session = `s${server.random.below(1e9)}`;
    this.upward = [];
    this.downward = [];
    this.open = true;
    server.connections.add(this);
  }
  down(message) {
    if (this.open) this.downward.push(message);
  }
  up(message) {
    if (this.open) this.upward.push(message);
  }
  close() {
    this.open = false;
    this.server.connections.delete(this);
    this.client.connection = null;
  }
}

/** One client: what samples/lib/shared-text.js does, without time and sockets. */
export class Client {
  constructor(server, random, name) {
    Object.assign(this, { server, random, name, connection: null, state: thin.create(), shown: "", asked: 0 });
  }
  join() {
    this.connection = new Connection(this.server, this);
    this.enter();
  }
  /** The server's answer to a join is in order with everything else that goes down. */
  enter() {
    this.joined = false;
    this.answer = null;
    this.meanwhile = [];
    this.connection.up({ kind: "join" });
  }
  type(delta) {
    this.state = thin.typed(this.state, delta);
    this.shown = apply(this.shown, delta);
    this.check();
    this.flush();
  }
  typeRandomly() {
    this.type(randomDelta(this.random, this.shown, 2));
  }
  flush() {
    if (this.connection === null || !this.joined) return;
    const sent = thin.next(this.state, root);
    if (sent === null) return;
    this.state = sent.state;
    this.asked += 1;
    this.connection.up({ kind: "edit", id: this.asked, message: sent.message });
  }
  receive(message) {
    if (message.kind === "joined") {
      this.answer = message;
      this.asked += 1;
      if (thin.needsProof(this.state, message.text)) {
        this.connection.up({ kind: "edit", id: this.asked, message: { rev: message.rev, ops: [] } });
      } else {
        this.enterNow();
      }
    } else if (this.answer === null) {
      return;
    } else if (!this.joined) {
      if (message.kind === "edit") this.meanwhile.push(message);
      else if (message.id === this.asked) this.enterNow();
    } else if (message.kind === "edit") {
      this.take(thin.received(this.state, message, root));
    } else if (message.id === this.asked) {
      this.take(thin.acknowledged(this.state, message, root));
    }
    if (this.state.lost && this.joined) this.enter();
    this.flush();
  }
  enterNow() {
    this.joined = true;
    this.take(thin.rejoined(this.state, this.answer));
    for (const edit of this.meanwhile) this.take(thin.received(this.state, edit, root));
  }
  take({ state, view }) {
    this.state = state;
    this.shown = apply(this.shown, view);
    this.check();
  }
  check() {
    if (this.shown !== thin.viewText(this.state)) throw new Error(`${this.name}: the view went another way than the state`);
  }
  /** One message in one direction; false when there was none. */
  step() {
    const connection = this.connection;
    if (connection === null) return false;
    const upward = connection.upward.length > 0 && (connection.downward.length === 0 || this.random.chance(0.5));
    if (upward) {
      const message = connection.upward.shift();
      if (message.kind === "edit") this.server.edit(connection, message.id, message.message);
      else connection.down({ kind: "joined", text: this.server.text, rev: this.server.rev, epoch: "e" });
      return true;
    }
    if (connection.downward.length === 0) return false;
    this.receive(connection.downward.shift());
    return true;
  }
}

/** Lets everything arrive that is under way. */
export function settle(server, clients) {
  for (const client of clients) if (client.connection === null) client.join();
  for (let quiet = 0; quiet < 3; ) {
    let moved = false;
    for (const client of clients) while (client.step()) moved = true;
    if (server.waiting.length > 0) moved = true;
    server.commit();
    quiet = moved ? 0 : quiet + 1;
  }
}
