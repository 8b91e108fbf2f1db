"""What an idle connection costs stays in bounds: the figure itself is for `Benchmarks/idle` with a release build."""

import re
import subprocess
import sys

from quire import ROOT, binary


def test_an_idle_connection_takes_little_memory():
    command = [sys.executable, str(ROOT / "Benchmarks/idle"), "--binary", binary(), "--connections", "1000", "--seconds", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    kibibytes = float(re.search(r"connected: .*RssAnon ([\d.]+) KiB", ended.stdout)[1])
    # 9 in both builds; 22 with a task for each connection and buffers that are kept empty.
    assert 1 < kibibytes < 13
