import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { NewText } from "../../Sources/QuireWeb/engine.js";
import { bytes, hex, start } from "./engine.js";

// The native engine's histories, as Tests/Fuzz/Sources/chronicle writes them.
const chronicle = process.env.QUIRE_CHRONICLE;
const count = Number(process.env.QUIRE_HISTORIES ?? 2000);
const first = process.env.QUIRE_SEED ?? String(Math.floor(Math.random() * 2 ** 48));

/** The result of a call as a history has it: "!" and a code when it was refused. */
function attempt(body) {
  try {
    return body();
  } catch (error) {
    if (error.name !== "EngineError") throw error;
    return "!" + error.code;
  }
}

/** The engine's names, values and contents as `JSON.swift` of the chronicle has them. */
const named = ({ id }) => (id.name === undefined ? `${id.kind}@${id.replica}:${id.counter}` : `${id.kind}:${id.name}`);

function shown(value) {
  if (value instanceof Uint8Array) return { $bytes: hex(value) };
  if (value instanceof NewText) return { $text: value.text };
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  if (value.document) return { $in: named(value) };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(each)]));
}

function written(value) {
  if (Array.isArray(value)) return value.map(written);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return bytes(value.$bytes);
  if ("$text" in value) return new NewText(value.$text);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, written(each)]));
}

function shownPatch(patch) {
  switch (patch.kind) {
    case "text":
      return ["text", named(patch.container), patch.offset, patch.deleteCount, patch.insert];
    case "list":
      return ["list", named(patch.container), patch.index, patch.deleteCount, patch.insert.map(shown)];
    case "move":
      return ["move", named(patch.container), patch.from, patch.to];
  }
  return ["map", named(patch.container), patch.key, patch.value === undefined ? [] : [shown(patch.value)]];
}

class Repetition {
  constructor({ replicas }) {
    this.engine = start();
    this.replicas = replicas.map(BigInt);
    this.documents = this.replicas.map((replica) => this.engine.create(replica));
    for (const document of this.documents) document.undoLimit = 100;
  }

  container(index, name) {
    const document = this.documents[index];
    const kind = Number(name[0]);
    if (name[1] === ":") return document[["text", "list", "map"][kind]](name.slice(2));
    const [replica, counter] = name.slice(2).split(":");
    return document.nested(kind, BigInt(replica), Number(counter));
  }

  sent(index) {
    const changes = this.documents[index].takeChanges();
    return changes === null ? "" : hex(changes);
  }

  with(index, name, body) {
    return attempt(() => {
      body(this.container(index, name));
      return this.sent(index);
    });
  }

  edit(index, name, offset, deleteCount, text) {
    return this.with(index, name, (container) => container.splice(offset, deleteCount, text));
  }

  splice(index, name, start, deleteCount, contents) {
    return this.with(index, name, (container) => container.splice(start, deleteCount, ...contents.map(written)));
  }

  move(index, name, from, to) {
    return this.with(index, name, (container) => container.move(from, to));
  }

  set(index, name, key, content) {
    return this.with(index, name, (container) => container.set(key, written(content)));
  }

  unset(index, name, key) {
    return this.with(index, name, (container) => container.delete(key));
  }

  begin(index) {
    this.engine.check(this.engine.exports.begin(this.documents[index].handle));
    return [];
  }

  commit(index) {
    this.engine.check(this.engine.exports.commit(this.documents[index].handle));
    return this.sent(index);
  }

  undo(index, isRedo, closes) {
    const document = this.documents[index];
    if (closes) document.closeUndoStep();
    let patches = [];
    const change = attempt(() => {
      patches = isRedo ? document.redo() : document.undo();
      return this.sent(index);
    });
    return [patches.map(shownPatch), change];
  }

  receive(index, received) {
    let refusal = "";
    let patches;
    try {
      patches = this.documents[index].receive(bytes(received));
    } catch (error) {
      if (error.name !== "EngineError") throw error;
      refusal = "!" + error.code;
      patches = error.patches;
    }
    return [patches.map(shownPatch), refusal];
  }

  state(index) {
    const document = this.documents[index];
    const contents = document.roots.map((root) => [named(root), shown(root.content)]);
    return [hex(document.snapshot), hex(document.version), hex(document.missing), contents];
  }

  reload(index) {
    const old = this.documents[index];
    this.documents[index] = this.engine.open(old.snapshot, this.replicas[index]);
    this.documents[index].undoLimit = 100;
    old.free();
    return [];
  }

  anchor(index, name, offset, side) {
    const text = this.container(index, name);
    const anchor = text.anchor(offset, side === 0 ? "left" : "right");
    return [hex(anchor), text.offset(anchor) ?? -1];
  }
}

/** How many of a step's values are what was done; the rest is what came of it. */
const givenCount = {
  ...{ edit: 6, splice: 6, move: 5, set: 5, unset: 4, begin: 2, commit: 2, undo: 4 },
  ...{ receive: 3, state: 2, reload: 2, anchor: 5 },
};

test(
  `${count} histories of the native engine from seed ${first} on are the same in WebAssembly, byte for byte`,
  { skip: chronicle ? false : "QUIRE_CHRONICLE names no native build; Tests/run web makes one" },
  async () => {
    const child = spawn(chronicle, [first, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
    const exit = new Promise((resolve) => child.on("close", resolve));
    let histories = 0;
    let steps = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const history = JSON.parse(line);
      const repetition = new Repetition(history);
      history.steps.forEach((step, number) => {
        const [kind, ...values] = step;
        // Texts of contents come out as strings.
        const expected = JSON.parse(JSON.stringify(step.slice(givenCount[kind])), (_, value) => value?.$text ?? value);
        let result;
        try {
          result = repetition[kind](...values);
        } catch (error) {
          error.message += `: seed ${history.seed} (QUIRE_SEED=${history.seed} QUIRE_HISTORIES=1), step ${number}`;
          throw error;
        }
        assert.deepEqual(
          Array.isArray(result) ? result : [result],
          expected,
          `seed ${history.seed} (QUIRE_SEED=${history.seed} QUIRE_HISTORIES=1), step ${number}: ${JSON.stringify(step).slice(0, 400)}`,
        );
      });
      histories += 1;
      steps += history.steps.length;
    }
    assert.equal(await exit, 0);
    assert.equal(histories, count);
    console.log(`# ${histories} histories, ${steps} steps from seed ${first} on`);
  },
);
