"""The package's own decisions; that the app runs from it is tried by `./visiondrop package --check`, here and in CI."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from local.commands import package
from local.commands.package import RUNNING, PackageFailed, deployed_files, installer, write_zip

ROOT = Path(__file__).parents[2]


def test_deployed_is_only_what_runs():
    """No test, tool, secret or document goes to Azure."""
    files = deployed_files(ROOT)
    assert {"function_app.py", "host.json", "requirements.txt", "shared/wiring.py"} <= set(files)
    assert {name.partition("/")[0] for name in files} == {"function_app.py", "host.json", "requirements.txt", "shared"}
    assert not [name for name in files if "__pycache__" in name or name.endswith((".pyc", "local.settings.json"))]


def test_a_new_folder_is_not_deployed(tmp_path):
    """The list says what goes in, so forgetting to add a line leaks nothing."""
    shutil.copyfile(ROOT / ".funcignore", tmp_path / ".funcignore")
    for name in ("notes/a.txt", "local.settings.json", "shared/a.py", "shared/__pycache__/a.pyc", ".env"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert deployed_files(tmp_path) == ["shared/a.py"]


def test_the_zip_is_the_same_for_the_same_files(tmp_path):
    """Times and order on disk do not matter, so that a package can be compared with the one deployed."""
    packages = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        for name in ("b.py", "a/c.py")[:: 1 if number == 1 else -1]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
        packages.append(tmp_path / f"{number}.zip")
        assert write_zip(folder, packages[-1]) == (2, len("b.py") + len("a/c.py"))
    assert packages[0].read_bytes() == packages[1].read_bytes()
    assert zipfile.ZipFile(packages[0]).namelist() == ["a/c.py", "b.py"]


def test_pip_only_packs_for_the_python_that_runs_it(tmp_path):
    """Pip reads `python_full_version` of itself: for another Python it would take the wrong azure-functions."""
    other = next(target for target in package.TARGETS if target != RUNNING)
    assert "--require-hashes" in installer(tmp_path, RUNNING, None)
    assert installer(tmp_path, other, "uv")[0] == "uv"
    with pytest.raises(PackageFailed, match="install uv"):
        installer(tmp_path, other, None)


def test_a_package_without_the_app_is_refused(tmp_path, capsys):
    """The trial imports for real: an empty zip does not pass it."""
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w"):
        pass
    assert package.try_out(empty, RUNNING) == 1
    assert "cannot be imported" in capsys.readouterr().err


def sources(folder):
    for name in ("app.py", "pkg/__init__.py", "pkg/tests/test_x.py", "pkg/bad.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("WORDS = {'one', 'two', 'three'}\n" if "bad" not in name else "print 'old'\n")
    return folder


def test_byte_code_goes_in_for_all_but_tests(tmp_path):
    """A new instance compiles nothing; a file that this Python cannot read stops nobody."""
    package.add_byte_code(sources(tmp_path), sys.executable)
    tag = sys.implementation.cache_tag
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.pyc"))
    assert found == [f"__pycache__/app.{tag}.pyc", f"pkg/__pycache__/__init__.{tag}.pyc"]


def test_byte_code_is_never_compared_with_its_source(tmp_path):
    """The flags say so (PEP 552): no source is read at a start, whatever time the unzipped file has."""
    package.add_byte_code(sources(tmp_path), sys.executable)
    flags = next(tmp_path.rglob("app.*.pyc")).read_bytes()[4:8]
    assert flags == b"\1\0\0\0"  # by hash, and unchecked


def test_byte_code_has_no_path_of_this_machine(tmp_path):
    """The same inputs give the same bytes wherever they are compiled."""
    made = []
    for name in ("one", "two"):
        package.add_byte_code(sources(tmp_path / name), sys.executable)
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.pyc")})
    assert made[0] == made[1]
    assert str(tmp_path).encode() not in b"".join(made[0].values())


def test_another_pythons_byte_code_needs_that_python():
    """Byte code is good for one version only: without its interpreter the package has none, and says so."""
    assert package.interpreter(RUNNING) == sys.executable
    assert package.interpreter("3.99") is None


def test_azd_gets_the_same_files(tmp_path, capsys):
    """The folder has what the zip has, an ignore file that keeps azd from leaving byte code out, and nothing old."""
    zipped = tmp_path / "visiondrop.zip"
    made = tmp_path / "made"
    package.add_byte_code(sources(made), sys.executable)
    write_zip(made, zipped)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "old.py").touch()
    package.lay_out(zipped, tmp_path / "dist")
    laid = {path.relative_to(tmp_path / "dist").as_posix() for path in (tmp_path / "dist").rglob("*") if path.is_file()}
    assert laid == {*zipfile.ZipFile(zipped).namelist(), ".funcignore"}
    assert "for azd" in capsys.readouterr().out
