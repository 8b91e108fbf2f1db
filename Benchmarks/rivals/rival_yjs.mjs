// yjs: what it does beside `quire bench engine`. Called and answering as the Python rivals are; see rows.py.
//
//   node --expose-gc rival_yjs.mjs MODULE INPUTS [--runs N] [--limit SECONDS] [--skip ROW]... [--updates FOLDER]
//
// Processor time is that of the whole process, Node's compiler and collector with it, for they work for the same edits.
import * as fs from 'node:fs'
import * as path from 'node:path'
import * as zlib from 'node:zlib'

const [modulePath, inputsPath, ...rest] = process.argv.slice(2)
const options = { runs: 7, limit: 20, skip: [], updates: undefined }
for (let i = 0; i + 1 < rest.length; i += 2) {
  const name = rest[i].slice(2)
  if (name === 'skip') options.skip.push(rest[i + 1])
  else options[name] = name === 'updates' ? rest[i + 1] : Number(rest[i + 1])
}
const Y = await import(path.resolve(modulePath))

class TooSlow extends Error {}

const now = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e3 }
const clock = {
  begin: 0,
  start () { this.begin = now() },
  check () { if (now() - this.begin > options.limit * 1e3) throw new TooSlow() },
  stop () { return now() - this.begin }
}

function newDocument (settings) {
  const doc = new Y.Doc(settings)
  return { doc, text: doc.getText('body') }
}

function perform (text, edits) {
  for (const [offset, deleted, insert] of edits) {
    if (deleted) text.delete(offset, deleted)
    if (insert) text.insert(offset, insert)
  }
}

function check (text, expected, what) {
  if (text.toString() !== expected) throw new Error(`yjs, ${what}: the text is not the recorded one`)
}

/** Calls `body` for each item, with a look at the clock now and then. */
function each (items, body) {
  items.forEach((item, index) => {
    if (index % 16 === 0) clock.check()
    body(item, index)
  })
}

class Rows {
  rows = []

  measure (name, unit, run) {
    if (options.skip.includes(name)) return
    const samples = []
    try {
      for (let i = 0; i < options.runs; i++) samples.push(run())
    } catch (error) {
      if (!(error instanceof TooSlow)) throw error
      const limit = options.limit * 1e3
      this.rows.push({ name, unit, min: limit, median: limit, n: 1, tooSlow: true })
      return
    }
    const sorted = [...samples].sort((a, b) => a - b)
    const middle = sorted.length >> 1
    const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    this.rows.push({ name, unit, min: sorted[0], median, n: sorted.length })
  }

  time (name, run) { this.measure(name, 'ms', run) }
  size (name, value) { this.rows.push({ name, unit: 'B', min: value, median: value, n: 1 }) }
}

function local (trace) {
  const { doc, text } = newDocument()
  clock.start()
  doc.transact(() => each(trace.transactions, ([, , edits]) => perform(text, edits)))
  const time = clock.stop()
  check(text, trace.expected, 'local')
  return time
}

function localUpdates (trace, updates = []) {
  const { doc, text } = newDocument()
  doc.on('update', update => updates.push(update))
  clock.start()
  each(trace.transactions, ([, , edits]) => doc.transact(() => perform(text, edits)))
  const time = clock.stop()
  check(text, trace.expected, 'local with updates')
  return time
}

function collaboration (trace, updates = []) {
  const documents = Array.from({ length: trace.replicas }, () => newDocument())
  documents.forEach(({ doc }, lane) => { doc.clientID = lane + 1 })
  let last = null
  for (const { doc } of documents) doc.on('update', (update, origin) => { if (origin !== 'remote') last = update })
  clock.start()
  each(trace.transactions, ([lane, received, edits]) => {
    const { doc, text } = documents[lane]
    for (const number of received) if (updates[number]) Y.applyUpdate(doc, updates[number], 'remote')
    last = null
    if (edits.length) doc.transact(() => perform(text, edits))
    updates.push(last)
  })
  const time = clock.stop()
  for (const { text } of documents) check(text, documents[0].text.toString(), 'collaboration')
  return time
}

function remote (updates, expected, apply = Y.applyUpdate) {
  const { doc, text } = newDocument()
  clock.start()
  each(updates, update => apply(doc, update))
  const time = clock.stop()
  if (expected !== null) check(text, expected, 'remote')
  return time
}

function loadAndEdit (snapshot, expected) {
  const { doc, text } = newDocument()
  clock.start()
  Y.applyUpdateV2(doc, snapshot)
  text.insert(0, 'x')
  const time = clock.stop()
  check(text, 'x' + expected, 'load')
  return time
}

function heap (snapshot) {
  const copies = 8
  gc()
  const before = process.memoryUsage().heapUsed
  const documents = []
  for (let i = 0; i < copies; i++) {
    const { doc } = newDocument()
    Y.applyUpdateV2(doc, snapshot)
    documents.push(doc)
  }
  gc()
  return (process.memoryUsage().heapUsed - before) / documents.length
}

function measureTrace (trace, rows) {
  let updates = []
  if (trace.replicas === 1) {
    localUpdates(trace, updates)
    rows.time('local replay', () => local(trace))
    rows.time('local replay, one change per transaction', () => localUpdates(trace))
    rows.size('bytes of such a change', updates.reduce((sum, update) => sum + update.length, 0) / updates.length)
  } else {
    collaboration(trace, updates)
    updates = updates.filter(update => update)
    rows.time('whole collaboration', () => collaboration(trace))
  }
  if (options.updates) writeUpdates(trace.trace, updates)
  const { doc, text } = newDocument()
  const whole = newDocument({ gc: false }).doc
  for (const update of updates) {
    Y.applyUpdate(doc, update)
    Y.applyUpdate(whole, update)
  }
  // Where two wrote at one place, yjs's order is its own.
  const expected = text.toString()
  rows.time('remote, one change per transaction', () => remote(updates, expected))
  const state = Y.encodeStateAsUpdate(doc)
  rows.time('remote, whole history at once', () => remote([state], expected))
  const snapshot = Y.encodeStateAsUpdateV2(doc)
  rows.time('snapshot load and first edit', () => loadAndEdit(snapshot, expected))
  rows.time('snapshot encode', () => { clock.start(); Y.encodeStateAsUpdateV2(doc); return clock.stop() })
  rows.size('snapshot, text of the dead dropped', snapshot.length)
  rows.size('  the same after zlib -6', zlib.deflateSync(snapshot, { level: 6 }).length)
  const history = Y.encodeStateAsUpdateV2(whole)
  rows.size('snapshot with history', history.length)
  rows.size('  with history after zlib -6', zlib.deflateSync(history, { level: 6 }).length)
  rows.measure('heap of the loaded document', 'B', () => heap(snapshot))
}

/** Writes the updates for yrs, which reads the same format: each with its length before it. */
function writeUpdates (name, updates) {
  const parts = updates.flatMap(update => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(update.length)
    return [length, update]
  })
  fs.writeFileSync(path.join(options.updates, name + '.updates'), Buffer.concat(parts))
}

/** The three shapes of crdt-benchmarks; the last document reads where nothing is exchanged. */
function synthetic (item) {
  const documents = Array.from({ length: item.authors.length + 1 }, () => newDocument())
  if (item.start) {
    const first = newDocument()
    first.text.insert(0, item.start)
    for (const { doc } of documents) Y.applyUpdate(doc, Y.encodeStateAsUpdate(first.doc))
  }
  const made = documents.map(() => [])
  documents.forEach(({ doc }, lane) => {
    doc.on('update', (update, origin) => { if (origin !== 'remote') made[lane].push(update) })
  })
  const reader = documents[documents.length - 1].doc
  clock.start()
  item.authors.forEach((edits, lane) => each(edits, edit => {
    const { doc, text } = documents[lane]
    doc.transact(() => perform(text, [edit]))
    if (!item.isExchange) Y.applyUpdate(reader, made[lane][made[lane].length - 1], 'remote')
  }))
  if (item.isExchange) {
    for (let lane = 0; lane < item.authors.length; lane++) {
      for (let other = 0; other < item.authors.length; other++) {
        if (other !== lane) each(made[other], update => Y.applyUpdate(documents[lane].doc, update, 'remote'))
      }
    }
  }
  const time = clock.stop()
  const same = documents[item.isExchange ? 1 : documents.length - 1]
  if (item.isExchange || item.authors.length === 1) check(same.text, documents[0].text.toString(), item.name)
  return time
}

/** Lists and maps; the last document reads. */
function containers (item) {
  const documents = Array.from({ length: item.authors.length + 1 }, () => new Y.Doc())
  const roots = documents.map(doc => item.isMap ? doc.getMap('body') : doc.getArray('body'))
  const reader = documents[documents.length - 1]
  for (const doc of documents.slice(0, -1)) doc.on('update', update => Y.applyUpdate(reader, update))
  clock.start()
  item.authors.forEach((actions, lane) => each(actions, action => {
    if (item.isMap) roots[lane].set('v', action[0])
    else roots[lane].insert(action[0], action[1])
  }))
  const time = clock.stop()
  if (item.authors.length === 1 && JSON.stringify(roots[0]) !== JSON.stringify(roots[1])) {
    throw new Error(`yjs, ${item.name}: the reader has something else`)
  }
  return time
}

function crowd (count) {
  const updates = Array.from({ length: count }, () => {
    const { doc, text } = newDocument()
    text.insert(0, 'x')
    return Y.encodeStateAsUpdate(doc)
  })
  return remote(updates, 'x'.repeat(count))
}

function measureSynthetic (inputs, rows) {
  for (const count of inputs.crowds.slice(0, 1)) {
    rows.time(`${count.toLocaleString('en')} replicas insert at position 0`, () => crowd(count))
  }
  for (const item of inputs.inputs) rows.time(item.name, () => synthetic(item))
  for (const item of inputs.containers) rows.time(item.name, () => containers(item))
}

for (const line of fs.readFileSync(inputsPath, 'utf8').split('\n')) {
  if (!line) continue
  const inputs = JSON.parse(line)
  const rows = new Rows()
  if (inputs.trace === 'synthetic') measureSynthetic(inputs, rows)
  else measureTrace(inputs, rows)
  console.log(JSON.stringify({ trace: inputs.trace, runs: options.runs, measures: rows.rows }))
}
