/** A server that is played: a WebSocket class whose other end is the test. */

import { Decoder, encode, packet } from "../../../Sources/QuireWeb/wire/packets.js";
import { start } from "../engine.js";

/**
 * `answer(event, args, peer)` gives what an event is acknowledged with; undefined acknowledges nothing.
 * @returns the class, which has the peers that connected in `peers`
 */
export function played(answer, { onConnect = (peer) => peer.sendPacket({ type: packet.connect, data: { sid: "s" } }) } = {}) {
  return class PlayedWebSocket {
    static peers = [];
    readyState = 1;
    #decoder = new Decoder();

    constructor() {
      PlayedWebSocket.peers.push(this);
      setTimeout(() => this.say('0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'));
    }

    /** What the client sent. */
    send(data) {
      const message = typeof data === "string" ? (data[0] === "4" ? this.#decoder.feed(data.slice(1)) : null) : this.#decoder.feed(data);
      if (message === null) return;
      if (message.type === packet.connect) return void setTimeout(() => onConnect(this));
      if (message.type !== packet.event && message.type !== packet.binaryEvent) return;
      const [event, ...args] = message.data;
      this.lastId = message.id;
      setTimeout(() => {
        const reply = answer(event, args, this);
        if (reply !== undefined && message.id !== null) this.sendPacket({ type: packet.ack, id: message.id, data: [reply] });
      });
    }

    /** A raw piece to the client. */
    say(data) {
      if (this.readyState === 1) this.onmessage?.({ data: typeof data === "string" ? data : data.slice().buffer });
    }

    sendPacket(message) {
      for (const piece of encode({ namespace: "/docs", ...message })) this.say(piece);
    }


    emit(event, ...args) {
      this.sendPacket({ type: packet.event, data: [event, ...args] });
    }

    close() {
      this.readyState = 3;
    }

    cut() {
      this.readyState = 3;
      this.onclose?.({});
    }
  };
}

/** A played server that behaves: one document, in an engine of its own. */
export class Room {
  document = start().create(2n);
  rev = 1;
  role = "write";
  epoch = "e1";
  received = [];

  join() {
    const content = this.document.snapshot;
    return {
      ok: true, doc: "d", session: "me", role: this.role, epoch: this.epoch, rev: this.rev, version: this.document.version, recovered: false,
      members: [{ session: "me", user: { id: "me", name: "me" }, state: null }], snapshot: content,
    };
  }

  answer(event, args) {
    if (event === "join") return this.join();
    if (event === "change") {
      this.received.push(args[1]);
      this.document.receive(args[1]);
      return { ok: true, rev: (this.rev += 1) };
    }
    return { ok: true };
  }
}
