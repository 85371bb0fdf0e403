"""The gallery for everybody: by keyboard, on a phone, in the dark, read aloud, behind a key, with 10,000 items."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from local.azurite import Azurite
from shared.core import codec
from tests.browser.conftest import KEYED_ACCOUNT, run_app
from tests.browser.stored import FRAME_S, job_with_film, job_with_regions, list_many, make_film, many_items
from tests.e2e.conftest import App

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
MANY = 10_000
SEVERAL_PAGES = 300
Open = Callable[..., Page]
IN_DIALOG = """() => {
  const focused = document.activeElement;
  return focused === document.body || focused.closest("dialog") !== null;
}"""  # the body: the browser's own controls, which come after the last element
VIEWS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "is_mobile": True},
}


@pytest.fixture(scope="module")
def shown(live_app: App) -> str:
    """The id of a job with all there is to show, in a folder of its own."""
    return job_with_regions(live_app.connection_string, f"shown/{datetime.now(UTC).timestamp()}.png").job_id


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(live_app: App, open_page: Open, shown: str, view: str):
    """The grid, a job with everything unfolded, the uploads, the costs and an empty list."""
    page = open_page(live_app, "?prefix=shown/", **VIEWS[view])
    page.context.add_init_script(path=AXE)
    page.reload()
    expect(page.locator(".card").first).to_be_visible()
    assert violations(page) == []
    page.goto(f"{live_app.url}/api/gallery?prefix=shown/&job={shown}")
    expect(page.locator(".answer .text")).to_be_visible()
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert violations(page) == []
    page.goto(f"{live_app.url}/api/gallery?prefix=nothing/&view=costs")
    expect(page.get_by_role("dialog").locator(".costs")).not_to_contain_text("Loading")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Nothing fits these filters")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("view", ["light", "dark"])
def test_axe_finds_nothing_where_something_is_wrong(keyed_app: tuple[App, str], open_page: Open, view: str):
    """The question for a key, a key that is wrong, an unknown job, a refused upload, no connection."""
    app, key = keyed_app
    page = open_page(app, "?job=nonsense", refusals=True, **VIEWS[view])
    page.context.add_init_script(path=AXE)
    page.reload()
    expect(page.get_by_label("Function key")).to_be_visible()
    assert violations(page) == []
    enter_key(page, "wrong")
    expect(page.get_by_role("alert").first).to_contain_text("not accepted")
    assert violations(page) == []
    enter_key(page, key)
    expect(page.get_by_text("is not a job's id")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("#files").set_input_files({"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"words"})
    expect(page.get_by_text("Refused", exact=True)).to_be_visible()
    page.context.set_offline(True)
    page.get_by_label("Kind").select_option("Videos")
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    found = page.evaluate("async () => (await window.axe.run()).violations")
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def test_axe_finds_a_fault_that_is_there(live_app: App, open_page: Open):
    """The check can fail: a picture without words and a page without a language."""
    page = open_page(live_app)
    page.context.add_init_script(path=AXE)
    page.reload()
    page.evaluate("() => { document.documentElement.lang = ''; document.body.append(document.createElement('img')); }")
    assert len(violations(page)) >= 2


def test_a_phone_needs_no_sideways_scrolling(live_app: App, open_page: Open, shown: str):
    """360 px hold the page and a job; two cards stand side by side."""
    page = open_page(live_app, **VIEWS["phone"])
    expect(page.locator(".card").first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    page.goto(f"{live_app.url}/api/gallery?job={shown}")
    expect(page.locator(".answer .text")).to_be_visible()
    assert page.locator("#detail").evaluate("(one) => one.scrollWidth - one.clientWidth") == 0
    assert page.locator("#detail").evaluate("(one) => one.clientWidth") <= 360


def test_dark_is_dark(live_app: App, open_page: Open):
    """The page follows the system's colours."""
    page = open_page(live_app, **VIEWS["dark"])
    assert page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 23, 26)"


def test_the_keyboard_does_it_all(live_app: App, open_page: Open, shown: str):
    """Skip link, arrows, Enter, a dialog that keeps the focus, Escape, and the focus back where it was."""
    job_with_regions(live_app.connection_string, f"shown/second {datetime.now(UTC).timestamp()}.png")
    page = open_page(live_app, "?prefix=shown/")
    expect(page.locator(".card").nth(1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the results")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#grid > li").first.get_by_role("link")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("#grid > li").last.get_by_role("link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_be_focused()
    expect(page).to_have_url(re.compile(f"job={shown}"))
    expect(page.locator(".answer .text")).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(IN_DIALOG)
    page.get_by_role("button", name="Close").focus()  # in the browser's own controls, Escape would not be the page's
    page.keyboard.press("Escape")
    expect(page.locator(f"#grid > li[data-id='{shown}'] a")).to_be_focused()
    expect(page).not_to_have_url(re.compile("job="))
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


@pytest.fixture(scope="module")
def keyed_app(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, str]]:
    """An app that asks for keys, with a list of several pages and one whole job; and a key."""
    folder = tmp_path_factory.mktemp("keyed")
    keys = folder / "keys.json"
    with run_app(azurite, KEYED_ACCOUNT, folder / "host.log", "--auth", "--keys", str(keys)) as app:
        list_many(app.connection_string, SEVERAL_PAGES - 1)
        job_with_regions(app.connection_string, "whole.png")
        yield app, json.loads(keys.read_text())["host"]["default"]


def enter_key(page: Page, key: str) -> None:
    page.get_by_label("Function key").fill(key)
    page.get_by_role("button", name="Continue").click()


def test_a_key_is_asked_for_once_and_sent_in_a_header_only(keyed_app: tuple[App, str], open_page: Open):
    """A wrong key is told; the right one serves the list, pictures and jobs, and survives a reload but not the tab."""
    app, key = keyed_app
    page = open_page(app, refusals=True)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    enter_key(page, "wrong")
    expect(page.get_by_role("alert").first).to_contain_text("not accepted")
    enter_key(page, key)
    expect(page.get_by_title("whole.png")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.thumb img')?.src.startsWith('blob:')")
    page.locator(".card", has=page.get_by_title("whole.png")).click()
    page.wait_for_function("() => document.querySelector('.picture img')?.naturalWidth === 800")
    page.reload()
    expect(page.locator(".answer .text")).to_be_visible()
    assert not any(key in address for address in [*addresses, page.url])
    assert page.evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]") == [0, 1, ""]
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Forget key").click()
    expect(page.get_by_label("Function key")).to_be_visible()


def test_pictures_behind_a_key_give_their_memory_back(keyed_app: tuple[App, str], open_page: Open):
    """Closing a job and filtering its card away leave no blob address behind."""
    app, key = keyed_app
    page = open_page(app, "?prefix=whole", refusals=True)
    enter_key(page, key)
    page.locator(".card").click()
    page.wait_for_function("() => window.addresses.size === 2")
    page.keyboard.press("Escape")
    page.wait_for_function("() => window.addresses.size === 1")
    page.get_by_role("textbox", name="Folder").fill("elsewhere/")
    page.wait_for_function("() => window.addresses.size === 0")


def test_a_film_behind_a_key_plays(keyed_app: tuple[App, str], open_page: Open, tmp_path: Path):
    """A browser sends no header of ours for films: it is fetched in parts, played from memory, and seeks there."""
    app, key = keyed_app
    film = tmp_path / "film.mp4"
    make_film(film)
    job = job_with_film(app.connection_string, "film.mov", film.read_bytes())
    page = open_page(app, f"?job={job.job_id}", refusals=True)
    enter_key(page, key)
    page.wait_for_function("() => document.querySelector('video')?.readyState > 0")
    page.get_by_role("group", name="Frames that the model saw").get_by_role("button").click()
    page.wait_for_function("(at) => Math.abs(document.querySelector('video').currentTime - at) < 0.05", arg=FRAME_S)
    assert page.evaluate("() => document.querySelector('video').currentSrc").startswith("blob:")
    assert key not in page.url


SCROLL_TO_THE_END = """async () => {
  let most = 0;
  const grid = document.querySelector("#grid");
  while (!document.querySelector("#more").hidden) {
    scrollTo(0, document.documentElement.scrollHeight);
    await new Promise((resolve) => setTimeout(resolve, 10));
    most = Math.max(most, grid.children.length);
  }
  scrollTo(0, document.documentElement.scrollHeight);
  return most;
}"""


def test_scrolling_reaches_every_page(keyed_app: tuple[App, str], open_page: Open):
    """The list is followed to its end, one cursor after another."""
    app, key = keyed_app
    page = open_page(app, "?prefix=many/", refusals=True)
    enter_key(page, key)
    expect(page.locator(".card").first).to_be_visible()
    page.evaluate(SCROLL_TO_THE_END)
    expect(page.locator("#summary")).to_contain_text(f"{SEVERAL_PAGES - 1} results")
    expect(page.get_by_title(f"many/{SEVERAL_PAGES - 2:05}.jpg", exact=True)).to_be_visible()


class LongList:
    """Pages of many items, as the app would send them; the app itself is measured with as many in bench/lookups.py."""

    def __init__(self, number: int) -> None:
        self.items = codec.to_json(many_items(number))

    def __call__(self, route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        start, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        end = start + limit
        cursor = str(end) if end < len(self.items) else None
        route.fulfill(json={"items": self.items[start:end], "cursor": cursor, "looked_at": limit})


def test_ten_thousand_items_cost_as_much_as_fifty(live_app: App, open_page: Open):
    """All are reached by scrolling; the document never holds more than a few rows."""
    page = open_page(live_app, "?prefix=nothing/")
    page.route("**/api/results?*", LongList(MANY))
    page.reload()
    expect(page.locator(".card").first).to_be_visible()
    most = page.evaluate(SCROLL_TO_THE_END)
    expect(page.locator("#summary")).to_contain_text("10,000 results")
    assert most < 100
    expect(page.get_by_title("many/09999.jpg", exact=True)).to_be_visible()
