"""Whole projects, put together: which service opens which pool how often, and what is said where that is not known."""

import pytest

from dbaudit.cli.budget import Budgeting, budget_facts
from dbaudit.errors import AuditError
from dbaudit.facts import Facts, Missing
from dbaudit.facts.activity import Slots
from dbaudit.facts.budget import BudgetGap, PoolUse, ServerRoom
from dbaudit.facts.budget_sum import of_others, of_server, unknowns
from dbaudit.facts.snapshot import PlannerSetting, Snapshot
from dbaudit.sources.pool_budget.given import from_config, from_option, merged
from dbaudit.sources.pool_budget.room import room_in_snapshot

ENGINE = "from sqlalchemy import create_engine\nengine = create_engine(url, pool_size={}, max_overflow={})\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes files, by their paths, and gives the facts of the budget of the directory they are in."""
    monkeypatch.chdir(tmp_path)

    def write(files, *services, paths=(".",)):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        facts, notes = budget_facts(paths, Budgeting(service=list(services), max_connections=100))
        write.notes = notes
        return facts

    return write


def sentences(facts):
    return [f"{term.service}: {term.formula} = {term.steady}" for term in of_server(facts).terms]


def gaps(facts):
    return [(gap.subject, gap.place, gap.reason) for gap in facts[BudgetGap]]


COMPOSE = """
services:
  web: {build: web, command: gunicorn main:app -w 4 --threads 8, deploy: {replicas: 2}}
  worker: {build: worker, command: celery -A tasks worker -c 6}
  db: {image: "postgres:16"}
  migrate: {build: web, command: alembic upgrade head}
"""


def test_each_service_opens_the_pools_of_its_own_directory(project):
    facts = project({
        "compose.yaml": COMPOSE,
        "web/db.py": ENGINE.format(3, 2),
        "worker/db.py": "from psycopg_pool import ConnectionPool\npool = ConnectionPool(dsn)",
        "web/tests/db.py": ENGINE.format(90, 90),
    })
    assert sentences(facts) == [
        "web: 2 instances × 4 workers × min(3 + 2, 8 threads) = 40",
        "worker: 1 instance × 6 processes × 4 opened at once = 24",
    ]
    assert gaps(facts) == []
    assert of_server(facts).is_whole_rolling


def test_a_number_of_the_services_environment_is_its_own(project):
    facts = project({
        "compose.yaml": """
services:
  a: {build: ., command: uvicorn m:a, environment: {SIZE: "7"}}
  b: {build: ., command: uvicorn m:a}
""",
        "db.py": "import os\n" + ENGINE.format("int(os.environ['SIZE'])", 0),
    })
    assert sentences(facts) == ["a: 1 instance × 1 worker × 7 = 7", "b: 1 instance × 1 worker × ? = None"]
    assert unknowns(of_server(facts).terms) == ("b: pool: db.py:3: it is SIZE of the environment",)


def test_kubernetes_wins_over_compose_and_takes_the_image_of_the_only_dockerfile(project):
    facts = project({
        "compose.yaml": COMPOSE,
        "k8s/api.yaml": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec: {replicas: 8, template: {spec: {containers: [{name: api, image: x}, {name: y, image: envoyproxy/envoy}]}}}
""",
        "Dockerfile": 'FROM x\nENV WEB_CONCURRENCY=4\nCMD ["gunicorn", "m:a", "-k", "gevent"]\n',
        "db.py": ENGINE.format(10, 20),
    })
    assert sentences(facts) == ["api: 8 instances × 4 workers × (10 + 20) = 960"]
    assert of_server(facts).rolling == 10 * 4 * 30
    assert project.notes == ("compose.yaml: left out, as the Kubernetes files say what is deployed",)


def test_an_image_that_may_be_another_is_not_guessed(project):
    pod = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {0}}}\nspec: {{template: {{spec: {{containers: [{1}]}}}}}}\n"
    files = {
        "Dockerfile": "FROM python\nCMD gunicorn m:a -k gevent",
        "a/db.py": ENGINE.format(3, 0),
        "b/db.py": ENGINE.format(4, 0),
        "b/main.py": "from b import db",
        "k.yaml": pod.format("web", "{name: web, image: 'acme/web:1'}") + pod.format("ui", "{name: ui, image: 'acme/ui:1'}"),
    }
    assert [gap[::2] for gap in gaps(project(files))] == [
        ("web", "what it runs is not known"), ("ui", "what it runs is not known"),
    ]
    command = "{name: web, image: 'acme/web:1', command: [uvicorn, 'b.main:app']}"
    other = "{name: ui, image: 'acme/ui:1', command: [uvicorn, 'elsewhere:app']}"
    facts = project({**files, "k.yaml": pod.format("web", command) + pod.format("ui", other)})
    assert sentences(facts) == ["web: 1 instance × 1 worker × 4 = 4"]
    assert gaps(facts) == [("ui", "k.yaml:10", "which of the project's code it runs is not known")]


def test_what_runs_containers_and_is_not_read_is_a_gap(project):
    text = "apiVersion: x/v1\nkind: Rollout\nmetadata: {name: api}\nspec: {template: {spec: {containers: [{name: a}]}}}\n"
    assert gaps(project({"k.yaml": text})) == [("api", "k.yaml:1", "a Rollout is not read")]
    assert gaps(project({"k.yaml": text.replace("Rollout", "Job")})) == []


def test_what_a_procfile_does_not_say_is_asked_for_and_can_be_given(project):
    files = {"Procfile": "web: gunicorn m:a -w 3\n", "db.py": ENGINE.format(5, 5)}
    assert sentences(project(files)) == ["web: ? instances × 3 workers × min(5 + 5, 1 thread) = None"]
    facts = project(files, "web: instances=4")
    assert sentences(facts) == ["web: 4 instances × 3 workers × min(5 + 5, 1 thread) = 12"]
    assert of_server(facts).rolling == 24
    assert of_server(project(files, "web: instances=4 surge=25%")).rolling == 15
    assert of_server(project(files, "web: instances=4 threads=20 pool=6")).steady == 4 * 3 * 6


def test_a_service_runs_the_stage_that_its_build_names(project):
    facts = project({
        "compose.yaml": "services:\n  web: {build: {context: ., target: web}}\n  ui: {build: {context: .}}\n",
        "Dockerfile": "FROM python AS web\nCMD uvicorn m:a --workers 3\nFROM nginx:1\nCOPY --from=web /x /y\n",
        "db.py": ENGINE.format(5, 5),
    })
    assert sentences(facts) == ["web: 1 instance × 3 workers × (5 + 5) = 30"] and gaps(facts) == []


def test_a_dockerfile_alone_says_how_many_processes_an_instance_has(project):
    files = {"Dockerfile": "FROM python\nCMD uvicorn m:a --workers 3\n", "db.py": ENGINE.format(5, 5)}
    facts = project(files)
    assert sentences(facts) == ["app: ? instances × 3 workers × (5 + 5) = None"]
    assert of_server(project({}, "app: instances=2")).rolling == 4 * 3 * 10
    assert sentences(project({}, "api: instances=2 processes=1")) == ["api: 2 instances × 1 process × (5 + 5) = 20"]


@pytest.mark.parametrize(
    ("pins", "formula"),
    [
        ({}, "1 instance × 1 worker × ?"),
        ({"requirements.txt": "redis[hiredis]==8.1.0  # x\n"}, "1 instance × 1 worker × 100"),
        ({"requirements-dev.txt": "redis == 5.0.1"}, "1 instance × 1 worker × no limit"),
        ({"requirements/base.txt": "redis==8.1.0", "requirements.txt": "redis == 5.0.1"}, "1 instance × 1 worker × ?"),
        ({"requirements.txt": "redis==8.1.0", "poetry.lock": '[[package]]\nname = "redis"\nversion = "4.5"'}, "1 instance × 1 worker × ?"),
        ({"uv.lock": "not toml", "requirements.txt": "redis>=5"}, "1 instance × 1 worker × ?"),
    ],
)
def test_a_default_is_that_of_the_version_that_is_pinned(project, pins, formula):
    compose = "services:\n  web: {build: ., command: uvicorn m:a}\n"
    facts = project({"compose.yaml": compose, "a.py": "import redis\nr = redis.Redis()", **pins})
    assert [term.formula for term in of_others(facts)["Redis"].terms] == [formula]


def test_heroku_sets_web_concurrency_itself(project):
    facts = project({"Procfile": "web: gunicorn m:a\n", "db.py": ENGINE.format(5, 5)}, "web: instances=1")
    assert unknowns(of_server(facts).terms) == ("web: workers: Procfile:1: it is WEB_CONCURRENCY of the environment",)


def test_pools_that_nothing_deploys_are_named(project):
    facts = project({"db.py": ENGINE.format(5, 5)})
    assert sentences(facts) == ["app: ? instances × ? processes × (5 + 5) = None"]
    assert sentences(project({}, "app: instances=2 processes=3")) == ["app: 2 instances × 3 processes × (5 + 5) = 60"]


def test_a_service_that_is_only_given(project):
    facts = project({}, "api: instances=8 processes=4 pool=10 overflow=20", "lambda: concurrency=50 pool=1")
    assert sentences(facts) == [
        "api: 8 instances × 4 processes × (10 + 20) = 960",
        "lambda: 50 instances × 1 process × 1 = 50",
    ]
    assert of_server(facts).rolling == 1920 + 50
    incomplete = project({}, "api: pool=10")
    assert [line.partition(": --")[0] for line in unknowns(of_server(incomplete).terms)] == [
        "api: instances", "api: processes",
    ]


def test_what_cannot_be_read_is_a_gap_with_its_place(project):
    facts = project({
        "compose.yaml": "services:\n  web: {build: ., command: npm start}\n  other: {image: acme/other}\n",
        "chart/templates/d.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .x }}: y}\n",
        "broken.py": "import asyncpg\nprint 'x'",
    })
    assert gaps(facts) == [
        ("broken.py", "broken.py", "it cannot be read as Python: its pools are not known"),
        ("chart/templates/d.yaml", "chart/templates/d.yaml:3", "it is no plain YAML"),
        ("web", "compose.yaml:2", "what it runs is not known"),
        ("other", "compose.yaml:3", "what it runs is not known"),
    ]
    assert not of_server(facts).is_whole


def test_a_service_in_which_no_pool_was_found_is_no_service_without_connections(project):
    facts = project({"compose.yaml": "services:\n  web: {build: web, command: uvicorn m:a}\n"})
    assert gaps(facts) == [("web", "compose.yaml:2", "no pool was found in the code of web")]
    assert gaps(project({}, "web: pool=0")) == []
    unknown = project({"compose.yaml": "services:\n  web: {build: web, command: npm start}\n"}, "web: pool=0")
    assert gaps(unknown) == [] and sentences(unknown) == []


POOLED = """
services:
  web:
    build: .
    command: uvicorn m:a --workers 5
    environment: {DATABASE_URL: "postgres://web:pw@bouncer:6432/shop"}
"""


def test_behind_pgbouncer_its_pools_count_and_the_services_are_its_clients(project):
    files = {
        "compose.yaml": POOLED,
        "db.py": ENGINE.format(10, 0),
        "pgbouncer.ini": "[databases]\nshop = host=db pool_size=15\n",
    }
    facts = project(files)
    assert sentences(facts) == ["PgBouncer/shop: 1 user × 15 = 15"]
    assert of_others(facts)["PgBouncer"].steady == 50
    assert "pw" not in repr(facts)
    direct = project({**files, "compose.yaml": POOLED.replace(":6432", "").replace("bouncer", "db")})
    assert sentences(direct)[0] == "web: 1 instance × 5 workers × 10 = 50"
    undecided = project({**files, "compose.yaml": POOLED.partition("    environment")[0]})
    assert [gap[2] for gap in gaps(undecided)] == ["whether it connects through PgBouncer is not known"]
    told = project({}, "web: through=pgbouncer role=web database=shop")
    assert gaps(told) == [] and of_server(told).steady == 15


def test_a_pooler_whose_own_pools_are_not_known_is_a_gap(project):
    facts = project({"compose.yaml": POOLED, "db.py": ENGINE.format(10, 0)})
    assert gaps(facts) == [("PgBouncer", "web", "how many connections it opens to the server is not known")]


def test_only_what_a_service_imports_is_its_own(project):
    facts = project({
        "compose.yaml": "services:\n  web: {build: ., command: uvicorn app.main:app}\n",
        "app/__init__.py": "",
        "app/main.py": "from .core import db\n",
        "app/core/__init__.py": "",
        "app/core/db.py": ENGINE.format(4, 0),
        "seed.py": ENGINE.format(50, 0),
    })
    assert sentences(facts) == ["web: 1 instance × 1 worker × 4 = 4"]
    assert project.notes == ("not counted for web: SQLAlchemy in seed.py:2, as nothing that it runs imports it",)


SETTINGS = "DATABASES = {{'default': {{'ENGINE': 'django.db.backends.postgresql', 'OPTIONS': {{'pool': {}}}}}}}\n"


def test_of_several_settings_the_one_that_is_named(project):
    files = {
        "compose.yaml": "services:\n  web: {build: ., command: uvicorn c.asgi:a, environment: {}}\n",
        "config/settings/dev.py": SETTINGS.format({"max_size": 5}),
        "config/settings/prod.py": SETTINGS.format({"max_size": 9}),
    }
    assert sentences(project(files)) == ["web: 1 instance × 1 worker × ? = None"]
    named = files["compose.yaml"].replace("{}", "{DJANGO_SETTINGS_MODULE: config.settings.prod}")
    assert sentences(project({**files, "compose.yaml": named})) == ["web: 1 instance × 1 worker × 9 = 9"]
    manage = {**files, "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.dev')"}
    assert sentences(project(manage)) == ["web: 1 instance × 1 worker × 5 = 5"]


def test_other_compose_files_are_read_when_they_are_named(project):
    files = {
        "docker-compose.yml": "services:\n  web: {build: ., command: uvicorn m:a}\n",
        "docker-compose.prod.yml": "services:\n  web: {deploy: {replicas: 6}}\n",
        "db.py": ENGINE.format(4, 0),
    }
    assert sentences(project(files)) == ["web: 1 instance × 1 worker × 4 = 4"]
    assert project.notes == (
        "docker-compose.prod.yml is not read: name the compose files that are used, in their order",
    )
    named = project(files, paths=(".", "docker-compose.yml", "docker-compose.prod.yml"))
    assert sentences(named) == ["web: 6 instances × 1 worker × 4 = 24"] and project.notes == ()


def test_the_configuration_gives_services_and_the_command_line_wins(project):
    facts = project({"pyproject.toml": "[tool.dbaudit.services.api]\ninstances = 2\nprocesses = 3\npool = 4\n"})
    assert sentences(facts) == ["api: 2 instances × 3 processes × 4 = 24"]
    facts = project({}, "api: instances=5")
    assert sentences(facts) == ["api: 5 instances × 3 processes × 4 = 60"]


@pytest.mark.parametrize(
    "text",
    ["api", "api:", "api: pool", "api: pool=x", "api: pool=-1", "api: wrong=1", "api: pool=1 pool=2", ": pool=1",
     "api: pool=" + "9" * 5000, "api: instances=2 surge=x%", "api: instances=1 concurrency=2", "api: surge=10%", "api: pool=1.5"],
)
def test_a_service_that_is_not_understood_is_refused(text):
    with pytest.raises(AuditError):
        from_option(text)


@pytest.mark.parametrize("text", ["services = 3", "[services]\napi = 3", "[services.api]\npool = true", "[services.api]\nx = 1", "["])
def test_a_configuration_that_is_not_understood_is_refused(text):
    with pytest.raises(AuditError, match="dbaudit.toml"):
        from_config(text, "dbaudit.toml")


def test_what_is_given_later_wins_figure_by_figure():
    found = merged([from_option("a: instances=1 pool=2 role=x"), from_option("a: pool=3")])["a"]
    assert (found.instances.value, found.pool.value, found.role) == (1, 3, "x")


def test_a_path_that_is_not_there_is_refused(project):
    with pytest.raises(AuditError, match="nowhere is not there"):
        project({}, paths=("nowhere",))


def test_numbers_that_are_none_are_not_known(project):
    many = "9" * 5000
    facts = project({
        "compose.yaml": f"""
services:
  web: {{build: ., command: uvicorn m:a --workers {many}, deploy: {{replicas: {many}}}, environment: {{SIZE: "--1"}}}}
""",
        "db.py": "import os\n" + ENGINE.format("int(os.environ['SIZE'])", "int(os.getenv('OVER', '٣'))"),
    })
    assert sentences(facts) == ["web: ? instances × ? workers × (? + ?) = None"]


def test_an_empty_project_is_not_a_clean_one(project):
    facts = project({"README.md": ""})
    assert facts[PoolUse] == () and facts[BudgetGap] == ()


def snapshot(settings=(), *rows):
    return Snapshot(taken_at="2026-01-02T03:04:05Z", facts=Facts.of(*rows), objects=(), sizes=(), statistics=(), settings=settings)


def test_the_room_in_a_snapshot():
    names = {"max_connections": "50", "superuser_reserved_connections": "4", "reserved_connections": "6"}
    settings = tuple(PlannerSetting(name=name, value=value) for name, value in names.items())
    room = room_in_snapshot(snapshot(settings), 8)
    assert (room.usable, room.cores, room.origin) == (40, 8, "snapshot of 2026-01-02T03:04:05Z")
    slots = Slots(
        max_connections=20, superuser_reserved_connections=3, reserved_connections=0, samples=(1,), window_s=0, masked=0
    )
    assert room_in_snapshot(snapshot((), slots), None).usable == 17
    assert room_in_snapshot(snapshot((), ServerRoom(max_connections=9, reserved=1, origin="the server", cores=2)), None).cores == 2
    assert isinstance(room_in_snapshot(snapshot(settings[:1]), None), Missing)
    assert isinstance(room_in_snapshot(snapshot(), None), Missing)


def test_files_that_are_no_text_are_not_passed_over(project, tmp_path):
    for name in ("compose.yaml", "Procfile", "Dockerfile", "pgbouncer.ini", "a.py"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00 services:")
    facts = project({})
    assert [gap.subject for gap in facts[BudgetGap]] == ["Procfile", "Dockerfile", "pgbouncer.ini", "compose.yaml"]
    assert project.notes == ("a.py: it cannot be read as UTF-8 of at most 2 MB",)
