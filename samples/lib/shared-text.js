// One text document on the server, as a thin client sees it: joins, sends what is typed, follows the others.

import { mapOffset, unmapOffset } from "./delta.js";
import * as thin from "./thin-text.js";

/** The named root of the document that holds the text. */
export const root = "body";

const presenceInterval = 80;
const retryDelay = 1_000;
const mostChangesKept = 200;

/**
 * What the page needs of a document. `handlers`:
 * - `onText(delta)`: the shown text changed by somebody else's hand,
 * - `onPeople()`: somebody came, went or moved,
 * - `onStatus()`: `status` is another.
 */
export class SharedText {
  #socket;
  #doc;
  #handlers;
  #state = thin.create();
  #connection = { phase: "idle", retryAt: null, error: null };
  #joined = false;
  #joins = 0;
  #refused = 0;
  #parked = null;
  #role = "write";
  #session = null;
  #user = null;
  #peers = new Map();
  /** Presence of texts that are ahead of ours, by session: told before the acknowledgement of our own edit in them came. */
  #early = new Map();
  #recent = [];
  #meanwhile = [];
  #selection = null;
  #color = null;
  #presenceTimer = null;
  #presenceDue = false;

  /** `Socket`: the SDK's class of connections, with `connection` for further options of it. */
  constructor({ base, doc, name, token, chooseColor, Socket, connection = {} }, handlers) {
    this.#doc = doc;
    this.#handlers = handlers;
    this.chooseColor = chooseColor;
    const auth = { ...(name && { name }), ...(token && { token }) };
    this.#socket = new Socket(
      { base, namespace: "/docs", auth, ...connection },
      {
        onStatus: (status) => this.#connectionChanged(status),
        onEvent: (name, args) => this.#event(name, args),
      },
    );
  }

  get text() {
    return thin.viewText(this.#state);
  }
  get rev() {
    return this.#state.rev;
  }
  get user() {
    return this.#user;
  }
  get color() {
    return this.#color;
  }

  /**
   * How it stands: `phase` ("connecting", "connected", "waiting", "refused"), `joined`, `saved` (all that is shown is
   * on the server's disk), `writable`, `retryAt`, and `error` when something was refused.
   */
  get status() {
    return {
      ...this.#connection,
      joined: this.#joined,
      saved: thin.isSaved(this.#state),
      writable: this.#parked === null && (this.#role === "write" || this.#role === "admin"),
      ever: this.#session !== null,
      error: this.#parked ?? this.#connection.error,
      parked: this.#parked !== null,
    };
  }

  /** The others in the document: `{session, name, color, cursor: {anchor, head} | null}`, offsets in the shown text. */
  get people() {
    const open = thin.pending(this.#state);
    return [...this.#peers.values()].map(({ session, user, color, cursor }) => ({
      session,
      name: user.name,
      color,
      cursor: cursor && { anchor: mapOffset(cursor.anchor, open), head: mapOffset(cursor.head, open) },
    }));
  }

  open() {
    this.#socket.connect();
  }

  close() {
    clearTimeout(this.#presenceTimer);
    this.#socket.close();
  }

  /** The user changed the shown text. */
  edit(delta) {
    if (delta.length === 0) return;
    this.#state = thin.typed(this.#state, delta);
    this.#flush();
    this.#handlers.onStatus();
  }

  /** The user's selection in the shown text, or null when the text has not the focus. */
  select(selection) {
    this.#selection = selection;
    this.#presenceDue = true;
    this.#tellPresence();
  }

  #connectionChanged(connection) {
    this.#connection = connection;
    if (connection.phase === "connected") {
      this.#join();
    } else {
      this.#joined = false;
      this.#peers.clear();
      this.#handlers.onPeople();
    }
    this.#handlers.onStatus();
  }

  // Joining

  async #join() {
    const attempt = (this.#joins += 1);
    this.#joined = false;
    this.#meanwhile = [];
    try {
      // The epoch says which document of this name is meant: one that was deleted is not made anew.
      const { epoch } = this.#state;
      const join = { doc: this.#doc, format: "json", presence: this.#presence(), ...(epoch ? { epoch } : {}) };
      const answer = await this.#socket.request("join", join);
      if (attempt !== this.#joins) return;
      if (answer.session === undefined) throw new Error("an answer without a session");
      await this.#makeSure(answer);
      if (attempt === this.#joins) this.#enter(answer);
    } catch (error) {
      if (attempt !== this.#joins || error.code === "DISCONNECTED") return;
      if (error.retryable) setTimeout(() => attempt === this.#joins && this.#join(), retryDelay);
      else this.#park(error);
    }
  }

  /** Waits until the text of the answer is on disk, where an edit of ours may be part of it. */
  async #makeSure({ rev, content }) {
    if (!thin.needsProof(this.#state, content[root] ?? "")) return;
    await this.#socket.request("edit", this.#doc, { rev, ops: [] });
  }

  #enter({ session, role, epoch, rev, content, members }) {
    this.#joined = true;
    this.#session = session;
    this.#role = role;
    this.#recent = [];
    this.#peers.clear();
    this.#early.clear();
    const { state, view } = thin.rejoined(this.#state, { text: content[root] ?? "", rev, epoch });
    this.#state = state;
    this.#color ??= this.chooseColor(members.map((member) => member.state?.color));
    for (const member of members) this.#meet(member);
    if (view.length > 0) this.#handlers.onText(view);
    for (const [name, args] of this.#meanwhile.splice(0)) this.#event(name, args);
    this.#presenceDue = true;
    this.#tellPresence();
    this.#flush();
    this.#handlers.onPeople();
    this.#handlers.onStatus();
  }

  /** Something is refused that will not get better by itself: typing stops, the text stays to be copied. */
  #park(error) {
    this.#parked = error;
    this.#handlers.onStatus();
  }

  // Edits

  async #flush() {
    if (!this.#joined || this.#parked !== null) return;
    const next = thin.next(this.#state, root);
    if (next === null) {
      this.#tellPresence();
      return;
    }
    this.#state = next.state;
    const attempt = this.#joins;
    try {
      const ack = await this.#socket.request("edit", this.#doc, next.message);
      if (attempt !== this.#joins) return;
      this.#refused = 0;
      this.#follow(thin.acknowledged(this.#state, ack, root));
    } catch (error) {
      if (attempt === this.#joins) this.#editFailed(error);
    }
    this.#handlers.onStatus();
  }

  #editFailed(error) {
    // Without an answer, and after a failure of the disk, only a new join tells what became of the edit.
    if (error.code === "DISCONNECTED") return;
    this.#joined = false;
    this.#refused += 1;
    if (error.code !== "STORE_FAILED") this.#state = thin.takenBack(this.#state);
    if (error.retryable || (error.code !== "FORBIDDEN" && this.#refused < 3)) {
      const attempt = this.#joins;
      setTimeout(() => attempt === this.#joins && this.#socket.isConnected && this.#join(), this.#refused * retryDelay);
    } else {
      this.#park(error);
    }
  }

  /** Takes over what the model made of a message. */
  #follow({ state, view, applied }) {
    this.#state = state;
    for (const change of applied) {
      this.#recent.push(change);
      for (const peer of this.#peers.values()) this.#movePeer(peer, change);
    }
    this.#recent.splice(0, Math.max(0, this.#recent.length - mostChangesKept));
    for (const update of this.#early.values()) if (update.state.cursor.rev <= state.rev) this.#meet(update);
    if (view.length > 0) this.#handlers.onText(view);
    if (applied.length > 0) this.#handlers.onPeople();
    if (state.lost) this.#join();
    else this.#flush();
  }

  #event(name, args) {
    if (name === "authenticated") {
      this.#user = args[0].user;
      this.#handlers.onPeople();
      return;
    }
    if (name === "closing") return;
    if (args[0] !== this.#doc) return;
    if (name === "role") {
      this.#role = args[1].role;
      // What was refused for the former role is sent again.
      if (this.#parked?.code === "FORBIDDEN" && (this.#role === "write" || this.#role === "admin")) {
        this.#parked = null;
        this.#join();
      }
      this.#handlers.onStatus();
      return;
    }
    if (!this.#joined) {
      this.#meanwhile.push([name, args]);
      return;
    }
    if (name === "edit") this.#follow(thin.received(this.#state, args[1], root));
    else if (name === "presence") this.#presenceChanged(args[1], args[2] ?? []);
    else if (name === "reset" && args[1].reason === "KICKED") this.#park({ code: "KICKED", message: "You were put out.", retryable: false });
    else if (name === "reset") this.#join();
    this.#handlers.onStatus();
  }

  // Presence: `{cursor: {anchor, head, rev} | null, color}`, with UTF-16 offsets into the text of revision `rev`.

  #presence() {
    const open = thin.pending(this.#state);
    const at = (offset) => unmapOffset(offset, open);
    const cursor = this.#selection && {
      anchor: at(this.#selection.anchor),
      head: at(this.#selection.head),
      rev: this.#state.rev,
    };
    return { cursor, color: this.#color };
  }

  /** Tells the others at most every `presenceInterval`, and not while an edit is under way that moves the caret itself. */
  #tellPresence() {
    if (!this.#presenceDue || this.#presenceTimer !== null || !this.#joined || !thin.isSaved(this.#state)) return;
    this.#presenceDue = false;
    this.#socket.emit("presence", this.#doc, this.#presence());
    this.#presenceTimer = setTimeout(() => {
      this.#presenceTimer = null;
      this.#tellPresence();
    }, presenceInterval);
  }

  #presenceChanged(updates, left) {
    for (const session of left) {
      this.#peers.delete(session);
      this.#early.delete(session);
    }
    for (const update of updates) this.#meet(update);
    this.#handlers.onPeople();
  }

  #meet(update) {
    const { session, user, state } = update;
    if (session === this.#session) return;
    const peer = { session, user, color: isColor(state?.color) ? state.color : null, cursor: null };
    const { anchor, head, rev } = state?.cursor ?? {};
    this.#early.delete(session);
    if ([anchor, head, rev].every(Number.isSafeInteger)) {
      if (rev > this.#state.rev) {
        // Until our text is as far, the cursor stays where it was, and goes with the text.
        this.#early.set(session, update);
        this.#peers.set(session, { ...peer, cursor: this.#peers.get(session)?.cursor ?? null });
        return;
      }
      peer.cursor = { anchor, head };
      for (const change of this.#recent) if (change.rev > rev) this.#movePeer(peer, change);
      const inside = (offset) => Math.max(0, Math.min(this.#state.base.length, offset));
      peer.cursor = { anchor: inside(peer.cursor.anchor), head: inside(peer.cursor.head) };
    }
    this.#peers.set(session, peer);
  }

  /** A caret goes with the text; that of the author goes behind what the author inserted. */
  #movePeer(peer, { delta, session }) {
    if (peer.cursor === null) return;
    const author = session === peer.session;
    peer.cursor = {
      anchor: mapOffset(peer.cursor.anchor, delta, author),
      head: mapOffset(peer.cursor.head, delta, author),
    };
  }
}

function isColor(value) {
  return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value);
}
