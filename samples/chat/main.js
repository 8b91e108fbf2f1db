// The chat page: joins the conversation at `/chat` and shows it.
//
//   ?name=NAME   who you are, where the server lets guests in; without it the page asks
//   ?token=JWT   where the server asks for one; the name is then the token's

import { Socket } from "/sdk/wire/socket.js";

import { Outbox } from "../lib/outbox.js";
import { Conversation } from "./conversation.js";

const query = new URLSearchParams(location.search);
const token = query.get("token");
const find = (id) => document.getElementById(id);
const conversation = new Conversation(find("log"), find("people"), find("typing"));
const composer = find("message");

let me = null;
let socket = null;
let typingUntil = 0;
/** Whether the server has us in the conversation, so that messages can go. */
let isIn = false;

const outbox = new Outbox(
  ({ message, id }) => socket.request("sendMessage", { message, id }),
  (message) => {
    conversation.showOwn(me, message);
    showPending();
  },
);

const heard = {
  userJoined: ({ username }) => conversation.join(username),
  userLeft: ({ username }) => conversation.leave(username),
  onlineUsers: ({ users, count }) => conversation.setPeople(users, count),
  newMessage: (message) => conversation.show(message),
  userTyping: ({ username, isTyping }) => conversation.setTyping(username, isTyping),
  notification: ({ title, message }) => conversation.note([title, message].filter(Boolean).join(": ")),
  authenticated: ({ user }) => {
    me = user.name;
    conversation.setMe(me);
    find("me").textContent = me;
    document.querySelector(".me .swatch").style.setProperty("--who", conversation.color(me));
  },
};

function connect(name) {
  const auth = token ? { token } : { name };
  // The page lies in a folder below the server's root.
  socket = new Socket({ base: new URL("..", location.href), namespace: "/chat", auth }, {
    onStatus: showStatus,
    onEvent: (event, [payload]) => heard[event]?.(payload),
  });
  socket.connect();
}

async function enter(recovered) {
  try {
    // Who recovered is in the conversation still, and got what was said meanwhile.
    if (!recovered) await socket.request("joinChat", {});
  } catch (error) {
    // Without a connection it is entered again when there is one.
    if (error.code !== "DISCONNECTED") conversation.note(`Could not join: ${error.message}`);
    return;
  }
  isIn = true;
  outbox.open();
  showPending();
  for (const field of [composer, find("send")]) field.disabled = false;
}

let wasConnected = false;

function showStatus({ phase, recovered, error }) {
  document.body.dataset.connection = phase;
  const texts = { connecting: "Connecting…", connected: "Connected", waiting: "Offline, trying again", refused: error?.message, idle: "Not connected" };
  find("connection").textContent = texts[phase];
  if (phase !== "connected") {
    isIn = false;
    outbox.shut();
    conversation.clearTyping();
    showPending();
    return;
  }
  if (wasConnected) {
    document.body.dataset.recovered = recovered;
    find("recovered").textContent = recovered ? "Back, and nothing was missed" : "Back; what was said meanwhile is not known here";
  }
  wasConnected = true;
  enter(recovered);
}

function showPending() {
  const count = outbox.count;
  document.body.dataset.pending = count;
  if (count === 0) find("pending").textContent = "";
  else find("pending").textContent = isIn ? `Sending ${count}…` : `${count} kept here until the connection is back`;
}

function send() {
  const message = composer.value.trim();
  if (message === "") return;
  composer.value = "";
  typing(false);
  outbox.add({ message });
}

/** Tells the others, every two seconds at most, and when it is over. */
function typing(isTyping) {
  const now = Date.now();
  if (isTyping ? now < typingUntil : typingUntil === 0) return;
  typingUntil = isTyping ? now + 2_000 : 0;
  socket?.emit("typing", { isTyping });
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

composer.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});

composer.addEventListener("input", () => typing(composer.value !== ""));

find("entrance").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = find("name").value.trim();
  if (name === "") return;
  find("entrance").hidden = true;
  connect(name);
  composer.focus();
});

window.addEventListener("online", () => socket?.connect());
window.addEventListener("beforeunload", (event) => {
  if (outbox.count > 0) event.preventDefault();
});

const name = query.get("name")?.slice(0, 60);
if (token || name) connect(name);
else {
  find("entrance").hidden = false;
  find("name").focus();
}
