"""What the scripts of the Python rivals share: inputs, rows, the report.

A rival's script is called as `NAME.py INPUTS [--runs N] [--limit SECONDS] [--skip ROW]...` and prints what
`quire bench engine --json` prints: a line of JSON for each line of the inputs, which `quire bench inputs` wrote.
"""

import argparse
import ctypes
import json
import statistics
import sys
import time
import zlib


class TooSlow(Exception):
    """A run took longer than the limit."""


class Wrong(Exception):
    """A run did not end in the recorded text."""


class Clock:
    """Processor time of this thread, in milliseconds; a run that passes the limit is broken off."""

    def __init__(self, limit):
        self.limit = limit

    def start(self):
        self.begin = time.thread_time()

    def check(self):
        if time.thread_time() - self.begin > self.limit:
            raise TooSlow

    def stop(self):
        return (time.thread_time() - self.begin) * 1e3


class MallocInfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


def heap_in_use():
    """Bytes that the C library's allocator has given out."""
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = MallocInfo
    info = library.mallinfo2()
    return info.uordblks + info.hblkhd


def packed(data):
    return len(zlib.compress(data, 6))


def check(text, expected, what):
    if text != expected:
        raise Wrong(f"{what}: the text is not the recorded one")


def throttled(items, clock, step=16):
    """The items, with a look at the clock now and then."""
    for index, item in enumerate(items):
        if index % step == 0:
            clock.check()
        yield item


def all_ascii(trace):
    return all(insert.isascii() for _, _, edits in trace["transactions"] for _, _, insert in edits)


def convert(trace, encoding):
    """The trace with the offsets of one replica's edits counted in another encoding's units."""
    if all_ascii(trace):
        return trace
    if trace["replicas"] > 1:
        raise Wrong("offsets of several replicas are only converted in ASCII")
    text = b""
    transactions = []
    for lane, received, edits in trace["transactions"]:
        converted = []
        for offset, deleted, insert in edits:
            before = text[: 2 * offset].decode("utf-16-le")
            gone = text[2 * offset : 2 * (offset + deleted)].decode("utf-16-le")
            converted.append((len(before.encode(encoding)), len(gone.encode(encoding)), insert))
            text = text[: 2 * offset] + insert.encode("utf-16-le") + text[2 * (offset + deleted) :]
        transactions.append((lane, received, converted))
    return {**trace, "transactions": transactions}


class Rows:
    """Collects the runs of each row."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.clock = Clock(arguments.limit)
        self.rows = {}

    def wanted(self, name):
        return name not in self.arguments.skip

    def time(self, name, run):
        """Runs `run(clock)`, which gives milliseconds, as often as asked for."""
        self.measure(name, "ms", lambda: run(self.clock))

    def measure(self, name, unit, run):
        if not self.wanted(name):
            return
        samples = []
        try:
            for _ in range(self.arguments.runs):
                samples.append(run())
            self.rows[name] = {"unit": unit, "min": min(samples), "median": statistics.median(samples), "n": len(samples)}
        except TooSlow:
            limit = self.arguments.limit * 1e3
            self.rows[name] = {"unit": unit, "min": limit, "median": limit, "n": 1, "tooSlow": True}
        except Wrong as error:
            print(error, file=sys.stderr)

    def size(self, name, value):
        self.rows[name] = {"unit": "B", "min": value, "median": value, "n": 1}

    def show(self, trace):
        measures = [{"name": name, **row} for name, row in self.rows.items()]
        print(json.dumps({"trace": trace, "runs": self.arguments.runs, "measures": measures}), flush=True)


def synthetic_rows(crowd, synthetic, containers):
    """The rows that need no trace, by an engine's three ways of doing them."""

    def measure(inputs, table):
        for count in inputs["crowds"][:1]:
            table.time(f"{count:,} replicas insert at position 0", lambda clock, count=count: crowd(count, clock))
        for item in inputs["inputs"]:
            table.time(item["name"], lambda clock, item=item: synthetic(item, clock))
        for item in inputs["containers"]:
            table.time(item["name"], lambda clock, item=item: containers(item, clock))

    return measure


def main(measure_trace, measure_synthetic):
    parser = argparse.ArgumentParser()
    parser.add_argument("inputs", help="what `quire bench inputs` printed")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--limit", type=float, default=20, help="seconds after which a run is broken off")
    parser.add_argument("--skip", action="append", default=[], help="a row that is not run")
    parser.add_argument("--updates", help="folder of updates that yjs wrote, which yrs reads")
    arguments = parser.parse_args()
    with open(arguments.inputs, encoding="utf-8") as file:
        for line in file:
            inputs = json.loads(line)
            rows = Rows(arguments)
            (measure_synthetic if inputs["trace"] == "synthetic" else measure_trace)(inputs, rows)
            rows.show(inputs["trace"])
