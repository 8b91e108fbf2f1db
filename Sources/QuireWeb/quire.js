/**
 * Quire's JavaScript SDK: documents that several people edit at once.
 *
 *     import { open } from "/sdk/quire.js";
 *     const doc = await open(location.origin, "notes");
 *     doc.text("body").insert(0, "Hello");
 *
 * `SDK.md` describes all of it. Bindings for editors are modules of their own, in `bindings/`.
 * @module
 */

import { Connection } from "./client/connection.js";
import { fromBase64, toBase64 } from "./wire/packets.js";

export { Connection } from "./client/connection.js";
export { List, MapValue, Text } from "./client/containers.js";
export { Doc } from "./client/document.js";
export { QuireError } from "./client/errors.js";
export { EngineError } from "./engine.js";
export { IndexedDBStore } from "./store/indexeddb.js";
export { MemoryStore } from "./store/memory.js";

/**
 * Connects to a server. Open as many documents on it as you like; it comes back by itself when it breaks.
 * @param {URL | string} url
 * @param {import("./client/connection.js").ConnectOptions} [options]
 */
export function connect(url, options) {
  return new Connection(url, options);
}

/**
 * Connections that `open` shares, by server and token, with how many documents are open on each.
 * @type {Map<string, {connection: Connection, count: number}>}
 */
const shared = new Map();

/**
 * Opens one document; those of the same server and token share a connection, which closes with the last of them.
 * @param {URL | string} url
 * @param {string} id
 * @param {import("./client/connection.js").ConnectOptions & import("./client/connection.js").OpenOptions} [options]
 * @returns {Promise<import("./client/document.js").Doc>}
 */
export async function open(url, id, options = {}) {
  const key = JSON.stringify([new URL(url, globalThis.location?.href).href, options.token ?? null, options.user ?? null]);
  // What brings parts of its own is not shared.
  const isOwn = ["socket", "getToken", "transports", "WebSocket", "fetch", "store", "tabs"].some((name) => name in options);
  const entry = (!isOwn && shared.get(key)) || { connection: connect(url, options), count: 0 };
  if (!isOwn) shared.set(key, entry);
  entry.count += 1;
  const letGo = () => {
    entry.count -= 1;
    if (entry.count > 0) return;
    if (shared.get(key) === entry) shared.delete(key);
    entry.connection.close();
  };
  try {
    const doc = await entry.connection.open(id, options);
    const off = doc.on("state", (/** @type {string} */ state) => {
      if (state !== "closed") return;
      off();
      letGo();
    });
    return doc;
  } catch (error) {
    letGo();
    throw error;
  }
}

/**
 * An anchor as a string, for presence states and links.
 * @param {Uint8Array} anchor
 */
export function anchorToString(anchor) {
  return toBase64(anchor);
}

/** @param {string} text */
export function anchorFromString(text) {
  return fromBase64(text);
}
