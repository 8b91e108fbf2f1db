"""kill -9 at 200 random moments under 20 clients: what was acknowledged is there once, and nothing that nobody sent.

Some of the kills fall into the start, into a migration from an older schema, into snapshots and compaction, which are made every
few revisions here, and into the making of versions.
"""

import sqlite3
import threading
import time

import requests

from faults.clients import Crowd, seeded
from faults.ledger import Ledger
from quire import Server

KILLS = 200
CLIENTS = 20
BUSY = (
    "--snapshot-revisions", "20", "--snapshot-seconds", "1", "--retained-revisions", "10", "--idle-seconds", "1",
    "--version-quiet-seconds", "1", "--version-interval-seconds", "1",
)


def take_back_schema(server, tables) -> None:
    """Makes the file one of before the migrations that made these tables, so that the next start runs them again."""
    with sqlite3.connect(server.folder / "quire.sqlite", isolation_level=None) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        for table in tables:
            database.execute(f"DROP TABLE IF EXISTS {table}")
            database.execute("DELETE FROM grdb_migrations WHERE identifier LIKE ?", [f"% {table}%"])
            database.execute("DELETE FROM grdb_migrations WHERE identifier LIKE ?", [f"% of {table}%"])
    database.close()


class VersionMaker(threading.Thread):
    """Names a version of one document after the other, also while the server is away."""

    def __init__(self, server, documents):
        super().__init__(daemon=True)
        self.server, self.documents, self.made, self.is_over = server, documents, {}, threading.Event()

    def run(self):
        number = 0
        while not self.is_over.wait(0.1):
            number += 1
            document = self.documents()[number % len(self.documents())]
            try:
                answer = requests.post(f"{self.server.url}/v1/docs/{document}/versions", json={"name": f"v{number}"}, timeout=5)
            except requests.RequestException:
                continue
            if answer.status_code == 201:
                self.made[f"v{number}"] = (document, answer.json()["rev"])


def test_200_kills_under_20_clients_lose_nothing(tmp_path):
    seed, chance = seeded()
    generation = [0]
    documents = lambda: [f"kill-{generation[0]}-{name}" for name in "abcd"]  # noqa: E731
    server, ledger = Server(tmp_path, *BUSY).start(), Ledger()
    kills = {"at work": 0, "starting": 0, "migrating": 0}
    begin, starts, known = time.monotonic(), [], set()
    versions = VersionMaker(server, documents)
    versions.start()
    with Crowd(server.url, CLIENTS, documents, ledger, seed) as crowd:
        while sum(kills.values()) < KILLS:
            time.sleep(chance.uniform(0.02, 0.4))
            server.kill()
            kills["at work"] += 1
            usual = sorted(starts)[len(starts) // 2] if starts else 0.3
            while chance.random() < 0.25:
                kind = chance.choice(["starting", "starting", "migrating"])
                if kind == "migrating":
                    tables = chance.choice([["replies"], ["replies", "versions"]])
                    take_back_schema(server, tables)
                    if "versions" in tables:
                        versions.made.clear()
                server.spawn()
                time.sleep(chance.uniform(0, usual))
                server.kill()
                kills[kind] += 1
            started = time.monotonic()
            server.start()
            starts.append(time.monotonic() - started)
            known.update(documents())
            ledger.compare(server.url, documents())
            crowd.check()
            if sum(kills.values()) // 25 != generation[0]:
                generation[0] += 1
        crowd.stop()
        versions.is_over.set()
        versions.join(10)
        # Each connection is gone or told so; now nothing moves any more.
        ledger.compare(server.url, known)
    server.kill()
    server.start()
    ledger.compare(server.url, known)
    print(f"{sum(kills.values())} kills ({kills}) in {time.monotonic() - begin:.0f} s; {ledger.summary()}")
    print(f"a start took {sorted(starts)[len(starts) // 2]:.2f} s (median); {len(versions.made)} versions named")
    acknowledged = sum(map(len, ledger.acknowledged.values()))
    assert acknowledged > 10 * KILLS, "the server was killed before anything happened"
    assert all(client.connections > KILLS / 10 for client in crowd.clients), "some clients were hardly there"
    assert min(kills.values()) > 0
    with sqlite3.connect(tmp_path / "quire.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM snapshots").fetchone()[0] > 0
    for name, (document, revision) in versions.made.items():
        rows = [each for each in server_versions(server, document) if each["name"] == name]
        assert [row["rev"] for row in rows] == [revision], f"the version {name} of {document} is gone"
    server.stop()


def server_versions(server, document):
    found, last = [], ""
    while True:
        answer = requests.get(f"{server.url}/v1/docs/{document}/versions?limit=100{last}", timeout=10)
        assert answer.status_code == 200, answer.text
        found += answer.json()["versions"]
        if answer.json()["next"] is None:
            return found
        last = f"&before={answer.json()['next']}"
