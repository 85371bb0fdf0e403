"""The package's own decisions; that the app runs from it is tried by `./visiondrop package --check`, here and in CI."""

from __future__ import annotations

import shutil
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
        for name in ("b.py", "a/c.py", "a/__pycache__/c.pyc", "bin/tool")[:: 1 if number == 1 else -1]:
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
