"""Compose files: what is taken from them, and the traps that public ones teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from standfast.drivers.importers.compose.importer import Compose
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from conftest import Read, Sources


def of(sources: Sources, text: str, **files: str) -> Read:
    sources.put(compose__yaml=text, **files)
    return sources.compose()


def test_components_needs_and_their_places(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  web:\n"
        "    build: .\n"
        "    ports: ['80:8000']\n"
        "    depends_on: [db]\n"
        "    environment:\n"
        "      DB_HOST: db\n"
        "  db: {image: 'postgres:18'}\n",
    )

    assert read.type("web") == "web"
    assert read.type("db") == "postgresql"
    assert read.edges == {("web", "db")}
    assert read.places("components", "web", "needs", "db") == ["compose.yaml:5", "compose.yaml:7"]


def test_strength_is_never_stated_since_start_order_does_not_say_it(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  web: {image: a/web, depends_on: {db: {condition: service_healthy}}}\n"
        "  db: {image: mysql}\n",
    )

    assert read.value("components", "web", "needs", "db", "strength") is None
    assert ("components", "web", "needs", "db") in [one.path for one in read.draft.facts]


def test_nothing_is_invented(sources: Sources) -> None:
    read = of(sources, "services:\n  web: {image: shop/web}\n  db: {image: 'postgres:18'}\n")

    assert {one.path for one in read.draft.facts} == {
        ("system", "platform"),
        ("components", "web", "type"),
        ("components", "db", "type"),
    }


IMAGES = {
    "postgres:18-alpine": "postgresql",
    "docker.io/library/postgres@sha256:" + "a" * 64: "postgresql",
    "registry.shop.test:5000/base/postgresql:16": "postgresql",
    "bitnami/postgresql-repmgr:17": "postgresql",
    "timescale/timescaledb-ha:pg17": "postgresql",
    "pgvector/pgvector:pg16": "postgresql",
    "mariadb:11": "mariadb",
    "mysql/mysql-server:8.0": "mysql",
    "valkey/valkey:8": "redis",
    "redis/redis-stack-server": "redis",
    "eqalpha/keydb": "redis",
    "mongo:8": "mongodb",
    "docker.elastic.co/elasticsearch/elasticsearch:9.0.0": "elasticsearch",
    "opensearchproject/opensearch:3": "elasticsearch",
    "confluentinc/cp-kafka:8.0.0": "kafka",
    "redpandadata/redpanda:v25": "kafka",
    "rabbitmq:4-management-alpine": "queue",
    "nats:2.11": "queue",
    "minio/minio": "object-store",
    "nginx:1.29": "http",
    "traefik:v3": "http",
    "clickhouse/clickhouse-server:25": "other",
    "shop/orders-mongodb": "mongodb",
}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_tells_what_runs_in_it(image: str, sources: Sources) -> None:
    read = of(sources, f"services:\n  thing: {{image: '{image}'}}\n")

    assert read.type("thing") == IMAGES[image]


NOT_IMAGES = [
    "postgrest/postgrest",
    "shop/redis-backup",
    "my/kafka-consumer",
    "acme/exporter",
    "pg/postgres-meta",
]


@pytest.mark.parametrize("image", NOT_IMAGES)
def test_an_image_named_after_a_database_is_not_one(image: str, sources: Sources) -> None:
    read = of(sources, f"services:\n  thing: {{image: '{image}', ports: ['80:80']}}\n")

    assert read.type("thing") == "http"


LEFT = {
    "adminer": ("adminer", "tool"),
    "mailpit": ("axllent/mailpit", "tool"),
    "grafana": ("grafana/grafana:12", "watches"),
    "exporter": ("prom/node-exporter", "watches"),
    "watchtower": ("containrrr/watchtower", "looks after"),
    "jaeger": ("jaegertracing/all-in-one", "telemetry"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_users_do_not_need_is_left_out_and_told(name: str, sources: Sources) -> None:
    image, why = LEFT[name]
    read = of(sources, f"services:\n  {name}: {{image: {image}}}\n  web: {{image: a/web}}\n")

    assert read.components == {"web"}
    assert [why in one for one in read.notes(NoteKind.SKIPPED)] == [True]


def test_a_collector_that_services_send_to_is_a_soft_need(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  web: {image: a/web, environment: ['OTEL_EXPORTER_OTLP_ENDPOINT=http://otel:4317']}\n"
        "  otel: {image: otel/opentelemetry-collector-contrib}\n"
        "  flags: {image: ghcr.io/open-feature/flagd, depends_on: [otel]}\n",
    )

    assert read.value("components", "web", "needs", "otel", "strength") == "soft"
    assert "flags" not in read.components


EDGES = {
    "a URL": ("API_URL: http://other:8000/v1", True),
    "a DSN with a password": ("DSN: postgres://u:p%40ss@other:5432/db", True),
    "a list of brokers": ("KAFKA_BROKERS: 'x1:9092,other:9092'", True),
    "JDBC": ("JDBC: jdbc:postgresql://other/db", True),
    "Go's MySQL": ("DATA_SOURCE: u:p@tcp(other:3306)/db", True),
    ".NET": ("ConnectionStrings__Db: Server=other;Database=x", True),
    "libpq": ("CONN: host=other port=5432", True),
    "a bare host by its key": ("REDIS_HOST: other", True),
    "a bare word in another key": ("DB_USER: other", False),
    "a driver": ("CACHE_DRIVER: other", False),
    "a part of a longer host": ("URL: http://other.shop.test", False),
    "a part of a word": ("URL: http://another:80", False),
    "a path": ("FILE: /srv/other:8000", False),
    "an image's tag": ("BASE: other:16", False),
    "who may call": ("CORS_ORIGINS: http://other:3000", False),
    "one's public address": ("PUBLIC_URL: http://other:3000", False),
    "where it sends people back": ("OAUTH_REDIRECT_URI: http://other/cb", False),
}


@pytest.mark.parametrize("name", EDGES)
def test_a_host_in_a_variable_is_a_need_where_it_is_called(name: str, sources: Sources) -> None:
    line, edge = EDGES[name]
    read = of(
        sources,
        f"services:\n  web:\n    image: a/web\n    environment:\n      {line}\n  other: {{image: a/other}}\n",
    )

    assert (("web", "other") in read.edges) is edge


def test_commands_links_aliases_and_shared_networks_are_needs(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  a: {image: x/a, command: ['serve', '--db-host', 'db']}\n"
        "  b: {image: x/b, command: wait-for-it store:5432 -- run}\n"
        "  c: {image: x/c, links: ['db:sql'], environment: {SQL_HOST: sql}}\n"
        "  d: {image: x/d, network_mode: 'service:c'}\n"
        "  db: {image: postgres, container_name: Store}\n",
    )

    assert read.edges == {("a", "db"), ("b", "db"), ("c", "db"), ("d", "c")}


def test_variables_come_from_the_env_file_and_from_defaults(sources: Sources) -> None:
    read = of(
        sources,
        "name: ${STACK:-x}\nservices:\n"
        "  a: {image: x/a, environment: {URL: 'http://${TARGET}:80'}}\n"
        "  b: {image: x/b, environment: {URL: 'http://${NOWHERE:-db}:80'}}\n"
        "  c: {image: x/c, environment: {URL: 'http://${EMPTY:-db}:80', LITERAL: 'http://$${TARGET}'}}\n"
        "  d: {image: x/d, environment: {URL: '${TARGET:+http://a:80}', OTHER: '${GONE:?set me}'}}\n"
        "  db: {image: 'postgres:${V-18}'}\n",
        __env="STACK=shop\nexport TARGET='db' # the database\nEMPTY=\n",
    )

    assert read.value("system", "name") == "shop"
    assert read.edges == {("a", "db"), ("b", "db"), ("c", "db"), ("d", "a")}


def test_an_example_stands_in_for_an_env_file_that_nobody_commits(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n  a: {image: x/a, environment: {DB_HOST: '${DB}'}}\n  db: {image: postgres}\n",
        __env__example="DB=db\n",
    )

    assert read.edges == {("a", "db")}
    assert ["there is no .env" in one for one in read.notes(NoteKind.PLACEHOLDER)] == [True]


def test_an_address_without_a_value_is_told_and_not_guessed(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n  a:\n    image: x/a\n    environment: [DB_URL, 'LEVEL=${LEVEL}', 'MQ_HOST=${MQ}']\n",
    )

    assert read.notes(NoteKind.PLACEHOLDER) == [
        "DB_URL has no value here; what a's DB_URL calls is not known",
        "MQ has no value here; what a's MQ_HOST calls is not known",
    ]


def test_what_an_env_file_holds_is_cited_there(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  a: {image: x/a, env_file: [{path: a.env, required: false}, gone.env]}\n"
        "  db: {image: redis}\n",
        a__env="# comment\nREDIS_URL=redis://db:6379/0\n",
    )

    assert read.places("components", "a", "needs", "db") == ["a.env:2"]
    assert [
        one.startswith("the env_file gone.env is not there")
        for one in read.notes(NoteKind.PLACEHOLDER)
    ] == [True]


def test_a_file_of_variables_for_all_alike_makes_no_store_need_another(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n  a: {image: x/a, env_file: .env}\n  db: {image: postgres, env_file: .env}\n"
        "  cache: {image: redis, env_file: .env}\n"
        "  kafka: {image: apache/kafka, environment: {KAFKA_ZOOKEEPER_CONNECT: 'zk:2181'}}\n"
        "  zk: {image: zookeeper}\n",
        __env="OTHER_PG=postgresql://u:p@db/x\nDATABASE_URL=postgresql://u:p@db/x\nREDIS_HOST=cache\n",
    )

    assert read.edges == {("a", "db"), ("a", "cache"), ("kafka", "zk")}
    assert read.value("components", "db", "dsn") == "env:DATABASE_URL"


def test_secrets_are_noted_and_copied_nowhere(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  a:\n    image: x/a\n    environment:\n"
        "      DATABASE_URL: postgres://app:hunter2@db/app\n"
        "      API_TOKEN: tok-sesame\n"
        "      TOKEN_FILE: /run/secrets/t\n"
        "      SESSION_SECRET: ${SESSION_SECRET}\n"
        "  db: {image: postgres, environment: {POSTGRES_PASSWORD: swordfish}}\n",
        __env="SESSION_SECRET=openbarley\n",
    )

    assert read.value("components", "db", "dsn") == "env:DATABASE_URL"
    said = read.notes(NoteKind.SECRET)
    assert [one.split(" ", 2)[:2] for one in said] == [
        ["DATABASE_URL,", "API_TOKEN"],
        ["POSTGRES_PASSWORD", "of"],
        ["secrets", "stand"],
    ]
    for word in ("hunter2", "tok-sesame", "swordfish", "openbarley"):
        assert word not in repr(read.draft)


def test_several_files_are_merged_as_compose_does(sources: Sources) -> None:
    sources.put(
        compose__yaml="services:\n"
        "  a:\n    image: x/a\n    command: [one]\n    environment: [URL=http://old:80, KEEP=http://kept:80]\n"
        "    depends_on: [old]\n    ports: ['1:80']\n"
        "  old: {image: x/old}\n  kept: {image: x/kept}\n  debug: {image: x/debug}\n",
        prod__yaml="services:\n"
        "  a:\n    environment: {URL: 'http://new:80'}\n"
        "    depends_on: !override [new]\n    deploy: {replicas: 3}\n"
        "  new: {image: x/new}\n  debug: !reset null\n",
    )
    read = sources.compose("compose.yaml", "prod.yaml")

    assert read.edges == {("a", "new"), ("a", "kept")}
    assert read.components == {"a", "old", "kept", "new"}
    assert read.value("components", "a", "replicas") == 3
    assert read.places("components", "a", "replicas") == ["prod.yaml:5"]


def test_anchors_merge_keys_and_extension_fields(sources: Sources) -> None:
    read = of(
        sources,
        "x-app: &app\n  image: x/a\n  environment: &env {DB_HOST: db}\n"
        "services:\n"
        "  a:\n    <<: *app\n"
        "  b:\n    <<: *app\n    environment:\n      <<: *env\n      CACHE_HOST: cache\n"
        "  db: {image: postgres}\n  cache: {image: redis}\n",
    )

    assert read.edges == {("a", "db"), ("b", "db"), ("b", "cache")}


def test_extends_in_the_same_and_in_another_file(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  a: {extends: {file: sub/common.yaml, service: base}, image: x/a}\n"
        "  b: {extends: a, environment: {CACHE_HOST: cache}}\n"
        "  db: {image: postgres}\n  cache: {image: redis}\n",
        sub___common__yaml="services:\n  base: {image: x/base, env_file: c.env, ports: ['80']}\n",
        sub___c__env="DB_HOST=db\n",
    )

    assert read.edges == {("a", "db"), ("b", "db"), ("b", "cache")}
    assert read.places("components", "a", "needs", "db") == ["sub/c.env:1"]
    assert read.components == {"a", "b", "db", "cache"}


def test_extending_in_a_circle_is_told_and_ends(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n  a: {image: x/a, extends: b}\n  b: {image: x/b, extends: {service: a}}\n",
    )

    assert read.components == {"a", "b"}
    assert "by way of others" in read.notes(NoteKind.UNREADABLE)[0]


def test_included_projects_belong_to_the_system(sources: Sources) -> None:
    sources.write("db/.env", "DB_IMAGE=postgres\n")
    read = of(
        sources,
        "include:\n  - db/compose.yaml\n  - {path: [cache.yaml], env_file: cache.env}\n"
        "services:\n  a: {image: x/a, depends_on: [db, cache]}\n",
        db___compose__yaml="services:\n  db: {image: '${DB_IMAGE}'}\n",
        cache__yaml="services:\n  cache: {image: '${CACHE_IMAGE}'}\n",
        cache__env="CACHE_IMAGE=redis\n",
    )

    assert read.edges == {("a", "db"), ("a", "cache")}
    assert (read.type("db"), read.type("cache")) == ("postgresql", "redis")


def test_including_in_a_circle_is_told_and_ends(sources: Sources) -> None:
    read = of(
        sources,
        "include: [other.yaml]\nservices:\n  a: {image: x/a}\n",
        other__yaml="include: [compose.yaml]\nservices:\n  b: {image: x/b}\n",
    )

    assert read.components == {"a", "b"}
    assert "includes itself" in read.notes(NoteKind.UNREADABLE)[0]


ONCE = {
    "a finished condition": "  job: {image: x/job}\n"
    "  a: {image: x/a, depends_on: {job: {condition: service_completed_successfully}}}\n",
    "a migration by its name": "  db-migrate: {image: x/a}\n",
    "a migration by its command": "  setup-db: {image: x/a, command: alembic upgrade head}\n",
    "a profile": "  debug: {image: x/a, profiles: [debug]}\n",
    "no replica": "  idle: {image: x/a, scale: 0}\n",
    "a load generator": "  load-generator: {image: x/load, ports: ['80']}\n",
}


@pytest.mark.parametrize("name", ONCE)
def test_what_does_not_keep_running_is_left_out_with_a_note(name: str, sources: Sources) -> None:
    read = of(sources, f"services:\n  web: {{image: x/web}}\n{ONCE[name]}")

    assert read.components <= {"web", "a"}
    assert len(read.notes(NoteKind.SKIPPED)) == 1


def test_a_profile_that_the_env_file_turns_on_counts(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n  extra: {image: x/a, profiles: [full]}\n",
        __env="COMPOSE_PROFILES=full,more\n",
    )

    assert read.components == {"extra"}


HEALTH = {
    "curl -f http://localhost:8080/health || exit 1": ("ready", "/health"),
    "wget -qO- http://127.0.0.1/live?x=1": ("live", "/live"),
    "curl -s localhost:3000/ping | grep OK": ("ready", "/ping"),
    "curl http://web:80": ("ready", "/"),
    "curl http://elsewhere/x": None,
    "pg_isready -h localhost": None,
}


@pytest.mark.parametrize("test", HEALTH)
def test_a_health_check_names_its_path_and_times(test: str, sources: Sources) -> None:
    read = of(
        sources,
        "services:\n  web:\n    image: x/web\n    ports: ['80']\n    healthcheck:\n"
        f"      test: {test!r}\n      interval: 1m30s\n      timeout: 2.5s\n",
    )

    expected = HEALTH[test]
    kind, path = expected or ("ready", None)
    assert read.value("components", "web", "health", kind, "path") == path
    if expected:
        assert read.value("components", "web", "health", kind, "every") == "1m30s"
        assert read.value("components", "web", "health", kind, "timeout") == "2s500ms"


KINDS = {
    "ports: ['50051:50051']": "grpc",
    "ports: ['8000-8010:8000-8010']": "http",
    "expose: [8080]": "http",
    "ports: [{target: 80, published: 8080}]": "http",
    "command: run": "worker",
    "ports: ['51820:51820/udp']": "worker",
    "ports: ['25565:25565']": "worker",
}


@pytest.mark.parametrize("line", KINDS)
def test_ports_tell_what_serves(line: str, sources: Sources) -> None:
    assert of(sources, f"services:\n  thing: {{build: ., {line}}}\n").type("thing") == KINDS[line]


def test_a_worker_is_one_by_its_name_even_with_a_health_check(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  mail-worker: {image: x/a, healthcheck: {test: 'curl localhost:81/health'}}\n"
        "  nightly-cron: {image: x/a}\n",
    )

    assert (read.type("mail-worker"), read.type("nightly-cron")) == ("worker", "cron")


def test_a_database_of_unknown_image_is_told_by_its_folder_or_its_callers(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  a: {image: x/a, environment: {MONGO: 'store:27017', SQL: 'mysql://u@sql/x'}}\n"
        "  store: {image: x/store}\n  sql: {build: ./sql}\n"
        "  pg: {image: x/own, volumes: ['pgdata:/var/lib/postgresql/data']}\nvolumes: {pgdata: }\n",
    )

    assert (read.type("store"), read.type("sql"), read.type("pg")) == (
        "mongodb",
        "mysql",
        "postgresql",
    )
    assert len(read.notes(NoteKind.DETECTED)) == 3


def test_a_named_volume_beside_a_program_is_state_of_its_own(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n"
        "  app: {image: x/app, volumes: ['files:/srv/files', 'cache:/var/cache', './uploads:/u', 'ro:/x:ro']}\n"
        "  db: {image: postgres, volumes: ['pg:/var/lib/postgresql/data']}\n"
        "volumes: {files: , cache: , pg: , ro: }\n",
    )

    assert read.components == {"app", "db", "files"}
    assert read.type("files") == "volume"
    assert read.edges == {("app", "files")}
    assert "./uploads" in read.notes(NoteKind.DETECTED)[0]


def test_traefik_needs_what_carries_its_labels(sources: Sources) -> None:
    read = of(
        sources,
        "services:\n  gate: {image: 'traefik:v3'}\n"
        "  web: {image: x/web, labels: ['traefik.http.routers.web.rule=Host(`x.test`)']}\n"
        "  other: {image: x/other, labels: {traefik.enable: 'false'}}\n",
    )

    assert read.edges == {("gate", "web")}
    assert read.type("web") == "web"


def test_a_gateway_needs_what_its_configuration_passes_on_to(sources: Sources) -> None:
    sources.write(
        "nginx.conf",
        "# http://kept:1\nupstream u {\n  server app:9000;\n}\nproxy_pass http://api/v1;\n",
    )
    read = of(
        sources,
        "services:\n  gate: {image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']}\n"
        "  app: {image: x/app}\n  api: {image: x/api}\n  kept: {image: x/kept}\n",
    )

    assert read.edges == {("gate", "app"), ("gate", "api")}
    assert read.places("components", "gate", "needs", "app") == ["nginx.conf:3"]
    assert (read.type("app"), read.type("kept")) == ("http", "other")


def test_a_found_folder_gives_what_compose_would_start(sources: Sources) -> None:
    one = "services:\n  {}: {{image: x/a}}\n"
    sources.put(
        compose__yaml=one.format("web"),
        compose__override__yaml="services:\n  web: {deploy: {replicas: 2}}\n",
        compose__prod__yaml=one.format("prod"),
        samples___compose__yaml=one.format("sample"),
        tests___compose__yaml=one.format("test"),
        node_modules___x___compose__yaml=one.format("module"),
    )
    read = sources.found()

    assert read.components == {"web"}
    assert read.value("components", "web", "replicas") == 2
    assert len(read.notes(NoteKind.SKIPPED)) == 2


def test_projects_side_by_side_keep_their_own_databases(sources: Sources) -> None:
    sources.put(
        orders___compose__yaml="services:\n  api: {image: x/o, depends_on: [db]}\n  db: {image: postgres}\n",
        users___compose__yaml="services:\n  web: {image: x/u, depends_on: [db]}\n  db: {image: mysql}\n",
    )
    read = sources.found()

    assert read.edges == {("api", "db"), ("web", "users-db")}
    assert read.type("users-db") == "mysql"
    assert "is called users-db here" in read.notes(NoteKind.CONFLICT)[0]


CLAIMED = {
    "services: {web: {image: x}}": ("anything.yaml", True),
    "services: {web: {restart: always}}": ("stack.yml", True),
    "include: [a.yaml]": ("compose.yaml", True),
    "{broken": ("docker-compose.yml", True),
    "services: {web: {x: 1}}": ("other.yaml", False),
    "services: [postgres]": ("gitlab.yml", False),
    "{apiVersion: v1, kind: Service, services: {a: {image: b}}}": ("k8s.yaml", False),
    "just text": ("compose.yaml", False),
    "{ broken": ("values.yaml", False),
}


@pytest.mark.parametrize("text", CLAIMED)
def test_a_file_is_claimed_by_what_it_holds(text: str) -> None:
    name, claimed = CLAIMED[text]
    assert Compose().claims(Source(path=name, text=text)) is claimed
