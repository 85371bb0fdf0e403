"""Breaks shared/core in small ways and counts which breaks the tests notice: `./visiondrop bench mutants [--json]`.

A mutant changes one thing: a comparison, an arithmetic sign, a number, `and`/`or`, `not`, `min`/`max`, or which branch
is taken. Decorators, and the values of constants in capitals, are left out: those are facts, which other tests hold.
Every mutant lives in the memory of a forked process only, and meets the tests of tests/core that reach its line, the
fastest first. One that survives is listed, unless bench/mutants.toml says why it may. (mutmut and cosmic-ray write
mutated trees to disk and have no choice of kinds; what is needed here is small.)
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import azure.data.tables
import azure.storage.blob  # noqa: F401
import hypothesis  # noqa: F401
import pytest
from coverage import CoverageData

ROOT = Path(__file__).parents[1]
CORE = ROOT / "shared" / "core"
EXCUSES = ROOT / "bench" / "mutants.toml"
TESTS = "tests/core"
QUIET = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header")
TIMEOUT_S = 120  # a mutant that makes a loop endless is noticed too
FIRST_TESTS = 40  # the fastest that reach a line; who survives those meets all the others

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SIGNS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
EXTREMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
Node = ast.expr | ast.stmt
Change = tuple[str, Callable[[Node], None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module: `line` counts from 1, `code` is that line, `what` the change, `source` the module."""

    module: str
    line: int
    code: str
    what: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line}: {self.what}: {self.code}"


# Making mutants


def mutants_of(module: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    lines = text.splitlines()
    tree = ast.parse(text)
    for index, node in enumerate(nodes_of(tree)):
        for what, change in changes_of(node):
            changed = copy.deepcopy(tree)
            change(list(nodes_of(changed))[index])
            code = lines[node.lineno - 1].strip()
            source = ast.unparse(ast.fix_missing_locations(changed))
            yield Mutant(module=module, line=node.lineno, code=code, what=what, source=source)


def nodes_of(tree: ast.Module) -> Iterator[Node]:
    """What may be changed: everything in functions and classes but decorators, annotations, texts and constants."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield from nodes_below(statement)


def nodes_below(node: ast.AST) -> Iterator[Node]:
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return  # the words of a message
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for name, value in ast.iter_fields(node):
        if name not in {"decorator_list", "annotation", "returns", "bases"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from nodes_below(child)


def changes_of(node: Node) -> list[Change]:
    """The ways in which a node may be broken: in words, and as what is done to a copy of it."""
    match node:
        case ast.Compare(ops=ops):
            return [compared(index, operator) for index, operator in enumerate(ops)]
        case ast.BinOp(op=sign) if type(sign) in SIGNS and not is_text(node):
            other = SIGNS[type(sign)]
            return [(f"{type(sign).__name__} to {other.__name__}", setter("op", other()))]
        case ast.BoolOp(op=ast.And()):
            return [("and to or", setter("op", ast.Or()))]
        case ast.BoolOp(op=ast.Or()):
            return [("or to and", setter("op", ast.And()))]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return [("not dropped", setter("operand", ast.UnaryOp(op=ast.Not(), operand=operand)))]
        case ast.Constant(value=bool(value)):
            return [(f"{value} to {not value}", setter("value", not value))]
        case ast.Constant(value=int(value) | float(value)):
            return [(f"{value} to {value + 1}", setter("value", value + 1))]
        case ast.Call(func=ast.Name(id=name)) if name in EXTREMES:
            return [(f"{name} to {EXTREMES[name]}", setter("func", ast.Name(id=EXTREMES[name], ctx=ast.Load())))]
        case ast.If() | ast.IfExp():
            return [(f"branch {value}", setter("test", ast.Constant(value=value))) for value in (True, False)]
        case _:
            return []


def compared(index: int, operator: ast.cmpop) -> Change:
    other = COMPARISONS[type(operator)]

    def change(node: Node) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[index] = other()

    return f"{type(operator).__name__} to {other.__name__}", change


def setter(field: str, value: object) -> Callable[[Node], None]:
    return lambda node: setattr(node, field, value)


def is_text(node: ast.BinOp) -> bool:
    """Texts are joined by `+` too; taking one from another is no mutant but a TypeError."""
    return any(isinstance(side, ast.JoinedStr | ast.List | ast.Tuple) for side in (node.left, node.right)) or any(
        isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (node.left, node.right)
    )


# Which tests reach a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`by_line` has the tests that run a line of a file, `seconds` how long each test takes."""

    by_line: dict[tuple[str, int], frozenset[str]]
    by_file: dict[str, frozenset[str]]
    seconds: dict[str, float]

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that reach the mutant, the fastest first; those of its whole file for a line run at import."""
        file = mutant.module.replace(".", "/") + ".py"
        tests = self.by_line.get((file, mutant.line)) or self.by_file.get(file, frozenset())
        return sorted(tests, key=lambda test: (self.seconds.get(test, 0.0), test))


def measure_reach() -> Reach:
    """What each test of tests/core runs, by one run with coverage. Raises RuntimeError when that run fails."""
    with tempfile.TemporaryDirectory() as folder:
        data, clock = Path(folder, "coverage"), Path(folder, "seconds.json")
        options = ["--cov=shared/core", "--cov-context=test", "--cov-report=", "--cov-fail-under=0"]
        pid = os.fork()
        if pid == 0:
            os.environ["COVERAGE_FILE"] = str(data)
            in_silence(lambda: run_timed([TESTS, *QUIET, *options], clock))
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError(f"the tests fail without any mutant: ./visiondrop test {TESTS}")
        return read_reach(data, json.loads(clock.read_text()))


class Clock:
    """A pytest plugin: how long each test took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: object) -> None:
        name = str(getattr(report, "nodeid", ""))
        self.seconds[name] = self.seconds.get(name, 0.0) + float(getattr(report, "duration", 0.0))


def run_timed(arguments: list[str], clock: Path) -> int:
    plugin = Clock()
    code = int(pytest.main(arguments, plugins=[plugin]))
    clock.write_text(json.dumps(plugin.seconds))
    return code


def read_reach(data: Path, seconds: dict[str, float]) -> Reach:
    measured = CoverageData(basename=str(data))
    measured.read()
    by_line: dict[tuple[str, int], frozenset[str]] = {}
    by_file: dict[str, frozenset[str]] = {}
    for file in measured.measured_files():
        name = str(Path(file).relative_to(ROOT))
        lines = {
            line: frozenset(context.partition("|")[0] for context in contexts if context)
            for line, contexts in measured.contexts_by_lineno(file).items()
        }
        by_line.update({(name, line): tests for line, tests in lines.items()})
        by_file[name] = frozenset().union(*lines.values())
    return Reach(by_line=by_line, by_file=by_file, seconds=seconds)


# Running them


class MutatedModule(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module as its mutant; all others are found as usual."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if name != self.mutant.module:
            return None
        file = ROOT / (name.replace(".", "/") + ".py")
        return importlib.util.spec_from_file_location(name, file, loader=self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        del spec

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.source, str(module.__file__), "exec"), module.__dict__)  # noqa: S102 - our own source


def in_silence(work: Callable[[], int]) -> None:
    """Ends this process with the exit code that the work returns, without a word."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    code = 1
    try:
        code = work()
    finally:
        os._exit(code)


def meet_tests(mutant: Mutant, tests: Sequence[str]) -> int:
    """Pytest's exit code: 0 when all tests pass although the module is broken."""
    sys.meta_path.insert(0, MutatedModule(mutant))
    signal.alarm(TIMEOUT_S)
    first, others = tests[:FIRST_TESTS], tests[FIRST_TESTS:]
    code = int(pytest.main([*QUIET, "-p", "no:cov", *first]))
    if code == 0 and others:
        code = int(pytest.main([*QUIET, "-p", "no:cov", *others]))
    return code


def survivors_of(mutants: Sequence[Mutant], reach: Reach, jobs: int) -> list[Mutant]:
    """Those that no test notices, in their order. Each runs in a fork; so many at once."""
    running: dict[int, Mutant] = {}
    survived: set[str] = set()
    for count, mutant in enumerate(mutants):
        if len(running) >= jobs:
            take_one(running, survived)
        tests = reach.of(mutant)
        pid = os.fork()
        if pid == 0:
            in_silence(lambda mutant=mutant, tests=tests: meet_tests(mutant, tests))  # type: ignore[misc]
        running[pid] = mutant
        if count % 100 == 0:
            print(f"{count:>6} of {len(mutants)}, {len(survived)} survive", file=sys.stderr, flush=True)
    while running:
        take_one(running, survived)
    return [mutant for mutant in mutants if mutant.name in survived]


def take_one(running: dict[int, Mutant], survived: set[str]) -> None:
    pid, status = os.wait()
    mutant = running.pop(pid)
    if status == 0:
        survived.add(mutant.name)


# What survives for a reason


def read_excuses() -> dict[tuple[str, str, str], str]:
    """(module, line of code, change) -> the reason why no test can notice it, or need not."""
    rows = tomllib.loads(EXCUSES.read_text("utf-8")).get("mutant", []) if EXCUSES.exists() else []
    return {(row["module"], row["code"], row["what"]): row["reason"] for row in rows}


def choose(modules: Iterable[str], sample: int, seed: int) -> list[Mutant]:
    chosen: list[Mutant] = []
    for module in modules:
        text = (ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8")
        made = list(mutants_of(module, text))
        if sample and len(made) > sample:
            made = sorted(random.Random(f"{seed} {module}").sample(made, sample), key=lambda one: one.line)  # noqa: S311 - no secret
        chosen += made
    return chosen


def modules_named(parts: Sequence[str]) -> list[str]:
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(CORE.rglob("*.py"))]
    return [name for name in names if not parts or any(part in name for part in parts)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", action="append", default=[], help="only modules with this in their dotted name")
    parser.add_argument("--sample", type=int, default=0, help="at most so many mutants of a module (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--json", action="store_true", help="end with one JSON object of figures")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    began = time.monotonic()
    mutants = choose(modules_named(arguments.module), arguments.sample, arguments.seed)
    survived = survivors_of(mutants, measure_reach(), arguments.jobs)
    excuses = read_excuses()
    excused = [mutant for mutant in survived if (mutant.module, mutant.code, mutant.what) in excuses]
    unexcused = [mutant for mutant in survived if mutant not in excused]
    for mutant in unexcused:
        print(mutant.name)
    report(mutants, survived)
    killed = len(mutants) - len(survived)
    figures = {
        "mutants": len(mutants),
        "killed": killed,
        "excused": len(excused),
        "survived": len(unexcused),
        "share": round(killed / len(mutants), 4) if mutants else 1.0,
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(figures) if arguments.json else figures)
    return 0


def report(mutants: Sequence[Mutant], survived: Sequence[Mutant]) -> None:
    """A line a module: how many mutants it has and how many of them survive."""
    all_of, left = Counter(one.module for one in mutants), Counter(one.module for one in survived)
    for module in all_of:
        print(f"{module.removeprefix('shared.core.'):<28} {all_of[module]:>5} mutants {left[module]:>4} survive")


if __name__ == "__main__":
    sys.exit(main())
