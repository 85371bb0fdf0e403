"""How many steps a regular expression takes on the worst strings that can be made of its own parts.

`compile_steps` translates what Python's own parser makes of a pattern into a backtracking machine that tries what `re`
tries, in the same order, and counts. So growth is seen without a clock, and the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # private, as their likes since Python 1.6
from typing import Any, Literal

Mode = Literal["all", "match", "fullmatch"]
Text = Any  # str or bytes, whichever the pattern is for
POOL = [*map(chr, range(0x21, 0x7F)), " ", "\t", "\n", "é", "\x00"]  # characters that attacks are made of
MOST_LETTERS = 8
CHARACTERS = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN"})
ONE_TEST = CHARACTERS | {"AT", "FAILURE"}
LOOKS = frozenset({"ASSERT", "ASSERT_NOT"})
REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})


class TooManySteps(Exception):
    """The machine was stopped; the number would have been larger still."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: `test` one position and move by `width`, `split` two ways, or run a `block` that keeps its first
    match (atomic groups, possessive repeats, lookarounds).
    """

    kind: Literal["test", "split", "block"]
    test: Any = None
    width: int = 0
    first: int = 0
    second: int = 0
    block: tuple[Step, ...] = ()
    wanted: bool = True  # False for a negative lookahead
    moves: bool = True  # False for lookarounds


class Builder:
    def __init__(self, parsed: Any) -> None:
        self.parsed = parsed
        self.tests: list[Any] = []

    def test(self, node: Any, flags: int) -> Any:
        """One node as a compiled pattern of its own, so that classes and flags mean exactly what they mean to `re`."""
        made = _compiler.compile(_parser.SubPattern(self.parsed.state, [node]), flags)
        self.tests.append(made)
        return made

    def sequence(self, nodes: Any, flags: int) -> list[Step]:
        steps: list[Step] = []
        for node in nodes:
            steps = join(steps, self.node(node, flags))
        return steps

    def node(self, node: Any, flags: int) -> list[Step]:
        """The steps of one node. Raises NotImplementedError for what is not counted."""
        op, argument = str(node[0]), node[1]
        if op in ONE_TEST or (op in LOOKS and argument[0] < 0):  # to look behind takes the same few steps everywhere
            return [Step("test", test=self.test(node, flags), width=int(op in CHARACTERS))]
        if op in REPEATS:
            return self.repeat(argument, flags, greedy=op == "MAX_REPEAT")
        match op:
            case "SUBPATTERN":
                _, added, removed, inside = argument
                return self.sequence(inside, (flags | added) & ~removed)
            case "BRANCH":
                return self.branch([self.sequence(one, flags) for one in argument[1]])
            case "POSSESSIVE_REPEAT":
                return [Step("block", block=tuple(self.repeat(argument, flags, greedy=True)))]
            case "ATOMIC_GROUP":
                return [Step("block", block=tuple(self.sequence(argument, flags)))]
            case "ASSERT" | "ASSERT_NOT":
                block = tuple(self.sequence(argument[1], flags))
                return [Step("block", block=block, wanted=op == "ASSERT", moves=False)]
        raise NotImplementedError(f"{op} is not counted: use a simpler pattern, or teach this file")

    def branch(self, ways: list[list[Step]]) -> list[Step]:
        if len(ways) == 1:
            return ways[0]
        rest = self.branch(ways[1:])
        start = Step("split", first=1, second=len(ways[0]) + 2)
        jump = Step("split", first=len(ways[0]) + 2 + len(rest), second=-1)
        return [start, *shifted(ways[0], 1), jump, *shifted(rest, len(ways[0]) + 2)]

    def repeat(self, argument: Any, flags: int, *, greedy: bool) -> list[Step]:
        least, most, inside = argument
        one = self.sequence(inside, flags)
        steps: list[Step] = []
        for _ in range(least):
            steps = join(steps, one)
        if most is _constants.MAXREPEAT:
            if inside.getwidth()[0] == 0:
                raise NotImplementedError("repeats what may be empty: say what it holds instead")
            ways = (1, len(one) + 2) if greedy else (len(one) + 2, 1)
            return join(
                steps, [Step("split", first=ways[0], second=ways[1]), *shifted(one, 1), Step("split", second=-1)]
            )
        optional: list[Step] = []  # from the last to the first: who does without one does without all after it
        for _ in range(most - least):
            after = len(one) + 1 + len(optional)
            ways = (1, after) if greedy else (after, 1)
            optional = [Step("split", first=ways[0], second=ways[1]), *shifted(join(one, optional), 1)]
        return join(steps, optional)


def shifted(steps: list[Step], by: int) -> list[Step]:
    """The same steps at another place: targets are places in the list."""
    moved = []
    for step in steps:
        second = step.second if step.second < 0 else step.second + by
        is_split = step.kind == "split"
        moved.append(
            Step(
                step.kind,
                test=step.test,
                width=step.width,
                first=step.first + by if is_split else 0,
                second=second if is_split else 0,
                block=step.block,
                wanted=step.wanted,
                moves=step.moves,
            )
        )
    return moved


def join(one: list[Step], other: list[Step]) -> list[Step]:
    return [*one, *shifted(other, len(one))]


class StepCounter:
    """A pattern's machine. `run` answers like `re`, and `steps` grows by what it took."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        # Without the pattern's own flags of str: compiled parts must take what the whole takes.
        self.parsed = _parser.parse(pattern, flags)
        builder = Builder(self.parsed)
        self.program = tuple(builder.sequence(self.parsed, self.parsed.state.flags))
        self.tests = builder.tests
        self.steps = 0
        self.most = 0

    def run(self, text: Text, mode: Mode, *, most: int) -> list[tuple[int, int]]:
        """All matches from left to right, or the one at the start. Raises TooManySteps beyond `most`."""
        self.steps, self.most = 0, most
        found, at = [], 0
        while at <= len(text):
            end = self.attempt(self.program, text, at, whole=mode == "fullmatch")
            if end is not None:
                found.append((at, end))
            if mode != "all":
                break
            at = at + 1 if end is None or end == at else end
        return found

    def attempt(self, program: tuple[Step, ...], text: Text, start: int, *, whole: bool = False) -> int | None:
        stack = [(0, start)]
        while stack:
            place, at = stack.pop()
            while place < len(program):
                self.count()
                step = program[place]
                if step.kind == "split":
                    if step.second >= 0:
                        stack.append((step.second, at))
                    place = step.first
                    continue
                moved = self.move(step, text, at)
                if moved is None:
                    break
                place, at = place + 1, moved
            else:
                if not whole or at == len(text):
                    return at
        return None

    def move(self, step: Step, text: Text, at: int) -> int | None:
        if step.kind == "test":
            return at + step.width if step.test.match(text, at) else None
        end = self.attempt(step.block, text, at)
        if (end is not None) != step.wanted:
            return None
        return end if step.moves else at

    def count(self) -> None:
        self.steps += 1
        if self.steps > self.most:
            raise TooManySteps


# Attacks


def attacks(counter: StepCounter, length: int, *, as_bytes: bool) -> Iterator[Text]:
    """Strings of about this length: a beginning that the pattern likes, a part of it again and again, and an end."""
    letters = alphabet(counter, as_bytes=as_bytes)
    starts = dict.fromkeys(["", *beginnings(counter.parsed)])
    pairs = ("".join(pair) for pair in product(letters, repeat=2))
    pumps = dict.fromkeys([*letters, *pairs, *samples(counter.parsed), *starts])
    for start, pump, end in product(starts, pumps, ("", "\x00")):
        if pump:
            text = start + pump * (length // len(pump)) + end
            yield text.encode("latin-1") if as_bytes else text


def alphabet(counter: StepCounter, *, as_bytes: bool) -> list[str]:
    """One character for each group that the pattern's own tests cannot tell apart."""
    seen: dict[tuple[bool, ...], str] = {}
    for letter in POOL:
        text: Text = letter.encode("latin-1") if as_bytes else letter
        seen.setdefault(tuple(test.match(text) is not None for test in counter.tests), letter)
    return list(seen.values())[:MOST_LETTERS]


def samples(nodes: Any) -> Iterator[str]:
    """A text for every part of the pattern, large or small."""
    yield sample(nodes)
    for node in nodes:
        for inside in inner(node):
            yield from samples(inside)


def beginnings(nodes: Any) -> Iterator[str]:
    """What stands before each repeat of the pattern."""
    before = ""
    for node in nodes:
        for inside in inner(node):
            yield from (before + rest for rest in ["", *beginnings(inside)])
        before += sample([node])


def inner(node: Any) -> list[Any]:
    """The patterns inside a node."""
    op, argument = node
    match str(op):
        case "SUBPATTERN":
            return [argument[3]]
        case "BRANCH":
            return list(argument[1])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [argument[2]]
        case "ATOMIC_GROUP":
            return [argument]
    return []


def sample(nodes: Any) -> str:
    """A short text that fits: the first way of each branch, the least of each repeat but once at least."""
    text = ""
    for op, argument in nodes:
        match str(op):
            case "LITERAL":
                text += chr(argument)
            case "NOT_LITERAL" | "ANY" | "IN":
                text += member(op, argument)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                text += sample(argument[2]) * max(1, min(argument[0], 40))
            case _:
                text += "".join(sample(inside) for inside in inner((op, argument))[:1])
    return text


def member(op: Any, argument: Any) -> str:
    """A character of the class."""
    parsed = _parser.parse(".")
    test = _compiler.compile(_parser.SubPattern(parsed.state, [(op, argument)]), 0)
    return next((letter for letter in ["a", "0", *POOL] if test.match(letter)), "a")
