/** Which pages live, told by Web Locks: the browser releases those of a page that is gone, however it went. */

/** @implements {Tabs} */
export class LockTabs {
  #locks;

  /** @param {LockManager} locks */
  constructor(locks) {
    this.#locks = locks;
  }

  /** @param {string} name */
  claim(name) {
    let release = () => {};
    let isReleased = false;
    const held = () => new Promise((resolve) => (isReleased ? resolve(undefined) : (release = () => resolve(undefined))));
    this.#locks.request(name, held).catch(() => {});
    return () => {
      isReleased = true;
      release();
    };
  }

  async held() {
    const { held = [] } = await this.#locks.query();
    return new Set(held.map(({ name }) => name ?? ""));
  }
}

/**
 * Where there are no locks (a page that is not from a secure origin): only this page is known to live, so what another one
 * has not sent is sent from here, too. That is harmless: a change counts once.
 * @implements {Tabs}
 */
export class LonelyTabs {
  #names = new Set();

  /** @param {string} name */
  claim(name) {
    this.#names.add(name);
    return () => this.#names.delete(name);
  }

  async held() {
    return new Set(this.#names);
  }
}

/** @typedef {import("./keeper.js").Tabs} Tabs */
