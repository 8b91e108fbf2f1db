"""The samples page in Chromium: two windows write one document, before and after the server is killed."""

import signal
import time

import pytest
from playwright.sync_api import expect

import tokens
from pages import chromium  # noqa: F401 (a fixture)
from wire import WebSocketPeer, splice

SAVED = '.pane[data-connection="connected"][data-saved="true"]'
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


class Window:
    """One browser window of its own, with all that its page complained about."""

    def __init__(self, browser, server, document, name, panes=1, **options):
        self.context = browser.new_context(**{"viewport": {"width": 900, "height": 700}, **options})
        self.page = self.context.new_page()
        self.complaints, self.requests = [], []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"{server.url}/?doc={document}&name={name}&panes={panes}")
        self.field = self.page.locator("textarea").first
        self.pane = self.page.locator(".pane").first
        expect(self.pane).to_have_attribute("data-connection", "connected")

    @property
    def text(self) -> str:
        return self.field.input_value()

    def put_caret(self, offset: int):
        self.field.evaluate("(field, at) => { field.focus(); field.setSelectionRange(at, at); }", offset)

    def wait_until_saved(self):
        expect(self.page.locator(SAVED).first).to_be_visible(timeout=PATIENCE)

    def wait_for_text(self, text: str):
        expect(self.field).to_have_value(text)

    def close(self):
        assert self.complaints == []
        self.context.close()


@pytest.fixture
def windows(chromium):
    """Opens windows, and closes them when the test is over."""
    opened = []

    def open_window(*arguments, **options):
        window = Window(chromium, *arguments, **options)
        opened.append(window)
        return window

    yield open_window
    for window in opened:
        window.close()


def type_in_turns(windows, texts):
    """One key here, one key there, as two people do."""
    for index in range(max(map(len, texts))):
        for window, text in zip(windows, texts):
            if index < len(text):
                window.page.keyboard.press("Enter") if text[index] == "\n" else window.page.keyboard.insert_text(text[index])


def converged(windows, server, document):
    """The one text that all windows and the server end with."""
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        for window in windows:
            window.wait_until_saved()
        texts = {window.text for window in windows} | {server.text(document)}
        if len(texts) == 1:
            return texts.pop()
        assert time.monotonic() < deadline, texts
        time.sleep(0.05)


def test_two_windows_write_at_once_and_see_each_other(windows, server, document):
    ada, grace = windows(server, document, "Ada"), windows(server, document, "Grace")
    ada.put_caret(0)
    type_in_turns([ada], ["The beginning. \n The end."])
    grace.wait_for_text("The beginning. \n The end.")
    ada.put_caret(15)
    grace.put_caret(len(grace.text))
    type_in_turns([ada, grace], ["Ada writes 😀 here, ", " and Grace ü writes there."])
    expected = "The beginning. Ada writes 😀 here, \n The end. and Grace ü writes there."
    assert converged([ada, grace], server, document) == expected

    for window, other in ((ada, "Grace"), (grace, "Ada")):
        expect(window.page.locator(".people li")).to_have_text([other])
        caret = window.page.locator(f'.caret[data-name="{other}"]')
        expect(caret).to_have_count(1)
        expect(window.page.locator(".saved")).to_have_text("Saved")
    colors = [window.pane.evaluate("pane => pane.style.getPropertyValue('--me')") for window in (ada, grace)]
    assert colors[0] != colors[1]
    assert all(url.startswith(server.url) for window in (ada, grace) for url in window.requests if not url.startswith("data:"))


def test_the_selection_of_the_other_is_seen_where_it_is(windows, server, document):
    ada, grace = windows(server, document, "Ada"), windows(server, document, "Grace")
    ada.put_caret(0)
    ada.page.keyboard.insert_text("one two three")
    grace.wait_for_text("one two three")
    ada.field.evaluate("field => field.setSelectionRange(4, 7)")
    box = grace.page.locator('.selection[data-name="Ada"]')
    expect(box).to_have_count(1)
    before = box.bounding_box()
    # Text in front of it moves it along, before Ada says anything.
    grace.put_caret(0)
    grace.page.keyboard.insert_text("0000 ")
    ada.wait_for_text("0000 one two three")
    # Meanwhile Ada tells her selection anew, and the mark is drawn again: what counts is where it comes to rest.
    width = pytest.approx(before["width"], abs=1)
    deadline = time.monotonic() + PATIENCE / 1000
    while (after := box.bounding_box()) is None or after["x"] <= before["x"] + 10 or after["width"] != width:
        assert time.monotonic() < deadline, (before, after)
        time.sleep(0.05)
    assert ada.field.evaluate("field => [field.selectionStart, field.selectionEnd]") == [9, 12]
    ada.context.close()
    expect(grace.page.locator(".people li")).to_have_count(0)
    expect(box).to_have_count(0)


def test_two_panes_of_one_page_follow_each_other(windows, server, document):
    window = windows(server, document, "Ada", panes=2)
    left, right = window.page.locator("textarea").all()
    expect(window.page.locator(SAVED)).to_have_count(2)
    left.click()
    window.page.keyboard.type("left ")
    expect(right).to_have_value("left ")
    right.click()
    window.page.keyboard.press("End")
    window.page.keyboard.type("right")
    expect(left).to_have_value("left right")
    link = window.page.locator("#link").input_value()
    assert f"doc={document}" in link and "name=" not in link


def test_the_page_comes_back_after_kill_9_and_loses_nothing_it_called_saved(windows, own_server, document):
    ada, grace = windows(own_server, document, "Ada"), windows(own_server, document, "Grace")
    ada.put_caret(0)
    type_in_turns([ada], ["Written and saved.\n"])
    ada.wait_until_saved()
    grace.wait_for_text("Written and saved.\n")

    own_server.kill()
    for window in (ada, grace):
        expect(window.pane).to_have_attribute("data-connection", "offline")
        expect(window.page.locator(".saved")).to_have_text("Saved")
    # Both go on without the server, and the page does not claim more than is true.
    ada.put_caret(len(ada.text))
    grace.put_caret(0)
    type_in_turns([ada, grace], ["Ada, offline.", "Grace, offline. "])
    for window in (ada, grace):
        expect(window.pane).to_have_attribute("data-saved", "false")
        expect(window.page.locator(".saved")).to_have_text("Not saved yet, kept here")

    own_server.start()
    for window in (ada, grace):
        expect(window.pane).to_have_attribute("data-connection", "connected")
    expected = "Grace, offline. Written and saved.\nAda, offline."
    assert converged([ada, grace], own_server, document) == expected
    expect(ada.page.locator(".people li")).to_have_text(["Grace"])


def test_the_server_dies_in_the_middle_of_typing(windows, own_server, document):
    ada, grace = windows(own_server, document, "Ada"), windows(own_server, document, "Grace")
    # Something between the two carets, else they stand at one place and their words mingle.
    ada.put_caret(0)
    type_in_turns([ada], ["|"])
    grace.wait_for_text("|")
    for round_number in range(3):
        ada.put_caret(0)
        grace.put_caret(len(grace.text))
        type_in_turns([ada, grace], [f"a{round_number}" * 10, f"g{round_number}" * 10])
        own_server.kill()
        type_in_turns([ada, grace], ["A" * 5, "G" * 5])
        own_server.start()
        type_in_turns([ada, grace], ["x" * 5, "y" * 5])
        converged([ada, grace], own_server, document)
    text = converged([ada, grace], own_server, document)
    for letter in "AGxy":
        assert text.count(letter) == 15, f"{letter}: {text}"
    for round_number in range(3):
        for letter in "ag":
            assert text.count(f"{letter}{round_number}") == 10, f"{letter}{round_number}: {text}"


def test_the_page_works_over_polling_where_websockets_are_blocked(chromium, server, document):
    context = chromium.new_context()
    page = context.new_page()
    page.add_init_script("window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({})); } close() {} };")
    page.goto(f"{server.url}/?doc={document}&name=Ada&panes=1")
    expect(page.locator(".pane")).to_have_attribute("data-connection", "connected")
    peer = WebSocketPeer(server.url).connect({"name": "Raw"})
    peer.join(document)
    page.locator("textarea").click()
    page.keyboard.type("polled")
    expect(page.locator(SAVED)).to_have_count(1)
    assert server.text(document) == "polled"
    peer.revision = 0
    peer.join(document)
    peer.edit(document, splice(0, "pushed and "))
    expect(page.locator("textarea")).to_have_value("pushed and polled")
    peer.close()
    context.close()


def test_an_input_method_is_not_disturbed_by_others(windows, server, document):
    ada = windows(server, document, "Ada")
    ada.put_caret(0)
    ada.page.keyboard.insert_text("ab")
    ada.wait_until_saved()
    ada.put_caret(1)
    peer = WebSocketPeer(server.url).connect({"name": "Raw"})
    peer.join(document)
    session = ada.context.new_cdp_session(ada.page)
    session.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    peer.edit(document, splice(0, "XX"))
    ada.page.wait_for_timeout(300)
    assert ada.text == "aにほb", "the field is left alone while it composes"
    session.send("Input.insertText", {"text": "日本"})
    ada.wait_for_text("XXa日本b")
    assert converged([ada], server, document) == "XXa日本b"
    peer.close()


def test_carriage_returns_of_others_survive_typing_here(windows, server, document):
    peer = WebSocketPeer(server.url).connect({"name": "Raw"})
    peer.join(document)
    peer.edit(document, splice(0, "one\r\ntwo\r\nthree"))
    ada = windows(server, document, "Ada")
    assert ada.text == "one\ntwo\nthree"
    ada.put_caret(7)
    ada.page.keyboard.insert_text("!")
    ada.wait_until_saved()
    assert server.text(document) == "one\r\ntwo!\r\nthree"
    peer.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width,height", [(1280, 800), (390, 844)])
def test_the_page_fits_its_window(windows, server, artifacts, document, scheme, width, height):
    window = windows(
        server, document, "Ada", panes=2, viewport={"width": width, "height": height}, color_scheme=scheme
    )
    left, right = window.page.locator("textarea").all()
    expect(window.page.locator(SAVED)).to_have_count(2)
    left.click()
    window.page.keyboard.insert_text(
        "A gathering of sheets, said like “choir”:\nmany voices, one page.\n\nWhat says Saved is on the server's disk. 😀\n"
    )
    expect(right).to_have_value(left.input_value())
    right.evaluate("field => { field.focus(); field.setSelectionRange(field.value.length, field.value.length); }")
    window.page.keyboard.type("And this came from the other side, typed at the same time.")
    right.evaluate("field => field.setSelectionRange(field.value.length - 22, field.value.length)")
    left.evaluate("field => { field.focus(); field.setSelectionRange(2, 21); }")
    expect(window.page.locator(".selection")).not_to_have_count(0)
    window.page.wait_for_timeout(400)
    window.page.screenshot(path=artifacts / f"page-{scheme}-{width}.png")
    assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


def test_the_page_can_be_used_from_the_keyboard_and_is_read_out(windows, server, document):
    window = windows(server, document, "Ada", panes=2)
    page = window.page
    expect(page.locator(SAVED)).to_have_count(2)
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className || document.activeElement.tagName"))
    assert order == ["A", "A", "link", "copy", "offline", "TEXTAREA", "offline", "TEXTAREA"]
    assert page.get_by_role("textbox", name="Shared text, written as Ada").count() >= 1
    assert page.get_by_role("region", name="Editor of Ada").count() >= 1
    status = page.locator("#announcements")
    expect(status).to_have_attribute("aria-live", "polite")
    expect(status).to_contain_text("is here with Ada")
    page.locator(".offline").nth(1).click()
    expect(page.locator(".pane").nth(1)).to_have_attribute("data-connection", "offline")
    expect(status).to_contain_text("Offline")
    page.locator(".offline").nth(1).click()
    expect(page.locator(".pane").nth(1)).to_have_attribute("data-connection", "connected")


def test_saved_is_not_said_before_it_is_true(windows, own_server, document):
    ada = windows(own_server, document, "Ada")
    ada.put_caret(0)
    ada.page.keyboard.type("first ")
    ada.wait_until_saved()
    own_server.process.send_signal(signal.SIGSTOP)
    try:
        ada.page.keyboard.type("second")
        expect(ada.page.locator(".saved")).to_have_text("Saving…")
        ada.page.wait_for_timeout(700)
        expect(ada.pane).to_have_attribute("data-saved", "false")
    finally:
        own_server.process.send_signal(signal.SIGCONT)
    ada.wait_until_saved()
    assert own_server.text(document) == "first second"


def test_a_token_in_the_address_lets_in_and_a_reader_only_reads(chromium, closed_server, document):
    context = chromium.new_context()
    writer, reader = context.new_page(), context.new_page()
    may = {"write": tokens.make(sub="w", name="Wilma"), "read": tokens.make(sub="r", name="Rita", docs={"*": "read"})}
    writer.goto(f"{closed_server.url}/?doc={document}&panes=1&token={may['write']}")
    expect(writer.locator(".my-name")).to_have_text("Wilma")
    writer.locator("textarea").click()
    writer.keyboard.type("to be read")
    expect(writer.locator(SAVED)).to_have_count(1)
    assert "token" not in writer.locator("#link").input_value()
    reader.goto(f"{closed_server.url}/?doc={document}&panes=1&token={may['read']}")
    expect(reader.locator("textarea")).to_have_value("to be read")
    expect(reader.locator(".connection")).to_have_text("Connected, read only")
    assert reader.locator("textarea").evaluate("field => field.readOnly")
    expect(writer.locator(".people li")).to_have_text(["Rita"])
    context.close()


def test_a_page_without_a_token_says_why_it_is_refused(chromium, closed_server):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{closed_server.url}/?doc=inside&panes=1")
    pane = page.locator(".pane")
    expect(pane).to_have_attribute("data-connection", "refused")
    expect(page.locator(".connection")).to_contain_text("token")
    assert page.locator("textarea").evaluate("field => field.readOnly")
    context.close()
