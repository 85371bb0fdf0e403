"""HTTP routes by the rules of ASP.NET: templates, constraints, and paths as Kestrel decodes them.

Routes are tried in the order given (function names); a wrong method is no match, so it ends as 404.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from local.host.functions import Function
from local.host.settings import FunctionFault

PARAMETER = re.compile(
    r"\{(?P<stars>\*{0,2})(?P<name>[A-Za-z_]\w*)(?P<constraints>(?::[^{}:?()]+(?:\([^()]*\))?)*)(?P<optional>\?)?\}"
)
CONSTRAINT = re.compile(r":(\w+)(?:\(([^()]*)\))?")
ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
RESERVED = frozenset({"admin", "runtime"})

LEAST_INT, MOST_INT = -(2**31), 2**31 - 1
LEAST_LONG, MOST_LONG = -(2**63), 2**63 - 1


def within(value: str, least: int, most: int) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+", value) is not None and least <= int(value) <= most


def is_guid(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True


# name: test of the value, given the constraint's arguments
CONSTRAINTS: Mapping[str, Callable[..., bool]] = {
    "int": lambda value: within(value, LEAST_INT, MOST_INT),
    "long": lambda value: within(value, LEAST_LONG, MOST_LONG),
    "bool": lambda value: value.lower() in {"true", "false"},
    "alpha": lambda value: re.fullmatch("[A-Za-z]*", value) is not None,
    "guid": is_guid,
    "required": bool,
    "length": lambda value, least, most=None: int(least) <= len(value) <= int(most or least),
    "minlength": lambda value, least: len(value) >= int(least),
    "maxlength": lambda value, most: len(value) <= int(most),
    "min": lambda value, least: within(value, int(least), MOST_LONG),
    "max": lambda value, most: within(value, LEAST_LONG, int(most)),
    "range": lambda value, least, most: within(value, int(least), int(most)),
    "regex": lambda value, *pattern: re.search(",".join(pattern), value, re.IGNORECASE) is not None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    parameter: str
    holds: Callable[..., bool]
    arguments: tuple[str, ...]

    def allows(self, value: str) -> bool:
        return self.holds(value, *self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    function: Function
    template: str  # with the prefix
    pattern: re.Pattern[str]
    constraints: tuple[Constraint, ...]
    methods: frozenset[str]  # empty: all

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route's parameters, or None. An empty optional or catch-all parameter is left out."""
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: value for name, value in found.groupdict().items() if value}
        fits = all(one.allows(values[one.parameter]) for one in self.constraints if one.parameter in values)
        return values if fits else None


def first_match(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for route in routes:
        values = route.match(method, path)
        if values is not None:
            return route, values
    return None


def make_route(function: Function, *, template: str, prefix: str) -> Route:
    whole_template = "/".join(part for part in (prefix, template.strip("/")) if part)
    if whole_template.split("/")[0].lower() in RESERVED:
        raise FunctionFault(f"route {whole_template!r} collides with the host's own /admin and /runtime")
    pattern, constraints = compile_template(whole_template)
    return Route(
        function=function,
        template=whole_template,
        pattern=pattern,
        constraints=constraints,
        methods=frozenset(method.upper() for method in function.trigger.get("methods") or ()),
    )


def compile_template(template: str) -> tuple[re.Pattern[str], tuple[Constraint, ...]]:
    """One pattern for the whole path, and its constraints; literals are case-insensitive, a slash at the end is
    allowed.
    """
    constraints: list[Constraint] = []
    pattern = ""
    for segment in split_segments(template):
        parameters = list(PARAMETER.finditer(segment))
        rest = PARAMETER.sub("", segment)
        if "{" in rest or "}" in rest:
            raise FunctionFault(f"route {template!r}: {segment!r} is not understood")
        for parameter in parameters:
            constraints += parameter_constraints(template, parameter)
        pattern += segment_pattern(segment, parameters)
    return re.compile(f"{pattern}/?", re.IGNORECASE | re.DOTALL), tuple(constraints)


def split_segments(template: str) -> list[str]:
    """The segments between slashes that are not inside braces (a regex constraint may hold one)."""
    return [segment for segment in re.split(r"/(?![^{}]*\})", template) if segment]


def segment_pattern(segment: str, parameters: list[re.Match[str]]) -> str:
    if len(parameters) == 1 and parameters[0][0] == segment:
        name = parameters[0]["name"]
        if parameters[0]["stars"]:
            return f"(?:/(?P<{name}>.*))?"
        return f"(?:/(?P<{name}>[^/]+))" + ("?" if parameters[0]["optional"] else "")
    pattern, at = "/", 0
    for parameter in parameters:
        pattern += re.escape(segment[at : parameter.start()]) + f"(?P<{parameter['name']}>[^/]+)"
        at = parameter.end()
    return pattern + re.escape(segment[at:])


def parameter_constraints(template: str, parameter: re.Match[str]) -> list[Constraint]:
    made = []
    for name, arguments in CONSTRAINT.findall(parameter["constraints"]):
        if name.lower() not in CONSTRAINTS:
            raise FunctionFault(f"route {template!r}: there is no constraint {name!r}")
        split = tuple(arguments.split(",")) if arguments else ()
        made.append(Constraint(parameter=parameter["name"], holds=CONSTRAINTS[name.lower()], arguments=split))
    return made


def decode_path(raw: bytes) -> str:
    """The path as Kestrel decodes it: percent-escapes of valid UTF-8 except %2F; then `.` and `..` segments are taken
    out.
    """
    text = ESCAPES.sub(decode_escapes, raw).decode("utf-8", "replace")
    if "/." not in text:
        return text
    kept: list[str] = []
    segments = text.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    tail = "/" if segments[-1] in {".", ".."} and kept else ""
    return "/" + "/".join(kept) + tail


def decode_escapes(match: re.Match[bytes]) -> bytes:
    parts = re.split(rb"(%2[Ff])", match[0])
    return b"".join(part if part.upper() == b"%2F" else decode_run(part) for part in parts)


def decode_run(escapes: bytes) -> bytes:
    decoded = bytes.fromhex(escapes.replace(b"%", b"").decode())
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        return escapes
    return decoded
