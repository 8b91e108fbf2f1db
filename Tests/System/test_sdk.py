"""The JavaScript SDK in Chromium: bindings, IndexedDB, several tabs, offline, and a server that dies."""

import pathlib
import time

import pytest
import requests
from playwright.sync_api import expect

from quire import ROOT, Server
from test_browser import chromium  # noqa: F401

PAGE = pathlib.Path(__file__).parent / "sdk_page"
PATIENCE = 20_000


@pytest.fixture
def sdk_server(tmp_path):
    assert (ROOT / ".build-web/sdk/quire.wasm").exists(), "run Sources/QuireWeb/build"
    server = Server(tmp_path, "--samples", str(PAGE)).start()
    yield server
    server.kill()


class Browser:
    """One person's browser: tabs that share storage."""

    def __init__(self, chromium, server, name):
        self.server, self.name = server, name
        self.context = chromium.new_context()
        self.complaints = []

    def tab(self, document, **query):
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        extra = "".join(f"&{key}={value}" for key, value in query.items())
        page.goto(f"{self.server.url}/?doc={document}&name={self.name}{extra}")
        expect(page.locator("body")).to_have_attribute("data-ready", "yes", timeout=PATIENCE)
        return page


@pytest.fixture
def browsers(chromium, sdk_server):  # noqa: F811
    opened = []

    def open_browser(name):
        opened.append(Browser(chromium, sdk_server, name))
        return opened[-1]

    yield open_browser
    for browser in opened:
        # What the network says when the server is away is no complaint of ours.
        assert [text for text in browser.complaints if "ERR_" not in text and "WebSocket connection" not in text] == []
        browser.context.close()


def field_of(page):
    return page.locator("#field")


def type_at(page, offset, text):
    field_of(page).evaluate("(field, at) => { field.focus(); field.setSelectionRange(at, at); }", offset)
    page.keyboard.insert_text(text)


def wait(page, expression):
    """Until it holds; the page's policy forbids what Playwright itself would do, to evaluate a string in there."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"in vain waited for {expression}; errors: {page.evaluate('window.errors')}"
        time.sleep(0.02)


def stored(page):
    wait(page, "doc.state === 'live' && doc.stored")


def test_the_sdk_is_served_packed_and_not_again(sdk_server):
    module = requests.get(f"{sdk_server.url}/sdk/quire.wasm", headers={"Accept-Encoding": "identity"}, timeout=10)
    assert module.headers["content-type"] == "application/wasm"
    assert module.content[:4] == b"\0asm"
    script = requests.get(f"{sdk_server.url}/sdk/quire.js", timeout=10)
    assert script.headers["content-encoding"] == "gzip"
    assert "export function connect" in script.text
    again = requests.get(f"{sdk_server.url}/sdk/quire.js", headers={"If-None-Match": script.headers["etag"]}, timeout=10)
    assert again.status_code == 304


def test_two_browsers_write_at_once_and_see_each_other(browsers, document):
    ada, grace = browsers("Ada").tab(document), browsers("Grace").tab(document)
    type_at(ada, 0, "The beginning. The end.")
    expect(field_of(grace)).to_have_value("The beginning. The end.", timeout=PATIENCE)
    type_at(ada, 14, "")
    type_at(grace, 23, "")
    for one, other in zip([" ", "A", "d", "a", " ", "😀"], " Grace"):
        ada.keyboard.insert_text(one)
        grace.keyboard.insert_text(other)
    for page in (ada, grace):
        expect(field_of(page)).to_have_value("The beginning. Ada 😀 The end. Grace", timeout=PATIENCE)
    stored(ada), stored(grace)
    expect(ada.locator('.quire-caret[data-name="Grace"]')).to_have_count(1, timeout=PATIENCE)
    expect(grace.locator('.quire-caret[data-name="Ada"]')).to_have_count(1, timeout=PATIENCE)
    assert ada.evaluate("connection.user.name") == "Ada"


def test_undo_keys_leave_the_other_alone(browsers, document):
    ada, grace = browsers("Ada").tab(document), browsers("Grace").tab(document)
    type_at(ada, 0, "mine")
    expect(field_of(grace)).to_have_value("mine", timeout=PATIENCE)
    type_at(grace, 4, " theirs")
    expect(field_of(ada)).to_have_value("mine theirs", timeout=PATIENCE)
    field_of(ada).focus()
    ada.keyboard.press("Control+z")
    expect(field_of(ada)).to_have_value(" theirs", timeout=PATIENCE)
    ada.keyboard.press("Control+Shift+z")
    expect(field_of(grace)).to_have_value("mine theirs", timeout=PATIENCE)


def test_unsent_edits_survive_reload_and_a_dead_server(browsers, sdk_server, document):
    ada, grace = browsers("Ada"), browsers("Grace")
    page, other = ada.tab(document), grace.tab(document)
    type_at(page, 0, "stored ")
    stored(page)
    expect(field_of(other)).to_have_value("stored ", timeout=PATIENCE)
    sdk_server.kill()
    wait(page, "doc.state === 'offline'")
    wait(other, "doc.state === 'offline'")
    type_at(page, 7, "unsent")
    type_at(other, 0, "> ")
    wait(page, "doc.kept && doc.pending > 0")
    page.close()
    sdk_server.start()
    # Another tab of the same browser takes over what the closed one had not sent.
    page = ada.tab(document)
    expect(field_of(page)).to_have_value("> stored unsent", timeout=PATIENCE)
    expect(field_of(other)).to_have_value("> stored unsent", timeout=PATIENCE)
    stored(page), stored(other)
    assert sdk_server.text(document) == "> stored unsent"
    assert page.evaluate("errors") == []


def test_a_document_opens_without_the_server(browsers, sdk_server, document):
    ada = browsers("Ada")
    page = ada.tab(document)
    type_at(page, 0, "seen before")
    stored(page)
    wait(page, "doc.kept")
    # The page itself is there, only the Socket.IO endpoint is not.
    ada.context.route("**/socket.io/**", lambda route: route.abort())
    page.goto("about:blank")
    page.goto(f"{sdk_server.url}/?doc={document}&name=Ada&transports=polling")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes", timeout=PATIENCE)
    assert page.evaluate("doc.state") == "offline"
    expect(field_of(page)).to_have_value("seen before")
    type_at(page, 0, "offline: ")
    wait(page, "doc.kept && doc.pending > 0")
    page.reload()
    expect(field_of(page)).to_have_value("offline: seen before", timeout=PATIENCE)
    ada.context.unroute("**/socket.io/**")
    stored(page)
    assert sdk_server.text(document) == "offline: seen before"


def test_two_tabs_of_one_browser_are_two_replicas(browsers, sdk_server, document):
    ada = browsers("Ada")
    one, other = ada.tab(document), ada.tab(document)
    for index in range(5):
        type_at(one, 0, f"a{index}")
        type_at(other, 0, f"b{index}")
    stored(one), stored(other)
    wait(one, "doc.text('body').length === 20")
    wait(other, "doc.text('body').length === 20")
    assert field_of(one).input_value() == field_of(other).input_value() == sdk_server.text(document)
    locks = one.evaluate("navigator.locks.query().then(({ held }) => held.map(({ name }) => name))")
    assert len(set(locks)) >= 2


def test_going_offline_and_back(browsers, sdk_server, document):
    ada, grace = browsers("Ada"), browsers("Grace")
    page, other = ada.tab(document), grace.tab(document)
    ada.context.set_offline(True)
    wait(page, "doc.state === 'offline'")
    type_at(page, 0, "left ")
    type_at(other, 0, "right")
    stored(other)
    begin = time.monotonic()
    ada.context.set_offline(False)
    stored(page)
    assert time.monotonic() - begin < 5
    wait(other, "doc.text('body').length === 10")
    assert sorted(sdk_server.text(document)) == sorted("left right")


def test_polling_alone_is_enough(browsers, sdk_server, document):
    page = browsers("Ada").tab(document, transports="polling")
    type_at(page, 0, "polled")
    stored(page)
    assert sdk_server.text(document) == "polled"


def test_an_editable_element_keeps_its_lines_and_its_caret(browsers, document):
    ada, grace = browsers("Ada").tab(document), browsers("Grace").tab(document)
    editable = ada.locator("#editable")
    ada.evaluate("document.querySelector('#editable').focus()")
    ada.keyboard.type("one")
    ada.keyboard.press("Enter")
    ada.keyboard.type("two")
    ada.keyboard.press("Enter")
    wait(grace, "doc.text('note').toString() === 'one\\ntwo\\n'")
    ada.keyboard.type("three")
    grace.evaluate("doc.text('note').insert(0, '0 ')")
    wait(ada, "doc.text('note').toString() === '0 one\\ntwo\\nthree'")
    ada.keyboard.type("!")
    wait(grace, "doc.text('note').toString() === '0 one\\ntwo\\nthree!'")
    assert editable.evaluate("element => element.childNodes.length") == 1
    ada.keyboard.press("Control+z")
    wait(ada, "doc.text('note').toString() !== '0 one\\ntwo\\nthree!'")
    assert ada.evaluate("doc.text('note').toString()").startswith("0 ")
    expect(grace.locator("#editable")).to_have_text(ada.evaluate("doc.text('note').toString()").strip())
