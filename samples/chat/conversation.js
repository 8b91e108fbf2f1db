// What is said and who is here, as the page shows it.

const palette = ["#2f6fb4", "#9a5f12", "#a83b74", "#2e7d4f", "#5661c9", "#b4442f", "#0f7c86", "#8a4fb0"];

/** The most messages on the page; the oldest go first. */
const mostShown = 500;

/** After so long without news somebody is no longer typing: the word of the end may have been lost. */
const typingEnds = 4_000;

/** A log of messages, a list of people and a line about who is typing. */
export class Conversation {
  #log;
  #list;
  #typingLine;
  /** One entry for each connection: who is here twice is counted twice and shown once. */
  #people = [];
  /** How many more there are that the server did not name. */
  #unnamed = 0;
  #typing = new Map();
  #me = null;
  /** The lines of messages that have an id. */
  #lines = new Map();

  constructor(log, list, typingLine) {
    this.#log = log;
    this.#list = list;
    this.#typingLine = typingLine;
  }

  /** The colour of somebody, the same on all pages; the style sheet makes it fit the scheme. */
  color(name) {
    let hash = 7;
    for (const character of name) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
    return palette[hash % palette.length];
  }

  /** Who we are: not shown among the others, unless a second window is open. */
  setMe(name) {
    this.#me = name;
    this.#showPeople();
  }

  setPeople(names, count) {
    this.#people = [...names];
    this.#unnamed = count - names.length;
    this.#showPeople();
  }

  join(name) {
    this.#people.push(name);
    this.#showPeople();
    this.note(`${name} joined`);
  }

  leave(name) {
    const index = this.#people.indexOf(name);
    if (index >= 0) this.#people.splice(index, 1);
    else if (this.#unnamed > 0) this.#unnamed -= 1;
    this.setTyping(name, false);
    this.#showPeople();
    this.note(`${name} left`);
  }

  /** A message of the server; one of our own takes the place where it waited. */
  show({ username, message, id, timestamp }) {
    this.setTyping(username, false);
    const line = this.#lines.get(id) ?? this.#add(username, message, id);
    line.dataset.state = "sent";
    if (line.querySelector("time") === null) line.append(time(timestamp));
  }

  /** A message of our own, before and after the server has it. */
  showOwn(me, { message, id, state, error }) {
    const line = this.#lines.get(id) ?? this.#add(me, message, id);
    line.dataset.state = state;
    if (state === "failed") line.append(element("span", "why", error.details?.fields?.[0]?.message ?? error.message));
  }

  /** Something that nobody said. */
  note(text) {
    this.#append(element("li", "note", text));
  }

  setTyping(name, isTyping) {
    clearTimeout(this.#typing.get(name));
    this.#typing.delete(name);
    if (isTyping) this.#typing.set(name, setTimeout(() => this.setTyping(name, false), typingEnds));
    this.#showTyping();
  }

  clearTyping() {
    for (const timer of this.#typing.values()) clearTimeout(timer);
    this.#typing.clear();
    this.#showTyping();
  }

  #add(username, message, id) {
    const line = element("li", "message");
    const who = element("span", "who", username);
    who.style.setProperty("--who", this.color(username));
    line.append(who, element("span", "text", message));
    if (id !== undefined) {
      line.dataset.id = id;
      this.#lines.set(id, line);
    }
    this.#append(line);
    return line;
  }

  #append(line) {
    // Who reads what was said before is not pulled away from it.
    const isAtEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 40;
    this.#log.append(line);
    while (this.#log.childElementCount > mostShown) {
      this.#lines.delete(this.#log.firstElementChild.dataset.id);
      this.#log.firstElementChild.remove();
    }
    if (isAtEnd) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #showPeople() {
    const me = this.#people.indexOf(this.#me);
    const others = this.#people.filter((_, i) => i !== me);
    const names = [...new Set(others)].sort((a, b) => a.localeCompare(b));
    this.#list.replaceChildren(...names.map((name) => {
      const item = element("li");
      const swatch = element("span", "swatch");
      swatch.setAttribute("aria-hidden", "true");
      swatch.style.setProperty("--who", this.color(name));
      item.append(swatch, element("span", "", name));
      return item;
    }));
    if (this.#unnamed > 0) this.#list.append(element("li", "", `and ${this.#unnamed} more`));
  }

  #showTyping() {
    const names = [...this.#typing.keys()];
    if (names.length === 0) this.#typingLine.textContent = "";
    else if (names.length < 4) this.#typingLine.textContent = `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`;
    else this.#typingLine.textContent = `${names.length} people are typing…`;
  }
}

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

function time(timestamp) {
  const made = element("time", "", new Date(timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  made.dateTime = timestamp;
  return made;
}
