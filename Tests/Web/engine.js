import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Engine } from "../../Sources/QuireWeb/engine.js";

const file = join(dirname(fileURLToPath(import.meta.url)), "../../.build-web/quire.wasm");
if (!existsSync(file)) throw new Error(`No ${file}: run Sources/QuireWeb/build.`);

/** The module, compiled once. */
export const module = new WebAssembly.Module(readFileSync(file));

/** An engine of its own. */
export function start() {
  return new Engine(new WebAssembly.Instance(module, {}));
}

export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
