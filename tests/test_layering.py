"""Imports run one way: core, then pipeline, then adapters, then wiring, then function_app and local."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bench.import_graph import circle_in, folder_graph
from shared.core import places

ROOT = Path(__file__).parents[1]

ALLOWED = {
    "shared/core": ("shared.core",),
    "shared/pipeline": ("shared.core", "shared.pipeline"),
    "shared/adapters": ("shared.core", "shared.pipeline.ports", "shared.adapters"),
    "shared/http": ("shared.core", "shared.pipeline", "shared.wiring", "shared.http"),
    "shared": ("shared",),
}
FLOORS_OF_CORE = (  # each row may import the rows above it; in a row, only what stands before it
    ("codec", "errors", "limits", "waits", "masking", "plain_json", "places", "wire", "byte_range"),
    ("models",),
    ("media", "money"),
    ("settings_values",),
    ("settings",),
    ("ask",),
    ("answer",),
    ("jobs",),
)
OURS = ("shared", "local", "function_app", "tests")
HEAVY = ("PIL", "av", "azure.storage", "azure.identity", "azure.data", "openai", "pillow_heif", "opentelemetry")


def modules(folder: str) -> list[Path]:
    pattern = "*.py" if folder == "shared" else "**/*.py"
    return sorted((ROOT / folder).glob(pattern))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def is_within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("folder", ALLOWED)
def test_project_imports_run_one_way(folder):
    """A layer imports only itself and what lies below it."""
    wrong = {
        (path.name, name)
        for path in modules(folder)
        for name in imports(path)
        if is_within(name, OURS) and not is_within(name, ALLOWED[folder])
    }

    assert set() == wrong


def test_folders_of_core_import_one_way():
    """Jobs -> answer -> ask -> money, media -> models -> the doors that everybody uses: nothing runs back up."""
    floor = {f"shared.core.{name}": level for level, names in enumerate(FLOORS_OF_CORE) for name in names}
    graph = {place: below for place, below in folder_graph(ROOT).items() if place.startswith("shared.core")}
    up = {
        (place, name)
        for place, below in graph.items()
        for name in below
        if floor[name] > floor[place] or (floor[name] == floor[place] != 0)
    }

    assert set(graph) == set(floor)
    assert up == set()


def test_no_imports_run_in_a_circle():
    """Neither between folders of the app nor between files that stand beside folders."""
    assert circle_in(folder_graph(ROOT)) == []


def test_a_circle_is_seen(tmp_path):
    """The check itself: two folders that import each other are named, first one last again."""
    for name, line in (("a", "from shared.b.x import y"), ("b", "from shared.a import x")):
        (tmp_path / "shared" / name).mkdir(parents=True)
        (tmp_path / "shared" / name / "x.py").write_text(f"{line}\n")

    circle = circle_in(folder_graph(tmp_path))

    assert set(circle) == {"shared.a", "shared.b"}
    assert circle[0] == circle[-1]


def test_core_imports_only_the_standard_library():
    """The core does no I/O, so nothing foreign and nothing that reads clocks, files or the network."""
    foreign = {
        (path.name, name)
        for path in modules("shared/core")
        for name in imports(path)
        if not is_within(name, ("shared.core", *sys.stdlib_module_names))
    }
    impure = {
        (path.name, name)
        for path in modules("shared/core")
        for name in imports(path)
        if is_within(name, ("os", "pathlib", "socket", "subprocess", "time", "urllib.request", "random", "io"))
    }

    assert set() == foreign | impure


def test_only_wiring_and_local_read_the_environment():
    """Settings are read once, in one place."""
    readers = [path.name for path in sorted((ROOT / "shared").rglob("*.py")) if reads_environment(path)]

    assert readers == ["wiring.py"]


def reads_environment(path: Path) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_importing_the_app_is_light():
    """function_app indexes with an empty environment and loads no SDK and no media library."""
    code = (
        "import sys, function_app;"
        "names = sorted(f.get_function_name() for f in function_app.app.get_functions());"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules];"
        "print(names, heavy)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, check=True, capture_output=True, text=True
    ).stdout

    assert "'accept', 'analyze'" in shown
    assert shown.endswith("] []\n")


def test_core_loads_nothing_heavy():
    """The whole core in a fresh process brings no foreign module with it."""
    files = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules("shared/core")]
    load = f"import sys, importlib; [importlib.import_module(m) for m in {files!r}]"
    code = f"{load}; print([m for m in {HEAVY!r} if m in sys.modules])"

    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert shown == "[]\n"


def test_telemetry_that_is_off_loads_nothing():
    """A worker without a destination for traces never imports OpenTelemetry or its exporter."""
    environ = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "OPENAI_BASE_URL": "http://127.0.0.1:9",
        "VISION_MODEL": "gpt-5.1",
    }
    code = (
        "import sys, shared.wiring; shared.wiring.services();"
        "print([name for name in sys.modules if 'opentelemetry' in name or 'azure.monitor' in name])"
    )
    outcomes = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**environ, **telemetry},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for telemetry in ({}, {"OTEL_TRACES_EXPORTER": "console"})
    ]

    assert outcomes[0] == "[]\n"
    assert "opentelemetry.sdk.trace" in outcomes[1]


def test_storage_names_stand_in_one_file():
    """No other file of the app gives the name of a container, queue or table to a constant or a client of its own."""
    names = {*places.CONTAINERS, *places.QUEUES, *places.TABLES, places.DEADLETTERS, places.UPLOAD_POISON}
    written = {
        path.name
        for path in [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py"), *(ROOT / "local").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if names & texts_given(node)
    }

    assert written == {"places.py", "blob_trigger.py"}  # the second stands in for the host, which has its own name


def texts_given(node: ast.AST) -> set[str]:
    """The text that a statement gives to a name, or those that a call gives to a storage client or a trigger."""
    given: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        given = [node.value]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("from_connection_string", "_trigger", "Client")):
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return {item.value for item in given if isinstance(item, ast.Constant) and isinstance(item.value, str)}
