"""loro 1.x through its Python wheel: what it does beside `quire bench engine`.

Each call from Python costs about 60 ns, which the rows of single edits contain.
"""

import rows
from loro import ExportMode, LoroDoc


def new_document():
    doc = LoroDoc()
    return doc, doc.get_text("body")


def perform(text, edits):
    for offset, deleted, insert in edits:
        if deleted:
            text.delete_utf16(offset, deleted)
        if insert:
            text.insert_utf16(offset, insert)


def local(trace, clock):
    doc, text = new_document()
    clock.start()
    for _, _, edits in rows.throttled(trace["transactions"], clock):
        perform(text, edits)
    doc.commit()
    time = clock.stop()
    rows.check(text.to_string(), trace["expected"], "loro, local")
    return time


def local_updates(trace, clock):
    doc, text = new_document()
    updates = []
    subscription = doc.subscribe_local_update(lambda update: updates.append(update) or True)
    clock.start()
    for _, _, edits in rows.throttled(trace["transactions"], clock):
        perform(text, edits)
        doc.commit()
    time = clock.stop()
    subscription.unsubscribe()
    rows.check(text.to_string(), trace["expected"], "loro, local with updates")
    return time, updates


def remote(updates, expected, clock):
    doc, text = new_document()
    clock.start()
    for update in rows.throttled(updates, clock):
        doc.import_(update)
    time = clock.stop()
    rows.check(text.to_string(), expected, "loro, remote")
    return time


def load_and_edit(snapshot, expected, clock):
    """Loading alone leaves most of the work to the first edit."""
    doc, text = new_document()
    clock.start()
    doc.import_(snapshot)
    text.insert_utf16(0, "x")
    doc.commit()
    time = clock.stop()
    rows.check(text.to_string(), "x" + expected, "loro, load")
    return time


def encode(doc, mode, clock):
    clock.start()
    doc.export(mode)
    return clock.stop()


def heap(snapshot):
    before = rows.heap_in_use()
    doc, text = new_document()
    doc.import_(snapshot)
    text.insert_utf16(0, "x")
    doc.commit()
    return rows.heap_in_use() - before


def collaboration(trace, clock):
    documents = [new_document() for _ in range(trace["replicas"])]
    for lane, (doc, _) in enumerate(documents):
        doc.peer_id = lane + 1
    last = []
    subscriptions = [
        doc.subscribe_local_update(lambda update: last.append(update) or True) for doc, _ in documents
    ]
    updates = []
    clock.start()
    for lane, received, edits in rows.throttled(trace["transactions"], clock):
        doc, text = documents[lane]
        for number in received:
            if updates[number]:
                doc.import_(updates[number])
        last.clear()
        perform(text, edits)
        doc.commit()
        updates.append(last[0] if last else None)
    time = clock.stop()
    for subscription in subscriptions:
        subscription.unsubscribe()
    for _, text in documents:
        rows.check(text.to_string(), documents[0][1].to_string(), "loro, collaboration")
    return time, [update for update in updates if update]


def measure_trace(trace, table):
    expected = trace["expected"]
    try:
        if trace["replicas"] == 1:
            _, updates = local_updates(trace, _unlimited())
        else:
            _, updates = collaboration(trace, _unlimited())
    except rows.Wrong:
        updates = []
    if trace["replicas"] == 1:
        table.time("local replay", lambda clock: local(trace, clock))
        table.time("local replay, one change per transaction", lambda clock: local_updates(trace, clock)[0])
        table.size("bytes of such a change", sum(map(len, updates)) / max(len(updates), 1))
    else:
        table.time("whole collaboration", lambda clock: collaboration(trace, clock)[0])
    doc, text = new_document()
    for update in updates:
        doc.import_(update)
    # Where two wrote at one place, loro's order is its own.
    expected = text.to_string()
    table.time("remote, one change per transaction", lambda clock: remote(updates, expected, clock))
    history = doc.export(ExportMode.Updates(doc.oplog_vv.__class__()))
    table.time("remote, whole history at once", lambda clock: remote([history], expected, clock))
    snapshot = doc.export(ExportMode.Snapshot())
    shallow = doc.export(ExportMode.ShallowSnapshot(doc.oplog_frontiers))
    table.time("snapshot load and first edit", lambda clock: load_and_edit(snapshot, expected, clock))
    table.time("snapshot encode", lambda clock: encode(doc, ExportMode.Snapshot(), clock))
    table.size("snapshot, text of the dead dropped", len(shallow))
    table.size("  the same after zlib -6", rows.packed(shallow))
    table.size("snapshot with history", len(snapshot))
    table.size("  with history after zlib -6", rows.packed(snapshot))
    table.measure("heap of the loaded document", "B", lambda: heap(snapshot))


def _unlimited():
    return rows.Clock(1e9)


def synthetic(item, clock):
    authors = item["authors"]
    documents = [new_document() for _ in range(len(authors) + 1)]
    if item["start"]:
        first, text = new_document()
        text.insert_utf16(0, item["start"])
        first.commit()
        for doc, _ in documents:
            doc.import_(first.export(ExportMode.Snapshot()))
    made = [[] for _ in documents]
    subscriptions = [
        doc.subscribe_local_update(lambda update, made=made[lane]: made.append(update) or True)
        for lane, (doc, _) in enumerate(documents)
    ]
    reader = documents[-1][0]
    clock.start()
    for lane, edits in enumerate(authors):
        doc, text = documents[lane]
        for edit in rows.throttled(edits, clock):
            perform(text, [edit])
            doc.commit()
            if not item["isExchange"]:
                reader.import_(made[lane][-1])
    if item["isExchange"]:
        for lane in range(len(authors)):
            for other in range(len(authors)):
                for update in rows.throttled(made[other] if other != lane else [], clock):
                    documents[lane][0].import_(update)
    time = clock.stop()
    for subscription in subscriptions:
        subscription.unsubscribe()
    same = documents[1] if item["isExchange"] else documents[-1]
    if item["isExchange"] or len(authors) == 1:
        rows.check(same[1].to_string(), documents[0][1].to_string(), item["name"])
    return time


def containers(item, clock):
    """Lists and maps; the last document reads."""
    documents = [LoroDoc() for _ in range(len(item["authors"]) + 1)]
    roots = [doc.get_map("body") if item["isMap"] else doc.get_list("body") for doc in documents]
    made = []
    subscriptions = [doc.subscribe_local_update(lambda update: made.append(update) or True) for doc in documents[:-1]]
    clock.start()
    for doc, root, actions in zip(documents, roots, item["authors"]):
        for action in rows.throttled(actions, clock):
            if item["isMap"]:
                root.insert("v", action[0])
            else:
                for place, value in enumerate(action[1], action[0]):
                    root.insert(place, value)
            doc.commit()
            documents[-1].import_(made[-1])
    time = clock.stop()
    for subscription in subscriptions:
        subscription.unsubscribe()
    if len(item["authors"]) == 1:
        rows.check(roots[-1].get_deep_value(), roots[0].get_deep_value(), item["name"])
    return time


def crowd(count, clock):
    updates = []
    for _ in range(count):
        doc, text = new_document()
        text.insert_utf16(0, "x")
        doc.commit()
        updates.append(doc.export(ExportMode.Snapshot()))
    return remote(updates, "x" * count, clock)


if __name__ == "__main__":
    rows.main(measure_trace, rows.synthetic_rows(crowd, synthetic, containers))
