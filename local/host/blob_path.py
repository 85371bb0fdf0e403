"""A blob trigger's path: container, and the pattern that names must match."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.host.settings import FunctionFault

TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPath:
    container: str
    pattern: re.Pattern[str]
    prefix: str  # what every matching name starts with

    def matches(self, name: str) -> bool:
        return self.pattern.fullmatch(name) is not None


def parse_blob_path(path: str) -> BlobPath:
    """The container and pattern in a trigger's path. `{x}` takes as much as it can, across `/`; `{{` and `}}` are
    braces; a container alone means every blob in it.
    """
    container, _, names = path.strip("/").partition("/")
    if not container or "{" in container:
        raise FunctionFault(f"blob path {path!r}: the container must be a plain name")
    tokens = [(match[0], match[1]) for match in TOKEN.finditer(names)] if names else [("{*}", "*")]
    if any(text in {"{", "}"} or name == "" for text, name in tokens):
        raise FunctionFault(f"blob path {path!r}: unbalanced or empty braces")
    pattern = "".join(re.escape(literal(text)) if name is None else "(.*)" for text, name in tokens)
    first, name = tokens[0]
    prefix = literal(first) if name is None else ""
    return BlobPath(container=container.lower(), pattern=re.compile(pattern, re.DOTALL), prefix=prefix)


def literal(text: str) -> str:
    return {"{{": "{", "}}": "}"}.get(text, text)
