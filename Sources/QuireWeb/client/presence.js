/** Who is here, and what they let others see. */

import { Emitter } from "./emitter.js";
import { QuireError } from "./errors.js";
import { participants } from "./exchange.js";

/** At most 20 states a second. */
const interval = 50;
const mostBytes = 4096;

/** @typedef {import("./exchange.js").Participant} Participant */

export class Presence {
  #events = new Emitter();
  #send;
  /** @type {Map<string, Participant>} */
  #members = new Map();
  /**
   * What others see of us.
   * @type {any}
   */
  state = null;
  /** @type {string | null} */
  session = null;
  /** @type {any} */
  #timer = null;
  #sentAt = 0;
  #isOwed = false;

  /** @param {(state: any) => number} send sends it and answers 0, or answers the milliseconds to wait */
  constructor(send) {
    this.#send = send;
  }

  /**
   * Everybody, this page too, by session.
   * @returns {Map<string, Participant>}
   */
  get members() {
    return new Map(this.#members);
  }

  /**
   * Everybody else, by session.
   * @returns {Map<string, {user: any, state: any}>}
   */
  get others() {
    const others = new Map(this.#members);
    if (this.session !== null) others.delete(this.session);
    return others;
  }

  /**
   * Shows a state to the others, or none; only the newest of those set in short time is sent.
   * @param {any} state JSON of at most 4 KiB
   */
  set(state) {
    if (state !== null && new TextEncoder().encode(JSON.stringify(state)).length > mostBytes) {
      throw new QuireError("TOO_LARGE", `a presence state has at most ${mostBytes} bytes`);
    }
    this.state = state;
    this.#isOwed = true;
    this.#flush();
  }

  /**
   * Listens to "change": `{updated: sessions, left: sessions}`.
   * @param {"change"} event
   * @param {(change: {updated: string[], left: string[]}) => void} listener
   */
  on(event, listener) {
    return this.#events.on(event, listener);
  }

  /**
   * @param {"change"} event
   * @param {(change: any) => void} listener
   */
  off(event, listener) {
    this.#events.off(event, listener);
  }

  /**
   * @internal Joined: the state went along.
   * @param {string} session
   * @param {Participant[]} members
   */
  joined(session, members) {
    const left = [...this.#members.keys()].filter((each) => !members.some((member) => member.session === each));
    this.session = session;
    this.#members = new Map(members.map((member) => [member.session, member]));
    this.#events.emit("change", { updated: [...this.#members.keys()], left });
  }

  /** @internal Nobody is known any more. */
  left() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const left = [...this.#members.keys()];
    this.#members.clear();
    if (left.length > 0) this.#events.emit("change", { updated: [], left });
  }

  /**
   * @internal
   * @param {any} updated
   * @param {any} left
   * @returns {boolean} whether others came or went
   */
  heard(updated, left) {
    const changed = participants(updated);
    const gone = (Array.isArray(left) ? left : []).filter((session) => this.#members.delete(session));
    const isNew = changed.some(({ session }) => !this.#members.has(session));
    for (const member of changed) this.#members.set(member.session, member);
    this.#events.emit("change", { updated: changed.map(({ session }) => session), left: gone });
    return isNew || gone.length > 0;
  }

  #flush() {
    if (this.#timer !== null || !this.#isOwed) return;
    const early = this.#sentAt + interval - Date.now();
    const wait = early > 0 && early <= interval ? early : this.#send(this.state);
    if (wait === 0) {
      this.#isOwed = false;
      this.#sentAt = Date.now();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, wait);
  }
}
