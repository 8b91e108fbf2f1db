// The dashboard: connects to `/admin` and draws what comes once a second.
//
//   ?token=JWT   a token with the role admin for every document; without it the page asks

import { Socket } from "/sdk/wire/socket.js";

import { Chart } from "./chart.js";

const find = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const charts = {
  connections: new Chart(find("connections"), (value) => whole.format(value)),
  messages: new Chart(find("messages"), (value) => tenths.format(value)),
  participants: new Chart(find("participants"), (value) => whole.format(value)),
  memory: new Chart(find("memory"), (value) => `${tenths.format(value / 1e6)} MB`),
};

let socket = null;

function connect(token) {
  socket?.close();
  find("entrance").hidden = true;
  // The page lies in a folder below the server's root.
  socket = new Socket({ base: new URL("..", location.href), namespace: "/admin", auth: { token } }, {
    onStatus: showStatus,
    onEvent: (event, [figures]) => event === "figures" && show(figures),
  });
  socket.connect();
}

function showStatus({ phase, error }) {
  document.body.dataset.connection = phase;
  const texts = { connecting: "Connecting…", connected: "Connected", waiting: "Offline, trying again", refused: error?.message, idle: "Not connected" };
  find("connection").textContent = texts[phase];
  if (phase === "refused") ask();
}

function show({ connections, messagesPerSecond, documents, memory, namespaces, uptime }) {
  charts.connections.add(connections);
  charts.messages.add(messagesPerSecond.received + messagesPerSecond.sent);
  charts.participants.add(documents.participants);
  charts.memory.add(memory ?? null);
  find("namespaces").replaceChildren(...namespaces.map(({ name, sockets, rooms }) => {
    const row = document.createElement("tr");
    row.append(cell("th", name), cell("td", whole.format(sockets)), cell("td", whole.format(rooms)));
    row.firstElementChild.scope = "row";
    return row;
  }));
  const { received, sent } = messagesPerSecond;
  find("more").textContent =
    `${tenths.format(received)} messages a second came in, ${tenths.format(sent)} went out. ` +
    `${whole.format(documents.open)} documents are open. Up for ${duration(uptime)}.`;
}

function cell(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function ask() {
  find("entrance").hidden = false;
  find("token").value = "";
  find("token").focus();
}

find("entrance").addEventListener("submit", (event) => {
  event.preventDefault();
  connect(find("token").value.trim());
});

const token = new URLSearchParams(location.search).get("token");
if (token) connect(token);
else ask();
