/** A real `quire serve`, which can be killed and started again at its port. */

import { spawn, spawnSync } from "node:child_process";
import { createHmac, randomBytes, randomInt } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** The program; `QUIRE_BIN` names another one than the debug build's. */
export const binary = process.env.QUIRE_BIN ?? join(root, ".build/debug/quire");

/** Below those that the system gives to outgoing connections: a server that was killed must find its port free again. */
async function freePort() {
  for (;;) {
    const port = randomInt(12_000, 32_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export class Server {
  #folder = mkdtempSync(join(tmpdir(), "quire-sdk-"));
  #process = null;
  #options;

  /** @param {{secret?: string, options?: string[]}} [settings] */
  constructor({ secret, options = [] } = {}) {
    this.secret = secret;
    this.#options = options;
    if (!existsSync(binary)) throw new Error(`No ${binary}: build it, or set QUIRE_BIN.`);
  }

  static async start(settings) {
    const server = new Server(settings);
    server.port = await freePort();
    await server.start();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async start() {
    const portFile = join(this.#folder, "port");
    rmSync(portFile, { force: true });
    const environment = { ...process.env, ...(this.secret ? { QUIRE_JWT_SECRET: this.secret } : {}) };
    const args = ["serve", "--port", String(this.port), "--port-file", portFile, "--database", this.#database, ...this.#options];
    this.#process = spawn(binary, args, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    this.#process.stderr.on("data", (data) => (log = (log + data).slice(-4000)));
    for (let waited = 0; !existsSync(portFile); waited += 20) {
      if (waited > 30_000 || this.#process.exitCode !== null) throw new Error(`the server did not start: ${log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As when the power fails. */
  async kill(signal = "SIGKILL") {
    const child = this.#process;
    this.#process = null;
    if (child === null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }

  /** `quire backup` of the running server. */
  backup() {
    const made = spawnSync(binary, ["backup", "--database", this.#database, this.#backup, "--replace"], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`no backup: ${made.stderr}`);
  }

  /** Puts the backup in the place of the database of a server that does not run. */
  restore() {
    for (const part of ["-wal", "-shm"]) rmSync(this.#database + part, { force: true });
    copyFileSync(this.#backup, this.#database);
  }

  get #database() {
    return join(this.#folder, "test.sqlite");
  }

  get #backup() {
    return join(this.#folder, "backup.sqlite");
  }

  async stop() {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async text(doc, name = "body") {
    const headers = this.secret ? { Authorization: `Bearer ${this.token("reader", { "*": "read" })}` } : {};
    const response = await fetch(`${this.url}v1/docs/${doc}?format=text&root=${name}`, { headers });
    return response.text();
  }

  /** A token as an issuer makes it. */
  token(sub, docs, seconds = 3600) {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const body = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub, docs, iat: now, exp: now + seconds })}`;
    return `${body}.${createHmac("sha256", this.secret).update(body).digest("base64url")}`;
  }
}

export const newSecret = () => randomBytes(32).toString("hex");
