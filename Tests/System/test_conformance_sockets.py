"""Socket.IO v5 in raw frames, rule by rule, against the apps of ConformanceServer."""

import json
import time

import pytest
import websocket

from conformance import SEPARATOR, ConformanceServer, Engine, wait_for_close


@pytest.fixture(scope="module")
def suite():
    """As the official suite wants it: recovery off."""
    one = ConformanceServer("--ping-interval", "600", "--ping-timeout", "1000", "--connect-timeout", "5000")
    yield one
    assert one.is_running()
    one.stop()


@pytest.fixture(scope="module")
def fixture():
    """As real clients are met: recovery on."""
    one = ConformanceServer(
        "--ping-interval", "500", "--ping-timeout", "1000", "--connect-timeout", "2000", "--recovery", "--token", "open"
    )
    yield one
    assert one.is_running()
    one.stop()


class Frames:
    """Socket.IO packets over a WebSocket, heartbeats answered."""

    def __init__(self, server):
        self.socket = Engine(server.url, "/socket.io/").web_socket()
        self.sid = json.loads(self.socket.recv()[1:])["sid"]

    def send(self, *frames):
        for frame in frames:
            self.socket.send_binary(frame) if isinstance(frame, bytes) else self.socket.send(frame)
        return self

    def next(self):
        while True:
            data = self.socket.recv()
            if data == "2":
                self.socket.send("3")
            else:
                return data

    def connect(self, namespace="/", auth=None):
        """Enters a namespace; the CONNECT reply's payload. Takes the `auth` event along."""
        prefix = "" if namespace == "/" else namespace + ","
        self.send(f"40{prefix}{json.dumps(auth) if auth is not None else ''}")
        reply = self.next()
        assert reply.startswith(f"40{prefix}{{"), reply
        self.welcome = self.next()
        return json.loads(reply[2 + len(prefix):])

    def is_open(self) -> bool:
        return self.send('427["message-with-ack","open?"]').next() == '437["open?"]'


@pytest.fixture
def frames(suite):
    one = Frames(suite)
    yield one
    one.socket.close()


def test_the_reply_has_the_sid_alone_and_auth_follows(frames):
    reply = frames.connect()
    assert list(reply) == ["sid"] and len(reply["sid"]) == 20 and reply["sid"] != frames.sid
    assert frames.welcome == '42["auth",{}]'


def test_auth_comes_back_and_namespaces_stand_apart(frames):
    first = frames.connect(auth={"token": "123", "é": [1, None]})
    assert json.loads(frames.welcome[2:]) == ["auth", {"token": "123", "é": [1, None]}]
    second = frames.connect("/custom", {"token": "abc"})
    assert frames.welcome == '42/custom,["auth",{"token":"abc"}]'
    assert first["sid"] != second["sid"]
    frames.send('42/custom,["message",1]')
    assert frames.next() == '42/custom,["message-back",1]'


@pytest.mark.parametrize("packet", ["40/random", "40/random,", '40/random,{"token":1}', "40/random?token=1,"])
def test_an_unknown_namespace_is_refused(frames, packet):
    frames.send(packet)
    name = "/random" if "?" not in packet else "/random?token=1"
    assert frames.next() == f'44{name},{{"message":"Invalid namespace"}}'
    assert frames.connect()


def test_a_namespace_may_come_without_its_comma(frames):
    frames.send("40/custom")
    assert frames.next().startswith('40/custom,{"sid":')
    frames.next()
    frames.send("41/custom", "40/custom")
    assert frames.next().startswith('40/custom,{"sid":')


@pytest.mark.parametrize(
    "packet",
    [
        "4abc", "42{}", '42abc["message"]', "4", "47", "42[]", "42[null]", '42[{"a":1}]', '42"x"', '42["x"', "43[]", "431{}",
        '42["connect"]', '42["connect_error"]', '42["disconnect"]', '42["disconnecting"]', '42["newListener"]',
        '42["removeListener"]', "40{}", '44{"message":"no"}', '411["x"]', '451["message",{"_placeholder":true,"num":0}]',
        '4511-["message"]', '45-["message"]', '451.5-["message"]', '45-1-["message"]', '4599999999999-["message"]',
        '42/custom,["message"]', '4299999999999999999["message"]', '450-["message",{"_placeholder":true,"num":0}]',
    ],
)
def test_what_is_no_packet_closes_the_connection(frames, packet):
    frames.connect()
    frames.send(packet)
    assert wait_for_close(frames.socket) < 0.5


@pytest.mark.parametrize("packet", ['42["message"]', "41", '431["x"]', b"\x01", '451-["message",{"_placeholder":true,"num":0}]'])
def test_the_first_packet_must_be_a_connect(frames, packet):
    frames.send(packet)
    if packet.startswith(b"4" if isinstance(packet, bytes) else "45"):
        frames.send(b"\x01")
    assert wait_for_close(frames.socket) < 0.5


def test_an_event_may_be_named_by_a_number(frames):
    frames.connect()
    frames.send("42[7,8]")
    assert frames.is_open()


def test_events_and_acks_carry_everything(frames):
    frames.connect()
    args = ["1", 2, -0.5, 1e300, True, None, [], {}, {"deep": [{"é": "😀"}]}]
    frames.send("42" + json.dumps(["message", *args]))
    assert json.loads(frames.next()[2:]) == ["message-back", *args]
    frames.send("42456" + json.dumps(["message-with-ack", *args]))
    answer = frames.next()
    assert answer.startswith("43456[") and json.loads(answer[5:]) == args
    frames.send('42["message"]', '420["message-with-ack"]')
    assert frames.next() == '42["message-back"]'
    assert frames.next() == "430[]"


def test_binary_goes_both_ways(frames):
    frames.connect()
    holder = '{"_placeholder":true,"num":%d}'
    frames.send(f'452-["message",{holder % 1},{{"b":{holder % 0}}}]', b"\x01\x02\x03", b"")
    # Placeholders are numbered in the order they are found; the bytes follow them.
    assert frames.next() == f'452-["message-back",{holder % 0},{{"b":{holder % 1}}}]'
    assert (frames.next(), frames.next()) == (b"", b"\x01\x02\x03")
    frames.send(f'451-789["message-with-ack",{holder % 0}]', b"\x04\x05")
    assert frames.next() == f"461-789[{holder % 0}]"
    assert frames.next() == b"\x04\x05"


def test_ten_attachments_pass_and_eleven_close(frames):
    frames.connect()
    names = ",".join('{"_placeholder":true,"num":%d}' % index for index in range(10))
    frames.send(f'4510-["message",{names}]', *[bytes([index]) for index in range(10)])
    assert frames.next() == f'4510-["message-back",{names}]'
    assert [frames.next() for _ in range(10)] == [bytes([index]) for index in range(10)]
    frames.send('4511-["message"]')
    assert wait_for_close(frames.socket) < 0.5


def test_a_binary_packet_without_attachments_leaves_nothing_behind(frames):
    frames.connect()
    for _ in range(3):
        frames.send('450-["message",1]')
        assert frames.next() == '42["message-back",1]'
    assert frames.is_open()
    frames.send(b"\x00")  # None is due.
    assert wait_for_close(frames.socket) < 0.5


@pytest.mark.parametrize("last", ['42["message"]', "41", "41/custom"])
def test_text_while_attachments_are_due_closes(frames, last):
    frames.connect()
    frames.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\x01", last)
    assert wait_for_close(frames.socket) < 0.5


@pytest.mark.parametrize("holder", ['{"_placeholder":true,"num":1}', '{"_placeholder":true}', '{"_placeholder":true,"num":"0"}'])
def test_a_wrong_placeholder_closes(frames, holder):
    frames.connect()
    frames.send(f'451-["message",{holder}]', b"\x01")
    assert wait_for_close(frames.socket) < 0.5


def test_after_a_disconnect_the_connection_lives_and_is_pinged(frames):
    frames.connect()
    frames.connect("/custom")
    frames.send("41/custom", '42["message","still here"]')
    assert frames.next() == '42["message-back","still here"]'
    frames.send("41")
    start = time.monotonic()
    assert frames.socket.recv() == "2"
    frames.socket.send("3")
    assert time.monotonic() - start < 1
    assert frames.connect()
    assert frames.is_open()


def test_a_connection_without_a_namespace_is_pinged_three_times_and_then_closed(suite):
    frames = Frames(suite)
    start = time.monotonic()
    for _ in range(3):
        assert frames.socket.recv() == "2"
        frames.socket.send("3")
    while True:
        opcode, data = frames.socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            break
        frames.socket.send("3")
    assert 4.8 < time.monotonic() - start < 6


def test_no_pong_ends_the_sockets(suite):
    frames = Frames(suite)
    frames.connect()
    assert 1.4 < wait_for_close(frames.socket) < 2.2


def test_it_all_goes_over_polling_too(suite):
    engine = Engine(suite.url, "/socket.io/")
    sid = engine.open()["sid"]
    body = SEPARATOR.join(["40", '42["message","é"]', '451-5["message-with-ack",{"_placeholder":true,"num":0}]', "bAQID"])
    assert engine.post(sid, body).text == "ok"
    packets = []
    while len(packets) < 5:
        packets += [packet for packet in engine.get(sid).content.decode().split(SEPARATOR) if packet != "2"]
    assert packets[0].startswith('40{"sid":')
    assert packets[1:] == ['42["auth",{}]', '42["message-back","é"]', '461-5[{"_placeholder":true,"num":0}]', "bAQID"]
    assert engine.post(sid, "4abc").text == "ok", "as Engine.IO, nothing is wrong with it"
    assert engine.get(sid).text.split(SEPARATOR)[-1] == "1"
    assert engine.is_gone(sid)


# Connection-state recovery


def offset_of(packet: str) -> str:
    return json.loads(packet[packet.index("["):])[-1]


def lose(frames):
    """Cuts the connection as a network does."""
    frames.socket.sock.close()


@pytest.mark.parametrize("form", [["--recovery"], ["--recovery", "10000"], ["--recovery=true"], ["--recovery", "off"]])
def test_a_runner_may_turn_recovery_on_as_it_likes(form):
    server = ConformanceServer(*form, "--ping-interval", "5000")
    try:
        frames = Frames(server)
        frames.send("40")
        assert ("pid" in frames.next()) == (form[-1] != "off")
    finally:
        server.stop()


def test_with_recovery_the_reply_has_a_pid_and_events_an_offset(fixture):
    frames = Frames(fixture)
    reply = frames.connect()
    assert sorted(reply) == ["pid", "sid"] and reply["pid"] != reply["sid"]
    name, auth, offset = json.loads(frames.welcome[2:])
    assert (name, auth) == ("auth", {}) and isinstance(offset, str)
    frames.send('42["message"]')
    name, other = json.loads(frames.next()[2:])
    assert name == "message-back" and isinstance(other, str) and other != offset
    frames.send('421["message-with-ack",1]', '42["ask-me",2]')
    assert frames.next() == "431[1]", "answers have no offset"
    assert frames.next() == '420["question",2]', "nor has an event that asks for one"
    frames.send('42["volatile-burst",2]')
    burst = [json.loads(frames.next()[2:]) for _ in range(4)]
    assert [event[:2] for event in burst] == [["burst-start", 2], ["burst-tick", 0], ["burst-tick", 1], ["burst-end", 2]]
    assert all(len(event) == 3 and isinstance(event[2], str) for event in burst), "volatile events have one too"
    frames.socket.close()


@pytest.mark.parametrize("is_noticed", [True, False], ids=["after the loss was noticed", "before"])
def test_who_comes_back_gets_its_rooms_its_data_and_what_it_missed(fixture, is_noticed):
    ada, grace = Frames(fixture), Frames(fixture)
    first = ada.connect("/custom", {"name": "ada"})
    grace.connect("/custom")
    ada.send('42/custom,1["join","red"]', '42/custom,2["set-data",{"n":1}]')
    assert [ada.next(), ada.next()] == ['43/custom,1["ok"]', '43/custom,2["ok"]']
    grace.send('42/custom,1["room-send-all","red","before"]')
    assert grace.next() == '43/custom,1["ok"]'
    last = ada.next()
    if is_noticed:
        lose(ada)
        time.sleep(0.2)
    else:
        # Its TCP connection stays, silent, as when a cable is pulled.
        pass
    for index in range(3):
        grace.send(f'42/custom,{index}["room-send","red",{index}]', f'42/custom,1{index}["broadcast",{index}]')
        grace.next(), grace.next()
    grace.send('42/custom,50["room-send","blue","not for her"]')
    grace.next()

    back = Frames(fixture)
    back.send("40/custom," + json.dumps({"name": "ada", "pid": first["pid"], "offset": offset_of(last)}))
    assert json.loads(back.next()[10:]) == {"sid": first["sid"], "pid": first["pid"]}
    missed = [json.loads(back.next()[10:])[:-1] for _ in range(6)]
    expected = []
    for index in range(3):
        expected += [["room-message", "red", index], ["broadcast-message", index]]
    assert missed == expected
    assert json.loads(back.next()[10:])[0] == "auth", "the connection handlers run behind what was missed"
    back.send('42/custom,1["whoami"]')
    who = json.loads(back.next()[11:])[0]
    assert (who["sid"], who["rooms"], who["data"], who["recovered"]) == (first["sid"], ["red"], {"n": 1}, True)
    grace.send('42/custom,9["room-send","red","again"]')
    assert json.loads(back.next()[10:])[:2] == ["room-message", "red"]
    grace.socket.close()
    back.socket.close()


def test_nothing_is_recovered_by_who_has_the_wrong_words(fixture):
    ada = Frames(fixture)
    first = ada.connect()
    offset = offset_of(ada.welcome)
    lose(ada)
    time.sleep(0.2)
    for auth in (
        {"pid": "wrong", "offset": offset}, {"pid": first["pid"]}, {"pid": first["pid"], "offset": 1},
        {"pid": [first["pid"]], "offset": offset}, {"offset": offset},
    ):
        other = Frames(fixture)
        reply = other.connect(auth=auth)
        assert reply["sid"] != first["sid"] and reply["pid"] != first["pid"]
        other.socket.close()
    right = Frames(fixture)
    assert right.connect(auth={"pid": first["pid"], "offset": offset}) == first
    # A wrong offset ends it: nobody can say what was missed.
    lose(right)
    time.sleep(0.2)
    for offset in ("nonsense", offset):
        other = Frames(fixture)
        assert other.connect(auth={"pid": first["pid"], "offset": offset})["sid"] != first["sid"]
        other.socket.close()


@pytest.mark.parametrize("packet", ["41", '42["kick-me"]', '42["kick-me",true]', "4abc"])
def test_who_left_or_was_put_out_recovers_nothing(fixture, packet):
    frames = Frames(fixture)
    first = frames.connect()
    offset = offset_of(frames.welcome)
    frames.send(packet)
    time.sleep(0.2)
    other = Frames(fixture)
    assert other.connect(auth={"pid": first["pid"], "offset": offset})["sid"] != first["sid"]
    other.socket.close()
    frames.socket.close()


def test_middleware_is_asked_again(fixture):
    frames = Frames(fixture)
    frames.send('40/secure,{"token":"wrong"}')
    assert frames.next() == '44/secure,{"message":"not authorized","data":{"code":"E_AUTH"}}'
    first = frames.connect("/secure", {"token": "open"})
    offset = offset_of(frames.welcome)
    lose(frames)
    time.sleep(0.2)
    other = Frames(fixture)
    other.send("40/secure," + json.dumps({"token": "blocked", "pid": first["pid"], "offset": offset}))
    assert other.next().startswith('44/secure,{"message":"not authorized"')
    # With a token that is good again the state is still there.
    assert other.connect("/secure", {"token": "open", "pid": first["pid"], "offset": offset}) == first
    other.socket.close()
