"""The benchmark of mutants: what it breaks, and that a broken module is what the tests then meet."""

from __future__ import annotations

import ast

import pytest

from bench.mutants import MutatedModule, mutants_of

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
