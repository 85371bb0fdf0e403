"""What may be shown: text without secrets and with picture bytes cut short, before it is printed or put in an error.

Masking errs on the side of hiding: the query of any URL goes, since a SAS is nothing else.
"""

from __future__ import annotations

import re

MASK = "***"

URL_USER = re.compile(r"://[^\s/?#@\"'<>]+@")
WEB_ADDRESS_IN_TEXT = re.compile(r"(?i)\bhttps?://[^\s\"'<>]+")
DATA_URL = re.compile(r"(?i)\b(data:[a-z0-9.+-]+/[a-z0-9.+-]+;base64,)([a-z0-9+/=_-]+)")
API_KEY = re.compile(r"\bsk-[\w-]{8,}")
ANY_KEY = re.compile(r"\b(?:[A-Za-z0-9]{84}|[0-9a-f]{32})\b")  # Azure's; an id may look like one too


def mask_text(text: str, *, full: bool = False) -> str:
    """The text without SAS, user names in URLs and OpenAI keys; `full` leaves the bytes of data URLs in."""
    if text[:5].lower() == "data:":
        return text if full else DATA_URL.sub(shorten, text)
    text = WEB_ADDRESS_IN_TEXT.sub(without_query, URL_USER.sub(f"://{MASK}@", text))
    text = API_KEY.sub(MASK, text)
    return text if full else DATA_URL.sub(shorten, text)


def mask_message(text: str) -> str:
    """An endpoint's error message, also without anything that could be one of Azure's keys."""
    return ANY_KEY.sub(MASK, mask_text(text))


def without_query(found: re.Match[str]) -> str:
    address, mark, _ = found[0].partition("?")
    return f"{address}?{MASK}" if mark else address


def shorten(found: re.Match[str]) -> str:
    return f"{found[1]}… ({byte_count(found[2])} bytes)"


def byte_count(base64_text: str) -> int:
    return len(base64_text.rstrip("=")) * 3 // 4
