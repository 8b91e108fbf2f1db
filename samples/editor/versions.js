/**
 * Earlier versions, where the server has them. It is asked once: without a good answer there is no button.
 *
 *   GET /v1/docs/{id}/versions                      {"versions": [{"id", "name"?, "created"?, "by"?}]}
 *   POST /v1/docs/{id}/versions                     {"name"} keeps the document as it is now
 *   GET /v1/docs/{id}/versions/{version}?format=text
 *
 * A version is restored by an edit like any other: everybody gets it, nothing is lost, and undo takes it back.
 */

import { announce, ask, find, makePanel } from "./page.js";

/**
 * Makes a text what it was, and touches only what differs.
 * @param {any} doc
 * @param {any} text
 * @param {string} wanted
 */
export function restore(doc, text, wanted) {
  const now = text.toString();
  if (now === wanted) return;
  let start = 0;
  while (start < now.length && start < wanted.length && now[start] === wanted[start]) start++;
  let end = 0;
  while (end < now.length - start && end < wanted.length - start && now.at(-1 - end) === wanted.at(-1 - end)) end++;
  // No half of a surrogate pair.
  if (/[\uD800-\uDBFF]/.test(now[start - 1] ?? "")) start--;
  if (end > 0 && /[\uDC00-\uDFFF]/.test(now[now.length - end])) end--;
  doc.closeUndoStep();
  text.splice(start, now.length - start - end, wanted.slice(start, wanted.length - end));
  doc.closeUndoStep();
}

const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {any} version */
function labelOf({ id, name, created, by }) {
  const at = typeof created === "number" ? new Date(created < 1e11 ? created * 1000 : created) : new Date(String(created));
  const when = Number.isNaN(at.getTime()) ? "" : times.format(at);
  return { title: String(name || when || id), note: [name ? when : "", by?.name ?? by ?? ""].filter(Boolean).join(", ") };
}

/**
 * @param {any} doc
 * @param {any} text
 */
export async function showVersions(doc, text) {
  const path = `/v1/docs/${encodeURIComponent(doc.id)}/versions`;
  const button = find("versions-button");
  const hint = find("version-hint");

  async function list() {
    const answer = await ask(path);
    if (answer.status !== 200) throw new Error(String(answer.status));
    const { versions } = await answer.json();
    if (!Array.isArray(versions)) throw new Error("not a list of versions");
    return versions;
  }

  /**
   * @param {any} version
   * @param {string} title
   */
  async function goBack(version, title) {
    try {
      const answer = await ask(`${path}/${encodeURIComponent(version.id)}?format=text`);
      if (answer.status !== 200) throw new Error(`the server answered ${answer.status}`);
      restore(doc, text, await answer.text());
      hint.textContent = `“${title}” is restored. Undo takes it back.`;
    } catch (error) {
      hint.textContent = `“${title}” could not be restored: ${/** @type {Error} */ (error).message}`;
    }
  }

  /** @param {any[]} versions */
  function draw(versions) {
    hint.textContent = versions.length === 0 ? "No versions yet." : "";
    find("version-list").replaceChildren(...versions.map((version) => {
      const { title, note } = labelOf(version);
      const item = document.createElement("li");
      item.className = "version";
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = title;
      const small = document.createElement("small");
      small.textContent = note;
      const back = document.createElement("button");
      back.type = "button";
      back.className = "quiet";
      back.textContent = "Restore";
      back.setAttribute("aria-label", `Restore ${title}`);
      back.disabled = !doc.canWrite;
      back.addEventListener("click", () => goBack(version, title));
      item.append(name, small, back);
      return item;
    }));
  }

  /**
   * Keeps the text as it is here now.
   * @param {string} name
   */
  async function keep(name) {
    try {
      // What is not on the server's disk would not be in the version.
      await doc.flush();
      const answer = await ask(path, { name });
      if (answer.status !== 201) throw new Error((await answer.json().catch(() => ({})))?.message ?? `the server answered ${answer.status}`);
      draw(await list());
      find("version-name").value = "";
      hint.textContent = `“${name}” is kept.`;
    } catch (error) {
      hint.textContent = `“${name}” could not be kept: ${/** @type {Error} */ (error).message}`;
    }
  }

  try {
    draw(await list());
  } catch {
    return;
  }
  makePanel(button, find("versions"));
  button.hidden = false;
  find("keep-version").addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    const name = find("version-name").value.trim();
    if (name === "" || find("version-keep").disabled) return;
    find("version-keep").disabled = true;
    await keep(name);
    find("version-keep").disabled = false;
  });
  const showRights = () => {
    find("keep-version").hidden = !doc.canWrite;
    for (const back of find("version-list").querySelectorAll("button")) back.disabled = !doc.canWrite;
  };
  button.addEventListener("click", async () => {
    if (find("versions").hidden) return;
    try {
      draw(await list());
    } catch {
      hint.textContent = "The versions cannot be had now.";
      announce(hint.textContent);
    }
  });
  doc.on("role", showRights);
  showRights();
}
