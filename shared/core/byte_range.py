"""The header Range: which part of a file is wanted (RFC 9110 §14)."""

from __future__ import annotations

import re

from shared.core.errors import RangeInvalid

ONE_RANGE = re.compile(r"bytes\s*=\s*(?P<first>\d{0,18})-(?P<last>\d{0,18})", re.IGNORECASE)


def parse_range(header: str | None, total_bytes: int) -> tuple[int, int] | None:
    """The first and the last byte, both included; None for the whole file.

    A header that is not understood, or names several ranges, is ignored, as RFC 9110 allows (14.2). Raises RangeInvalid
    for a range that begins behind the end.
    """
    found = ONE_RANGE.fullmatch(header.strip()) if header else None
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        first, last = max(0, total_bytes - int(found["last"])), total_bytes - 1
    else:
        first, last = int(found["first"]), min(int(found["last"] or total_bytes), total_bytes - 1)
        if found["last"] and int(found["last"]) < first:
            return None
    if first >= total_bytes or (not found["first"] and int(found["last"]) == 0):
        raise RangeInvalid(f"the file ends before byte {first}", total_bytes=total_bytes)
    return first, last
