"""yrs 0.2x through pycrdt: what it does beside `quire bench engine`.

Each call from Python costs part of a microsecond, which the rows of single edits contain; an edit takes yrs longer than that,
because it looks for its place from the start of the text.
"""

import os
import struct

import rows
from pycrdt import Array, Doc, Map, Text


def new_document():
    doc = Doc()
    return doc, doc.get("body", type=Text)


def perform(text, transaction, edits):
    """Edits without pycrdt's own checks, which take as long again."""
    for offset, deleted, insert in edits:
        if deleted:
            text.integrated.remove_range(transaction._txn, offset, deleted)
        if insert:
            text.integrated.insert(transaction._txn, offset, insert, None)


def local(trace, clock):
    doc, text = new_document()
    clock.start()
    with doc.transaction() as transaction:
        for _, _, edits in rows.throttled(trace["transactions"], clock):
            perform(text, transaction, edits)
    time = clock.stop()
    rows.check(str(text), trace["expected"], "yrs, local")
    return time


def local_updates(trace, clock):
    doc, text = new_document()
    sizes = []
    subscription = doc.observe(lambda event: sizes.append(len(event.update)))
    clock.start()
    for _, _, edits in rows.throttled(trace["transactions"], clock):
        if edits:
            with doc.transaction() as transaction:
                perform(text, transaction, edits)
    time = clock.stop()
    doc.unobserve(subscription)
    rows.check(str(text), trace["expected"], "yrs, local with updates")
    return time


def remote(updates, expected, clock):
    doc, text = new_document()
    clock.start()
    for update in rows.throttled(updates, clock):
        doc.apply_update(update)
    time = clock.stop()
    rows.check(str(text), expected, "yrs, remote")
    return time


def load_and_edit(snapshot, expected, clock):
    doc, text = new_document()
    clock.start()
    doc.apply_update(snapshot)
    text.insert(0, "x")
    time = clock.stop()
    rows.check(str(text), "x" + expected, "yrs, load")
    return time


def encode(doc, clock):
    clock.start()
    doc.get_update()
    return clock.stop()


def heap(snapshot):
    before = rows.heap_in_use()
    doc, _ = new_document()
    doc.apply_update(snapshot)
    return rows.heap_in_use() - before


def collaboration(trace, clock):
    documents = [new_document() for _ in range(trace["replicas"])]
    last = []
    subscriptions = [doc.observe(lambda event: last.append(event.update)) for doc, _ in documents]
    updates = []
    clock.start()
    for lane, received, edits in rows.throttled(trace["transactions"], clock):
        doc, text = documents[lane]
        for number in received:
            if updates[number]:
                doc.apply_update(updates[number])
        last.clear()
        if edits:
            with doc.transaction() as transaction:
                perform(text, transaction, edits)
        updates.append(last[0] if last else None)
    time = clock.stop()
    for (doc, text), subscription in zip(documents, subscriptions):
        doc.unobserve(subscription)
        rows.check(str(text), str(documents[0][1]), "yrs, collaboration")
    return time


def read_updates(folder, name):
    """Updates of version 1 as yjs wrote them: each with its length before it."""
    path = os.path.join(folder or "", name + ".updates")
    if not folder or not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        data = file.read()
    updates, place = [], 0
    while place < len(data):
        (length,) = struct.unpack_from("<I", data, place)
        updates.append(data[place + 4 : place + 4 + length])
        place += 4 + length
    return updates


def measure_trace(original, table):
    expected = original["expected"]
    updates = read_updates(table.arguments.updates, original["trace"])
    trace = rows.convert(original, "utf-8")
    if trace["replicas"] == 1:
        table.time("local replay", lambda clock: local(trace, clock))
        table.time("local replay, one change per transaction", lambda clock: local_updates(trace, clock))
        if updates:
            table.size("bytes of such a change", sum(map(len, updates)) / len(updates))
    else:
        table.time("whole collaboration", lambda clock: collaboration(trace, clock))
    if not updates:
        return
    table.time("remote, one change per transaction", lambda clock: remote(updates, expected, clock))
    doc, _ = new_document()
    for update in updates:
        doc.apply_update(update)
    snapshot = doc.get_update()
    table.time("remote, whole history at once", lambda clock: remote([snapshot], expected, clock))
    table.time("snapshot load and first edit", lambda clock: load_and_edit(snapshot, expected, clock))
    table.time("snapshot encode", lambda clock: encode(doc, clock))
    table.size("snapshot, text of the dead dropped", len(snapshot))
    table.size("  the same after zlib -6", rows.packed(snapshot))
    table.measure("heap of the loaded document", "B", lambda: heap(snapshot))


def exchange(documents, authors, clock, is_exchange):
    """The three shapes of crdt-benchmarks; the last document reads where nothing is exchanged."""
    made = [[] for _ in documents]
    subscriptions = [
        doc.observe(lambda event, made=made[lane]: made.append(event.update)) for lane, (doc, _) in enumerate(documents)
    ]
    reader = documents[-1][0]
    clock.start()
    for lane, edits in enumerate(authors):
        doc, text = documents[lane]
        for edit in rows.throttled(edits, clock):
            with doc.transaction() as transaction:
                perform(text, transaction, [edit])
            if not is_exchange:
                reader.apply_update(made[lane][-1])
    if is_exchange:
        sent = [list(updates) for updates in made]
        for lane in range(len(authors)):
            for other, updates in enumerate(sent):
                for update in rows.throttled(updates if other != lane else [], clock):
                    documents[lane][0].apply_update(update)
    time = clock.stop()
    for (doc, _), subscription in zip(documents, subscriptions):
        doc.unobserve(subscription)
    return time


def synthetic(item, clock):
    authors = item["authors"]
    documents = [new_document() for _ in range(len(authors) + 1)]
    if item["start"]:
        first, text = new_document()
        text.insert(0, item["start"])
        for doc, _ in documents:
            doc.apply_update(first.get_update())
    time = exchange(documents, authors, clock, item["isExchange"])
    same = documents[1] if item["isExchange"] else documents[-1]
    if item["isExchange"] or len(authors) == 1:
        rows.check(str(same[1]), str(documents[0][1]), item["name"])
    return time


def containers(item, clock):
    """Lists and maps; the last document reads."""
    kind = Map if item["isMap"] else Array
    documents = [Doc() for _ in range(len(item["authors"]) + 1)]
    roots = [doc.get("body", type=kind) for doc in documents]
    made = []
    subscriptions = [doc.observe(lambda event: made.append(event.update)) for doc in documents[:-1]]
    clock.start()
    for doc, root, actions in zip(documents, roots, item["authors"]):
        for action in rows.throttled(actions, clock):
            if item["isMap"]:
                root["v"] = action[0]
            elif len(action[1]) == 1:
                root.insert(action[0], action[1][0])
            else:
                # Only where the list is empty; pycrdt has no insertion of several items elsewhere.
                root.extend(action[1])
            documents[-1].apply_update(made[-1])
    time = clock.stop()
    for doc, subscription in zip(documents, subscriptions):
        doc.unobserve(subscription)
    if len(item["authors"]) == 1:
        rows.check(roots[-1].to_py(), roots[0].to_py(), item["name"])
    return time


def crowd(count, clock):
    updates = []
    for _ in range(count):
        doc, text = new_document()
        text.insert(0, "x")
        updates.append(doc.get_update())
    return remote(updates, "x" * count, clock)


if __name__ == "__main__":
    rows.main(measure_trace, rows.synthetic_rows(crowd, synthetic, containers))
