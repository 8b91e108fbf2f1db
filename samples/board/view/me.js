/** Who is at this page: a name and a colour, which this browser remembers. */

import { Emitter } from "../model/emitter.js";

export const palette = ["#2f6fb4", "#9a5f12", "#a83b74", "#2e7d4f", "#5661c9", "#b4442f", "#0f7c86", "#8a4fb0"];

export class Me extends Emitter {
  /** @param {string | null} given what the address says */
  constructor(given) {
    super();
    const kept = remembered();
    this.name = given ?? kept.name ?? "";
    this.color = palette.includes(kept.color) ? kept.color : palette[Math.floor(Math.random() * palette.length)];
  }

  /** @param {string} name @param {string} color */
  set(name, color) {
    Object.assign(this, { name: name.trim().slice(0, 60), color });
    try {
      localStorage.setItem("quire-me", JSON.stringify({ name: this.name, color }));
    } catch {
      // Some browsers keep nothing.
    }
    this.emit("change");
  }
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem("quire-me") ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/**
 * The button that shows oneself, and the sheet behind it where one changes that.
 * @param {HTMLButtonElement} button
 * @param {HTMLDialogElement} sheet
 * @param {Me} me
 * @param {() => string} nameOnServer
 */
export function showMe(button, sheet, me, nameOnServer) {
  const form = /** @type {HTMLFormElement} */ (sheet.querySelector("form"));
  const field = /** @type {HTMLInputElement} */ (sheet.querySelector("input[name=name]"));
  const colors = /** @type {HTMLElement} */ (sheet.querySelector(".colors"));
  for (const [index, color] of palette.entries()) {
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "color";
    radio.value = color;
    radio.setAttribute("aria-label", `Colour ${index + 1}`);
    radio.style.setProperty("--who", color);
    colors.append(radio);
  }
  const show = () => {
    const name = me.name || nameOnServer() || "You";
    button.textContent = [...name][0].toUpperCase();
    button.title = `${name} (you)`;
    button.setAttribute("aria-label", `You are ${name}. Change name and colour`);
    button.style.setProperty("--who", me.color);
  };
  button.addEventListener("click", () => {
    field.value = me.name || nameOnServer();
    for (const radio of colors.querySelectorAll("input")) radio.checked = radio.value === me.color;
    sheet.showModal();
    field.select();
  });
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  form.addEventListener("submit", () => {
    const chosen = /** @type {HTMLInputElement | null} */ (colors.querySelector("input:checked"));
    me.set(field.value, chosen?.value ?? me.color);
  });
  me.on("change", show);
  show();
  return show;
}
