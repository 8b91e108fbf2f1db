"""The chat and the rooms with a stock client: connect with a token, join, type, talk, see who is there, leave.

    pip install "python-socketio[client]"
    python samples/clients/python_chat.py http://127.0.0.1:8080 --token "$(quire token --sub ada)" --room lobby
    python samples/clients/python_chat.py http://127.0.0.1:8080 --name Ada      # where the server lets guests in

Nothing here is Quire's own: it is python-socketio as it comes from PyPI, with the events of the gateways `/chat` and `/rooms`.
"""

import argparse
import sys
import threading

import socketio


class Client:
    """One connection in two namespaces, which prints what it hears."""

    def __init__(self, url: str, auth: dict, transports: list[str]):
        self.io = socketio.Client()
        self.heard = threading.Condition()
        self.events: list[str] = []
        for namespace in ("/chat", "/rooms"):
            self.io.on("*", self.hear, namespace=namespace)
        self.io.connect(url, namespaces=["/chat", "/rooms"], auth=auth, transports=transports, wait_timeout=10)

    def hear(self, event: str, *arguments):
        # With recovery, which the server has on, an event ends with one more string, its offset.
        payload = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        match event:
            case "authenticated":
                say(f"in as {payload['user']['name']}")
            case "onlineUsers":
                more = payload["count"] - len(payload["users"])
                say(f"online: {', '.join(sorted(payload['users']))}" + (f" and {more} more" if more else ""))
            case "userJoined" | "userJoinedRoom":
                say(f"{payload['username']} joined{in_room(payload)}")
            case "userLeft" | "userLeftRoom":
                say(f"{payload['username']} left{in_room(payload)}")
            case "userTyping":
                say(f"{payload['username']} {'is typing' if payload['isTyping'] else 'stopped'}")
            case "newMessage" | "newRoomMessage":
                say(f"{payload['username']}{in_room(payload)}: {payload['message']}")
        with self.heard:
            self.events.append(event)
            self.heard.notify_all()

    def wait_for(self, event: str):
        with self.heard:
            if not self.heard.wait_for(lambda: event in self.events, timeout=10):
                sys.exit(f"there was no {event}")

    def ask(self, namespace: str, event: str, **payload) -> dict:
        """Sends an event and returns its ack; a refusal ends the program with its code."""
        answer = self.io.call(event, payload, namespace=namespace, timeout=10)
        if answer.get("ok") is False:
            sys.exit(f"{event} was refused: {answer['error']['code']}: {answer['error']['message']}")
        return answer


def say(line: str):
    # In one piece: events come on threads of their own.
    print(line + "\n", end="", flush=True)


def in_room(payload: dict) -> str:
    return f" in {payload['room']}" if "room" in payload else ""


def talk(client: Client, room: str, message: str):
    # The conversation of everybody.
    client.ask("/chat", "joinChat")
    client.wait_for("onlineUsers")
    client.io.emit("typing", {"isTyping": True}, namespace="/chat")
    client.io.emit("typing", {"isTyping": False}, namespace="/chat")
    client.ask("/chat", "sendMessage", message=message)
    client.wait_for("newMessage")

    # One room of many.
    joined = client.ask("/rooms", "joinRoom", room=room)
    say(f"{joined['members']} in {room}")
    client.ask("/rooms", "sendRoomMessage", room=room, message=message)
    client.wait_for("newRoomMessage")
    members = client.ask("/rooms", "getRoomMembers", room=room)
    say(f"members of {room}: {members['memberCount']}, {'with' if client.io.get_sid('/rooms') in members['socketIds'] else 'without'} me")
    client.ask("/rooms", "leaveRoom", room=room)
    say(f"left {room}")


def main():
    parser = argparse.ArgumentParser(description="Says one thing in the chat and in a room.")
    parser.add_argument("url")
    parser.add_argument("--token", help="a JWT; `quire token` makes one")
    parser.add_argument("--name", help="who you are, where the server lets guests in")
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--message", default="Hello from Python")
    parser.add_argument("--transport", choices=["polling", "websocket"], action="append", help="by default polling, then an upgrade")
    options = parser.parse_args()
    auth = {"token": options.token} if options.token else {"name": options.name or "Python"}
    try:
        client = Client(options.url, auth, options.transport or ["polling", "websocket"])
    except socketio.exceptions.ConnectionError as error:
        sys.exit(f"not let in: {error}")
    try:
        talk(client, options.room, options.message)
    finally:
        client.io.disconnect()


if __name__ == "__main__":
    main()
