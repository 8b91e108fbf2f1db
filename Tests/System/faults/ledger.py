"""The books: what was sent, what was acknowledged, and whether a server's documents agree with that."""

import collections
import re
import threading

import requests

TEXT, LIST, MAP = "body", "cards", "shapes"


def marks(content: dict) -> list[str]:
    """Every mark in a document, as often as it is there."""
    text = re.findall(r"<([^<>]*)>", content.get(TEXT, ""))
    assert sum(len(mark) + 2 for mark in text) == len(content.get(TEXT, "")), "the text holds more than marks"
    return [*text, *content.get(LIST, []), *content.get(MAP, {})]


class Ledger:
    """Counts for all documents and all clients, whatever is killed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = collections.defaultdict(set)
        self.acknowledged = collections.defaultdict(set)
        self.revisions = collections.defaultdict(int)
        self.owners = {}
        self.lost, self.duplicated, self.invented = [], [], []
        self.refused = collections.Counter()

    def send(self, document: str, mark: str) -> None:
        with self.lock:
            self.sent[document].add(mark)

    def acknowledge(self, document: str, batch: list[str], revision: int, first: bool) -> None:
        """`first`: it was sent once only, so that no other edit may have the same revision."""
        with self.lock:
            self.acknowledged[document].update(batch)
            self.revisions[document] = max(self.revisions[document], revision)
            if first:
                former = self.owners.setdefault((document, revision), batch)
                assert former is batch, f"revision {revision} of {document} was given to {former} and to {batch}"

    def refuse(self, code: str) -> None:
        with self.lock:
            self.refused[code] += 1

    def compare(self, url: str, documents) -> None:
        """Holds documents, as the server has them now, against the books as they were before it was asked."""
        for document in documents:
            with self.lock:
                acknowledged, revision = set(self.acknowledged[document]), self.revisions[document]
            answer = requests.get(f"{url}/v1/docs/{document}", timeout=30)
            if answer.status_code == 404 and not acknowledged:
                continue
            assert answer.status_code == 200, f"{document}: {answer.status_code} {answer.text[:300]}"
            view = answer.json()
            found = collections.Counter(marks(view["content"]))
            with self.lock:
                sent = set(self.sent[document])
            self.lost += [(document, mark) for mark in acknowledged if not found[mark]]
            self.duplicated += [(document, mark) for mark, count in found.items() if count > 1]
            self.invented += [(document, mark) for mark in found if mark not in sent]
            assert view["rev"] >= revision, f"{document} went back from revision {revision} to {view['rev']}"
        assert not (self.lost or self.duplicated or self.invented), self.summary()

    def summary(self) -> str:
        acknowledged = sum(map(len, self.acknowledged.values()))
        under_way = sum(map(len, self.sent.values())) - acknowledged
        text = (
            f"{acknowledged} acknowledged, {len(self.lost)} lost, {len(self.duplicated)} duplicated, "
            f"{len(self.invented)} nobody sent, {under_way} under way; refused: {dict(self.refused)}"
        )
        return "; ".join([text, *(f"lost {each}" for each in self.lost[:5]), *(f"twice {each}" for each in self.duplicated[:5])])
