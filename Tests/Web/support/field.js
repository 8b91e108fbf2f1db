/** A text field as browsers have them, as far as the binding uses it. */

class FieldDocument extends EventTarget {
  activeElement = null;
}

export class Field extends EventTarget {
  #value = "";
  ownerDocument = new FieldDocument();
  selectionStart = 0;
  selectionEnd = 0;
  selectionDirection = "none";
  scrollTop = 0;
  scrollLeft = 0;
  readOnly = false;

  get value() {
    return this.#value;
  }

  set value(value) {
    this.#value = value.replace(/\r\n?/g, "\n");
    this.selectionStart = this.selectionEnd = this.#value.length;
  }

  setRangeText(text, from, to) {
    this.#value = this.#value.slice(0, from) + text.replace(/\r\n?/g, "\n") + this.#value.slice(to);
  }

  setSelectionRange(start, end, direction = "none") {
    this.selectionStart = Math.min(start, this.#value.length);
    this.selectionEnd = Math.min(end, this.#value.length);
    this.selectionDirection = direction;
  }

  focus() {
    this.ownerDocument.activeElement = this;
    this.dispatchEvent(new Event("focus"));
  }

  /** What a person does. */
  type(text, { quietly = false } = {}) {
    const [start, end] = [this.selectionStart, this.selectionEnd];
    this.#value = this.#value.slice(0, start) + text + this.#value.slice(end);
    this.selectionStart = this.selectionEnd = start + text.length;
    if (!quietly) this.dispatchEvent(new Event("input"));
  }

  erase(count) {
    this.selectionStart = this.selectionEnd - count;
    this.type("");
  }

  key(key, modifiers = {}) {
    const event = new Event("keydown", { cancelable: true });
    Object.assign(event, { key, ctrlKey: true, ...modifiers });
    this.dispatchEvent(event);
    return event.defaultPrevented;
  }
}
