// The state of a thin client for one text, as pure functions: a state goes in, a new state comes out.
//
//   base      the server's text at revision `rev`: the only truth
//   inflight  the one edit that was sent and not yet acknowledged, as it applies to `base`; or null
//   buffer    what was typed since, as it applies after `inflight`
//
// What the user sees is base + inflight + buffer. At most one edit is under way, so the revision it names never
// depends on an edit of our own. The server broadcasts an edit before it is on disk and acknowledges it after, so
// edits of others that came *after* ours can arrive before our acknowledgement: they show as a gap in the revisions
// and wait in `held` until the acknowledgement says where ours stands, and with which positions.
//
// An acknowledgement of revision r says that all revisions up to r are on disk; the answer to a join says nothing of the
// kind. So while an edit of ours is under way, a client that joined again first sends an edit without operations, and
// calls `rejoined` only when that is acknowledged: what it then finds in the text cannot be lost any more.

import { apply, compose, fromOps, size, split, toOps, transform } from "./delta.js";
import { diff } from "./diff.js";

/** Most units sent in one edit: with six bytes for each in the worst JSON it is well under the 1 MiB of a message. */
const sendLimit = 64 * 1024;

/** A state for the text `base` at revision `rev`. */
export function create(base = "", rev = 0, epoch = null) {
  return { base, rev, epoch, inflight: null, buffer: [], landedAt: null, held: [], lost: false };
}

/** The text that the user sees. */
export function viewText(state) {
  return apply(apply(state.base, state.inflight ?? []), state.buffer);
}

/** The one delta from the base to what the user sees. */
export function pending(state) {
  return compose(state.inflight ?? [], state.buffer);
}

/** Whether everything that the user sees is acknowledged, which means: on the server's disk. */
export function isSaved(state) {
  return state.inflight === null && state.buffer.length === 0;
}

/** Whether a join that was answered with `text` must be made sure of before `rejoined` looks at it. */
export function needsProof(state, text) {
  return state.inflight !== null && text !== state.base;
}

/** The user typed `delta`, made on the text that is shown. */
export function typed(state, delta) {
  return { ...state, buffer: compose(state.buffer, delta) };
}

/** The next edit to send, or null when one is under way or there is none: `{state, message}`. */
export function next(state, name) {
  if (state.inflight !== null || state.lost || state.buffer.length === 0) return null;
  const [inflight, buffer] = split(state.buffer, sendLimit);
  return { state: { ...state, inflight, buffer }, message: { rev: state.rev, ops: toOps(inflight, name) } };
}

/**
 * Somebody else's edit: `{rev, ops, session}`. Answers `{state, view, applied}`: `view` is what happened to the shown
 * text, `applied` lists what happened to the base, revision by revision.
 */
export function received(state, message, name) {
  if (message.rev <= state.rev || state.lost) return { state, view: [], applied: [] };
  return drain({ ...state, held: [...state.held, message] }, name, [], []);
}

/** The acknowledgement of the edit under way: `{rev, ops?}`, `ops` as applied when they differ from what was sent. */
export function acknowledged(state, ack, name) {
  if (state.inflight === null) return { state, view: [], applied: [] };
  return drain({ ...state, landedAt: { rev: ack.rev, ops: ack.ops ?? null } }, name, [], []);
}

/** The edit under way was refused and is in no way part of the text: it is typed text again. */
export function takenBack(state) {
  return { ...state, inflight: null, landedAt: null, buffer: pending(state) };
}

/**
 * Joined again, with the text as the server has it. Nothing says whether an unacknowledged edit got there before the
 * connection broke, so that is read off the text: whichever of "base" and "base with it" is nearer.
 */
export function rejoined(state, { text, rev, epoch }) {
  const landed = state.inflight !== null && (isKnownLanded(state, rev, epoch) || looksLanded(state, text));
  const known = landed ? apply(state.base, state.inflight) : state.base;
  const open = landed ? state.buffer : pending(state);
  const change = diff(known, text);
  return {
    state: { ...create(text, rev, epoch), buffer: transform(open, change, false) },
    view: transform(change, open, true),
    landed,
  };
}

function isKnownLanded(state, rev, epoch) {
  return state.landedAt !== null && epoch === state.epoch && rev >= state.landedAt.rev;
}

function looksLanded(state, text) {
  if (text === state.base) return false;
  const sent = apply(state.base, state.inflight);
  return text === sent || size(diff(sent, text)) < size(diff(state.base, text));
}

/** Applies what waits, in the order of the revisions, as far as it goes. */
function drain(state, name, view, applied) {
  for (;;) {
    const own = state.landedAt;
    const message = state.held.find((held) => held.rev > state.rev);
    let step = null;
    try {
      if (message !== undefined && message.rev === state.rev + 1) step = applyRemote(state, message, name);
      else if (own !== null && own.rev <= state.rev + 1) step = applyOwn(state, own, name);
    } catch (error) {
      // Operations that do not fit the text: this copy is not the server's any more.
      if (!(error instanceof RangeError)) throw error;
      return { state: { ...state, lost: true, held: [] }, view, applied };
    }
    if (step === null) {
      // A gap that no acknowledgement of ours will fill: only a fresh join helps.
      const lost = (message !== undefined && (state.inflight === null || own !== null)) || own !== null;
      return { state: lost ? { ...state, lost, held: [] } : state, view, applied };
    }
    state = { ...step.state, held: step.state.held.filter((held) => held.rev > step.state.rev) };
    view = compose(view, step.view);
    applied = [...applied, step.entry];
  }
}

function applyRemote(state, message, name) {
  const delta = fromOps(message.ops, name);
  const base = apply(state.base, delta);
  const inflight = state.inflight === null ? null : transform(state.inflight, delta, false);
  const afterInflight = transform(delta, state.inflight ?? [], true);
  return {
    state: { ...state, base, inflight, rev: message.rev, buffer: transform(state.buffer, afterInflight, false) },
    view: transform(afterInflight, state.buffer, true),
    entry: { rev: message.rev, delta, session: message.session },
  };
}

function applyOwn(state, own, name) {
  // An edit that changed nothing (all that it deleted was gone already) gets no revision of its own.
  const nothing = own.rev <= state.rev;
  const delta = nothing ? [] : own.ops === null ? state.inflight : fromOps(own.ops, name);
  const base = apply(state.base, delta);
  const expected = apply(state.base, state.inflight);
  const repair = base === expected ? [] : diff(expected, base);
  return {
    state: {
      ...state,
      base,
      inflight: null,
      landedAt: null,
      rev: Math.max(own.rev, state.rev),
      buffer: transform(state.buffer, repair, false),
    },
    view: transform(repair, state.buffer, true),
    entry: { rev: own.rev, delta, session: null },
  };
}
