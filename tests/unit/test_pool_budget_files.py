"""Command lines, Procfile, compose files, Dockerfiles, manifests and pgbouncer.ini: what they say, and what they do not."""

from textwrap import dedent

import pytest

from dbaudit.sources.pool_budget import compose, kubernetes, pgbouncer_ini, procfile
from dbaudit.sources.pool_budget.command_lines import Context, processes
from dbaudit.sources.pool_budget.dockerfile import image
from dbaudit.sources.pool_budget.environment import addresses, from_file
from dbaudit.sources.pool_budget.literals import parsed
from dbaudit.sources.pool_budget.yaml_files import NoYaml, documents


def started(command, files=None, is_open=False, **environment):
    files = files or {}
    context = Context(
        place="f:1",
        environment=environment,
        module=lambda path: parsed(files[path], path) if path in files else None,
        text=lambda path: files.get(path.removeprefix("./")),
        is_open=is_open,
    )
    found = processes(command, context)
    if found is None:
        return "?"
    if not found.is_application:
        return None
    count, threads = (each and each.figure(environment) for each in (found.count, found.threads))
    return count.value, threads and (threads.value if threads.is_known else "?")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("gunicorn app:app", (1, 1)),
        ("gunicorn -w 4 app:app", (4, 1)),
        ("gunicorn -w4 --threads=8 app:app", (4, 8)),
        ("gunicorn --workers=3 -k gevent app:app", (3, None)),
        ("gunicorn --workers 3 --worker-class uvicorn.workers.UvicornWorker app:app", (3, None)),
        ("gunicorn -w $(nproc) app:app", (None, 1)),
        ("gunicorn -w ${N:-4} app:app", (None, 1)),
        ("python -m gunicorn -w 2 app:app", (2, 1)),
        ("exec poetry run gunicorn -w 2 app:app", (2, 1)),
        ("newrelic-admin run-program gunicorn -w 2 app:app", (2, 1)),
        ("python manage.py migrate && gunicorn -w 2 app:app", (2, 1)),
        ("sh -c 'alembic upgrade head; exec uvicorn a:b --workers 6'", (6, None)),
        ("uvicorn a:b", (1, None)),
        ("uvicorn a:b --reload --workers 4", (1, None)),
        ("fastapi run --workers 4 app/main.py", (4, None)),
        ("hypercorn -w 3 a:b", (3, None)),
        ("daphne a:b", (1, None)),
        ("celery -A proj worker", (None, 1)),
        ("celery -A proj worker -c 8", (8, 1)),
        ("celery -A proj worker --autoscale=10,3", (10, 1)),
        ("celery -A proj worker -P gevent -c 100", (1, 100)),
        ("celery -A proj worker --pool=solo", (1, 1)),
        ("celery -A proj beat", (1, 1)),
        ("celery -A proj flower", None),
        ("celery multi start 3 -A proj -c 4", "?"),
        ("flask work", "?"),
        ("hypercorn -c hypercorn.toml a:b", "?"),
        ("granian --workers 2 a:b", (2, None)),
        ("dramatiq tasks -p 2 -t 4", (2, 4)),
        ("dramatiq tasks", (None, 8)),
        ("rq worker high", (1, 1)),
        ("uwsgi --http :8000 --processes 4 --threads 2", (4, 2)),
        ("uwsgi --ini uwsgi.ini", "?"),
        ("flask run", (1, None)),
        ("flask db upgrade", None),
        ("python manage.py runserver 0:8000", (1, None)),
        ("python manage.py migrate", None),
        ("python worker.py", "?"),
        ("python -m http.server 9001", None),
        ("npm start", "?"),
        ("./start.sh", "?"),
        ("gunicorn a:a & celery -A p worker -c 2", "?"),
        ("echo 'unfinished", "?"),
    ],
)
def test_what_a_command_starts(command, expected):
    assert started(command) == expected


def test_what_the_environment_says_of_asynchronous_workers():
    assert started("uvicorn a:b", WEB_CONCURRENCY="3") == (3, None)
    assert started("uvicorn a:b", WEB_CONCURRENCY="3", UVICORN_WORKERS="4") == (4, None)
    assert started("uvicorn a:b --workers 2", WEB_CONCURRENCY="3") == (2, None)
    assert started("hypercorn a:b", WEB_CONCURRENCY="3") == (1, None)
    assert started("granian a:b", GRANIAN_WORKERS="3") == (3, None)
    assert started("uvicorn a:b", is_open=True) == (None, None)


def test_the_five_places_of_gunicorns_settings_in_their_order():
    file = {"gunicorn.conf.py": "workers = 3\nthreads = 2\n", "conf/g.py": "import os\nworkers = int(os.getenv('W', 9))"}
    assert started("gunicorn a:a", WEB_CONCURRENCY="2") == (2, 1)
    assert started("gunicorn a:a", file, WEB_CONCURRENCY="2") == (3, 2)
    assert started("gunicorn a:a", file, GUNICORN_CMD_ARGS="--workers 4") == (4, 2)
    assert started("gunicorn -w 5 a:a", file, GUNICORN_CMD_ARGS="--workers 4") == (5, 2)
    assert started("gunicorn -c conf/g.py a:a", file) == (None, 1)
    assert started("gunicorn -c conf/g.py a:a", file, W="7") == (7, 1)
    assert started("gunicorn -c elsewhere.py a:a", file) == (None, None)
    assert started("gunicorn -c elsewhere.py -w 6 a:a", file) == (6, None)
    assert started("gunicorn a:a", {"gunicorn.conf.py": "import x\nworkers = x.cpus() * 2 + 1"}) == (None, 1)
    assert started("gunicorn a:a", is_open=True) == (None, 1)
    assert started("gunicorn a:a", {"gunicorn.conf.py": "worker_class = 'gevent'"}) == (1, None)


def test_a_script_that_runs_its_arguments_or_one_server():
    scripts = {"entrypoint.sh": '#!/bin/sh\nset -e\nexec "$@"', "start.sh": "#!/bin/sh\nexec gunicorn \\\n  -w 3 a:a\n"}
    assert started("./entrypoint.sh gunicorn -w 2 a:a", scripts) == (2, 1)
    assert started("bash start.sh", scripts) == (3, 1)
    assert started("./start.sh", {"start.sh": "if x; then gunicorn a:a; fi"}) == "?"


def test_a_python_script_is_one_process_where_nothing_in_it_starts_more():
    assert started("python worker.py", {"worker.py": "run()"}) == (1, None)
    assert started("python -m jobs.worker", {"jobs/worker.py": "run()"}) == (1, None)
    assert started("python run.py", {"run.py": "uvicorn.run(app, workers=4)"}) == (None, None)
    assert started("python manage.py serve_forever", {}) == "?"


def test_a_script_that_decides_by_its_arguments_is_not_guessed():
    script = 'case $1 in\nweb) exec gunicorn a:a;;\n*) exec "$@"\nesac'
    assert started("./entrypoint.sh celery", {"entrypoint.sh": script}) == "?"
    assert started("./entrypoint.sh celery", {"entrypoint.sh": 'run "$@"\necho'}) == "?"


def test_a_procfile_does_not_say_how_many():
    text = "# c\nweb: gunicorn a:a -w 2\nrelease: python manage.py migrate\nworker: celery -A a worker\n"
    found = list(procfile.services(text, "Procfile"))
    assert [(service.name, service.place) for service in found] == [("web", "Procfile:2"), ("worker", "Procfile:4")]
    assert found[0].instances.figure({}).value is None and found[0].is_open


def composed(*texts, **files):
    nodes = [documents(dedent(text), f"d/{number}.yaml")[0] for number, text in enumerate(texts)]
    return {service.name: service for service in compose.services(nodes, lambda path: files.get(path.replace("/", "_").replace(".", "_")))}


def test_compose_services_merge_and_keep_their_places():
    base = """
    x-common: &common
      build: {context: ./api, dockerfile: Dockerfile.prod}
      env_file: x.env
      environment: [A=1, B, "C=${D}"]
    services:
      web:
        <<: *common
        command: gunicorn -w ${W:-4} a:a
        deploy: {replicas: 3, update_config: {order: start-first, parallelism: 2}}
      worker:
        <<: *common
        command: ["sh", "-c", "celery -A a worker -c $$N"]
        scale: 2
    """
    found = composed(base, "services: {web: {environment: {A: '2'}}}", d_x_env="E=5\nA=9\n")
    web, worker = found["web"], found["worker"]
    assert (web.directory, web.dockerfile, web.place) == ("d/api", "d/api/Dockerfile.prod", "d/0.yaml:9")
    assert (web.instances.value, web.surge.value) == (3, 2)
    assert web.command == ("gunicorn", "-w", "${compose/W:-4}", "a:a")
    assert web.environment == {"A": "2", "B": None, "C": None, "E": "5"} and not web.is_open
    assert (worker.instances.value, worker.surge.value) == (2, 0)
    assert worker.command == ("sh", "-c", "celery -A a worker -c $N")


def test_compose_services_that_are_not_started_with_the_others():
    found = composed("""
    services:
      base: {build: ., image: "app:dev", environment: {A: "1"}}
      web: {extends: {service: base}, command: uvicorn a:b, depends_on: {setup: {condition: service_completed_successfully}}}
      worker: {image: "app:dev", command: celery -A a worker}
      setup: {image: "app:dev", command: bash setup.sh}
      extra: {image: "app:dev", profiles: [x]}
    """)
    assert list(found) == ["base", "web", "worker"]
    assert found["web"].environment == {"A": "1"} and found["web"].place == "d/0.yaml:4"
    assert {service.dockerfile for service in found.values()} == {"d/Dockerfile"}


def test_an_env_file_that_is_not_there_leaves_the_environment_open():
    assert composed("services: {web: {env_file: [x.env]}}")["web"].is_open
    assert from_file("A=1\n# B=2\nexport C='3'\nD=$A\nE=4 # four") == {"A": "1", "C": "3", "D": None, "E": "4"}


def test_a_dockerfile_ends_in_its_last_stage():
    found = image(
        'FROM a AS base\nENV A=1 B="2 3"\nCMD ["x"]\nFROM base\nENV C 4\n# CMD no\nENTRYPOINT ["./e.sh"]\nCMD gunicorn \\\n  -w 2 a:a\n',
        "Dockerfile",
    )
    assert (found.entrypoint, found.command) == (("./e.sh",), ("gunicorn", "-w", "2", "a:a"))
    assert found.environment == {"A": "1", "B": "2 3", "C": "4"} and found.place == "Dockerfile:8"


def test_a_stage_of_a_dockerfile_can_be_named_and_starts_from_the_one_before():
    text = 'FROM x AS web\nENV A=1\nCMD ["gunicorn", "a:a"]\nFROM web AS worker\nCMD celery -A a worker\nFROM web\nENV B=2\n'
    assert image(text, "D").command == ("gunicorn", "a:a") and image(text, "D").environment == {"A": "1", "B": "2"}
    worker = image(text, "D", "worker")
    assert worker.command == ("celery", "-A", "a", "worker") and worker.place == "D:5" and worker.base == "x"


DEPLOYMENT = """
apiVersion: apps/v1
kind: {kind}
metadata: {{name: api, namespace: shop}}
spec:
  {spec}
  template:
    spec:
      containers:
      - name: api
        command: [gunicorn]
        args: ["-w", "$(W)"]
        envFrom: [{{configMapRef: {{name: m}}}}]
        env: [{{name: P, valueFrom: {{secretKeyRef: {{name: s, key: k}}}}}}, {{name: Q, value: "3"}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: m, namespace: shop}}
data: {{W: "4"}}
---
"""
AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: x, namespace: shop}
spec: {maxReplicas: 9, scaleTargetRef: {kind: Deployment, name: api}}
"""


def deployed(kind="Deployment", spec="replicas: 3", more=""):
    text = DEPLOYMENT.format(kind=kind, spec=spec) + more
    (service,) = kubernetes.services(documents(text, "k.yaml"))
    return service, service.instances.value, service.surge.value


@pytest.mark.parametrize(
    ("given", "instances", "surge"),
    [
        ({}, 3, 1),
        ({"spec": "replicas: 9"}, 9, 3),
        ({"spec": "minReadySeconds: 1"}, 1, 1),
        ({"spec": "strategy: {type: Recreate}"}, 1, 0),
        ({"spec": "replicas: 10\n  strategy: {rollingUpdate: {maxSurge: 30%}}"}, 10, 3),
        ({"spec": "replicas: 10\n  strategy: {rollingUpdate: {maxSurge: 0}}"}, 10, 0),
        ({"more": AUTOSCALER}, 9, 3),
        ({"more": AUTOSCALER + "---" + AUTOSCALER}, None, None),
        ({"more": AUTOSCALER.replace("shop", "other")}, 3, 1),
        ({"more": AUTOSCALER.replace(", namespace: shop", "")}, 9, 3),
        ({"more": AUTOSCALER.replace("name: api}", "name: web}")}, 3, 1),
        ({"kind": "StatefulSet"}, 3, 0),
        ({"kind": "DaemonSet", "spec": "minReadySeconds: 1"}, None, 0),
        ({"spec": "replicas: many"}, None, None),
    ],
)
def test_how_many_pods_there_are_at_the_most(given, instances, surge):
    assert deployed(**given)[1:] == (instances, surge)


def test_a_containers_command_and_environment():
    service, *_ = deployed()
    assert (service.entrypoint, service.command) == (("gunicorn",), ("-w", "${W}"))
    assert service.environment == {"W": "4", "P": None, "Q": "3"} and not service.is_open


def test_a_workload_that_is_there_twice_is_not_known():
    text = DEPLOYMENT.format(kind="Deployment", spec="replicas: 3")
    found = list(kubernetes.services(documents(text + text, "k.yaml")))
    assert {service.instances.figure({}).value for service in found} == {None}


@pytest.mark.parametrize("text", ["a: {{ .Values.x }}: b", "a: [", "\tx: 1", "a: &a [*b]"])
def test_what_is_no_yaml_is_refused(text):
    with pytest.raises(NoYaml, match="t.yaml"):
        documents(text, "t.yaml")


def test_yaml_that_would_grow_or_build_something_does_neither():
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz"))
    assert documents(bomb, "t.yaml")[0].at("z").is_sequence
    assert documents("a: !!python/object/apply:os.system [exit]", "t.yaml")[0].at("a").text is None
    loop = documents("a: &a\n  <<: *a\n  b: 1\n", "t.yaml")[0]
    assert loop.at("a", "b").number == 1
    longer = documents("a: &a\n  <<: {<<: *a, c: 2}\n  b: 1\n", "t.yaml")[0]
    assert (longer.at("a", "b").number, longer.at("a", "c").number) == (1, 2)


INI = """
[databases]
; shop = no
shop = host=db pool_size=30 user=app
"odd ""one" = dbname=x max_db_connections=12 reserve_pool=2
* = host=db
[pgbouncer]
listen_port = 6543
reserve_pool_size = 5
pool_mode = transaction
"""


def test_the_pools_of_pgbouncer():
    found = pgbouncer_ini.read(INI, "pgbouncer.ini")
    assert found.port == 6543 and found.settings.max_client_conn.value == 100
    assert (found.settings.pool_mode, found.settings.query_wait_timeout_s.value) == ("transaction", 120)
    rows = [(p.database, p.users.value, p.size.value, p.reserve.value, p.limit.value, p.place) for p in found.pools]
    assert rows == [
        ("shop", 1, 30, 5, None, "pgbouncer.ini:4"),
        ('odd "one', None, 20, 2, 12, "pgbouncer.ini:5"),
        ("*", None, 20, 5, None, "pgbouncer.ini:6"),
    ]


def test_an_address_holds_no_password():
    (found,) = addresses({"A": "postgresql+asyncpg://app:pw%40@pgbouncer:6432/shop?x=1", "B": "redis://x", "C": None})
    assert (found.host, found.port, found.role, found.database) == ("pgbouncer", 6432, "app", "shop")
    assert "pw" not in repr(found)
    assert addresses({"A": "postgres://x:not-a-port/y"}) == frozenset()
