"""`QuireClient`, with its queue of what is not stored, over a disk that refuses and a server that is killed."""

import json
import subprocess
import time

import pytest

from faults.clients import seeded
from faults.disk import BOTH, EIO, ENOSPC, LOG, disk, faulty_server, shim  # noqa: F401
from quire import binary
from test_faults_disk import is_ready, until


def recording(path, letters: int) -> str:
    """A session in the format of the traces: who takes turns types at the end, and now and then takes a letter back."""
    text, transactions = "", []
    for number in range(letters):
        if number % 10 == 9:
            transactions.append([len(text) - 1, 1, ""])
            text = text[:-1]
        else:
            letter = chr(97 + number % 26)
            transactions.append([len(text), 0, letter])
            text += letter
    session = {"startContent": "", "endContent": text, "txns": [{"patches": [patch]} for patch in transactions]}
    path.write_text(json.dumps(session))
    return text


@pytest.mark.parametrize("clients, letters", [(1, 6000), (3, 1500)], ids=["one author", "three who take turns"])
def test_full_clients_send_what_they_parked_once(faulty_server, disk, tmp_path, clients, letters):  # noqa: F811
    _, chance = seeded()
    server = faulty_server
    text = recording(tmp_path / "trace.json", letters)
    command = [
        binary(), "replay", str(tmp_path / "trace.json"), "--url", server.url, "--doc", "replayed", "--clients", str(clients),
        "--timeout", "120", "--log-level", "critical",
    ]
    replay = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    faults = kills = 0
    try:
        while replay.poll() is None and faults + kills < 12:
            time.sleep(chance.uniform(0.1, 0.4))
            if chance.random() < 0.4:
                server.kill()
                server.start()
                kills += 1
            else:
                disk.set(**chance.choice([
                    {"sync_errno": EIO, "sync_parts": LOG}, {"write_errno": ENOSPC, "write_parts": BOTH},
                ]))
                time.sleep(chance.uniform(0.05, 0.5))
                disk.well()
                until(lambda: is_ready(server))
                faults += 1
        output, _ = replay.communicate(timeout=120)
    finally:
        if replay.poll() is None:
            replay.kill()
    assert replay.returncode == 0, output
    assert faults + kills >= 4, "it was over before anything happened"
    server.kill()
    server.start()
    assert server.text("replayed") == text
    print(f"{clients} clients, {letters} changes: {kills} kills, {faults} faults of the disk")
