"""How dbaudit finds a server, and what it says where it does not."""

from __future__ import annotations

import psycopg
import pytest

SECRET = "s3cret-p4ssword"


@pytest.fixture
def guarded(newest):
    """A role with a password, on the server's own socket."""
    newest.run(f"create role guarded login password '{SECRET}'")
    (hba_file,) = newest.admin.execute("show hba_file").fetchone()
    with open(hba_file) as file:
        before = file.read()
    with open(hba_file, "w") as file:
        file.write("local all guarded scram-sha-256\n" + before)
    newest.admin.execute("select pg_reload_conf()")
    yield newest
    with open(hba_file, "w") as file:
        file.write(before)
    newest.admin.execute("select pg_reload_conf()")
    newest.run("drop role guarded")


def uri(database, user="postgres", password=""):
    info = psycopg.conninfo.conninfo_to_dict(database.conninfo(user))
    colon = f":{password}" if password else ""
    return f"postgresql://{user}{colon}@/{info['dbname']}?host={info['host']}&port={info['port']}"


@pytest.mark.parametrize("way", ["positional", "dbname", "letters", "libpq", "DATABASE_URL", "driver prefix"])
def test_every_way_to_name_a_database(dbaudit, newest, way):
    info = {key: str(value) for key, value in psycopg.conninfo.conninfo_to_dict(newest.conninfo()).items()}
    url = uri(newest)
    libpq = {"PGHOST": info["host"], "PGPORT": info["port"], "PGUSER": info["user"], "PGDATABASE": info["dbname"]}
    letters = ["-h", info["host"], "-p", info["port"], "-U", info["user"], "-d", info["dbname"]]
    arguments, env = {
        "positional": ([newest.conninfo()], {}),
        "dbname": (["-d", url], {}),
        "letters": (letters, {}),
        "libpq": ([], libpq),
        "DATABASE_URL": ([], {"DATABASE_URL": url}),
        "driver prefix": ([url.replace("postgresql://", "postgresql+asyncpg://")], {}),
    }[way]
    done = dbaudit("indexes", *arguments, env=env)
    assert done.returncode == 0, done.stderr
    assert "nothing found" in done.stdout
    assert ("using DATABASE_URL" in done.stderr) is (way == "DATABASE_URL")


def test_libpq_goes_before_database_url(dbaudit, newest):
    info = psycopg.conninfo.conninfo_to_dict(newest.conninfo())
    env = {"PGHOST": info["host"], "PGPORT": "5432", "PGUSER": "postgres", "PGDATABASE": info["dbname"]}
    done = dbaudit("indexes", env=env | {"DATABASE_URL": "postgresql://nobody@nowhere.invalid/nothing"})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["indexes", "connections"])
@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("host=/nonexistent dbname=x", "No such file or directory"),
        ("postgresql://u@127.0.0.1:1/x", "refused"),
        ("postgresql://u:pa@ss@127.0.0.1:1/x", "write an @ of the password as %40"),
        (f"host=localhost password={SECRET} {SECRET}", "cannot be read"),
        (f"postgresql://u:{SECRET}@[::1/x", "cannot be read"),
    ],
)
def test_no_server_is_exit_2_and_one_line(dbaudit, command, target, said):
    done = dbaudit(command, target)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr and "Traceback" not in done.stderr
    assert SECRET not in done.stderr and "ss@127" not in done.stderr


def test_an_unknown_database_is_exit_2(dbaudit, newest):
    done = dbaudit("indexes", newest.server.conninfo("nowhere"))
    assert (done.returncode, done.stdout) == (2, "")
    assert 'database "nowhere" does not exist' in done.stderr


def test_a_wrong_password_is_exit_2_and_is_not_repeated(dbaudit, guarded):
    done = dbaudit("indexes", uri(guarded, "guarded", f"{SECRET}-wrong"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "password authentication failed" in done.stderr
    assert SECRET not in done.stderr


def test_without_a_terminal_nobody_is_asked_for_a_password(dbaudit, guarded):
    done = dbaudit("indexes", uri(guarded, "guarded"))
    assert done.returncode == 2
    assert "no password supplied" in done.stderr


def test_a_report_names_the_target_without_its_password(dbaudit, guarded):
    done = dbaudit("indexes", "-v", "-F", "full", uri(guarded, "guarded", SECRET))
    assert done.returncode == 0, done.stderr
    assert "guarded@" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_superuser_gets_one_warning_on_stderr_and_others_none(dbaudit, guarded):
    warned = dbaudit("indexes", guarded.conninfo())
    assert warned.stderr.count("superuser") == 1
    assert dbaudit("indexes", "-q", guarded.conninfo()).stderr == ""
    assert dbaudit("indexes", uri(guarded, "guarded", SECRET)).stderr == ""
