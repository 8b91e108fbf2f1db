"""The chat and the dashboard in Chromium: two windows, a network that is cut, and what the pages look like."""

import collections
import uuid

import pytest
from playwright.sync_api import expect

import tokens
from gateways import Visitor
from pages import chromium  # noqa: F401 (a fixture)
from proxy import Network

PATIENCE = 20_000
SCREENS = [(scheme, *size) for scheme in ("light", "dark") for size in ((1100, 720), (390, 780))]


@pytest.fixture
def network(own_server):
    one = Network(own_server.port)
    yield one
    one.close()


@pytest.fixture
def open_page(chromium):
    """Opens pages, each in a browser context of its own; in the end none may have complained."""
    contexts, complaints = [], []

    def make(url, **options):
        context = chromium.new_context(**{"viewport": {"width": 900, "height": 700}, **options})
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def is_connected(page):
    expect(page.locator("body")).to_have_attribute("data-connection", "connected", timeout=PATIENCE)
    expect(page.locator("#message")).to_be_enabled(timeout=PATIENCE)


def say(page, text):
    page.locator("#message").fill(text)
    page.keyboard.press("Enter")


def said(page):
    """What stands in the log, in its order: the texts and whether the server has them."""
    return page.locator("#log .message").evaluate_all(
        "lines => lines.map((line) => [line.querySelector('.text').textContent, line.dataset.state])"
    )


def all_sent(page):
    expect(page.locator("body")).to_have_attribute("data-pending", "0", timeout=PATIENCE)


def test_two_windows_talk_and_see_who_is_here(open_page, server):
    ada, grace = open_page(f"{server.url}/chat/?name=Ada"), open_page(f"{server.url}/chat")
    is_connected(ada)
    grace.locator("#name").fill("Grace")
    grace.keyboard.press("Enter")
    is_connected(grace)
    for page, other in ((ada, "Grace"), (grace, "Ada")):
        expect(page.locator("#people li")).to_have_text([other])
    grace.locator("#message").press_sequentially("Hel")
    expect(ada.locator("#typing")).to_have_text("Grace is typing…")
    say(grace, "Hello <b>Ada</b> 😀")
    expect(ada.locator("#log .message .text")).to_have_text(["Hello <b>Ada</b> 😀"])
    expect(ada.locator("#typing")).to_have_text("")
    all_sent(grace)
    assert said(grace) == [["Hello <b>Ada</b> 😀", "sent"]]
    grace.context.close()
    expect(ada.locator("#people li")).to_have_count(0)
    expect(ada.locator("#log .note").last).to_have_text("Grace left")


def test_the_network_is_cut_and_nothing_is_lost_or_doubled(open_page, network, own_server):
    ada, grace = (open_page(f"{network.url}/chat/?name={name}") for name in ("Ada", "Grace"))
    # A third one on another way, who is never cut off, knows what the server has taken.
    witness = Visitor(own_server.url, "/chat", auth={"name": "Witness"})
    witness.call("joinChat", {})
    for page in (ada, grace):
        is_connected(page)
    expected = []
    for turn in range(4):
        texts = [f"{turn}: before {uuid.uuid4().hex[:6]}", f"{turn}: at the cut", f"{turn}: while away"]
        say(ada, texts[0])
        all_sent(ada)
        # Sent, and the connection is gone before anybody can know whether it arrived.
        say(ada, texts[1])
        network.cut()
        for page in (ada, grace):
            expect(page.locator("body")).not_to_have_attribute("data-connection", "connected", timeout=PATIENCE)
        say(ada, texts[2])
        # Said by somebody else while both are away.
        texts.append(f"{turn}: of the witness")
        assert witness.call("sendMessage", {"message": texts[3]}) == {"success": True}
        network.restore()
        for page in (ada, grace):
            is_connected(page)
            expect(page.locator("body")).to_have_attribute("data-recovered", "true")
        all_sent(ada)
        expected += texts
        for page in (ada, grace):
            expect(page.locator("#log .message")).to_have_count(len(expected), timeout=PATIENCE)
    for page in (ada, grace):
        lines = said(page)
        assert collections.Counter(text for text, _ in lines) == collections.Counter(expected)
        assert {state for _, state in lines} == {"sent"}
    # The others have Ada's messages in the order she wrote them.
    own = [text for text in expected if "witness" not in text]
    assert [text for text, _ in said(grace) if "witness" not in text] == own
    taken = [witness.wait_for("newMessage")["message"] for _ in expected]
    assert [text for text in taken if "witness" not in text] == own
    assert "newMessage" not in witness.rest()
    expect(grace.locator("#recovered")).to_have_text("Back, and nothing was missed")
    witness.close()


def test_a_connection_that_cannot_be_recovered_says_so_and_sends_what_waited(open_page, own_server):
    ada = open_page(f"{own_server.url}/chat/?name=Ada")
    is_connected(ada)
    say(ada, "before")
    all_sent(ada)
    own_server.kill()
    expect(ada.locator("body")).not_to_have_attribute("data-connection", "connected", timeout=PATIENCE)
    say(ada, "meanwhile")
    expect(ada.locator("#pending")).to_have_text("1 kept here until the connection is back")
    own_server.start()
    is_connected(ada)
    all_sent(ada)
    expect(ada.locator("body")).to_have_attribute("data-recovered", "false")
    assert said(ada) == [["before", "sent"], ["meanwhile", "sent"]]


def test_many_messages_at_once_wait_for_the_rate_and_all_arrive(open_page, server):
    ada, grace = (open_page(f"{server.url}/chat/?name={name}") for name in ("Ada", "Grace"))
    for page in (ada, grace):
        is_connected(page)
    for number in range(45):
        say(ada, str(number))
    all_sent(ada)
    expect(grace.locator("#log .message .text")).to_have_text([str(number) for number in range(45)], timeout=PATIENCE)


def test_a_page_without_a_token_says_why_it_is_refused(open_page, closed_server):
    page = open_page(f"{closed_server.url}/chat/?name=Ada")
    expect(page.locator("body")).to_have_attribute("data-connection", "refused", timeout=PATIENCE)
    expect(page.locator("#connection")).to_contain_text("token is required")


@pytest.mark.parametrize("scheme, width, height", SCREENS)
def test_the_chat_fits_its_window(open_page, own_server, artifacts, scheme, width, height):
    ada = open_page(f"{own_server.url}/chat/?name=Ada", color_scheme=scheme, viewport={"width": width, "height": height})
    is_connected(ada)
    others = [Visitor(own_server.url, "/chat", auth={"name": name}) for name in ("Grace", "Edsger", "Barbara")]
    for index, other in enumerate(others):
        other.call("joinChat", {})
        other.call("sendMessage", {"message": ["Good morning.", "Is anybody here?\nTwo lines.", "x" * 300][index]})
    say(ada, "Good morning to all of you 😀")
    others[0].emit("typing", {"isTyping": True})
    expect(ada.locator("#typing")).to_have_text("Grace is typing…")
    all_sent(ada)
    fits = "() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight"
    assert ada.evaluate(fits)
    ada.screenshot(path=artifacts / f"chat-{scheme}-{width}.png")
    for other in others:
        other.close()


def test_the_chat_is_used_from_the_keyboard_and_read_out(open_page, server):
    page = open_page(f"{server.url}/chat/")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    is_connected(page)
    page.locator("#message").focus()
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    all_sent(page)
    expect(page.get_by_role("log", name="Messages")).to_contain_text("Hello")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("")
    expect(page.get_by_role("status")).to_have_text("Connected")


@pytest.mark.parametrize("scheme, width, height", SCREENS)
def test_the_dashboard_shows_figures_to_an_administrator(open_page, closed_server, artifacts, scheme, width, height):
    admin = tokens.make(sub="root", docs={"*": "admin"})
    size = {"width": width, "height": height}
    page = open_page(f"{closed_server.url}/admin/?token={admin}", color_scheme=scheme, viewport=size)
    visitor = Visitor(closed_server.url, "/chat", auth={"token": tokens.make()})
    visitor.call("joinChat", {})
    expect(page.locator("body")).to_have_attribute("data-connection", "connected", timeout=PATIENCE)
    row = page.locator("#namespaces tr", has_text="/chat")
    expect(row.locator("td").first).to_have_text("1", timeout=PATIENCE)
    expect(page.locator("figure svg path")).to_have_count(8, timeout=PATIENCE)
    for _ in range(30):
        visitor.emit("typing", {"isTyping": True})
    page.wait_for_timeout(4000)
    assert float(page.locator("#connections .value").inner_text()) >= 2
    assert page.locator("#memory .value").inner_text().endswith("MB")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=artifacts / f"admin-{scheme}-{width}.png", full_page=True)
    visitor.close()


def test_the_dashboard_asks_for_a_token_and_says_when_it_is_not_enough(open_page, closed_server):
    page = open_page(f"{closed_server.url}/admin/")
    page.get_by_label("Token").fill(tokens.make())
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("does not allow it", timeout=PATIENCE)
    page.get_by_label("Token").fill(tokens.make(docs={"*": "admin"}))
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-connection", "connected", timeout=PATIENCE)
