/** What can go wrong, with the codes that the README lists. */

/** What the server refused, or what cannot be done as things stand. */
export class QuireError extends Error {
  /**
   * @param {string} code a constant name, such as `FORBIDDEN`
   * @param {string} [message] for people
   * @param {{retryable?: boolean, details?: Record<string, any>, cause?: unknown}} [more]
   */
  constructor(code, message = code, more = {}) {
    const { retryable = false, details = {}, cause } = more;
    super(message, cause === undefined ? undefined : { cause });
    this.name = "QuireError";
    this.code = code;
    /** Whether the same may succeed later. */
    this.retryable = retryable;
    /** What else came with the refusal: `version`, `rev`, `retryAfter`… */
    this.details = details;
  }

  /**
   * The error object of an ack or a CONNECT_ERROR; anything at all is taken.
   * @param {any} object
   */
  static from(object) {
    const { code, message, retryable, ...details } = /** @type {any} */ (typeof object === "object" && object !== null ? object : {});
    const name = typeof code === "string" ? code : "UNKNOWN";
    return new QuireError(name, typeof message === "string" && message !== "" ? message : name, {
      retryable: retryable === true,
      details,
    });
  }
}

/**
 * The other side does not keep to the protocol; trying again may help.
 * @param {string} what
 * @param {unknown} [cause]
 */
export function violation(what, cause) {
  return new QuireError("PROTOCOL_VIOLATION", what, { retryable: true, cause });
}
