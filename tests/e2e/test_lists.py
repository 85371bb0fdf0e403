"""Lists over HTTP: newest first, filtered, page by page, and the spending behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.pipeline.world import picture

NAMES = [f"listed/{colour}.jpg" for colour in ("red", "green", "blue", "gold", "plum")]


@pytest.fixture(scope="module")
def listed(app):
    """Five answered pictures and a refused file, in the order in which they came."""
    for name in NAMES:
        app.drop(name, picture(colour=name[7:-4]))
        app.result(name)
    app.drop("listed/broken.jpg", picture()[:200])
    app.result("listed/broken.jpg")
    return [*NAMES, "listed/broken.jpg"]


def names(answer):
    return [item["name"] for item in answer.body["items"]]


def test_newest_first(app, listed):
    """What came last stands at the top."""
    assert names(app.get("/api/results?prefix=listed/")) == listed[::-1]


def test_pages_join_without_gap_or_repetition(app, listed):
    """Whatever the size of a page, all pages together are the list."""
    for limit in (1, 2, 4):
        found, cursor = [], ""
        while cursor is not None:
            page = app.get(f"/api/results?prefix=listed/&limit={limit}&cursor={cursor}")
            assert len(page.body["items"]) <= limit
            found += names(page)
            cursor = page.body["cursor"]

        assert found == listed[::-1]


FILTERS = [
    ("state=failed", ["listed/broken.jpg"]),
    ("state=done,failed&q=RED", ["listed/red.jpg"]),
    ("state=pending", []),
    ("kind=video", []),
    ("kind=image&q=gold", ["listed/gold.jpg"]),
    ("since=2999-01-01", []),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
@pytest.mark.usefixtures("listed")
def test_filters(app, query, expected):
    """Each lets through what it says."""
    assert names(app.get(f"/api/results?prefix=listed/&{query}")) == expected


@pytest.mark.usefixtures("listed")
def test_an_item_says_enough_for_a_table(app):
    """Size, tokens, dollars, the beginning of the answer, and where its picture is."""
    (item,) = app.get("/api/results?prefix=listed/red.jpg").body["items"]
    document = app.result("listed/red.jpg")

    assert (item["width"], item["height"], item["state"]) == (640, 480, "done")
    assert item["usd"] == document["cost"]["usd"]
    assert document["reply"]["text"].startswith(item["text"])
    assert item["picture"] == document["normalized"][0]["name"]
    assert len(item["text"]) <= 160


@pytest.mark.usefixtures("listed")
def test_an_unchanged_list_is_304(app):
    """A page that asks every second moves almost nothing while nothing happens."""
    path = "/api/results?prefix=listed/"
    first = app.get(path)

    assert app.get(path, **{"If-None-Match": first.headers["etag"]}).status == 304


WRONG = [
    ("limit=0", "limit"),
    ("limit=101", "limit"),
    ("limit=ten", "limit"),
    ("state=finished", "state"),
    ("kind=audio", "kind"),
    ("since=yesterday", "since"),
    ("cursor=bm9uc2Vuc2U", "cursor"),
    ("cursor=%C3%A4", "cursor"),
    ("sttae=done", "sttae"),
    ("limit=5&limit=6", "limit"),
]


@pytest.mark.parametrize(("query", "field"), WRONG)
def test_wrong_filters(app, query, field):
    """400 with the parameter named, instead of another list than was meant."""
    answer = app.get(f"/api/results?{query}")

    assert (answer.status, answer.body["error"]["field"]) == (400, field)


@pytest.mark.usefixtures("listed")
def test_a_cursor_belongs_to_its_filters(app):
    """With other filters, or changed by one letter, it is refused."""
    cursor = app.get("/api/results?prefix=listed/&limit=1").body["cursor"]
    changed = ("A" if cursor[5] != "A" else "B").join((cursor[:5], cursor[6:]))

    assert app.get(f"/api/results?prefix=listed/r&cursor={cursor}").status == 400
    assert app.get(f"/api/results?prefix=listed/&cursor={changed}").status == 400


@pytest.mark.usefixtures("listed")
def test_costs_add_up(app):
    """The day's line holds what the answers cost."""
    today = datetime.now(UTC).date()
    before, after = today - timedelta(days=1), today + timedelta(days=1)
    costs = app.get(f"/api/costs?from={before}&to={after}").body
    least = sum(Decimal(app.result(name)["cost"]["usd"]) for name in NAMES)

    assert costs["days"][0]["model"] == "gpt-5.1-2025-11-13"
    assert costs["days"][0]["answers"] >= len(NAMES)
    assert Decimal(costs["usd"]) == sum(Decimal(line["usd"]) for line in costs["days"]) >= least > 0
    assert Decimal(costs["estimate_usd"]) <= Decimal(costs["max_usd"])


@pytest.mark.parametrize("query", ["from=2026-13-01", "to=today", "from=2026-02-01&to=2026-01-01", "from=2020-01-01"])
def test_wrong_spans(app, query):
    """Days that are none, the wrong way round, or too many."""
    assert app.get(f"/api/costs?{query}").status == 400
