/** Clients for tests, and waiting. */

import { connect } from "../../../Sources/QuireWeb/quire.js";
import { module } from "../engine.js";
import { NodeWebSocket } from "./websocket.js";

export { NodeWebSocket };
export { module };

/** A connection over a WebSocket, with an engine of its own. */
export function client(url, options = {}) {
  return connect(url, { wasm: module, WebSocket: NodeWebSocket, ...options });
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until `test` holds. */
export async function until(test, what = test.toString(), patience = 15_000) {
  const end = Date.now() + patience;
  for (;;) {
    const result = await test();
    if (result) return result;
    if (Date.now() > end) throw new Error(`in vain waited for: ${what}`);
    await pause(10);
  }
}

/** Repeatable random numbers (SplitMix64). */
export class Random {
  constructor(seed) {
    this.state = BigInt.asUintN(64, BigInt(seed));
  }

  next() {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let z = this.state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }

  below(count) {
    return Number(this.next() % BigInt(count));
  }

  pick(items) {
    return items[this.below(items.length)];
  }
}

/** A document as it would be if its events were followed one by one. */
export class Mirror {
  constructor(text) {
    this.text = text.toString();
    this.origins = [];
    this.off = text.on("change", ({ patches, origin }) => {
      this.origins.push(origin);
      for (const { offset, deleteCount, insert } of patches) {
        this.text = this.text.slice(0, offset) + insert + this.text.slice(offset + deleteCount);
      }
    });
  }
}
