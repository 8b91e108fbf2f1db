/**
 * A small stand-in for CodeMirror 6, which is not to be had here: the parts of `EditorView`, `EditorState` and
 * `ChangeSet` that the binding uses, with the semantics that their reference manual gives: changes of one transaction all
 * refer to the document before it, a listener hears of each dispatch before that returns, and may not dispatch itself.
 */

class Doc {
  constructor(text) {
    // CodeMirror splits at every kind of line break and joins with "\n".
    this.text = text.replace(/\r\n?/g, "\n");
  }
  get length() {
    return this.text.length;
  }
  toString() {
    return this.text;
  }
}

class ChangeSet {
  constructor(changes, length) {
    this.changes = changes
      .map(({ from, to = from, insert = "" }) => ({ from, to, insert: new Doc(insert) }))
      .sort((one, other) => one.from - other.from);
    for (const { from, to } of this.changes) {
      if (from < 0 || to < from || to > length) throw new RangeError(`Invalid change range ${from} to ${to} (in doc of length ${length})`);
    }
  }

  apply(text) {
    let result = "";
    let at = 0;
    for (const { from, to, insert } of this.changes) {
      result += text.slice(at, from) + insert.text;
      at = to;
    }
    return result + text.slice(at);
  }

  iterChanges(body) {
    let shift = 0;
    for (const { from, to, insert } of this.changes) {
      body(from, to, from + shift, from + shift + insert.length, insert);
      shift += insert.length - (to - from);
    }
  }

  mapPos(position) {
    let shift = 0;
    for (const { from, to, insert } of this.changes) {
      if (from > position || (from === position && to === from)) break;
      if (to > position) return from + shift;
      shift += insert.length - (to - from);
    }
    return position + shift;
  }
}

export const StateEffect = { appendConfig: { of: (extensions) => ({ extensions }) } };
export const Transaction = {
  remote: { of: (value) => ({ remote: value }) },
  addToHistory: { of: (value) => ({ addToHistory: value }) },
};

export class EditorView {
  static updateListener = { of: (listener) => ({ listener }) };
  static decorations = { of: (source) => ({ source }) };

  contentDOM = new EventTarget();
  hasFocus = true;
  decorations = [];
  transactions = [];
  #listeners = [];
  #sources = [];
  #isUpdating = false;

  constructor(text = "") {
    this.state = { doc: new Doc(text), selection: { main: { anchor: 0, head: 0 } } };
  }

  dispatch(spec) {
    if (this.#isUpdating) throw new Error("Calls to EditorView.update are not allowed while an update is in progress");
    this.#isUpdating = true;
    try {
      for (const extension of [spec.effects?.extensions ?? []].flat()) {
        if (extension.listener) this.#listeners.push(extension.listener);
        if (extension.source) this.#sources.push(extension.source);
      }
      const changes = new ChangeSet([spec.changes ?? []].flat(), this.state.doc.length);
      const { anchor, head } = spec.selection ?? this.state.selection.main;
      const move = (position) => (spec.selection ? position : changes.mapPos(position));
      this.state = {
        doc: new Doc(changes.apply(this.state.doc.text)),
        selection: { main: { anchor: move(anchor), head: move(head) } },
      };
      this.transactions.push(spec);
      const update = { state: this.state, changes, docChanged: changes.changes.length > 0, selectionSet: spec.selection !== undefined, focusChanged: false };
      this.decorations = this.#sources.flatMap((source) => source(this));
      for (const listener of this.#listeners) listener(update);
    } finally {
      this.#isUpdating = false;
    }
  }
}

export class WidgetType {}

export const Decoration = {
  none: [],
  mark: (spec) => ({ range: (from, to) => ({ kind: "mark", from, to, spec }) }),
  widget: (spec) => ({ range: (from) => ({ kind: "widget", from, to: from, spec }) }),
  set: (ranges) => ranges,
};
