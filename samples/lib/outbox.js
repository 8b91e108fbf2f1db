// Messages that nobody has acknowledged yet: kept while the connection is gone, and sent again when it is back.

/** Before a message that was refused for a while is sent again. */
const pause = 1_000;

/**
 * Sends one message after the other, in the order they were written, until each has its answer.
 *
 * Whether a message arrived whose acknowledgement was lost cannot be known: it goes again with the id it was given
 * here, by which the server knows it. `send(message)` must give a promise; `onChange(message)` is told when its `state`
 * is another: "sending", "sent" or "failed", with the reason under `error`.
 */
export class Outbox {
  #send;
  #onChange;
  #waiting = [];
  #running = false;
  #isOpen = false;

  constructor(send, onChange) {
    this.#send = send;
    this.#onChange = onChange;
  }

  /** How many have no answer yet. */
  get count() {
    return this.#waiting.length;
  }

  /** Takes a message; gives it back with its id. */
  add(content) {
    const message = { ...content, id: newId(), state: "sending", error: null };
    this.#waiting.push(message);
    this.#onChange(message);
    this.#run();
    return message;
  }

  /** The way is free. */
  open() {
    this.#isOpen = true;
    this.#run();
  }

  /** The way is not free: what is not answered waits. */
  shut() {
    this.#isOpen = false;
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    while (this.#isOpen && this.#waiting.length > 0) {
      const [message] = this.#waiting;
      try {
        await this.#send(message);
        this.#end(message, "sent");
      } catch (error) {
        if (!error.retryable) this.#end(message, "failed", error);
        else if (error.code === "DISCONNECTED") this.shut();
        else await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    this.#running = false;
  }

  #end(message, state, error = null) {
    this.#waiting.shift();
    Object.assign(message, { state, error });
    this.#onChange(message);
  }
}

/** An id that nobody else makes. `crypto.randomUUID` would be missing on a page that came over plain http. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
