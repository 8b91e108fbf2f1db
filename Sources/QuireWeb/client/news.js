/** Changes on their way to whoever listens to a document or a part of it, one after the other. */

/**
 * @typedef {import("./containers.js").Patch} Patch
 * @typedef {import("./containers.js").Origin} Origin
 * @typedef {{origin: Origin, patches: Patch[]}} Change
 */

export class News {
  #handle;
  #tellAll;
  /**
   * Changes that nobody was told of yet: one that a listener makes waits for its turn.
   * @type {Change[]}
   */
  #waiting = [];
  #isTelling = false;

  /**
   * @param {(container: any) => any} handle gives the handle of a container of the engine
   * @param {(change: Change) => void} tellAll tells those who listen to the whole document
   */
  constructor(handle, tellAll) {
    this.#handle = handle;
    this.#tellAll = tellAll;
  }

  /**
   * A patch of the engine with handles in the place of its containers.
   * @param {any} patch
   * @returns {Patch}
   */
  translated(patch) {
    const given = (/** @type {any} */ value) =>
      value !== null && typeof value === "object" && "engine" in value ? this.#handle(value) : value;
    const container = this.#handle(patch.container);
    if (patch.kind === "list") return { ...patch, container, insert: patch.insert.map(given) };
    if (patch.kind === "map") return { ...patch, container, value: given(patch.value) };
    return { ...patch, container };
  }

  /** @param {Change} change */
  tell(change) {
    this.#waiting.push(change);
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { origin } = next;
      const byContainer = new Map();
      for (const patch of next.patches) {
        if (!byContainer.has(patch.container)) byContainer.set(patch.container, []);
        byContainer.get(patch.container).push(patch);
      }
      for (const [container, patches] of byContainer) container.changed({ patches, origin });
      this.#tellAll(next);
    }
    this.#isTelling = false;
  }
}
