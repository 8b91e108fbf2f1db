"""The text editor in Chromium: several windows write at once, offline and through crashes, and see the same."""

import re
import signal
import time

import pytest
import requests
from playwright.sync_api import expect

import tokens
from api import User
from pages import PATIENCE, chromium, serve, until  # noqa: F401 (a fixture)
from proxy import Network

SIZES = ((1280, 800), (360, 740))

# Whether a press in the middle of an element meets it.
IS_ON_TOP = """id => {
  const element = document.getElementById(id), box = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""

TEXT = """Minutes, Tuesday

We looked at the three offers. The second is the cheapest, but only when the van is not counted; with it, the first one is better by two hundred a month.

Ada asks the landlord about the yard. Grace reads the contract and writes to everybody by Thursday. Until then nothing is signed.

Open: who pays for the sign, and whether we need one at all.
"""


@pytest.fixture(scope="module")
def editor_server(tmp_path_factory):
    one = serve(tmp_path_factory.mktemp("editor"))
    yield one
    assert one.stop() == 0, one.tail()


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory):
    one = serve(tmp_path_factory.mktemp("guarded"), "--jwt-secret", tokens.SECRET)
    yield one
    assert one.stop() == 0, one.tail()


@pytest.fixture
def networks(editor_server):
    """A network for each of two windows, which can be cut."""
    both = [Network(editor_server.port) for _ in range(2)]
    yield both
    for one in both:
        one.close()


class Window:
    """One browser window with the editor in it."""

    def __init__(self, chromium, url, document, name, query="", state="live", routes=(), script="", **options):
        self.context = chromium.new_context(**{"viewport": {"width": 1000, "height": 700}, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: "Content Security" in message.text and self.complaints.append(message.text))
        self.page.add_init_script(script)
        for address, answer in routes:
            self.page.route(address, answer)
        self.page.goto(f"{url}/editor/?doc={document}&name={name}{query}")
        self.wait_for_state(state)
        self.field = self.page.locator("#body")

    def wait_for_state(self, state):
        expect(self.page.locator("body")).to_have_attribute("data-state", state, timeout=PATIENCE)

    def text(self) -> str:
        return self.field.input_value()

    def caret(self, at):
        self.field.evaluate("(field, at) => { field.focus(); field.setSelectionRange(at, at); }", at)

    def type(self, text, at=None):
        """Types as a keyboard does, at the caret or at an offset."""
        if at is not None:
            self.caret(at)
        self.page.keyboard.type(text)

    def shows(self, status):
        expect(self.page.locator("#state")).to_have_text(status)

    def close(self):
        self.context.close()
        assert self.complaints == []


@pytest.fixture
def open_window(chromium):
    windows = []

    def make(*arguments, **options):
        windows.append(Window(chromium, *arguments, **options))
        return windows[-1]

    yield make
    for window in windows:
        window.close()


def converge(*windows):
    """All show the same text and "Saved"; it is the text."""

    def same():
        texts = {window.text() for window in windows} | {window.page.evaluate("editor.text.toString()") for window in windows}
        return len(texts) == 1 and all(window.page.locator("#state").text_content() == "Saved" for window in windows)

    until(same, "all windows show the same, and that it is saved")
    return windows[0].text()


def cut(networks, windows):
    for network in networks:
        network.cut()
    for window in windows:
        window.wait_for_state("offline")


def restore(networks, windows):
    for network in networks:
        network.restore()
    for window in windows:
        window.page.evaluate("editor.connection.retry()")
        window.wait_for_state("live")


@pytest.mark.parametrize("count", [2, 4])
def test_windows_type_at_once_and_converge(open_window, editor_server, document, count):
    windows = [open_window(editor_server.url, document, name) for name in ("Ada", "Grace", "Edsger", "Barbara")[:count]]
    windows[0].type("\n".join(f"line {number}:" for number in range(count)))
    converge(*windows)
    for number, window in enumerate(windows):
        window.caret(window.text().index(f"line {number}:") + len(f"line {number}:"))
    # Turn by turn in letters, all on their way at once.
    for letter in range(8):
        for number, window in enumerate(windows):
            window.type(chr(ord("a") + letter) if letter != 5 else "é")
            if letter == 7 and number % 2:
                window.page.keyboard.press("Backspace")
    text = converge(*windows)
    expected = ["abcdeég" + ("" if number % 2 else "h") for number in range(count)]
    assert text.split("\n") == [f"line {number}:{tail}" for number, tail in enumerate(expected)]
    assert editor_server.text(document) == text
    expect(windows[0].page.locator("#count")).to_have_text(f"{3 * count - count} words")


def test_offline_edits_of_both_sides_merge(open_window, networks, document):
    ada, grace = windows = [open_window(network.url, document, name) for network, name in zip(networks, ("Ada", "Grace"))]
    ada.type("Milk, bread, eggs.")
    converge(*windows)
    cut(networks, windows)
    ada.type(" Call first.", at=18)
    grace.page.evaluate("editor.field.setSelectionRange(4, 11), editor.field.focus()")
    grace.page.keyboard.press("Backspace")
    grace.type("Oat ", at=0)
    for window in windows:
        expect(window.page.locator("#banner")).to_be_visible()
        expect(window.page.locator("#state")).to_have_text(re.compile(r"^Offline: \d+ changes? kept on this device$"))
        pending = window.page.evaluate("editor.doc.pending")
        assert window.page.locator("#state").text_content().startswith(f"Offline: {pending} change")
    assert ada.text() == "Milk, bread, eggs. Call first."
    restore(networks, windows)
    assert converge(*windows) == "Oat Milk, eggs. Call first."
    for window in windows:
        expect(window.page.locator("#banner")).to_be_hidden()


def test_reload_keeps_what_was_not_sent(open_window, networks, document, editor_server):
    ada = open_window(networks[0].url, document, "Ada")
    ada.type("Sent. ")
    ada.shows("Saved")
    # The server takes nothing any more, but the page itself can still be loaded.
    ada.context.route("**/socket.io/**", lambda route: route.abort())
    ada.context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    networks[0].cut()
    ada.wait_for_state("offline")
    networks[0].restore()
    ada.type("Not sent.")
    expect(ada.page.locator("#state")).to_have_text(re.compile("kept on this device$"))
    ada.page.reload()
    ada.wait_for_state("offline")
    expect(ada.field).to_have_value("Sent. Not sent.")
    expect(ada.page.locator("#state")).to_have_text(re.compile("kept on this device$"))
    expect(ada.page.locator("#banner")).to_contain_text("Go on writing")
    assert editor_server.text(document) == "Sent. "
    ada.context.unroute_all()
    ada.page.reload()
    ada.wait_for_state("live")
    ada.shows("Saved")
    assert editor_server.text(document) == "Sent. Not sent."


def test_a_killed_server_loses_nothing_that_was_shown_as_saved(open_window, tmp_path, document):
    server = serve(tmp_path)
    try:
        ada, grace = (open_window(server.url, document, name) for name in ("Ada", "Grace"))
        saved = ""
        for turn in range(2):
            ada.type(f"round {turn}. ")
            ada.shows("Saved")
            saved = ada.text()
            # In the middle of a word; what a server that hangs was sent is not saved.
            server.process.send_signal(signal.SIGSTOP)
            ada.type("unfin")
            ada.page.wait_for_timeout(500)
            ada.shows("Saving…")
            server.kill()
            ada.type("ished. ")
            ada.wait_for_state("offline")
            assert ada.page.locator("#state").text_content() != "Saved"
            server.start()
            assert server.text(document).startswith(saved)
            for window in (ada, grace):
                window.page.evaluate("editor.connection.retry()")
                window.wait_for_state("live")
            ada.shows("Saved")
            assert server.text(document) == ada.text()
        assert converge(ada, grace) == "".join(f"round {turn}. unfinished. " for turn in range(2))
    finally:
        server.stop()


def test_undo_leaves_the_others_text(open_window, editor_server, document):
    ada, grace = (open_window(editor_server.url, document, name) for name in ("Ada", "Grace"))
    undo, redo = (ada.page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    expect(undo).to_be_disabled()
    ada.type("Mine. ")
    converge(ada, grace)
    grace.type("Theirs.", at=6)
    converge(ada, grace)
    ada.page.keyboard.press("Control+z")
    assert converge(ada, grace) == "Theirs."
    ada.page.keyboard.press("Control+Shift+z")
    assert converge(ada, grace) == "Mine. Theirs."
    undo.click()
    expect(ada.field).to_be_focused()
    assert converge(ada, grace) == "Theirs."
    expect(undo).to_be_disabled()
    redo.click()
    assert converge(ada, grace) == "Mine. Theirs."
    expect(redo).to_be_disabled()


def test_the_others_are_seen(open_window, editor_server, document):
    ada, grace = (open_window(editor_server.url, document, name) for name in ("Ada", "Grace"))
    ada.type("The quick brown fox")
    converge(ada, grace)
    people = grace.page.locator("#people li")
    expect(people).to_have_count(2)
    expect(people.nth(0)).to_have_attribute("title", "Grace (you)")
    expect(people.nth(1)).to_have_attribute("title", "Ada")
    colors = [people.nth(at).evaluate("(item) => item.style.getPropertyValue('--who')") for at in range(2)]
    assert len(set(colors)) == 2
    expect(grace.page.locator(".quire-flag")).to_have_text("Ada")
    ada.page.evaluate("editor.field.setSelectionRange(4, 9)")
    expect(grace.page.locator(".quire-selection")).to_have_count(1)
    # It is in Ada's colour, over the word.
    shown = grace.page.locator(".quire-caret").evaluate("(mark) => getComputedStyle(mark).borderLeftColor")
    assert shown == "rgb({}, {}, {})".format(*bytes.fromhex(colors[1][1:]))
    box, field = grace.page.locator(".quire-selection").bounding_box(), grace.field.bounding_box()
    assert field["x"] < box["x"] and 20 < box["width"] < 80
    # Two of one name have two colours.
    third = open_window(editor_server.url, document, "Ada")
    expect(grace.page.locator("#people li")).to_have_count(3)
    until(lambda: len(set(grace.page.locator("#people li").evaluate_all("all => all.map((item) => item.style.getPropertyValue('--who'))"))) == 3, "three colours")
    expect(grace.page.locator("#announcements")).to_contain_text("Ada is here")
    third.context.close()
    expect(grace.page.locator("#people li")).to_have_count(2)
    expect(grace.page.locator("#announcements")).to_contain_text("Ada left")


def test_a_reader_is_seen_but_changes_nothing(open_window, guarded_server, document, artifacts):
    writer = tokens.make(sub="w", name="Wanda", docs={"*": "write"})
    reader = tokens.make(sub="r", name="Rita", docs={"*": "read"})
    wanda = open_window(guarded_server.url, document, "", query=f"&token={writer}")
    wanda.type("Look, do not touch.")
    wanda.shows("Saved")
    rita = open_window(guarded_server.url, document, "", query=f"&token={reader}")
    expect(rita.field).to_have_value("Look, do not touch.")
    expect(rita.page.locator("#lock")).to_be_visible()
    expect(rita.page.locator("#history")).to_be_hidden()
    assert not rita.field.is_editable()
    rita.type("!!", at=4)
    rita.page.keyboard.press("Control+z")
    wanda.type(" Thanks.")
    wanda.shows("Saved")
    expect(rita.field).to_have_value("Look, do not touch. Thanks.")
    expect(wanda.page.locator("#people li").nth(1)).to_have_attribute("title", "Rita, reads")
    expect(wanda.page.locator(".quire-caret")).to_have_attribute("data-name", "Rita")
    # What is shared is the document, not the right to write.
    wanda.context.grant_permissions(["clipboard-read", "clipboard-write"])
    wanda.page.get_by_role("button", name="Copy link").click()
    expect(wanda.page.locator("#share")).to_have_text("Copied")
    assert wanda.page.evaluate("navigator.clipboard.readText()") == f"{guarded_server.url}/editor/?doc={document}"
    wanda.page.evaluate("text => editor.text.insert(0, text)", TEXT)
    expect(rita.field).to_have_value(re.compile("^Minutes"))
    rita.page.screenshot(path=artifacts / "editor-readonly.png")
    rita.page.goto(f"{guarded_server.url}/editor/?token={reader}")
    expect(rita.page.locator("#document-list a").first).to_be_visible()
    rita.page.screenshot(path=artifacts / "editor-start.png")


def test_a_role_that_falls_and_rises_while_somebody_types_loses_nothing(open_window, guarded_server, document):
    admin = User(guarded_server.url, "root", docs={"*": "admin"})
    wanda = open_window(
        guarded_server.url, document, "", query=f"&token={tokens.make(sub='w', name='Wanda', docs={document: 'write'})}"
    )
    wanda.type("Start.")
    wanda.shows("Saved")
    reader = open_window(
        guarded_server.url, document, "", query=f"&token={tokens.make(sub='r', name='Rita', docs={document: 'read'})}"
    )
    # A key every few milliseconds, without a pause for what the page says.
    wanda.page.evaluate("""() => {
        globalThis.typed = 0;
        globalThis.typing = setInterval(() => {
            if (editor.doc.canWrite) editor.text.insert(editor.text.length, String(typed++ % 10));
        }, 3);
    }""")
    for role in ["read", "write", "comment", "write", "read", "write"]:
        assert admin.put(f"{document}/roles/w", {"role": role}).status_code == 200
        wanda.page.wait_for_function("role => document.body.dataset.role === role", arg=role)
        if role != "write":
            expect(wanda.field).to_have_js_property("readOnly", True)
        wanda.page.wait_for_timeout(300)
    typed = wanda.page.evaluate("() => { clearInterval(typing); return typed; }")
    assert typed > 50
    wanda.shows("Saved")
    expected = "Start." + "".join(str(number % 10) for number in range(typed))
    until(lambda: reader.text() == expected, "the reader has every letter, once and in order")
    assert wanda.text() == expected
    answer = admin.get(f"{document}?format=text")
    assert answer.text == expected


def test_changes_are_parked_when_the_role_is_lowered(open_window, guarded_server, document):
    network = Network(guarded_server.port)
    try:
        write, read = (tokens.make(sub="w", name="Wanda", docs={document: role}) for role in ("write", "read"))
        wanda = open_window(network.url, document, "", query=f"&token={write}")
        wanda.type("Before. ")
        wanda.shows("Saved")
        cut([network], [wanda])
        wanda.type("Meanwhile.")
        wanda.page.evaluate("token => void editor.connection.setToken(token)", read)
        restore([network], [wanda])
        notice = wanda.page.locator(".notice")
        expect(notice).to_contain_text("You may no longer write here")
        expect(wanda.page.locator("#state")).to_have_text(re.compile(r"^Not sent: \d+ changes? kept on this device$"))
        expect(wanda.page.locator("#lock")).to_be_visible()
        assert wanda.text() == "Before. Meanwhile." and guarded_server.text(document, write) == "Before. "
        wanda.page.evaluate("token => void editor.connection.setToken(token)", write)
        wanda.shows("Saved")
        expect(notice).to_have_count(0)
        assert guarded_server.text(document, write) == "Before. Meanwhile."
    finally:
        network.close()


def test_a_device_that_keeps_nothing_is_not_said_to(open_window, networks, document):
    ada = open_window(networks[0].url, document, "Ada", script="IDBFactory.prototype.open = () => { throw new Error('full') };")
    ada.type("Kept? ")
    ada.shows("Saved")
    cut(networks[:1], [ada])
    ada.type("!")
    ada.shows("Offline: 1 change only in this window")
    expect(ada.page.locator(".notice")).to_contain_text("This device keeps nothing")
    ada.page.on("dialog", lambda dialog: dialog.accept())
    restore(networks[:1], [ada])
    ada.shows("Saved")


def test_polling_alone_is_enough(open_window, editor_server, document):
    ada = open_window(editor_server.url, document, "Ada", query="&transports=polling")
    grace = open_window(editor_server.url, document, "Grace")
    ada.type("Polled. ")
    converge(ada, grace)
    grace.type("Heard.", at=8)
    assert converge(ada, grace) == "Polled. Heard."
    expect(ada.page.locator(".quire-caret")).to_have_attribute("data-name", "Grace")


def test_emoji_and_input_methods(open_window, editor_server, document):
    ada, grace = (open_window(editor_server.url, document, name) for name in ("Ada", "Grace"))
    # A family of four, joined: eleven code units, and one of them at a time is no character.
    ada.page.keyboard.insert_text("a👨‍👩‍👧‍👦b🎈c")
    assert converge(ada, grace) == "a👨‍👩‍👧‍👦b🎈c"
    ada.caret(15)
    ada.page.keyboard.press("Backspace")
    grace.page.keyboard.insert_text("🎉")
    assert converge(ada, grace) == "🎉a👨‍👩‍👧‍👦bc"
    # What another writes meanwhile is shown when the composition is done; nothing of either is lost or doubled.
    ada.caret(len("🎉".encode("utf-16-le")) // 2 + 1)
    keyboard = ada.context.new_cdp_session(ada.page)
    for composed in ("n", "に", "にほ"):
        keyboard.send("Input.imeSetComposition", {"text": composed, "selectionStart": len(composed), "selectionEnd": len(composed)})
    grace.type("X", at=0)
    grace.shows("Saved")
    until(lambda: ada.page.evaluate("editor.text.toString()").startswith("X"), "Ada's page has heard of it")
    assert "にほ" in ada.text() and not ada.text().startswith("X"), "the field is left alone while it composes"
    keyboard.send("Input.insertText", {"text": "日本"})
    assert converge(ada, grace) == "X🎉a日本👨‍👩‍👧‍👦bc"
    assert editor_server.text(document) == "X🎉a日本👨‍👩‍👧‍👦bc"


def test_documents_are_listed_and_made_by_keys(open_window, editor_server, document):
    ada = open_window(editor_server.url, document, "Ada")
    ada.type("Here.")
    ada.shows("Saved")
    ada.page.get_by_role("button", name="Documents").press("Enter")
    expect(ada.page.get_by_label("New document")).to_be_focused()
    expect(ada.page.locator("#document-list [aria-current]")).to_contain_text(document)
    name = f"Übung Nr. {document[-4:]}"
    ada.page.keyboard.type(name)
    made = f"Ubung-Nr.-{document[-4:]}"
    expect(ada.page.locator("#new-hint")).to_have_text(f"Its link: {made}")
    ada.page.keyboard.press("Enter")
    ada.page.wait_for_url(f"**doc={made}**")
    ada.wait_for_state("live")
    expect(ada.page.locator("h1")).to_have_text(made)
    expect(ada.field).to_be_focused()
    ada.type("New.")
    ada.shows("Saved")
    assert editor_server.text(made) == "New."
    ada.page.get_by_role("button", name="Documents").click()
    expect(ada.page.locator("#document-list a", has_text=made)).to_be_visible()
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("button", name="Documents")).to_be_focused()
    # Without a document there is the list.
    ada.page.goto(f"{editor_server.url}/editor/?name=Ada")
    expect(ada.page.get_by_role("heading", level=1)).to_have_text("Documents")
    ada.page.locator("#document-list a", has_text=document).click()
    expect(ada.field).to_have_value("Here.")
    # Another name, kept on this device.
    ada.page.get_by_role("button", name="Documents").click()
    ada.page.get_by_role("button", name="Ada").click()
    ada.page.get_by_label("What the others see").fill("Lovelace")
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator("#people li").first).to_have_attribute("title", "Lovelace (you)")


def test_versions_are_listed_and_restored_live(open_window, editor_server, document, artifacts):
    ada = open_window(editor_server.url, document, "Ada")
    ada.type("As it was, 🎉.")
    ada.shows("Saved")
    versions = f"{editor_server.url}/v1/docs/{document}/versions"
    assert requests.post(versions, json={"name": "First draft"}, timeout=5).status_code == 201
    ada.page.keyboard.press("Control+A")
    ada.type("As it is now, 🎈.")
    ada.shows("Saved")
    grace = open_window(editor_server.url, document, "Grace")
    grace.page.get_by_role("button", name="Versions").click()
    grace.page.get_by_role("button", name="Restore First draft").click()
    expect(grace.page.locator("#version-hint")).to_contain_text("is restored")
    assert converge(ada, grace) == "As it was, 🎉."
    grace.page.get_by_role("button", name="Undo").click()
    assert converge(ada, grace) == "As it is now, 🎈."
    grace.page.set_viewport_size({"width": 360, "height": 740})
    assert grace.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert grace.page.get_by_role("button", name="Copy link").bounding_box()["x"] < 300
    grace.page.screenshot(path=artifacts / "editor-versions-360.png")


def test_a_version_is_kept_under_a_name(open_window, guarded_server, document, artifacts):
    writer, reader = (tokens.make(sub=name, name=name, docs={"*": role}) for name, role in (("Wanda", "write"), ("Rita", "read")))
    wanda = open_window(guarded_server.url, document, "", query=f"&token={writer}")
    wanda.type("The first draft.")
    wanda.page.get_by_role("button", name="Versions").click()
    expect(wanda.page.get_by_label("Keep the text as it is now")).to_be_focused()
    wanda.page.keyboard.type("Draft <1>")
    # What was typed a moment ago is in it.
    wanda.page.evaluate("editor.text.insert(16, ' And more.')")
    wanda.page.keyboard.press("Enter")
    expect(wanda.page.locator("#version-hint")).to_have_text("“Draft <1>” is kept.")
    expect(wanda.page.locator("#version-list .name").first).to_have_text("Draft <1>")
    expect(wanda.page.locator("#version-list small").first).to_contain_text("Wanda")
    wanda.page.screenshot(path=artifacts / "editor-versions.png")
    headers = {"Authorization": f"Bearer {writer}"}
    [kept] = requests.get(f"{guarded_server.url}/v1/docs/{document}/versions", headers=headers, timeout=5).json()["versions"]
    text = requests.get(f"{guarded_server.url}/v1/docs/{document}/versions/{kept['id']}?format=text", headers=headers, timeout=5).text
    assert text == "The first draft. And more."
    # A server that refuses is heard.
    wanda.page.route("**/versions", lambda route: route.fulfill(status=409, json={"code": "TOO_MANY", "message": "there are too many"}))
    wanda.page.get_by_label("Keep the text as it is now").fill("Another")
    wanda.page.keyboard.press("Enter")
    expect(wanda.page.locator("#version-hint")).to_have_text("“Another” could not be kept: there are too many")
    expect(wanda.page.get_by_label("Keep the text as it is now")).to_have_value("Another")
    rita = open_window(guarded_server.url, document, "", query=f"&token={reader}")
    rita.page.get_by_role("button", name="Versions").click()
    expect(rita.page.get_by_role("button", name="Restore Draft <1>")).to_be_disabled()
    expect(rita.page.locator("#keep-version")).to_be_hidden()


def test_who_is_writing_is_seen_and_not_read_out(open_window, editor_server, document):
    ada, grace = (open_window(editor_server.url, document, name) for name in ("Ada", "Grace"))
    ada.type("Hello")
    converge(ada, grace)
    writing = grace.page.locator("#people li", has_text="Ada").locator(".typing")
    expect(grace.page.locator(".typing")).to_have_count(0, timeout=10_000)
    color = ada.page.evaluate("editor.doc.presence.state.color")
    begun = time.monotonic()
    ada.type(" there")
    expect(writing).to_have_count(1)
    # Beside the caret and the colour, and not in one's own window.
    expect(grace.page.locator(".quire-caret")).to_have_attribute("data-name", "Ada")
    assert ada.page.evaluate("editor.doc.presence.state.color") == color
    expect(ada.page.locator(".typing")).to_have_count(0)
    assert writing.get_attribute("aria-hidden") == "true"
    assert "writ" not in grace.page.locator("#announcements").text_content() and "typ" not in grace.page.locator("#people").text_content()
    ada.type("!")
    expect(writing).to_have_count(0, timeout=10_000)
    assert time.monotonic() - begun > 2.5
    expect(grace.page.locator(".quire-caret")).to_have_attribute("data-name", "Ada")
    # What comes from others is not what one writes oneself.
    grace.type("?", at=0)
    expect(ada.page.locator("#people li", has_text="Grace").locator(".typing")).to_have_count(1)
    assert grace.page.locator(".typing").count() == 0


def test_where_the_server_has_no_versions_there_is_no_button(open_window, editor_server, document):
    ada = open_window(editor_server.url, document, "Ada", routes=[
        ("**/versions", lambda route: route.fulfill(status=404, content_type="application/json", body="{}")),
    ])
    ada.type("Here.")
    ada.shows("Saved")
    expect(ada.page.locator("#versions-button")).to_be_hidden()


def test_who_cannot_open_it_is_told(open_window, guarded_server, document):
    one = open_window(guarded_server.url, document, "", query=f"&token={tokens.make(docs={'other': 'write'})}", state="refused")
    expect(one.page.get_by_role("alert")).to_contain_text("you have no right to it")
    none = open_window(guarded_server.url, document, "Ada", state="refused")
    expect(none.page.get_by_role("alert")).to_contain_text("The document cannot be opened")
    away = open_window(
        guarded_server.url, document, "", query=f"&token={tokens.make(docs={'*': 'write'})}&transports=polling", state="loading",
        routes=[("**/socket.io/**", lambda route: route.abort())],
    )
    expect(away.page.locator("#banner")).to_contain_text("The server cannot be reached")
    away.shows("Opening…")


def test_what_it_looks_like(open_window, editor_server, networks, document, artifacts):
    document = f"Minutes-{document[-4:]}"
    ada = open_window(networks[0].url, document, "Ada")
    grace, edsger = (open_window(editor_server.url, document, name) for name in ("Grace", "Edsger Dijkstra"))
    grace.page.evaluate("text => editor.text.insert(0, text)", TEXT)
    converge(ada, grace, edsger)
    ada.page.emulate_media(color_scheme="light")

    def take(name, width):
        assert ada.page.evaluate("document.documentElement.scrollWidth") <= width
        heights = ada.page.locator("button:visible").evaluate_all("all => all.map((each) => each.getBoundingClientRect().height)")
        assert min(heights) >= 24
        for scheme in ("light", "dark"):
            ada.page.emulate_media(color_scheme=scheme)
            ada.page.screenshot(path=artifacts / f"editor-{name}-{scheme}-{width}.png")

    for width, height in SIZES:
        ada.page.set_viewport_size({"width": width, "height": height})
        ada.page.reload()
        ada.wait_for_state("live")
        grace.page.evaluate("editor.field.focus(), editor.field.setSelectionRange(200, 330)")
        edsger.caret(63)
        expect(ada.page.locator(".quire-caret")).to_have_count(2)
        expect(ada.page.locator(".quire-selection").first).to_be_visible()
        ada.shows("Saved")
        expect(ada.page.locator("#people li:visible")).to_have_count(3)
        take("open", width)
        if width < 600:
            ada.page.get_by_role("button", name="Documents").click()
            expect(ada.page.locator("#document-list a").first).to_be_visible()
            take("documents", width)
            ada.page.mouse.click(width - 10, height / 2)
            expect(ada.page.locator("#documents")).to_be_hidden()
        cut(networks[:1], [ada])
        ada.type("Not sent yet. ", at=18)
        expect(ada.page.locator("#state")).to_have_text(re.compile("kept on this device$"))
        # Nothing lies over what says so, and over what is to be pressed.
        expect(ada.page.locator("#banner")).to_be_visible()
        for id in ("title", "documents-button", "state", "share", "retry"):
            assert ada.page.evaluate(IS_ON_TOP, id), f"{id} is hidden at {width} px"
        take("offline", width)
        restore(networks[:1], [ada])
        ada.shows("Saved")
