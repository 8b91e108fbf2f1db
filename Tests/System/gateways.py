"""python-socketio as a client of the gateways."""

import queue
import threading
import time

import pytest
import socketio


def refusal(url: str, namespace: str, auth: dict, transport: str = "websocket") -> dict:
    """What python-socketio is told when it is not let in: `{message, data: {code}}`."""
    client = socketio.Client(reconnection=False)
    errors = []
    client.on("connect_error", errors.append, namespace=namespace)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(url, namespaces=[namespace], transports=[transport], auth=auth, wait_timeout=10)
    client.disconnect()
    assert len(errors) == 1, errors
    return errors[0]


class Visitor:
    """A client in some namespaces that remembers what it gets, without the marks of recovery."""

    def __init__(self, url: str, *namespaces: str, transports=("websocket",), auth: dict | None = None):
        self.io = socketio.Client(reconnection=False)
        self.namespaces = namespaces
        self.events = {name: queue.Queue() for name in namespaces}
        self.gone = threading.Event()
        for name in namespaces:
            self.io.on("disconnect", lambda *reason: self.gone.set(), namespace=name)
            self.io.on("*", lambda event, *args, name=name: self.events[name].put((event, args[0] if args else None)), namespace=name)
        self.io.connect(url, namespaces=list(namespaces), transports=list(transports), auth=auth or {}, wait_timeout=10)

    def call(self, event, *payload, namespace=None):
        return self.io.call(event, payload, namespace=namespace or self.namespaces[0], timeout=10)

    def emit(self, event, *payload, namespace=None):
        self.io.emit(event, payload, namespace=namespace or self.namespaces[0])

    def wait_for(self, event, namespace=None):
        """The payload of the next event of this name; others are passed over."""
        deadline = time.monotonic() + 10
        while True:
            name, payload = self.events[namespace or self.namespaces[0]].get(timeout=max(0.01, deadline - time.monotonic()))
            if name == event:
                return payload

    def id(self, namespace=None):
        return self.io.get_sid(namespace or self.namespaces[0])

    def rest(self, namespace=None):
        """The names of the events that came and were not waited for, up to now."""
        self.call("nothing", namespace=namespace)
        waiting = self.events[namespace or self.namespaces[0]]
        return [waiting.get()[0] for _ in range(waiting.qsize())]

    def close(self):
        self.io.disconnect()
