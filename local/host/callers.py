"""Who may call the host: programs of this machine and pages that it served, not what a page of another origin has a
browser send.

The host asks for no key by default and its app may spend money. A browser on the same machine reaches it as any program
does, for whatever page it shows; two things tell such requests apart, and neither can be set by a page:

* `Host`: a page whose own name was made to point here (DNS rebinding) still says its own name.
* `Sec-Fetch-Site` and `Origin`: a page of another origin says that it is one.
  https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header  https://fetch.spec.whatwg.org/#origin-header
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_PAGES = frozenset({"same-origin", "none"})  # none: typed, bookmarked, or no page at all
SHOWN_CHARACTERS = 80
NOT_IN_HOSTS = frozenset("@/?#,\\ ")  # urlsplit would take them for a user, a path, or part of the name


def refusal(method: str, headers: Mapping[str, str], *, names: Collection[str]) -> str | None:
    """Why this request is not answered, for people; None when it is. `names` are hosts beside this machine's own."""
    host = headers.get("host", "")
    if not (is_loopback(hostname(host)) or hostname(host) in names):
        shown = ascii(host[:SHOWN_CHARACTERS])
        return f"The Host {shown} is not this machine: use http://127.0.0.1, or start with --allow-host NAME.\n"
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if method in READING:
        is_part_of_a_page = site == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
        return "This file is not shown in pages of other sites.\n" if is_part_of_a_page else None
    if (site is not None and site not in OWN_PAGES) or (origin is not None and urlsplit(origin).netloc != host):
        return "A page of another origin may change nothing here.\n"
    return None


def hostname(host: str) -> str:
    """The name in a Host header, in lower case and without its port; "" for anything else."""
    try:
        return "" if set(host) & NOT_IN_HOSTS else urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
