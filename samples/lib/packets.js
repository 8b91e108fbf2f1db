// Engine.IO v4 and Socket.IO v5 packets, as far as a client needs them that sends JSON and receives JSON and bytes.

export const engine = { open: "0", close: "1", ping: "2", pong: "3", message: "4", noop: "6" };
export const packet = { connect: 0, disconnect: 1, event: 2, ack: 3, connectError: 4, binaryEvent: 5, binaryAck: 6 };

const separator = "\x1e";
const mostAttachments = 10;

/** The packets of a polling body: texts with their type digit, or bytes. */
export function decodePayload(body) {
  return body === "" ? [] : body.split(separator).map((part) => (part[0] === "b" ? bytesFromBase64(part.slice(1)) : part));
}

/** The polling body for packets, which are all text. */
export function encodePayload(packets) {
  return packets.join(separator);
}

function bytesFromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The Engine.IO message that carries a Socket.IO packet. */
export function encode({ type, namespace, id, data }) {
  const where = namespace === "/" ? "" : `${namespace},`;
  return `${engine.message}${type}${where}${id ?? ""}${data === undefined ? "" : JSON.stringify(data)}`;
}

/** Puts the packets together that come in as a text and the attachments that follow it. */
export class Decoder {
  #waiting = null;

  /** Takes a text without the Engine.IO digit, or bytes; answers a packet when one is complete. */
  feed(input) {
    if (typeof input !== "string") {
      if (this.#waiting === null) throw new Error("bytes that no packet announced");
      this.#waiting.attachments.push(input);
      return this.#complete();
    }
    if (this.#waiting !== null) throw new Error("a text while attachments are due");
    const match = /^([0-6])(?:(\d{1,3})-)?(?:(\/[^,]*),)?(\d{1,15})?([^]*)$/.exec(input);
    if (match === null) throw new Error("not a Socket.IO packet");
    const [, type, count, namespace, id, json] = match;
    const attachments = Number(count ?? 0);
    if (attachments > mostAttachments) throw new Error("too many attachments");
    this.#waiting = {
      packet: {
        type: Number(type),
        namespace: namespace ?? "/",
        id: id === undefined ? null : Number(id),
        data: json === "" ? undefined : JSON.parse(json),
      },
      count: attachments,
      attachments: [],
    };
    return this.#complete();
  }

  #complete() {
    const { packet: whole, count, attachments } = this.#waiting;
    if (attachments.length < count) return null;
    this.#waiting = null;
    return count === 0 ? whole : { ...whole, data: fill(whole.data, attachments) };
  }
}

/** The data with its placeholders replaced by the bytes they stand for. */
function fill(data, attachments) {
  if (Array.isArray(data)) return data.map((item) => fill(item, attachments));
  if (data === null || typeof data !== "object") return data;
  if (data._placeholder === true) {
    if (!(data.num in attachments)) throw new Error("a placeholder without its attachment");
    return attachments[data.num];
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, fill(value, attachments)]));
}
