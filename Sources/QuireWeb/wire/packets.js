/** Engine.IO v4 and Socket.IO v5 packets, both ways, with binary attachments. */

export const engine = { open: "0", close: "1", ping: "2", pong: "3", message: "4", noop: "6" };
export const packet = { connect: 0, disconnect: 1, event: 2, ack: 3, connectError: 4, binaryEvent: 5, binaryAck: 6 };

const separator = "\x1e";
const mostAttachments = 10;

/**
 * @typedef {{type: number, namespace: string, id: number | null, data: any}} Packet
 * @typedef {string | Uint8Array} Piece what an Engine.IO transport carries: a text with its type digit, or bytes
 */

/**
 * The pieces of a polling body.
 * @param {string} body
 * @returns {Piece[]}
 */
export function decodePayload(body) {
  return body === "" ? [] : body.split(separator).map((part) => (part[0] === "b" ? fromBase64(part.slice(1)) : part));
}

/**
 * A piece as it stands in a polling body.
 * @param {Piece} piece
 */
export function encodePiece(piece) {
  return typeof piece === "string" ? piece : `b${toBase64(piece)}`;
}

/**
 * The polling body of encoded pieces.
 * @param {string[]} pieces
 */
export function joinPayload(pieces) {
  return pieces.join(separator);
}

/** @param {string} text */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = "";
  // In parts: the arguments of one call are limited.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/**
 * A Socket.IO packet as the pieces that carry it.
 * @param {{type: number, namespace: string, id?: number, data?: any}} packet
 * @returns {Piece[]}
 */
export function encode({ type, namespace, id, data }) {
  /** @type {Uint8Array[]} */
  const attachments = [];
  const plain = data === undefined ? undefined : takeOut(data, attachments);
  const isBinary = attachments.length > 0;
  const kind = !isBinary ? type : type === packet.ack ? packet.binaryAck : packet.binaryEvent;
  const where = namespace === "/" ? "" : `${namespace},`;
  const count = isBinary ? `${attachments.length}-` : "";
  const json = plain === undefined ? "" : JSON.stringify(plain);
  return [`${engine.message}${kind}${count}${where}${id ?? ""}${json}`, ...attachments];
}

/**
 * The data with placeholders instead of bytes.
 * @param {any} data
 * @param {Uint8Array[]} attachments where the bytes go
 * @returns {any}
 */
function takeOut(data, attachments) {
  if (data === null || typeof data !== "object") return data;
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) {
    attachments.push(data instanceof Uint8Array ? data : new Uint8Array(data));
    return { _placeholder: true, num: attachments.length - 1 };
  }
  if (typeof data.toJSON === "function") return takeOut(data.toJSON(), attachments);
  if (Array.isArray(data)) return data.map((item) => takeOut(item, attachments));
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, takeOut(value, attachments)]));
}

/** Puts the packets together that come in as a text and the attachments that follow it. */
export class Decoder {
  /** @type {{packet: Packet, count: number, attachments: Uint8Array[]} | null} */
  #waiting = null;

  /**
   * Takes a text without the Engine.IO digit, or bytes; answers a packet when one is complete.
   * @param {Piece} input
   * @returns {Packet | null}
   */
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
        data: json === "" || json === undefined ? undefined : JSON.parse(json),
      },
      count: attachments,
      attachments: [],
    };
    return this.#complete();
  }

  /** @returns {Packet | null} */
  #complete() {
    if (this.#waiting === null) return null;
    const { packet: whole, count, attachments } = this.#waiting;
    if (attachments.length < count) return null;
    this.#waiting = null;
    return count === 0 ? whole : { ...whole, data: putBack(whole.data, attachments) };
  }
}

/**
 * The data with its placeholders replaced by the bytes they stand for.
 * @param {any} data
 * @param {Uint8Array[]} attachments
 * @returns {any}
 */
function putBack(data, attachments) {
  if (Array.isArray(data)) return data.map((item) => putBack(item, attachments));
  if (data === null || typeof data !== "object") return data;
  if (data._placeholder === true) {
    if (!Object.hasOwn(attachments, data.num)) throw new Error("a placeholder without its attachment");
    return attachments[data.num];
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, putBack(value, attachments)]));
}
