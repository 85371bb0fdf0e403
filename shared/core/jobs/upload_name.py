"""Which names an upload may have: those that every way back to the blob carries unchanged."""

from __future__ import annotations

import unicodedata

from shared.core import limits
from shared.core.errors import OptionsInvalid

UNUSABLE = frozenset({"Cc", "Cs"})  # control characters and halves of characters
NO_XML = "\ufffe\uffff"  # storage lists names in XML


def check_upload_name(name: str) -> None:
    """Check that every way back to the blob carries the name unchanged. Raises OptionsInvalid. Azure turns a backslash
    into `/`, clients take `..` out, and a last dot gets lost.
    """
    fault = fault_of(name)
    if fault:
        shown = repr(name) if len(name) <= 100 and name.isprintable() else f"of {len(name)} characters"  # noqa: PLR2004
        raise OptionsInvalid(f"the name {shown} {fault}", field="name", hint="Use a name such as holiday/beach.jpg.")


def fault_of(name: str) -> str | None:
    """What is wrong with the name, to stand after it in a sentence; None for a good one."""
    if not name:
        return "is empty"
    if len(name) > limits.NAME_CHARACTERS.value or name.count("/") >= limits.NAME_SEGMENTS.value:
        return f"is longer than {limits.NAME_CHARACTERS.value} characters or {limits.NAME_SEGMENTS.value} folders"
    if any(unicodedata.category(character) in UNUSABLE or character in NO_XML for character in name):
        return "contains a character that storage does not accept"
    if "\\" in name:
        return "contains a backslash"
    if any(segment in {"", ".", ".."} for segment in name.split("/")):
        return "has an empty part, or one of dots only"
    return "ends in a dot" if name.endswith(".") else None
