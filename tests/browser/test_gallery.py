"""What people do in the gallery: drop, watch, open, ask, compare, filter, export."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.stored import BOX, finished_job, job_with_regions, make_film, picture_with_box, store
from tests.e2e.conftest import App
from tests.pipeline.world import picture

Open = Callable[..., Page]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LONG_MS = 60_000  # for what the app works on while other tests use the machine

DROP = """([name, data, type]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, {type}));
  for (const step of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(step, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
}"""


CORNERS = """() => {
  const shape = document.querySelector(".regions polygon.object");
  return [0, 2].map((corner) => shape.points[corner].matrixTransform(shape.getScreenCTM())).map(({x, y}) => [x, y]);
}"""  # where they are on the screen


def drop(page: Page, name: str, data: bytes, kind: str = "image/jpeg") -> None:
    page.evaluate(DROP, [name, base64.b64encode(data).decode(), kind])


def card(page: Page, name: str) -> Locator:
    return page.locator("#grid > li", has=page.get_by_title(name, exact=True))


def detail(page: Page) -> Locator:
    return page.get_by_role("dialog")


@pytest.fixture(scope="module")
def answered(live_app: App) -> str:
    """The name of a picture that has its answer."""
    live_app.drop("answered/teal.jpg", picture(size=(1600, 1200)))
    live_app.result("answered/teal.jpg")
    return "answered/teal.jpg"


def test_a_dropped_picture_becomes_an_answer_in_place(live_app: App, open_page: Open):
    """Drag a file onto the page: it is sent, becomes done without a reload, and opens with all that is known."""
    page = open_page(live_app)
    drop(page, "dropped one.jpg", picture(colour="purple", size=(900, 600)))
    expect(card(page, "dropped one.jpg").locator(".chip.done")).to_be_visible(timeout=LONG_MS)
    card(page, "dropped one.jpg").get_by_role("link").click()
    expect(detail(page).get_by_role("heading", name="dropped one.jpg")).to_be_focused()
    expect(detail(page).locator(".answer .text")).to_contain_text("offline describer")
    page.wait_for_function("() => document.querySelector('.picture img').naturalWidth === 900")
    expect(detail(page).locator(".figures .total")).to_contain_text("$0.00")
    expect(detail(page).get_by_role("textbox", name="Ask something more about it")).to_be_visible()
    detail(page).get_by_text("Whole document").click()
    document = detail(page).locator(".document pre")
    expect(document).to_contain_text("dropped one.jpg")
    assert json.loads(document.inner_text())["source"]["name"] == "dropped one.jpg"


def test_refused_files_say_why_and_names_that_are_taken_are_asked_about(live_app: App, open_page: Open):
    """A text file is refused in plain words; a second file of a name replaces the first only when that is chosen."""
    page = open_page(live_app, refusals=True)
    uploads = page.get_by_role("region", name="Uploads")
    drop(page, "notes.jpg", b"not a picture at all")
    expect(uploads.get_by_text("Refused", exact=True)).to_be_visible()
    expect(uploads.locator("li", has_text="notes.jpg")).to_contain_text("picture")
    live_app.drop("taken.jpg", picture(colour="gold"))
    drop(page, "taken.jpg", picture(colour="red"))
    uploads.get_by_role("button", name="Replace it taken.jpg").click()
    expect(uploads.locator("li.done", has_text="taken.jpg")).to_be_visible()
    uploads.get_by_role("button", name="Open taken.jpg").click()
    expect(detail(page).locator(".chip.done").first).to_be_visible(timeout=LONG_MS)  # the next ones are its versions


def test_a_folder_goes_up_with_its_paths(live_app: App, open_page: Open, tmp_path: Path):
    """Names keep the folder's structure, its options go before its pictures, what systems leave there stays behind."""
    folder = tmp_path / "trip"
    (folder / "day 1").mkdir(parents=True)
    (folder / "day 1" / "a.png").write_bytes(picture("PNG", colour="green", size=(300, 200)))
    (folder / "zoo.png").write_bytes(picture("PNG", colour="olive", size=(300, 200)))
    (folder / "_vision.toml").write_text('prompt = "How many boats?"')
    (folder / ".DS_Store").write_bytes(b"litter")
    page = open_page(live_app)
    page.locator("#folder").set_input_files(folder)
    expect(page.get_by_role("region", name="Uploads").locator("li")).to_have_count(3)
    expect(card(page, "trip/day 1/a.png")).to_be_visible(timeout=LONG_MS)
    for name in ("trip/day 1/a.png", "trip/zoo.png"):
        assert live_app.result(name)["options"]["prompt"] == "How many boats?"


def test_pictures_wait_for_the_options_of_their_folder(live_app: App, open_page: Open, tmp_path: Path):
    """A typing error in them must not have the whole folder asked, and paid, with another question."""
    folder = tmp_path / "held"
    folder.mkdir()
    (folder / "a.png").write_bytes(picture("PNG", colour="teal", size=(300, 200)))
    (folder / "_vision.toml").write_text('promt = "How many boats?"')
    page = open_page(live_app, refusals=True)
    uploads = page.get_by_role("region", name="Uploads")
    page.locator("#folder").set_input_files(folder)
    expect(uploads.locator("li", has_text="_vision.toml")).to_contain_text("Waiting for it: 1 file")
    expect(uploads.locator("li", has_text="a.png").locator(".chip.queued")).to_be_visible()
    corrected = tmp_path / "corrected" / "held"
    corrected.mkdir(parents=True)
    (corrected / "_vision.toml").write_text('prompt = "How many boats?"')
    page.locator("#folder").set_input_files(corrected)
    expect(uploads.locator("li.done")).to_have_count(2)
    expect(uploads.locator("li")).to_have_count(2)


def test_uploads_wait_for_a_server_that_is_away(live_app: App, open_page: Open):
    """Nothing is refused over a lost connection; as soon as there is one again, the rest goes up."""
    page = open_page(live_app, "?prefix=away/", refusals=True)
    expect(page.get_by_role("heading", name="Nothing fits these filters")).to_be_visible()
    page.context.set_offline(True)
    drop(page, "second.png", picture("PNG", colour="teal"), kind="image/png")
    uploads = page.get_by_role("region", name="Uploads")
    expect(uploads).to_contain_text("It goes on by itself")
    page.context.set_offline(False)
    expect(uploads.locator("li.done", has_text="away/second.png")).to_be_visible()
    expect(card(page, "away/second.png")).to_be_visible()


def test_thumbnails_that_were_lost_come_back(live_app: App, open_page: Open):
    """After a time without an answer the pictures are asked for again."""
    name = "lost/one.png"
    store(live_app.connection_string, finished_job(name, now=datetime.now(UTC)), picture_with_box())
    page = open_page(live_app, "?prefix=nothing/", refusals=True)
    page.route("**/api/media/**", lambda route: route.abort())
    page.get_by_role("textbox", name="Folder").fill("lost/")
    expect(card(page, name).locator(".lost")).to_be_visible()
    page.route("**/api/results?*", lambda route: route.abort())
    page.get_by_role("textbox", name="Folder").fill("lost/o")
    expect(page.get_by_role("alert")).to_be_visible()
    page.unroute("**/api/media/**")
    page.unroute("**/api/results?*")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_function("() => document.querySelector('.thumb img')?.naturalWidth > 0")
    expect(page.locator(".lost")).to_have_count(0)


@pytest.mark.parametrize("size", [(1280, 860), (360, 740)], ids=["wide", "phone"])
def test_regions_are_drawn_where_they_are_in_the_picture(live_app: App, open_page: Open, size: tuple[int, int]):
    """The polygon lies on the red box of the picture: by its place, and by the colour inside and outside of it."""
    job = job_with_regions(live_app.connection_string, f"regions/{size[0]}.png")
    page = open_page(live_app, f"?job={job.job_id}", viewport={"width": size[0], "height": size[1]})
    expect(page.locator("polygon").first).to_be_visible()
    page.wait_for_function("async () => { await document.querySelector('.picture img').decode(); return true; }")
    (left, top), (right, bottom) = page.evaluate(CORNERS)
    image = page.locator(".picture img").bounding_box()
    assert image is not None
    fractions = [(left - image["x"]) / image["width"], (top - image["y"]) / image["height"]]
    fractions += [(right - image["x"]) / image["width"], (bottom - image["y"]) / image["height"]]
    assert fractions == pytest.approx(BOX, abs=0.004)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    middle_y = round((top + bottom) / 2)
    assert is_red(shot.getpixel((round(right) - 8, middle_y)))
    assert not is_red(shot.getpixel((round(right) + 8, middle_y)))
    page.get_by_role("button", name="Object box").focus()
    expect(page.locator("polygon.marked")).to_have_class("object marked")


def is_red(pixel: object) -> bool:
    assert isinstance(pixel, tuple)
    return bool(pixel[0] > 150 and pixel[1] < 100 and pixel[2] < 60)


def test_a_follow_up_goes_on_with_the_conversation(live_app: App, open_page: Open, answered: str):
    """The new answer opens with the former question and answer above it."""
    page = open_page(live_app, "?prefix=answered/")
    card(page, answered).get_by_role("link").first.click()
    detail(page).get_by_role("textbox", name="Ask something more about it").fill("And what is on the left?")
    detail(page).get_by_role("button", name="Ask", exact=True).click()
    expect(detail(page).locator(".said.you").last).to_have_text(re.compile("And what is on the left"), timeout=LONG_MS)
    expect(detail(page).locator(".said.model")).to_contain_text("offline describer")
    expect(detail(page).locator(".answer .text")).to_be_visible(timeout=LONG_MS)


def test_a_rerun_is_shown_beside_the_first_answer(live_app: App, open_page: Open, answered: str):
    """Other options are priced before they are paid for; then both answers stand side by side with the difference."""
    page = open_page(live_app, f"?job={live_app.result(answered)['job_id']}")
    detail(page).get_by_text("Ask again with other options").click()
    low = page.get_by_role("radio", name="low")
    expect(detail(page).locator("label", has=low)).to_contain_text("tokens, $")
    low.check()
    detail(page).get_by_role("button", name="Ask again and compare").click()
    expect(detail(page).locator(".verdict")).to_contain_text("The second costs", timeout=LONG_MS)
    expect(detail(page).locator(".sides .text")).to_have_count(2)
    expect(detail(page).get_by_role("row", name=re.compile("^detail"))).to_contain_text("low")
    expect(page).to_have_url(re.compile("with="))


def test_several_pictures_go_into_one_question(live_app: App, open_page: Open, answered: str):
    """Selected with the keyboard, asked about together."""
    live_app.drop("answered/gold.jpg", picture(colour="gold"))
    live_app.result("answered/gold.jpg")
    page = open_page(live_app, "?prefix=answered/&kind=image")
    for name in (answered, "answered/gold.jpg"):
        card(page, name).last.get_by_role("link").focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Ask about them").click()
    page.get_by_role("textbox", name="Your question").fill("What changed?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(detail(page).locator(".answer .text")).to_contain_text("2 images", timeout=LONG_MS)


def test_filters_live_in_the_address(live_app: App, open_page: Open, answered: str):
    """A filter changes the address; back undoes it, and the address alone brings it again."""
    live_app.drop("broken.jpg", b"\xff\xd8\xff broken")
    live_app.result("broken.jpg")
    page = open_page(live_app)
    expect(card(page, answered).last).to_be_visible()
    page.get_by_label("State").select_option("Failed")
    expect(card(page, answered)).to_have_count(0)
    expect(card(page, "broken.jpg")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?state=failed$"))
    page.reload()
    expect(card(page, "broken.jpg")).to_be_visible()
    expect(page.get_by_label("State")).to_have_value("failed")
    page.go_back()
    expect(card(page, answered).last).to_be_visible()
    page.get_by_label("Search names and answers").fill("no such thing")
    expect(page.get_by_role("heading", name="Nothing fits these filters")).to_be_visible()
    page.locator("#empty").get_by_role("button", name="Clear filters").click()
    expect(card(page, answered).last).to_be_visible()


def test_a_film_shows_its_frames_and_goes_to_their_times(live_app: App, open_page: Open, tmp_path: Path):
    """A click on a frame seeks; the player gets the film in parts."""
    film = tmp_path / "film.mp4"
    make_film(film)
    live_app.drop("film.mp4", film.read_bytes(), frames="3")
    document = live_app.result("film.mp4")
    page = open_page(live_app, f"?job={document['job_id']}")
    frames = page.get_by_role("group", name="Frames that the model saw").get_by_role("button")
    expect(frames).to_have_count(len(document["normalized"]))
    page.wait_for_function("() => document.querySelector('video')?.readyState > 0")
    frames.last.click()
    at_s = document["normalized"][-1]["at_s"]
    assert at_s > 1
    page.wait_for_function("(at) => Math.abs(document.querySelector('video').currentTime - at) < 0.05", arg=at_s)
    expect(frames.last).to_have_attribute("aria-current", "true")


def test_a_film_that_browsers_do_not_play_is_shown_as_mp4(live_app: App, open_page: Open, tmp_path: Path):
    """The MP4 that was made of it plays and seeks."""
    film = tmp_path / "film.avi"
    make_film(film, codec="mjpeg", pixels="yuvj420p")
    live_app.drop("old.avi", film.read_bytes(), frames="3")
    document = live_app.result("old.avi")
    page = open_page(live_app, f"?job={document['job_id']}")
    page.wait_for_function("() => document.querySelector('video')?.readyState > 0")
    page.get_by_role("group", name="Frames that the model saw").get_by_role("button").last.click()
    at_s = document["normalized"][-1]["at_s"]
    page.wait_for_function("(at) => Math.abs(document.querySelector('video').currentTime - at) < 0.05", arg=at_s)
    assert "video.mp4" in page.evaluate("() => document.querySelector('video').currentSrc")


def test_names_and_answers_are_text(live_app: App, open_page: Open):
    """Markup in a name or an answer is shown as it is and does nothing."""
    evil = "<img src=x onerror=alert(1)><b>bold</b>"
    job = store(live_app.connection_string, finished_job(f"evil/{evil}.png", now=datetime.now(UTC), text=evil))
    page = open_page(live_app, "?prefix=evil/")
    expect(page.get_by_title(f"evil/{evil}.png")).to_be_visible()
    page.goto(f"{live_app.url}/api/gallery?job={job.job_id}")
    expect(detail(page).locator(".answer .text")).to_have_text(evil)
    assert page.locator("b, img[src=x]").count() == 0


def test_the_list_is_saved_as_csv_and_json(live_app: App, open_page: Open):
    """Everything that fits the filter; what a spreadsheet would run is made text."""
    for name in ("export/=1+1.png", "export/b.png"):
        store(live_app.connection_string, finished_job(name, now=datetime.now(UTC), text='=SUM(A1),"x"'))
    page = open_page(live_app, "?prefix=export/")
    csv = export(page, "CSV")
    assert csv.startswith("\ufeffname,state,kind,")
    assert csv.count("\r\n") == 3
    assert '"\'=SUM(A1),""x"""' in csv
    assert {item["name"] for item in json.loads(export(page, "JSON, one object"))} == {
        "export/=1+1.png",
        "export/b.png",
    }
    assert json.loads(export(page, "JSON with whole documents"))[0]["reply"]["text"] == '=SUM(A1),"x"'


def export(page: Page, form: str) -> str:
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("radio", name=re.compile(f"^{form}")).check()
    with page.expect_download() as download:
        detail(page).get_by_role("button", name="Export").click()
    return download.value.path().read_bytes().decode()


def test_costs_are_drawn_and_listed(live_app: App, open_page: Open, answered: str):
    """A bar for today, and the same money in the table."""
    assert live_app.result(answered)["cost"]["usd"]
    page = open_page(live_app)
    page.get_by_role("button", name="Costs").click()
    expect(page).to_have_url(re.compile(r"\?view=costs$"))
    expect(detail(page).locator(".chart rect").first).to_be_visible()
    expect(detail(page).get_by_role("table")).to_contain_text("gpt-5.1")
    expect(detail(page)).not_to_contain_text(re.compile("null|undefined|NaN"))
    page.keyboard.press("Escape")
    expect(detail(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Costs")).to_be_focused()
    expect(page).not_to_have_url(re.compile("view"))


def test_a_server_that_is_away_is_said_and_waited_for(live_app: App, open_page: Open, answered: str):
    """The page says what is wrong and goes on by itself or on request, without losing what it shows."""
    page = open_page(live_app, refusals=True)
    expect(card(page, answered).last).to_be_visible()
    page.route("**/api/results?*", lambda route: route.abort())
    page.get_by_label("Kind").select_option("Pictures")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.unroute("**/api/results?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(card(page, answered).last).to_be_visible()
