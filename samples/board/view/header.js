/** The line above: who is here, whether everything is stored, the link to share, and why nothing can be edited. */

import { icon } from "./icons.js";
import { Me, showMe } from "./me.js";

const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** More people than this are a number. */
const mostShown = 4;

/** @param {URL} here @param {(text: string) => void} announce */
export function showHeader(here, announce) {
  const me = new Me(here.searchParams.get("name"));
  let nameOnServer = "";
  const button = /** @type {HTMLButtonElement} */ (find("me"));
  const showMyself = showMe(button, /** @type {HTMLDialogElement} */ (find("me-sheet")), me, () => nameOnServer);
  const share = find("share");
  share.prepend(icon("link"));
  share.addEventListener("click", () => copyLink(announce));
  return {
    me,
    /** @param {any} doc @param {import("../model/presence.js").BoardPresence} presence */
    connect(doc, presence) {
      const show = () => {
        nameOnServer = doc.me?.user?.name ?? "";
        showMyself();
        showState(doc);
      };
      me.on("change", () => presence.setMe(me));
      for (const event of ["state", "role", "pending", "kept"]) doc.on(event, show);
      show();
      doc.on("reset", () => {
        lost = "The server could not take some of what was changed here.";
        show();
      });
      let known = "";
      const people = () => {
        const others = presence.others.map(({ name, color }) => ({ name, color }));
        const now = JSON.stringify(others);
        if (now === known) return;
        known = now;
        showPeople(others);
      };
      presence.on("change", people);
      people();
    },
    /** @param {Error & {code?: string}} error */
    fail(error) {
      document.body.dataset.state = "refused";
      find("state").textContent = "Not open";
      say("bad", `This board cannot be opened: ${error.message}`);
    },
  };
}

/** @param {(text: string) => void} announce */
async function copyLink(announce) {
  const link = new URL(location.href);
  // The link is for others: who you are and what lets you in stay with you.
  for (const own of ["name", "token"]) link.searchParams.delete(own);
  const label = /** @type {HTMLElement} */ (find("share").querySelector(".share-label"));
  try {
    await navigator.clipboard.writeText(link.href);
    label.textContent = "Copied";
    announce("The link is copied");
  } catch {
    // Without the clipboard (plain http from elsewhere) it is shown, to be copied by hand.
    prompt("Link to this board", link.href);
  }
  setTimeout(() => (label.textContent = "Share"), 2000);
}

/** What went wrong for good. */
let lost = "";

/** @param {any} doc */
function showState(doc) {
  const { state, pending, role } = doc;
  const { dataset } = document.body;
  dataset.state = state;
  dataset.pending = String(pending);
  dataset.role = role;
  document.body.toggleAttribute("data-readonly", !doc.canWrite);
  const isReader = state === "live" && !doc.canWrite;
  const texts = { live: pending === 0 ? "Stored" : "Storing…", offline: "Offline", loading: "Connecting…", refused: "Not open", closed: "Closed" };
  const text = isReader ? "View only" : texts[/** @type {keyof typeof texts} */ (state)];
  const element = find("state");
  if (element.textContent !== text) element.textContent = text;
  element.dataset.tone = state === "live" ? (pending === 0 ? "good" : "busy") : state === "refused" ? "bad" : "off";
  if (state === "refused") say("bad", `The server does not let you in: ${doc.error?.message ?? "refused"}`);
  else if (state === "offline") {
    const changes = pending === 1 ? "1 change waits" : `${pending} changes wait`;
    const where = doc.kept ? "on this device" : "in this page; leave it open";
    say("off", pending === 0 ? "Offline. You can go on; it is sent later." : `Offline. ${changes} ${where}.`);
  } else if (lost !== "") say("bad", lost);
  else if (isReader) say("note", "You can look at this board, and not change it.");
  else say("", "");
}

/** @param {string} tone @param {string} text */
function say(tone, text) {
  const banner = find("banner");
  banner.hidden = text === "";
  banner.dataset.tone = tone;
  if (banner.textContent !== text) banner.textContent = text;
}

/** @param {{name: string, color: string}[]} others */
function showPeople(others) {
  const items = others.slice(0, mostShown).map(({ name, color }) => {
    const item = document.createElement("li");
    item.className = "person";
    item.title = name;
    item.style.setProperty("--who", color);
    const initial = document.createElement("span");
    initial.setAttribute("aria-hidden", "true");
    initial.textContent = [...name][0]?.toUpperCase() ?? "?";
    const whole = document.createElement("span");
    whole.className = "unseen";
    whole.textContent = name;
    item.append(initial, whole);
    return item;
  });
  if (others.length > mostShown) {
    const more = document.createElement("li");
    more.className = "person more";
    more.title = others.slice(mostShown).map(({ name }) => name).join(", ");
    more.textContent = `+${others.length - mostShown}`;
    items.push(more);
  }
  find("people").replaceChildren(...items);
}
