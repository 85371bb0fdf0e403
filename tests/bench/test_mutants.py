"""The benchmark of mutants: what it breaks, which tests meet it broken, and what may survive."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from bench.mutant_changes import Mutant, mutants_of
from bench.mutant_reach import IMPORT, Reach
from bench.mutants import MutatedModule, choose, read_excuses, without_excuse

CHANGES = [
    ("return a < b", ["return a <= b"]),
    ("return a <= b < c", ["return a < b < c", "return a <= b <= c"]),
    ("return a + b", ["return a - b"]),
    ("return 'x' + b", []),
    ("return a and b", ["return a or b"]),
    ("return not a", ["return not (not a)"]),
    ("return min(a, b)", ["return max(a, b)"]),
    ("return a[1]", ["return a[2]"]),
    ("return True", ["return False"]),
    ("return b if a else c", ["return b if True else c", "return b if False else c"]),
    ("raise ValueError(1)", []),
    ("return f'{1}'", []),
]


@pytest.mark.parametrize(("line", "broken"), CHANGES)
def test_a_line_is_broken_in_the_ways_that_are_known(line, broken):
    """One change a mutant, and nothing else of the module differs."""
    made = mutants_of("m", f"LIMIT = 3\n\n\n@cache(5)\ndef f(a: int, b: int, c: int) -> int:\n    {line}\n")

    assert [ast.unparse(ast.parse(one.source)).splitlines()[-1].strip() for one in made] == [
        ast.unparse(ast.parse(text)) for text in broken
    ]


def test_a_mutant_is_loaded_instead_of_its_module():
    """Its finder gives the changed source under the module's own name, and leaves all other modules alone."""
    module = "shared.core.plain_json"
    mutant = next(iter(mutants_of(module, "def f(a):\n    return a < 1\n")))
    finder = MutatedModule(mutant)
    namespace = type(ast)(module)
    namespace.__file__ = "plain_json.py"

    finder.exec_module(namespace)

    assert finder.find_spec("shared.core.wire") is None
    assert finder.find_spec(module).loader is finder
    assert namespace.f(1) is True


def test_a_line_meets_its_own_tests_first_and_slow_ones_last():
    """What runs at import may be noticed by any test, so it meets all of them, those of its file before the others."""
    seconds = {
        "tests/test_a.py::slow": 2.0,
        "tests/test_a.py::one": 0.2,
        "tests/test_b.py::two": 0.1,
        "tests/test_c.py::no": 0.0,
    }
    slow, one, two, other = seconds
    reach = Reach(
        by_line={("core/a.py", 5): frozenset({slow, one, two}), ("core/a.py", 6): frozenset({IMPORT, two})},
        by_file={"core/a.py": frozenset({slow, one, two})},
        seconds=seconds,
    )

    assert reach.of("core/a.py", 5) == [one, two, slow]
    assert reach.of("core/a.py", 6) == [two, one, slow, other]
    assert reach.of("core/a.py", 7) == [one, two, slow, other]


def test_a_row_excuses_one_survivor():
    """Of two alike on one line, the second needs a row of its own."""
    alike = Mutant(module="m", line=1, code="return 0 < 0", what="0 to 1", source="")

    assert without_excuse([alike, alike], Counter({("m", "return 0 < 0", "0 to 1"): 1})) == [alike]
    assert without_excuse([alike, alike], Counter({("m", "return 0 < 0", "0 to 1"): 2})) == []
    assert without_excuse([alike], Counter({("m", "return 0 < 0", "1 to 2"): 1})) == [alike]


def test_every_excuse_is_of_a_mutant_that_there_is():
    """A line that was rewritten takes its excuses with it."""
    excuses = read_excuses()
    made = choose(sorted({module for module, _, _ in excuses}), sample=0, seed=1)

    assert not excuses - Counter((mutant.module, mutant.code, mutant.what) for mutant in made)
