/** Who is here, in which colour, and who of them only reads. */

import { announce, find, myName } from "./page.js";

const palette = ["#2f6fb4", "#9a5f12", "#a83b74", "#2e7d4f", "#5661c9", "#b4442f", "#0f7c86", "#8a4fb0"];
const mostShown = 5;

/** @param {string} name */
const colorFor = (name) => palette[[...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % palette.length];

/** What the others see of this page from the start. */
export const myPresence = () => ({ color: colorFor(myName) });

/**
 * @typedef {object} Person
 * @property {string} session
 * @property {string} name
 * @property {string} color
 * @property {boolean} reads
 * @property {boolean} isMe
 * @property {boolean} isTyping
 */

/** @param {string} name */
function initials(name) {
  const [first = "?", ...rest] = name.trim().split(/\s+/u);
  return [first, rest.at(-1) ?? ""].map((word) => [...word][0] ?? "").join("").toUpperCase();
}

/**
 * Everybody, this page first; what others sent is made safe to show.
 * @param {any} doc
 * @returns {Person[]}
 */
export function peopleOf(doc) {
  const people = doc.members.map((/** @type {any} */ { session, user, state }) => ({
    session,
    name: String(user?.name || "Guest").slice(0, 60),
    color: /^#[0-9a-f]{6}$/i.test(state?.color) ? state.color : colorFor(String(user?.name ?? "")),
    reads: state?.reads === true,
    isMe: session === doc.me?.session,
    isTyping: state?.typing === true && session !== doc.me?.session,
  }));
  return people.sort((/** @type {Person} */ a, /** @type {Person} */ b) => Number(b.isMe) - Number(a.isMe) || (a.session < b.session ? -1 : 1));
}

/** @param {Person} person */
function chip({ name, color, reads, isMe, isTyping }) {
  const item = document.createElement("li");
  item.className = reads ? "chip reads" : "chip";
  item.style.setProperty("--who", color);
  item.title = `${name}${isMe ? " (you)" : ""}${reads ? ", reads" : ""}`;
  const short = document.createElement("span");
  short.setAttribute("aria-hidden", "true");
  short.textContent = initials(name);
  const long = document.createElement("span");
  long.className = "unseen";
  long.textContent = item.title;
  item.append(short, long);
  if (isTyping) {
    // Seen, and not read out: it comes and goes all the time.
    const dots = document.createElement("i");
    dots.className = "typing";
    dots.setAttribute("aria-hidden", "true");
    item.append(dots);
  }
  return item;
}

/** @param {any} doc */
export function showPeople(doc) {
  /** @type {Map<string, string> | null} who was here; null before the first look */
  let known = null;

  /**
   * Of two with one colour the later one takes another.
   * @param {Person[]} people
   */
  function settleColor(people) {
    const me = people.find(({ isMe }) => isMe);
    if (me === undefined || doc.presence.state === null) return;
    const state = { ...doc.presence.state };
    const isTaken = people.some(({ isMe, session, color }) => !isMe && color === state.color && session < me.session);
    const taken = new Set(people.filter(({ isMe }) => !isMe).map(({ color }) => color));
    if (isTaken) state.color = palette.find((color) => !taken.has(color)) ?? state.color;
    const reads = !doc.canWrite;
    if (state.color === doc.presence.state.color && (state.reads ?? false) === reads) return;
    state.reads = reads;
    doc.presence.set(state);
  }

  /** @param {Person[]} people */
  function tell(people) {
    const now = new Map(people.filter(({ isMe }) => !isMe).map(({ session, name }) => [session, name]));
    if (known !== null && doc.state === "live") {
      for (const [session, name] of now) if (!known.has(session)) announce(`${name} is here`);
      for (const [session, name] of known) if (!now.has(session)) announce(`${name} left`);
    }
    if (doc.state === "live") known = now;
  }

  let shown = "";
  function show() {
    const people = peopleOf(doc);
    if (doc.state === "live") settleColor(people);
    tell(people);
    document.body.style.setProperty("--me", doc.presence.state?.color ?? "");
    // Presence changes with every key that is pressed.
    const wanted = JSON.stringify(people);
    if (wanted === shown) return;
    shown = wanted;
    const chips = people.slice(0, people.length > mostShown ? mostShown - 1 : mostShown).map(chip);
    if (people.length > mostShown) {
      const rest = people.slice(mostShown - 1);
      const more = document.createElement("li");
      more.className = "chip rest";
      more.title = rest.map(({ name }) => name).join(", ");
      more.textContent = `+${rest.length}`;
      chips.push(more);
    }
    find("people").replaceChildren(...chips);
  }

  for (const event of ["presence", "state", "role"]) doc.on(event, show);
  show();
}
