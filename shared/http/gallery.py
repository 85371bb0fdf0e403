"""The gallery: the files of shared/gallery, by a fixed table, under a policy that lets the page run nothing else.

They hold nobody's data, so they need no key; what the page then asks for does.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import azure.functions as func

from shared.core import limits
from shared.core.ask.fields import shown
from shared.core.errors import NotFound
from shared.http.replies import has_already, refuse

GALLERY_FOLDER = Path(__file__).parents[1] / "gallery"
PAGE = "index.html"
GALLERY_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
MODULES = (
    "address",
    "api",
    "asking",
    "compare",
    "costs",
    "detail",
    "dom",
    "exports",
    "facts",
    "files",
    "format",
    "gallery",
    "grid",
    "key",
    "list",
    "stage",
    "uploads",
)
FILES = frozenset({"gallery.css", "icon.svg", *(f"{name}.js" for name in MODULES)})
LIMITS_MODULE = "limits.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def gallery(request: func.HttpRequest) -> func.HttpResponse:
    name: str = request.route_params.get("file", "")
    if not name:
        return page(request)
    if name not in {LIMITS_MODULE, *FILES}:
        return refuse(NotFound(f"the gallery has no file {shown(name)}", hint="Open /api/gallery."))
    return send(request, name)


def page(request: func.HttpRequest) -> func.HttpResponse:
    """The page; a redirect for an address with a slash at the end, where its relative links would not work."""
    if urlsplit(request.url).path.endswith("/"):
        return func.HttpResponse(status_code=308, headers={**HEADERS, "Location": "../gallery"})
    return send(request, PAGE)


def send(request: func.HttpRequest, name: str) -> func.HttpResponse:
    data, etag = read(name)
    headers = {**HEADERS, "ETag": etag}
    if has_already(request, etag):
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(data, headers=headers, mimetype=GALLERY_TYPES[name.rpartition(".")[2]], charset="utf-8")


@cache
def read(name: str) -> tuple[bytes, str]:
    """A file's bytes and its entity tag; the module `limits.js` is written from the app's own limits."""
    data = limits_module() if name == LIMITS_MODULE else (GALLERY_FOLDER / name).read_bytes()
    return data, f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def limits_module() -> bytes:
    """A JavaScript module whose `LIMITS` has the value of every limit of the app, by its name in lower case."""
    return f"export const LIMITS = Object.freeze({json.dumps(limits.by_name())});\n".encode()
