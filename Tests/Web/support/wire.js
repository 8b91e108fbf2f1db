/** WebSockets whose other end is the test; each one made is noted. */
export function network(namespace) {
  const made = [];
  class FakeWebSocket {
    readyState = 1;
    sent = [];
    isClosed = false;
    onmessage = null;
    onclose = null;

    constructor(url) {
      this.url = new URL(url);
      made.push(this);
    }

    send(piece) {
      this.sent.push(piece);
    }

    close() {
      this.isClosed = true;
      this.readyState = 3;
    }

    /** The server says something. */
    say(piece) {
      this.onmessage?.({ data: piece });
    }

    /** The connection is gone. */
    end() {
      this.readyState = 3;
      this.onclose?.({});
    }

    /** The server lets it in, into the namespace too. */
    async open({ pid, pingInterval = 25000, pingTimeout = 20000 } = {}) {
      this.say(`0${JSON.stringify({ sid: "e", pingInterval, pingTimeout, maxPayload: 1000000 })}`);
      await settled();
      this.say(`40${namespace},${JSON.stringify({ sid: "s", pid })}`);
    }
  }
  return { made, WebSocket: FakeWebSocket };
}

/** Lets what waits for promises run; no time passes. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
