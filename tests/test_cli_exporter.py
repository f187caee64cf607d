"""``neuralredis exporter``: metrics of a server and of its networks."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pages
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import kinds
import neuralredis as nr
import servers
import tables

URL = "redis://localhost"


@pytest.fixture
def served(db: nr.NeuralRedis, any_server_for_all: servers.Server, monkeypatch: pytest.MonkeyPatch) -> nr.NeuralRedis:
    """Return a server with three networks, one of them trained, which replaces the server of the options."""
    client = any_server_for_all.client(decode_responses=False)
    monkeypatch.setattr("neuralredis.cli.servers.connect", lambda url: nr.NeuralRedis(client))
    for key in ("shop:one", 'shop:"two"\n', "other"):
        net = db.create(key, "classifier", [2, 5, 2], dataset=100, test=50, seed=1)
        net.observe([[a, b] for a in range(10) for b in range(10)], [a > b for a in range(10) for b in range(10)])
    db["shop:one"].train(max_cycles=7)
    return db


def samples(text: str) -> dict[tuple[str, str], float]:
    """Return each sample by its name and its network's key, parsed by prometheus_client."""
    return {
        (sample.name, sample.labels.get("key", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def printed(done: tables.Done) -> dict[tuple[str, str], float]:
    assert (done.code, done.err) == (0, "")
    return samples(done.out)


def test_exporter_without_a_pattern_exports_the_fields_of_info(command: tables.Command, served: nr.NeuralRedis) -> None:
    found = printed(command("exporter", URL, "--once"))
    assert found["neuralredis_up", ""] == 1
    assert found["neuralredis_networks", ""] == 3
    assert found["neuralredis_trainings_running", ""] == 0
    assert found["neuralredis_trainings_finished_total", ""] >= 1
    assert found["neuralredis_rows_observed_total", ""] >= 300
    assert {key for _, key in found} == {""}
    fields = served.client.info("neuralredis")
    assert len(fields) == len(found) - 1


def test_exporter_exports_networks_that_match_the_pattern(command: tables.Command, served: nr.NeuralRedis) -> None:
    found = printed(command("exporter", URL, "--once", "--networks", "shop:*"))
    assert {key for _, key in found} == {"", "shop:one", 'shop:"two"\n'}
    info = served["shop:one"].info()
    assert found["neuralredis_network_training_rows", "shop:one"] == info.training_dataset_len == 67
    assert found["neuralredis_network_validation_rows", "shop:one"] == 33
    assert found["neuralredis_network_training_cycles_total", "shop:one"] == 7
    assert found["neuralredis_network_validation_error", "shop:one"] == pytest.approx(info.test_error)
    assert found["neuralredis_network_memory_bytes", "shop:one"] == info.memory_bytes
    assert found["neuralredis_network_training_cycles_total", 'shop:"two"\n'] == 0


def test_more_networks_than_the_limit_are_counted(command: tables.Command, served: nr.NeuralRedis) -> None:
    found = printed(command("exporter", URL, "--once", "--networks", "*", "--most", "2"))
    assert found["neuralredis_networks_left_out", ""] == 1
    assert len({key for _, key in found} - {""}) == 2


def test_evaluate_exports_errors_and_baselines(command: tables.Command, served: nr.NeuralRedis) -> None:
    found = printed(command("exporter", URL, "--once", "--networks", "*", "--evaluate"))
    tested: Any = served["shop:one"].evaluate("test")
    assert found["neuralredis_network_wrong", "shop:one"] == pytest.approx(1 - tested.accuracy)
    assert found["neuralredis_network_baseline", "shop:one"] == pytest.approx(1 - tested.baseline)
    assert ("neuralredis_network_wrong", "other") not in found, "it was never trained"


def test_networks_are_evaluated_once_after_each_training(served: nr.NeuralRedis) -> None:
    from prometheus_client import CollectorRegistry
    from prometheus_client.openmetrics.exposition import generate_latest

    from neuralredis.metrics import ServerMetrics

    def calls() -> int:
        found = {name.lower(): stats for name, stats in served.client.info("commandstats").items()}
        count: int = found.get("cmdstat_nr.evaluate", {"calls": 0})["calls"]
        return count

    registry = CollectorRegistry()
    registry.register(ServerMetrics(served, "*", evaluate=True))
    before = calls()
    first = generate_latest(registry)
    assert calls() == before + 1
    assert generate_latest(registry) == first
    assert calls() == before + 1
    served["shop:one"].train(max_cycles=3)
    assert generate_latest(registry) != first
    assert calls() == before + 2


def test_server_without_the_module_is_reported_as_down(
    command: tables.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.running(kinds.ANY) as plain:
        client = plain.client(decode_responses=False)
        monkeypatch.setattr("neuralredis.cli.servers.connect", lambda url: nr.NeuralRedis(client))
        assert printed(command("exporter", URL, "--once", "--networks", "*"))["neuralredis_up", ""] == 0


def test_exporter_keeps_serving_while_the_server_is_down(any_server: servers.Server) -> None:
    url = f"unix://{any_server.socket}"
    process = subprocess.Popen(
        [sys.executable, "-m", "neuralredis", "exporter", url, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/metrics", process.stderr.readline())
        assert found
        request = urllib.request.Request(found[0], headers={"Accept": "application/openmetrics-text; version=1.0.0"})

        def fetched() -> dict[tuple[str, str], float]:
            with urllib.request.urlopen(request) as answer:
                assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
                return samples(answer.read().decode())

        assert fetched()["neuralredis_up", ""] == 1
        any_server.client().shutdown(nosave=True)
        servers.wait_until(lambda: fetched()["neuralredis_up", ""] == 0)
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_invalid_port_is_rejected(command: tables.Command, served: nr.NeuralRedis) -> None:
    done = command("exporter", URL, "--port", "70000")
    assert done.code == 1
    assert "port 70000: expected 0 to 65535" in done.err


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_monitoring_files_name_existing_metrics(command: tables.Command, served: nr.NeuralRedis, name: str) -> None:
    there = {metric for metric, _ in printed(command("exporter", URL, "--once", "--networks", "*", "--evaluate"))}
    text = (pages.ROOT / "examples" / "monitoring" / name).read_text(encoding="utf-8")
    named = set(re.findall(r"neuralredis_\w+", text))
    assert len(named) > 5
    assert named - there == set()


def test_grafana_dashboard_is_complete() -> None:
    dashboard = json.loads((pages.ROOT / "examples" / "monitoring" / "grafana.json").read_text(encoding="utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) == 10
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(target["expr"] for panel in panels for target in panel["targets"])
