/** Where the others' carets are, as it stands in presence states: `{cursor: {text, anchor, head}, color}`. */

import { fromBase64, toBase64 } from "../wire/packets.js";

/**
 * @typedef {import("../client/containers.js").Text} Text
 * @typedef {import("../client/presence.js").Presence} Presence
 *
 * Somebody's caret in a text: `anchor` and `head` are offsets, `head` is where the caret is.
 * @typedef {{session: string, name: string, color: string, anchor: number, head: number}} RemoteCursor
 */

const palette = ["#2f6fb4", "#9a5f12", "#a83b74", "#2e7d4f", "#5661c9", "#b4442f", "#0f7c86", "#8a4fb0"];

/**
 * A colour for a session that has none, always the same.
 * @param {string} session
 */
export function colorOf(session) {
  let sum = 0;
  for (let at = 0; at < session.length; at++) sum = (sum * 31 + session.charCodeAt(at)) >>> 0;
  return palette[sum % palette.length];
}

/**
 * Shows the others where the caret is; the rest of the presence state stays.
 * @param {Presence} presence
 * @param {Text} text
 * @param {{anchor: number, head: number} | null} selection offsets in the text
 */
export function shareCursor(presence, text, selection) {
  const { cursor: before, ...rest } = presence.state ?? {};
  if (selection === null) {
    // Another field of the page may have it by now.
    if (before?.text === text.id) presence.set(rest);
    return;
  }
  const place = (/** @type {number} */ offset) => toBase64(text.anchor(Math.min(Math.max(offset, 0), text.length), "left"));
  const cursor = { text: text.id, anchor: place(selection.anchor), head: place(selection.head) };
  if (before?.text === cursor.text && before.anchor === cursor.anchor && before.head === cursor.head) return;
  presence.set({ ...rest, cursor });
}

/**
 * The carets of the others in a text; what they sent is not trusted.
 * @param {Presence} presence
 * @param {Text} text
 * @returns {RemoteCursor[]}
 */
export function remoteCursors(presence, text) {
  const found = [];
  for (const [session, { user, state }] of presence.others) {
    if (state?.cursor?.text !== text.id) continue;
    try {
      const [anchor, head] = [state.cursor.anchor, state.cursor.head].map((place) => text.offset(fromBase64(place)));
      if (anchor === null || head === null) continue;
      const color = /^#[0-9a-f]{6}$/i.test(state.color) ? state.color : colorOf(session);
      found.push({ session, name: String(user?.name ?? "").slice(0, 60), color, anchor, head });
    } catch {
      // No anchor of this text.
    }
  }
  return found;
}
