import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const tsc = (...args) => spawnSync("tsc", args, { cwd: root, encoding: "utf8" });

/** What a page in TypeScript does; where an error is expected, its absence is one. */
const page = `
import { connect, open, List, Text, type Doc } from "./quire.js";
import { bindTextarea } from "./bindings/textarea.js";
const doc: Doc = await open("/", "id", { token: "t", persist: false });
const text: Text = doc.text("body");
text.insert(0, "x");
text.on("change", ({ patches, origin }) => console.log(patches.length, origin === "undo"));
doc.map("m").set("k", { nested: [1, "a", new Text("b"), new List()] });
const role: "read" | "comment" | "write" | "admin" = doc.role;
const connection = connect(new URL("http://localhost"), { getToken: async () => "t" });
const other: Promise<Doc> = connection.open("id");
const anchor: Uint8Array = text.anchor(0, "left");
const offset: number | null = text.offset(anchor);
bindTextarea(document.querySelector("textarea")!, text, { presence: doc.presence }).destroy();
// @ts-expect-error
text.insert("0", "x");
// @ts-expect-error
doc.state === "nonsense";
// @ts-expect-error
doc.map("m").set("k", () => {});
// @ts-expect-error
open("/", "id", { transports: ["pigeon"] });
console.log(role, other, offset);
`;

test("the types in the comments are right, and say enough for a page in TypeScript", () => {
  const version = tsc("--version");
  assert.equal(version.error, undefined, "tsc is not installed: apt-get install node-typescript");
  const folder = mkdtempSync(join(tmpdir(), "quire-types-"));
  try {
    const emitted = tsc("-p", "Sources/QuireWeb/tsconfig.json", "--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", folder);
    assert.equal(emitted.stdout, "");
    writeFileSync(join(folder, "page.ts"), page);
    const options = { strict: true, noEmit: true, target: "ES2022", module: "ES2022", moduleResolution: "node", types: [] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["page.ts"] }));
    const used = tsc("-p", folder);
    assert.equal(used.stdout, "");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
