"""What `pip install dbaudit` brings: the wheel has everything that the checkout has."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The names in a wheel that is built from the checkout as a user's pip would build it."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", directory, ROOT]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (made,) = directory.glob("dbaudit-*.whl")
    with zipfile.ZipFile(made) as archive:
        return set(archive.namelist())


def test_every_module_query_and_marker_of_the_package_is_in_the_wheel(wheel):
    package = ROOT / "dbaudit"
    files = {
        str(path.relative_to(ROOT)) for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert "dbaudit/py.typed" in files and any(name.endswith(".sql") for name in files)
    assert files - wheel == set()


def test_the_demo_shop_is_in_the_wheel(wheel):
    shop = ROOT / "fixtures" / "shop"
    files = {f"dbaudit/_fixtures/shop/{path.relative_to(shop)}" for path in shop.rglob("*") if path.is_file()}
    assert files - wheel == set()


def test_nothing_of_the_tests_is_in_the_wheel(wheel):
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"dbaudit"}


def test_the_command_is_in_the_wheel(wheel):
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel)
