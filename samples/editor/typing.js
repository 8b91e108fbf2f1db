/** Who is writing at this moment: `typing` in the presence, for as long as somebody types and a little longer. */

/** So long after the last key, in milliseconds. */
const quietTime = 3_000;

/**
 * Tells the others when something is written here. The rest of the presence stays: the caret and the colour are there, too.
 * @param {any} doc
 * @param {any} text
 */
export function shareTyping(doc, text) {
  /** @type {any} */
  let timer = null;

  const stop = () => {
    clearTimeout(timer);
    timer = null;
    const { typing, ...rest } = doc.presence.state ?? {};
    if (typing) doc.presence.set(rest);
  };

  text.on("change", (/** @type {{origin: string}} */ { origin }) => {
    if (origin !== "local") return;
    clearTimeout(timer);
    timer = setTimeout(stop, quietTime);
    // Once, and not with each key.
    if (doc.presence.state?.typing !== true) doc.presence.set({ ...doc.presence.state, typing: true });
  });
  doc.on("role", () => !doc.canWrite && stop());
}
