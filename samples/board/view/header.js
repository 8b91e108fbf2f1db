/** The line above: who is here, whether everything is stored, the link to share, and why nothing can be edited. */

const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const palette = ["#2f6fb4", "#9a5f12", "#a83b74", "#2e7d4f", "#5661c9", "#b4442f", "#0f7c86", "#8a4fb0"];

/** @param {URL} here @param {(text: string) => void} announce */
export function showHeader(here, announce) {
  const name = here.searchParams.get("name") || "Guest";
  const me = { name, color: palette[[...name].reduce((sum, c) => sum + c.charCodeAt(0), 0) % palette.length] };
  find("share").addEventListener("click", async () => {
    const link = new URL(location.href);
    for (const own of ["name", "token"]) link.searchParams.delete(own);
    try {
      await navigator.clipboard.writeText(link.href);
      announce("Link copied");
    } catch {
      prompt("Link to this board", link.href);
    }
  });
  return {
    me,
    /** @param {any} doc @param {import("../model/presence.js").BoardPresence} presence */
    connect(doc, presence) {
      const show = () => {
        document.body.dataset.state = doc.state;
        document.body.dataset.pending = String(doc.pending);
        document.body.dataset.role = doc.role;
        document.body.toggleAttribute("data-readonly", !doc.canWrite);
        const texts = { live: doc.stored ? "Stored" : "Storing…", offline: "Offline", loading: "Connecting…", refused: "Refused", closed: "Closed" };
        find("state").textContent = texts[/** @type {keyof typeof texts} */ (doc.state)];
        find("banner").hidden = doc.state !== "offline";
        find("banner").textContent = doc.pending > 0 ? `Offline. ${doc.pending} changes wait here.` : "Offline.";
      };
      for (const event of ["state", "role", "pending"]) doc.on(event, show);
      show();
      const people = () => {
        find("people").replaceChildren(...presence.others.map(({ name, color }) => {
          const item = document.createElement("li");
          item.textContent = name;
          item.style.setProperty("--who", color);
          return item;
        }));
      };
      presence.on("change", people);
      people();
    },
    /** @param {Error} error */
    fail(error) {
      document.body.dataset.state = "refused";
      find("banner").hidden = false;
      find("banner").textContent = `The board cannot be opened: ${error.message}`;
    },
  };
}
