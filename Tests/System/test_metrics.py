"""`/metrics`, read with Prometheus' own parser: what is counted, who may read it, and that the README names all of it."""

import pathlib
import time

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from quire import Server
from tokens import SECRET, make
from wire import WebSocketPeer, splice

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class Metrics:
    """One reading."""

    def __init__(self, server: Server, **options):
        response = requests.get(f"{server.url}/metrics", timeout=5, **options)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        self.families = {family.name: family for family in text_string_to_metric_families(response.text)}
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self.samples[name, frozenset(labels.items())]


def eventually(condition, seconds: float = 5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come to be"
        time.sleep(0.05)


@pytest.fixture
def peers(own_server, document):
    """A writer and a reader."""
    both = [WebSocketPeer(own_server.url).connect() for _ in range(2)]
    for peer in both:
        assert peer.join(document)["ok"]
    return both


def test_work_is_counted(own_server, document, peers):
    writer, reader = peers
    for number in range(5):
        assert writer.edit(document, splice(0, "abc"))["ok"]
    assert writer.ask("signal", document, "hello")["ok"]
    assert not writer.edit(document, splice(1000, "x"))["ok"]
    assert requests.get(f"{own_server.url}/v1/docs/nothing-of-this-name", timeout=5).status_code == 404
    metrics = Metrics(own_server)
    assert metrics("quire_changes_total") == 5
    assert metrics("quire_change_bytes_total") > 5 * 5
    assert metrics("quire_ack_latency_seconds_count") == 5
    assert 0 < metrics("quire_ack_latency_seconds_sum") < 60
    assert metrics("quire_commit_entries_sum") == 5
    assert 1 <= metrics("quire_commit_entries_count") <= 5
    assert metrics("quire_commit_seconds_count") == metrics("quire_commit_entries_count")
    assert metrics("quire_refusals_total", code="INVALID_EDIT") == 1
    assert metrics("quire_refusals_total", code="UNKNOWN_DOCUMENT") == 1
    assert metrics("quire_refusals_total", code="STORE_FAILED") == 0, "it is there before the first"
    assert metrics("quire_http_requests_total", status="4xx") == 1
    assert metrics("quire_http_request_seconds_count") >= 1
    assert metrics("quire_connections") == 2
    assert metrics("quire_sockets", namespace="/docs") == 2
    assert metrics("quire_events_received_total", namespace="/docs") == 2 + 7
    assert metrics("quire_events_sent_total", namespace="/docs") >= 2 + 5 + 1
    assert metrics("quire_documents_open") == 1
    assert metrics("quire_participants") == 2
    assert metrics("quire_document_bytes") == metrics("quire_document_bytes_max") >= 15
    assert metrics("quire_store_queue_bytes") == 0
    assert metrics("quire_resyncs_total") == 0
    assert 1e6 < metrics("process_resident_memory_bytes") < 1e9
    assert 0 < metrics("process_cpu_seconds_total") < 100
    assert 5 < metrics("process_open_fds") < 200
    assert abs(metrics("process_start_time_seconds") - time.time()) < 60
    writer.close()
    reader.close()
    eventually(lambda: Metrics(own_server)("quire_connections") == 0)
    assert Metrics(own_server)("quire_participants") == 0


def test_buckets_only_rise(own_server, document, peers):
    for _ in range(20):
        assert peers[0].edit(document, splice(0, "abc"))["ok"]
    family = Metrics(own_server).families["quire_ack_latency_seconds"]
    buckets = [(float(one.labels["le"]), one.value) for one in family.samples if one.name.endswith("_bucket")]
    assert buckets == sorted(buckets) and [value for _, value in buckets] == sorted(value for _, value in buckets)
    assert buckets[-1] == (float("inf"), 20)


def test_who_falls_behind_and_who_asks_too_much_is_counted(tmp_path, document):
    server = Server(tmp_path, "--max-buffered-bytes", "200000", limits=("--connections-per-second", "0")).start()
    try:
        writer = WebSocketPeer(server.url).connect()
        stalled = WebSocketPeer(server.url).connect()
        for peer in (writer, stalled):
            assert peer.join(document)["ok"]
        for number in range(2000):
            writer.send_text(f'42/docs,["signal","{document}","{"n" * 60_000}"]')
            if number % 20 == 0 and Metrics(server)("quire_resyncs_total") > 0:
                break
            time.sleep(0.06)
        metrics = Metrics(server)
        assert metrics("quire_resyncs_total") == 1
        assert metrics("quire_outbound_bytes") > 200_000
        for _ in range(800):
            writer.send_text(f'42/docs,["signal","{document}",1]')
        eventually(lambda: Metrics(server)("quire_events_refused_total", namespace="/docs") > 0)
    finally:
        assert server.stop() == 0


def test_where_there_are_tokens_only_administrators_read_them(closed_server):
    address = f"{closed_server.url}/metrics"
    refused = requests.get(address, timeout=5)
    assert refused.status_code == 401 and refused.json()["code"] == "UNAUTHENTICATED"
    writer = {"Authorization": f"Bearer {make(docs={'*': 'write'})}"}
    assert requests.get(address, headers=writer, timeout=5).status_code == 403
    admin = {"Authorization": f"Bearer {make(docs={'*': 'admin'})}"}
    assert Metrics(closed_server, headers=admin)("quire_refusals_total", code="UNAUTHENTICATED") >= 1


def test_they_may_be_opened(tmp_path):
    server = Server(tmp_path, "--jwt-secret", SECRET, "--open-metrics").start()
    try:
        assert Metrics(server)("quire_connections") == 0
    finally:
        assert server.stop() == 0


def test_the_readme_names_them_all(own_server):
    text = README.read_text()
    for name, family in Metrics(own_server).families.items():
        assert family.documentation and family.type in ("counter", "gauge", "histogram")
        shown = f"{name}_total" if family.type == "counter" else name
        assert f"`{shown}`" in text, f"the README does not name {shown}"
