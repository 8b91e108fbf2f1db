/** Loads the engine once for all documents of a page. */

import { Engine } from "../engine.js";
import { QuireError } from "./errors.js";

/** @type {Map<string, Promise<Engine>>} */
const engines = new Map();

const ownAddress = new URL("../quire.wasm", import.meta.url).href;

/**
 * @param {URL | string | BufferSource | WebAssembly.Module | Engine} [source] where `quire.wasm` is, or what it holds; beside `quire.js`
 * @returns {Promise<Engine>}
 */
export async function loadEngine(source = ownAddress) {
  if (source instanceof Engine) return source;
  if (source instanceof WebAssembly.Module) return new Engine(await WebAssembly.instantiate(source, {}));
  if (typeof source !== "string" && !(source instanceof URL)) return Engine.load(source);
  const address = new URL(source, globalThis.location?.href).href;
  let engine = engines.get(address);
  if (engine === undefined) {
    engine = start(address);
    engines.set(address, engine);
    // What failed is tried again next time.
    engine.catch(() => engines.delete(address));
  }
  return engine;
}

/** @param {string} address */
async function start(address) {
  if (address.startsWith("file:")) {
    // Only Node comes here; a variable, so that no bundler looks for it.
    const files = "node:fs/promises";
    const { readFile } = await import(files);
    return Engine.load(await readFile(new URL(address)));
  }
  const response = await fetch(address);
  if (!response.ok) {
    throw new QuireError("NO_ENGINE", `quire.wasm was answered ${response.status}: ${address}`, { retryable: true });
  }
  return Engine.load(await response.arrayBuffer());
}
