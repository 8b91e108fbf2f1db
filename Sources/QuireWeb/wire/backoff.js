/** How long to wait before trying again, and how fast to go. */

/** Growing waits with jitter, so that the clients of a restarted server do not come back in waves. */
export class Backoff {
  attempts = 0;

  /**
   * @param {{first?: number, longest?: number, random?: () => number}} [options] milliseconds
   */
  constructor(options = {}) {
    const { first = 300, longest = 8_000, random = Math.random } = options;
    this.first = first;
    this.longest = longest;
    this.random = random;
  }

  /** The next wait in milliseconds: between half of the bound and the bound, which doubles. */
  next() {
    const bound = Math.min(this.longest, this.first * 2 ** Math.min(this.attempts, 20));
    this.attempts += 1;
    return bound * (0.5 + this.random() / 2);
  }

  reset() {
    this.attempts = 0;
  }
}

/** A token bucket: so many units a second, and a burst. */
export class Pace {
  #level;
  #at;

  /**
   * @param {number} rate units a second
   * @param {number} burst units
   * @param {() => number} [now] milliseconds
   */
  constructor(rate, burst, now = Date.now) {
    this.rate = rate;
    this.burst = burst;
    this.now = now;
    this.#level = burst;
    this.#at = now();
  }

  /**
   * The milliseconds until `units` may be used, 0 when at once.
   *
   * What is more than a burst may be when the bucket is full: it could never be otherwise.
   * @param {number} units
   */
  wait(units) {
    const now = this.now();
    // A clock that was set back gives nothing.
    this.#level = Math.min(this.burst, this.#level + (Math.max(0, now - this.#at) / 1000) * this.rate);
    this.#at = now;
    const lacking = Math.min(units, this.burst) - this.#level;
    return lacking <= 0 ? 0 : Math.ceil((lacking / this.rate) * 1000);
  }

  /**
   * Uses `units`.
   * @param {number} units
   */
  use(units) {
    this.#level -= units;
  }
}

/** What one connection may send: below the server's 50 messages and 1 MiB a second, with room for presence and heartbeats. */
export class ConnectionPace {
  #messages = new Pace(40, 300);
  #bytes = new Pace(900 << 10, 8 << 20);

  /**
   * Lets a message through and answers 0, or answers the milliseconds to wait.
   * @param {number} byteCount
   */
  take(byteCount) {
    const wait = Math.max(this.#messages.wait(1), this.#bytes.wait(byteCount));
    if (wait > 0) return wait;
    this.#messages.use(1);
    this.#bytes.use(byteCount);
    return 0;
  }
}
