// Reads the address, puts one or two panes on the page and gives the document a link of its own.
//
//   ?doc=ID      the document; without it a new one is made up
//   ?name=NAME   who you are, where the server lets guests in
//   ?panes=1     one pane instead of two
//   ?token=JWT   where the server asks for one

import { Pane } from "./lib/pane.js";

const palette = ["#2f6fb4", "#9a5f12", "#a83b74", "#2e7d4f", "#5661c9", "#b4442f", "#0f7c86", "#8a4fb0"];
const names = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Ken", "Frances", "Niklaus"];

const query = new URLSearchParams(location.search);
const doc = query.get("doc") || `page-${Math.random().toString(36).slice(2, 10)}`;
const count = query.get("panes") === "1" ? 1 : 2;

/** A name for each pane: what the address says, or two of the list that differ. */
function paneNames() {
  const given = query.get("name")?.slice(0, 60);
  const first = Math.floor(Math.random() * names.length);
  return Array.from({ length: count }, (_, i) => {
    if (!given) return names[(first + i) % names.length];
    return i === 0 ? given : `${given} ${i + 1}`;
  });
}

/** Prefers a colour that nobody here has; each pane starts at another one, as both join at the same time. */
function colorChooser(start) {
  return (taken) => {
    const ordered = palette.map((_, i) => palette[(start + i) % palette.length]);
    return ordered.find((color) => !taken.includes(color)) ?? ordered[0];
  };
}

/** Reads texts out, one after the other: one that was replaced at once would never be heard. */
function announcer(region) {
  return (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    region.append(line);
    setTimeout(() => line.remove(), 8000);
  };
}

function showLink() {
  const here = new URL(location.href);
  here.searchParams.set("doc", doc);
  history.replaceState(null, "", here);
  // The link is for others: who you are and what lets you in stay with you.
  for (const own of ["name", "token"]) here.searchParams.delete(own);
  const link = document.querySelector("#link");
  const copy = document.querySelector("#copy");
  link.value = here.href;
  link.addEventListener("focus", () => link.select());
  copy.addEventListener("click", async () => {
    link.select();
    try {
      await navigator.clipboard.writeText(link.value);
      copy.textContent = "Copied";
    } catch {
      // Without the clipboard (plain http from elsewhere) the link is at least selected.
      copy.textContent = "Press Ctrl+C";
    }
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  });
}

const start = Math.floor(Math.random() * palette.length);
const panes = paneNames().map((name, i) => new Pane({
  template: document.querySelector("#pane"),
  announce: announcer(document.querySelector("#announcements")),
  base: new URL(".", location.href),
  doc,
  name,
  token: query.get("token"),
  chooseColor: colorChooser(start + i),
}));

showLink();
document.querySelector("#panes").append(...panes.map((pane) => pane.element));
for (const pane of panes) pane.open();

window.addEventListener("beforeunload", (event) => {
  if (panes.some((pane) => pane.hasUnsaved)) event.preventDefault();
});
