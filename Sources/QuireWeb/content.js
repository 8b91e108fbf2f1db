// @ts-nocheck As in engine.js.
/** Values and contents as the bytes that `EXPORTS.md` describes. */

/** A text to be created where a value goes: `map.set("title", new NewText("Draft"))`. A plain string is replaced as a whole. */
export class NewText {
  /** @param {string} text */
  constructor(text = "") {
    this.text = text;
  }
}

/**
 * What can be written: arrays become lists, plain objects maps, both with everything below them.
 * @typedef {null | boolean | number | string | Uint8Array | NewText | Content[] | {[key: string]: Content}} Content
 */

const utf8 = new TextEncoder();
const names = new TextDecoder("utf-8", { ignoreBOM: true });
const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true });

/** Grows as it is written. */
export class Writer {
  #bytes = new Uint8Array(64);
  #count = 0;

  get bytes() {
    return this.#bytes.subarray(0, this.#count);
  }

  #reserve(count) {
    if (this.#count + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#count + count, 2 * this.#bytes.length));
    larger.set(this.bytes);
    this.#bytes = larger;
  }

  byte(value) {
    this.#reserve(1);
    this.#bytes[this.#count++] = value;
  }

  varint(value) {
    for (; value >= 0x80; value = Math.floor(value / 128)) this.byte((value % 128) | 0x80);
    this.byte(value);
  }

  raw(bytes) {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#count);
    this.#count += bytes.length;
  }

  prefixed(bytes) {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** @param {Content} content */
  content(content, depth = 0) {
    if (depth > 64) throw new RangeError("nested too deep");
    if (content === null) this.byte(0);
    else if (typeof content === "boolean") this.byte(content ? 2 : 1);
    else if (typeof content === "number") {
      this.byte(4);
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, content, true);
      this.raw(bytes);
    } else if (typeof content === "string") {
      this.byte(5);
      this.prefixed(encodeString(content));
    } else if (content instanceof Uint8Array) {
      this.byte(6);
      this.prefixed(content);
    } else if (content instanceof NewText) {
      this.byte(7);
      this.varint(content.text.length);
      for (let index = 0; index < content.text.length; index++) {
        const unit = content.text.charCodeAt(index);
        this.byte(unit & 0xff);
        this.byte(unit >> 8);
      }
    } else if (Array.isArray(content)) {
      this.byte(8);
      this.varint(content.length);
      for (const item of content) this.content(item, depth + 1);
    } else if (typeof content === "object") {
      const entries = Object.entries(content);
      this.byte(9);
      this.varint(entries.length);
      for (const [key, value] of entries) {
        this.prefixed(encodeString(key));
        this.content(value, depth + 1);
      }
    } else {
      throw new TypeError(`a document holds no ${typeof content}`);
    }
    return this;
  }
}

/** UTF-8; half a surrogate pair, which UTF-8 cannot say, becomes bytes that the engine refuses. */
export function encodeString(string) {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(string)
    ? new Uint8Array([0xff])
    : utf8.encode(string);
}

/** Reads what the module wrote. */
export class Reader {
  /**
   * @param {Uint8Array} bytes a copy
   * @param {(number: number) => object} container what stands for a nested container in a value
   */
  constructor(bytes, container) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.container = container;
    this.at = 0;
  }

  get isAtEnd() {
    return this.at >= this.bytes.length;
  }

  word() {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  varint() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  raw(count) {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  string(count = this.varint()) {
    return names.decode(this.raw(count));
  }

  units(count) {
    return utf16.decode(this.raw(2 * count));
  }

  align() {
    this.at = (this.at + 3) & ~3;
  }

  /** A value or a content; texts of a content are strings. */
  content() {
    switch (this.bytes[this.at++]) {
      case 0:
        return null;
      case 1:
        return false;
      case 2:
        return true;
      case 4:
        this.at += 8;
        return this.view.getFloat64(this.at - 8, true);
      case 5:
        return this.string();
      case 6:
        return this.raw(this.varint()).slice();
      case 7:
        return this.units(this.varint());
      case 8:
        return Array.from({ length: this.varint() }, () => this.content());
      case 9: {
        const entries = Array.from({ length: this.varint() }, () => [this.string(), this.content()]);
        return Object.fromEntries(entries);
      }
      case 10:
        return this.container(this.varint());
    }
    throw new Error("the module wrote a value of an unknown kind");
  }
}
