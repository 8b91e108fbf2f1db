/** A WebSocket client for Node 20, which has none: as much of RFC 6455 as Engine.IO needs. */

import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";

export class NodeWebSocket {
  readyState = 0;
  binaryType = "arraybuffer";
  onmessage = null;
  onclose = null;
  #socket = null;
  #buffer = Buffer.alloc(0);
  #parts = [];
  #kind = 0;

  /** All that are open, for tests that cut them. */
  static open = new Set();

  constructor(url) {
    const address = new URL(url);
    address.protocol = address.protocol === "wss:" ? "https:" : "http:";
    const key = randomBytes(16).toString("base64");
    const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13" };
    this.request = request(address, { headers });
    this.request.on("upgrade", (response, socket, head) => {
      const expected = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      if (response.headers["sec-websocket-accept"] !== expected) return socket.destroy();
      if (this.readyState !== 0) return socket.destroy();
      this.#socket = socket;
      this.readyState = 1;
      NodeWebSocket.open.add(this);
      socket.setNoDelay(true);
      socket.on("data", (data) => this.#data(data));
      socket.on("error", () => {});
      socket.on("close", () => this.#closed());
      if (head.length > 0) this.#data(head);
    });
    this.request.on("response", (response) => {
      response.resume();
      this.#closed();
    });
    this.request.on("error", () => this.#closed());
    this.request.end();
  }

  send(data) {
    this.#frame(typeof data === "string" ? 1 : 2, Buffer.from(data));
  }

  close() {
    if (this.#socket) {
      this.#frame(8, Buffer.from([0x03, 0xe8]));
      this.#socket.end();
    } else this.request.destroy();
    this.#closed();
  }

  /** As when the network is gone. */
  cut() {
    this.#socket?.destroy();
  }

  #closed() {
    if (this.readyState === 3) return;
    this.readyState = 3;
    NodeWebSocket.open.delete(this);
    this.onclose?.({});
  }

  #frame(opcode, payload) {
    if (this.#socket === null || this.#socket.destroyed) return;
    const mask = randomBytes(4);
    const length = payload.length;
    const head = length < 126 ? Buffer.from([0x80 | opcode, 0x80 | length]) : Buffer.alloc(length < 65536 ? 4 : 10);
    if (length >= 126) {
      head[0] = 0x80 | opcode;
      if (length < 65536) {
        head[1] = 0xfe;
        head.writeUInt16BE(length, 2);
      } else {
        head[1] = 0xff;
        head.writeBigUInt64BE(BigInt(length), 2);
      }
    }
    const masked = Buffer.from(payload);
    for (let index = 0; index < length; index++) masked[index] ^= mask[index & 3];
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }

  #data(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      if (this.#buffer.length < 2) return;
      const short = this.#buffer[1] & 0x7f;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (this.#buffer.length < start) return;
      const length = short === 126 ? this.#buffer.readUInt16BE(2) : short === 127 ? Number(this.#buffer.readBigUInt64BE(2)) : short;
      if (this.#buffer.length < start + length) return;
      const [first, payload] = [this.#buffer[0], this.#buffer.subarray(start, start + length)];
      this.#buffer = this.#buffer.subarray(start + length);
      this.#message((first & 0x80) !== 0, first & 0x0f, payload);
    }
  }

  #message(isLast, opcode, payload) {
    if (opcode === 9) return this.#frame(10, payload);
    if (opcode === 8) return this.#socket.destroy();
    if (opcode > 2) return;
    if (opcode !== 0) this.#kind = opcode;
    this.#parts.push(payload);
    if (!isLast) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.onmessage?.({ data: this.#kind === 1 ? whole.toString("utf8") : whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.length) });
  }
}
