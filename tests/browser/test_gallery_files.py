"""How the gallery's files are served, without a browser."""

from __future__ import annotations

import re

import azure.functions as func
import pytest

from shared.http.gallery import FILES, GALLERY_FOLDER, PAGE, POLICY, gallery


def get(name: str = "", *, path: str = "/api/gallery", **headers: str) -> func.HttpResponse:
    route = {"file": name} if name else {}
    url = f"http://127.0.0.1{path}"
    return gallery(func.HttpRequest(method="GET", url=url, headers=headers, route_params=route, body=b""))


def test_the_table_holds_every_file_of_the_folder():
    """A module that is forgotten in the table would be missing only in the browser."""
    assert {path.name for path in GALLERY_FOLDER.iterdir()} == FILES | {PAGE}


@pytest.mark.parametrize("name", ["", *sorted(FILES)])
def test_every_file_comes_under_the_policy_and_with_its_type(name: str):
    """Nothing may run but the page's own modules; no type is guessed."""
    response = get(name)
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    types = {"": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    assert response.mimetype == types[name.rpartition(".")[2]]
    assert get(name, **{"if-none-match": response.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", ["../http/gallery.py", "..", "index.html", "/etc/passwd", "key.js/", "KEY.JS"])
def test_nothing_else_is_served(name: str):
    """Names are looked up in a table; no path is ever put together from them."""
    assert get(name).status_code == 404


def test_a_slash_at_the_end_leads_to_the_page():
    """Its links are relative."""
    response = get(path="/api/gallery/")
    assert (response.status_code, response.headers["Location"]) == (308, "../gallery")


def test_foreign_text_can_only_become_text():
    """No module parses markup or runs text; the page has no script, style or handler inside it."""
    code = "\n".join(path.read_text("utf-8") for path in GALLERY_FOLDER.glob("*.js"))
    assert not re.search(r"(inner|outer|Adjacent)HTML|document\.write|\beval\(|new Function|DOMParser", code)
    page = (GALLERY_FOLDER / PAGE).read_text("utf-8")
    assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page)
