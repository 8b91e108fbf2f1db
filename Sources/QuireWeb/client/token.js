/** Where tokens come from, and when they are to be replaced. */

import { fromBase64 } from "../wire/packets.js";

/** Before its end by a fifth of its life, and by at most so many milliseconds. */
const longestMargin = 60_000;
/** `setTimeout` takes no more. */
const longestTimer = 2 ** 31 - 1;

/**
 * What a JWT says, not verified: that is the server's to do.
 * @param {string | null | undefined} token
 * @returns {{sub?: string, exp?: number, iat?: number}}
 */
export function claims(token) {
  try {
    const payload = String(token).split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const json = new TextDecoder().decode(fromBase64(payload));
    const parsed = JSON.parse(json);
    return parsed !== null && typeof parsed === "object" ? parsed : {};
  } catch {
    return {};
  }
}

export class TokenSource {
  /** @type {string | null} */
  #token;
  #get;
  /** @type {any} */
  #timer = null;

  /** @param {{token?: string | null, getToken?: () => Promise<string> | string}} options */
  constructor({ token = null, getToken }) {
    this.#token = token;
    this.#get = getToken;
  }

  get canRenew() {
    return this.#get !== undefined;
  }

  /**
   * Whom it names; null for a guest.
   * @returns {string | null}
   */
  get subject() {
    const { sub } = claims(this.#token);
    return typeof sub === "string" ? sub : null;
  }

  /** The token at hand. */
  get current() {
    return this.#token;
  }

  /**
   * Uses another one from now on.
   * @param {string | null} token
   */
  set(token) {
    this.#token = token;
  }

  /**
   * A token that is good for a while.
   * @param {boolean} [isStale] the one at hand is known to be of no use
   * @returns {Promise<string | null>}
   */
  async take(isStale = false) {
    const { exp } = claims(this.#token);
    const isOver = typeof exp === "number" && exp * 1000 < Date.now() + 5_000;
    if (this.#get !== undefined && (this.#token === null || isStale || isOver)) this.#token = await this.#get();
    return this.#token;
  }

  /**
   * Calls `renew` shortly before the token ends; only where there is another one to be had.
   * @param {() => void} renew
   */
  watch(renew) {
    this.stop();
    const { exp, iat } = claims(this.#token);
    if (this.#get === undefined || typeof exp !== "number") return;
    const life = typeof iat === "number" ? (exp - iat) * 1000 : Infinity;
    const delay = exp * 1000 - Date.now() - Math.min(longestMargin, life / 5);
    this.#timer = setTimeout(renew, Math.min(Math.max(delay, 1_000), longestTimer));
    this.#timer.unref?.();
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
