/** Which tool is in hand. */

import { Emitter } from "../model/emitter.js";
import { kinds } from "../model/shape.js";

/** @typedef {"select" | "hand" | import("../model/shape.js").ShapeType} Tool */

export class Toolbox extends Emitter {
  /** @type {Tool} */
  tool = "select";
  /** Whether a tap adds to the selection. */
  takesSeveral = false;
  /** The colour of the next shape of each kind. */
  colors = Object.fromEntries(Object.entries(kinds).map(([type, { color }]) => [type, color]));

  /** @param {Tool} tool */
  set(tool) {
    if (tool === this.tool) return;
    this.tool = tool;
    this.emit("change");
  }

  /** @param {boolean} takesSeveral */
  setSeveral(takesSeveral) {
    if (takesSeveral === this.takesSeveral) return;
    this.takesSeveral = takesSeveral;
    this.emit("change");
  }
}
