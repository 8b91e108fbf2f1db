"""`/chat`, `/rooms`, notifications and `/admin`, as a client of another make sees them."""

import time

import pytest
import requests
import socketio

import tokens
from gateways import Visitor

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
ADMIN = {"sub": "root", "name": "Root", "docs": {"*": "admin"}}


@pytest.fixture
def visit(closed_server):
    """Makes clients with tokens."""
    visitors = []

    def make(*namespaces, sub="ada", name=None, transports=("websocket",), **claims):
        token = tokens.make(sub=sub, name=name or sub.capitalize(), **claims)
        visitors.append(Visitor(closed_server.url, *namespaces, transports=transports, auth={"token": token}))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.close()


# --- /chat


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=list(TRANSPORTS))
def test_the_chat_from_connecting_to_leaving(visit, transports):
    ada = visit("/chat", transports=transports)
    assert ada.wait_for("authenticated")["user"] == {"id": "ada", "name": "Ada"}
    welcome = ada.wait_for("welcome")
    assert welcome["message"] and welcome["timestamp"].endswith("Z")
    assert ada.call("joinChat", {"username": "Somebody else"}) == {"success": True, "username": "Ada"}
    assert ada.wait_for("userJoined")["username"] == "Ada"
    assert ada.wait_for("onlineUsers") == {"users": ["Ada"], "count": 1}

    grace = visit("/chat", sub="grace", transports=transports)
    assert grace.call("joinChat", {"username": "Ada"}) == {"success": True, "username": "Grace"}
    assert grace.wait_for("onlineUsers") == {"users": ["Ada", "Grace"], "count": 2}
    assert ada.wait_for("userJoined")["username"] == "Grace"

    grace.emit("typing", {"isTyping": True})
    assert ada.wait_for("userTyping") == {"username": "Grace", "isTyping": True}
    assert grace.call("sendMessage", {"message": "Hello 😀", "username": "Ada"}) == {"success": True}
    for visitor in (ada, grace):
        message = visitor.wait_for("newMessage")
        assert (message["username"], message["message"]) == ("Grace", "Hello 😀")
        assert message["timestamp"].endswith("Z") and "id" not in message
    assert "userTyping" not in grace.rest()
    grace.close()
    assert ada.wait_for("userLeft")["username"] == "Grace"


def test_guests_have_the_name_of_their_connect(server):
    guest = Visitor(server.url, "/chat", auth={"name": "Una"})
    assert guest.call("joinChat") == {"success": True, "username": "Una"}
    guest.close()


def test_who_has_not_joined_says_nothing(visit):
    ada, grace = visit("/chat"), visit("/chat", sub="grace")
    refused = ada.call("sendMessage", {"message": "Hello"})
    assert refused["ok"] is False and refused["error"]["code"] == "NOT_JOINED"
    ada.emit("typing", {"isTyping": True})
    assert ada.call("nothing")["error"]["code"] == "UNKNOWN_EVENT"
    assert not {"newMessage", "userTyping"} & set(grace.rest())


BAD_MESSAGES = {
    "nothing": (None, "", "TYPE"),
    "a text": ("Hello", "", "TYPE"),
    "no message": ({}, "message", "REQUIRED"),
    "an empty one": ({"message": ""}, "message", "EMPTY"),
    "a blank one": ({"message": " \n\t"}, "message", "EMPTY"),
    "a long one": ({"message": "x" * 501}, "message", "LENGTH"),
    "a number": ({"message": 5}, "message", "TYPE"),
    "a short id": ({"message": "x", "id": "1"}, "id", "LENGTH"),
    "a long id": ({"message": "x", "id": "x" * 65}, "id", "LENGTH"),
    "an id that is no text": ({"message": "x", "id": 12345678}, "id", "TYPE"),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_bad_message_is_refused_with_the_field(visit, name):
    payload, path, code = BAD_MESSAGES[name]
    ada = visit("/chat")
    ada.call("joinChat", {})
    error = ada.call("sendMessage", payload)["error"]
    assert error["code"] == "INVALID_PAYLOAD" and error["retryable"] is False
    assert [(field["path"], field["code"]) for field in error["fields"]] == [(path, code)]
    assert "newMessage" not in ada.rest()
    assert ada.call("sendMessage", {"message": "x" * 500}) == {"success": True}


def test_a_message_that_is_sent_again_is_shown_once(visit):
    ada, grace = visit("/chat"), visit("/chat", sub="grace")
    for visitor in (ada, grace):
        visitor.call("joinChat", {})
    again = {"message": "once", "id": "0123456789"}
    assert [ada.call("sendMessage", again) for _ in range(3)] == [{"success": True}] * 3
    # Another connection of the same user is the same sender; somebody else is not.
    second = visit("/chat")
    second.call("joinChat", {})
    assert second.call("sendMessage", again) == {"success": True}
    assert grace.call("sendMessage", {"message": "another", "id": "0123456789"}) == {"success": True}
    assert ada.wait_for("newMessage")["message"] == "once"
    assert ada.wait_for("newMessage")["message"] == "another"
    assert "newMessage" not in ada.rest()


def test_too_many_messages_are_refused_and_later_ones_are_not(visit):
    ada = visit("/chat")
    ada.call("joinChat", {})
    answers = [ada.call("sendMessage", {"message": str(number)}) for number in range(60)]
    refused = [answer["error"] for answer in answers if answer != {"success": True}]
    assert len(refused) >= 10
    assert {(error["code"], error["retryable"]) for error in refused} == {("RATE_LIMITED", True)}
    time.sleep(0.3)
    assert ada.call("sendMessage", {"message": "later"}) == {"success": True}


@pytest.mark.parametrize("namespace", ["/", "/chat", "/rooms", "/admin"])
def test_nobody_comes_in_without_a_good_token(closed_server, namespace):
    for auth, code in [({}, "UNAUTHENTICATED"), ({"token": tokens.make(secret="x")}, "TOKEN_INVALID")]:
        client = socketio.Client(reconnection=False)
        errors = []
        client.on("connect_error", errors.append, namespace=namespace)
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(closed_server.url, namespaces=[namespace], transports=["websocket"], auth=auth)
        assert errors[0]["data"]["code"] == code
        client.disconnect()


def test_a_socket_goes_when_its_token_ends(visit):
    ada = visit("/chat", exp=int(time.time()) + 2)
    ada.call("joinChat", {})
    assert ada.wait_for("closing")["reason"] == "TOKEN_EXPIRED"


# --- /rooms


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=list(TRANSPORTS))
def test_rooms_from_joining_to_leaving(visit, document, transports):
    ada = visit("/rooms", transports=transports)
    grace = visit("/rooms", sub="grace", transports=transports)
    assert ada.call("joinRoom", {"room": document, "username": "No one"}) == {"success": True, "room": document, "members": 1}
    assert ada.wait_for("userJoinedRoom")["username"] == "Ada"
    assert grace.call("joinRoom", {"room": document}) == {"success": True, "room": document, "members": 2}
    joined = ada.wait_for("userJoinedRoom")
    assert (joined["username"], joined["room"]) == ("Grace", document) and joined["timestamp"]
    members = grace.call("getRoomMembers", {"room": document})
    assert members == {"room": document, "memberCount": 2, "socketIds": [ada.id(), grace.id()]}

    assert grace.call("sendRoomMessage", {"room": document, "username": "Ada", "message": "Hi"}) == {"success": True}
    for visitor in (ada, grace):
        message = visitor.wait_for("newRoomMessage")
        assert (message["username"], message["room"], message["message"]) == ("Grace", document, "Hi")

    assert grace.call("leaveRoom", {"room": document, "username": "Ada"}) == {"success": True}
    left = ada.wait_for("userLeftRoom")
    assert (left["username"], left["room"]) == ("Grace", document)
    assert ada.call("getRoomMembers", {"room": document})["memberCount"] == 1
    assert grace.call("sendRoomMessage", {"room": document, "message": "Hi"})["error"]["code"] == "NOT_JOINED"
    assert ada.call("sendRoomMessage", {"room": document, "message": "alone"}) == {"success": True}
    assert "newRoomMessage" not in grace.rest()


def test_joining_another_room_leaves_the_one_before_and_so_does_going(visit, document):
    ada, grace, una = visit("/rooms"), visit("/rooms", sub="grace"), visit("/rooms", sub="una")
    first, second = f"{document}-1", f"{document}-2"
    for visitor in (ada, grace):
        visitor.call("joinRoom", {"room": first})
    una.call("joinRoom", {"room": second})
    assert grace.call("joinRoom", {"room": second})["members"] == 2
    assert ada.wait_for("userLeftRoom")["username"] == "Grace"
    assert ada.call("getRoomMembers", {"room": first})["memberCount"] == 1
    grace.close()
    assert una.wait_for("userLeftRoom")["username"] == "Grace"
    assert una.call("getRoomMembers", {"room": second})["socketIds"] == [una.id()]


def test_only_members_hear_who_is_in_a_room(visit, document):
    ada, grace = visit("/rooms"), visit("/rooms", sub="grace")
    ada.call("joinRoom", {"room": document})
    for room in (document, "nobody-here"):
        refused = grace.call("getRoomMembers", {"room": room})
        assert refused["ok"] is False and refused["error"]["code"] == "NOT_JOINED" and refused["error"]["retryable"] is True
    grace.call("joinRoom", {"room": document})
    assert grace.call("getRoomMembers", {"room": document})["memberCount"] == 2
    grace.call("leaveRoom", {"room": document})
    assert grace.call("getRoomMembers", {"room": document})["error"]["code"] == "NOT_JOINED"


def test_rooms_that_look_alike_are_two(visit, document):
    ada, grace = visit("/rooms"), visit("/rooms", sub="grace")
    for mark in ("e\u0301", "\u0301"):
        composed, decomposed = f"{document}\u00e9", f"{document}{mark}"
        assert ada.call("joinRoom", {"room": composed})["members"] == 1
        assert grace.call("joinRoom", {"room": decomposed})["members"] == 1
        assert grace.call("sendRoomMessage", {"room": composed, "message": "x"})["error"]["code"] == "NOT_JOINED"
        assert ada.call("sendRoomMessage", {"room": composed, "message": "x"}) == {"success": True}
        assert "newRoomMessage" not in grace.rest()
    # One that begins with an accent is left like any other.
    assert grace.call("joinRoom", {"room": "\u0301x"})["members"] == 1
    assert grace.call("joinRoom", {"room": document})["members"] == 1
    assert grace.call("sendRoomMessage", {"room": "\u0301x", "message": "x"})["error"]["code"] == "NOT_JOINED"


def test_a_crowd_is_named_in_part_and_counted_whole(visit):
    crowd = [visit("/chat", sub=f"u{number}") for number in range(102)]
    for visitor in crowd:
        visitor.call("joinChat", {})
    last = crowd[-1].wait_for("onlineUsers")
    assert len(last["users"]) == 100 and last["count"] >= 102


def test_joining_twice_is_joining_once(visit, document):
    ada = visit("/rooms")
    for _ in range(2):
        assert ada.call("joinRoom", {"room": document})["members"] == 1
    assert ada.rest().count("userJoinedRoom") == 1


def test_a_room_is_no_way_to_listen_in_on_others(visit, closed_server):
    ada, grace = visit("/rooms"), visit("/rooms", sub="grace")
    assert grace.call("joinRoom", {"room": "user:ada"})["success"]
    assert grace.call("joinRoom", {"room": ada.id()})["success"]
    assert notify(closed_server, "ada", {"message": "secret"}, **ADMIN).status_code == 200
    assert ada.wait_for("notification")["message"] == "secret"
    assert "notification" not in grace.rest()


@pytest.mark.parametrize("event", ["joinRoom", "leaveRoom", "getRoomMembers", "sendRoomMessage"])
@pytest.mark.parametrize("room, code", [("", "EMPTY"), ("  ", "EMPTY"), ("x" * 65, "LENGTH"), (7, "TYPE"), (None, "TYPE")])
def test_a_bad_room_is_refused(visit, event, room, code):
    error = visit("/rooms").call(event, {"room": room, "message": "x"})["error"]
    assert error["code"] == "INVALID_PAYLOAD"
    assert [(field["path"], field["code"]) for field in error["fields"]] == [("room", code)]


# --- Notifications


def notify(server, user, body, **claims):
    headers = {"Authorization": f"Bearer {tokens.make(**claims)}"} if claims else {}
    return requests.post(f"{server.url}/v1/users/{user}/notify", json=body, headers=headers, timeout=5)


def test_a_notification_reaches_every_socket_of_its_user_and_nobody_else(visit, closed_server):
    ada, again, una = visit("/", "/chat", sub="a b/ü"), visit("/rooms", sub="a b/ü"), visit("/", sub="una")
    response = notify(closed_server, "a%20b%2F%C3%BC", {"title": "Order", "message": "Shipped", "data": [1]}, **ADMIN)
    assert response.status_code == 200 and response.json()["sockets"] == 3
    for visitor, namespace in [(ada, "/"), (ada, "/chat"), (again, "/rooms")]:
        got = visitor.wait_for("notification", namespace)
        assert (got["title"], got["message"], got["data"]) == ("Order", "Shipped", [1])
        assert got["id"] == response.json()["id"] and got["timestamp"]
    assert "notification" not in una.rest()
    assert notify(closed_server, "nobody", {"message": "x"}, **ADMIN).json()["sockets"] == 0


@pytest.mark.parametrize("claims, status, code", [
    ({}, 401, "UNAUTHENTICATED"),
    ({"sub": "ada"}, 403, "FORBIDDEN"),
    ({"sub": "ada", "docs": {"*": "write", "notes": "admin"}}, 403, "FORBIDDEN"),
], ids=["nobody", "somebody", "admin of one document"])
def test_only_an_administrator_notifies(closed_server, claims, status, code):
    response = notify(closed_server, "ada", {"message": "x"}, **claims)
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null", '{"a":1}}'])
def test_a_notification_is_a_json_object(closed_server, body):
    headers = {"Authorization": f"Bearer {tokens.make(**ADMIN)}"}
    response = requests.post(f"{closed_server.url}/v1/users/ada/notify", data=body, headers=headers, timeout=5)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_ARGUMENT")


def test_a_notification_has_a_bound(closed_server):
    response = notify(closed_server, "ada", {"message": "x" * 20_000}, **ADMIN)
    assert (response.status_code, response.json()["code"]) == (413, "TOO_LARGE")


# --- /admin


def test_an_administrator_sees_figures_every_second(visit, document):
    admin, ada = visit("/admin", **ADMIN), visit("/rooms", "/docs")
    ada.call("joinRoom", {"room": document})
    ada.call("join", {"doc": document, "format": "json"}, namespace="/docs")
    admin.wait_for("figures")
    for _ in range(10):
        ada.call("getRoomMembers", {"room": document})
    begin = time.monotonic()
    figures = [admin.wait_for("figures") for _ in range(2)]
    assert 0.5 < time.monotonic() - begin < 4
    last = figures[-1]
    spaces = {space["name"]: space for space in last["namespaces"]}
    assert set(spaces) == {"/", "/admin", "/chat", "/docs", "/rooms"}
    assert spaces["/admin"]["sockets"] == 1 and spaces["/rooms"]["sockets"] == 1
    assert spaces["/rooms"]["rooms"] >= 1
    assert last["connections"] >= 2 and last["memory"] > 1_000_000 and last["uptime"] > 0
    assert last["documents"]["open"] >= 1 and last["documents"]["participants"] >= 1
    assert max(one["messagesPerSecond"]["received"] for one in figures) > 1
    assert all(one["messagesPerSecond"]["sent"] > 0 for one in figures)


@pytest.mark.parametrize("docs", [None, {"*": "write"}, {"a*": "admin"}, {"a": "admin", "*": "comment"}], ids=str)
def test_others_do_not_see_figures(closed_server, docs):
    client = socketio.Client(reconnection=False)
    errors = []
    client.on("connect_error", errors.append, namespace="/admin")
    with pytest.raises(socketio.exceptions.ConnectionError):
        auth = {"token": tokens.make(docs=docs)}
        client.connect(closed_server.url, namespaces=["/admin"], transports=["websocket"], auth=auth)
    assert errors[0]["data"]["code"] == "FORBIDDEN"
    client.disconnect()


def test_a_guest_does_not_see_figures(server):
    client = socketio.Client(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(server.url, namespaces=["/admin"], transports=["websocket"])
    client.disconnect()


# --- Their pages


@pytest.mark.parametrize("path, location", [("/chat", "./chat/"), ("/admin?token=x%20y", "./admin/?token=x%20y"), ("//chat", "./chat/")])
def test_a_page_is_found_without_its_slash(server, path, location):
    response = requests.get(server.url + path, timeout=5, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (308, location)
