import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = process.env.QUIRE_TRACES ?? join(root, "../shared/traces");

/** Whether there are traces on this machine. */
export const haveTraces = existsSync(folder);

/** The sequential traces. */
export const names = ["automerge-paper", "sveltecomponent", "json-crdt-blog-post", "friendsforever_flat"];

/**
 * A sequential trace in UTF-16: flat arrays, so that replaying it costs nothing of its own.
 *
 * `units` has the unit of an insertion of one, -1 for none, -2 for a longer one, which `texts` has.
 */
export function readTrace(name) {
  const file = join(folder, "sequential", `${name}.json.gz`);
  if (!existsSync(file)) throw new Error(`No trace at ${file}. Set QUIRE_TRACES to the folder that has them.`);
  const { startContent, endContent, txns } = JSON.parse(gunzipSync(readFileSync(file)));
  const patches = txns.flatMap((transaction) => transaction.patches);
  const offsets = new Int32Array(patches.length);
  const deletions = new Int32Array(patches.length);
  const units = new Int32Array(patches.length);
  const texts = patches.map((patch) => patch[2]);
  // Traces count code points. As long as there are only single units these are the same.
  let pairs = pairPositions(startContent, 0);
  patches.forEach(([position, deleted, inserted], index) => {
    const offset = utf16Offset(position, pairs);
    const count = utf16Offset(position + deleted, pairs) - offset;
    offsets[index] = offset;
    deletions[index] = count;
    units[index] = inserted.length === 0 ? -1 : inserted.length === 1 ? inserted.charCodeAt(0) : -2;
    const added = pairPositions(inserted, offset);
    if (pairs.length === 0 && added.length === 0) return;
    const shift = inserted.length - count;
    pairs = [
      ...pairs.filter((pair) => pair < offset),
      ...added,
      ...pairs.filter((pair) => pair >= offset + count).map((pair) => pair + shift),
    ];
  });
  return { name, offsets, deletions, units, texts, start: startContent, end: endContent };
}

function pairPositions(text, start) {
  const positions = [];
  for (let index = 0; index < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800) positions.push(start + index);
  }
  return positions;
}

function utf16Offset(codePoint, pairs) {
  let offset = codePoint;
  for (const pair of pairs) {
    if (pair >= offset) break;
    offset++;
  }
  return offset;
}
