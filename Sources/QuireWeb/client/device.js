/** A document and what is kept of it on this device: what was left of earlier pages is taken up, and of pages that are gone. */

import { QuireError } from "./errors.js";

/**
 * @typedef {import("../store/keeper.js").SnapshotRecord} SnapshotRecord
 *
 * @typedef {object} DeviceParts
 * @property {import("./replica.js").Replica} replica
 * @property {import("./sync.js").SyncState} sync
 * @property {import("../store/keeper.js").Keeper} keeper
 * @property {import("./exchange.js").Exchange} exchange
 * @property {() => boolean} isClosed
 * @property {() => boolean} isEditing whether a transaction is open
 * @property {(error: QuireError) => void} failed
 * @property {() => void} opened there is content
 */

/** So often pages that are gone are looked for, in milliseconds. */
const adoptionInterval = 20_000;

export class DeviceCopy {
  #parts;
  /** @type {any} */
  #adoptionTimer = null;

  /** @param {DeviceParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Takes what is kept on this device; the changes are shown at once and sent as soon as it is possible. */
  async load() {
    const { sync, replica, keeper, exchange, isClosed, failed, opened } = this.#parts;
    const { record, changes } = await keeper.load();
    if (isClosed()) return;
    keeper.claim(replica.id);
    if (record !== null && this.#loadSnapshot(record)) {
      const fitting = changes.filter(({ epoch }) => epoch === record.epoch || epoch === null);
      for (const { isOwn, epoch: _, ...change } of fitting) {
        try {
          replica.receive([change]);
        } catch (error) {
          keeper.drop([change]);
          failed(new QuireError("NOT_KEPT", "a change kept on this device cannot be read", { cause: error }));
          continue;
        }
        if (isOwn) sync.recordLocal(change);
      }
      exchange.isFromStore = true;
      opened();
    }
    this.#adoptionTimer = setInterval(() => this.adoptOrphans(), adoptionInterval);
    this.#adoptionTimer.unref?.();
  }

  /** @param {SnapshotRecord} record */
  #loadSnapshot(record) {
    const { sync, replica, keeper, failed } = this.#parts;
    try {
      replica.replace(record.snapshot, []);
    } catch (error) {
      failed(new QuireError("NOT_KEPT", "what was kept on this device cannot be read", { cause: error }));
      return false;
    }
    sync.epoch = keeper.epoch = record.epoch;
    sync.revision = record.revision;
    sync.role = /** @type {import("./sync.js").Role} */ (record.role);
    keeper.claim(replica.id);
    return true;
  }

  /** Sends what pages that are gone had not sent. */
  async adoptOrphans() {
    const { sync, keeper, exchange, isClosed, isEditing } = this.#parts;
    const orphans = await keeper.orphans(sync.keptNames);
    // Meanwhile the conversation may have begun anew, or the page may have sent some of them itself.
    if (isClosed() || sync.phase !== "joined" || isEditing()) return;
    const fitting = orphans.filter(({ epoch }) => epoch === sync.epoch);
    if (fitting.length > 0) exchange.adopt(fitting.map(({ replica, sequence, bytes }) => ({ replica, sequence, bytes })));
  }

  close() {
    clearInterval(this.#adoptionTimer);
  }
}
