"""Networks with GRU cells in every format: the same outputs for whole sequences and event by event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies
from test_export_c import built, output, proving
from test_export_js import in_node
from test_export_numpy import module
from test_export_onnx import answers, has_text, session, size_of

import kinds
import neuralredis as nr
from neuralredis.export import intermediate
from neuralredis.export.packing import bits, of_bits, unpacked


def drawn(seed: int) -> nr.SequenceNetwork:
    """Return a random network with GRU cells, determined by the seed."""
    return exports.of_sequences(np.random.default_rng(seed), ["gru"])


def networks() -> strategies.SearchStrategy[nr.SequenceNetwork]:
    return strategies.integers(0, 2**32 - 1).map(drawn)


def visits(**options: Any) -> nr.SequenceNetwork:
    """Return a trained network of visits with outcomes, which has several members."""
    fields = {"page": "category", "seconds": "number"}
    net = nr.SequenceNetwork(
        "classifier", fields=fields, target="left", cell="gru", length=6, seed=1, ensemble=3, **options
    )
    chance = np.random.default_rng(3)
    pages = [[{"page": str(chance.choice(["a", "b", "c"])), "seconds": 7.5} for _ in range(9)] for _ in range(40)]
    net.observe(pages, ["yes" if each[-1]["page"] == "a" else "no" for each in pages])
    net.train(max_cycles=10)
    return net


@settings(max_examples=15, deadline=None)
@given(net=networks())
def test_description_contains_cells_of_all_members_and_expected_answers(net: nr.SequenceNetwork) -> None:
    exported = intermediate(net)
    assert json.loads(json.dumps(exported)) == exported
    assert exported["sequence"]
    cell = exported["sequence"]["cell"]
    assert cell
    assert cell["kind"] == "gru"
    assert len(cell["members"]) == len(exported["members"])
    assert cell["inputs"] <= exported["sequence"]["inputs"]
    gates = 3 * cell["units"]
    sizes = [{name: unpacked(values).size for name, values in member.items()} for member in cell["members"]]  # type: ignore[arg-type]
    expected = {
        "input_biases": gates,
        "input_weights": cell["inputs"] * gates,
        "hidden_biases": gates,
        "hidden_weights": cell["units"] * gates,
    }
    assert sizes == [expected] * len(sizes)
    found = np.array([of_bits(proof["answer"]) for proof in exported["proof"]])
    run = net.run([proof["events"] for proof in exported["proof"]])
    np.testing.assert_array_equal(found, np.reshape(run, found.shape))


@pytest.mark.needs(kinds.NODE)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(net=networks())
def test_javascript_gives_the_same_bits_for_sequences_and_steps(tmp_path: Path, net: nr.SequenceNetwork) -> None:
    net.export(tmp_path / "net.mjs")
    sequences = exports.rows(net, 12)
    code = f"""
    import {{ run, sequence, selfTest, step }} from "./net.mjs";
    const all = {json.dumps(sequences)};
    const bits = y => y.map(v => new Uint32Array(Float32Array.of(v).buffer)[0].toString(16).padStart(8, 0));
    const steps = all.map(events => {{ const own = sequence(); return events.map(event => bits(step(own, event))); }});
    say([selfTest(), all.map(events => bits(run(events))), steps]);
    """
    proved, whole, steps = in_node(tmp_path, code)
    assert proved == 12
    assert whole == [bits(np.ravel(answer)) for answer in net.run(sequences)]
    begun = [[events[: at + 1] for at in range(len(events))] for events in sequences]
    expected = iter(net.run([events for each in begun for events in each]))
    assert steps == [[bits(np.ravel(next(expected))) for _ in each] for each in begun]


@pytest.mark.parametrize("first", [0, 5])
def test_c_gives_the_same_bits(tmp_path: Path, first: int) -> None:
    names = [f"net{seed}" for seed in range(first, first + 5)]
    for seed, name in enumerate(names, start=first):
        exports.written(exports.proved(drawn(seed), 20, seed), tmp_path / f"{name}.c")
    compiler = ("gcc", "-O3", "-march=native", "-ffp-contract=fast")
    program = built(tmp_path, proving(names), *(f"{name}.c" for name in names), compiler=compiler)
    assert output(program) == ["0"] * len(names)


@pytest.mark.needs(kinds.CLANG)
def test_c_program_updates_its_state_event_by_event(tmp_path: Path) -> None:
    net = visits()
    net.export(tmp_path / "net.c")
    main = r"""
    int main(void) {
        static struct net_sequence own;
        struct net_event event = NET_EVENT;
        const char *const pages[] = {"a", "b", "?", "c", "a", "a", "b", "a", NULL, "c"};
        float y[NET_OUTPUTS];
        int i;
        net_begin(&own);
        for (i = 0; i < 10; i++) {
            event.page = pages[i];
            event.seconds = i % 3 ? 2.5f * (float)i : NAN;
            if (net_step(&own, &event, y)) return 1;
            printf("%a %a %d\n", (double)y[0], (double)y[1], net_classify(&own));
        }
        return net_self_test();
    }
    """
    pages = ["a", "b", "?", "c", "a", "a", "b", "a", None, "c"]
    events = [{"page": page, "seconds": at * 2.5 if at % 3 else None} for at, page in enumerate(pages)]
    lines = output(built(tmp_path, f"{main}\n", "net.c", compiler=("clang", "-O2")))
    # Beyond the length of 6 the first events are dropped.
    for at, line in enumerate(lines, 1):
        *outputs, best = line.split()
        np.testing.assert_array_equal([float.fromhex(value) for value in outputs], net.run([events[:at]])[0])
        assert ["yes", "no"][int(best)] == net.classify([events[:at]])[0]
    assert len(lines) == len(events)


@settings(max_examples=10, deadline=None)
@given(net=networks())
def test_numpy_predicts_sequences_and_steps(net: nr.SequenceNetwork, tmp_path_factory: pytest.TempPathFactory) -> None:
    exported = module(net, tmp_path_factory.mktemp("numpy"))
    sequences = exports.rows(net, 12)
    expected = net.run(sequences).reshape(len(sequences), -1)
    near = {"rtol": 0, "atol": 1e-6 * np.abs(expected).max()}
    np.testing.assert_allclose(exported.run(sequences), expected, **near)
    assert exported.self_test() <= 1e-6
    for events, whole in zip(sequences, expected, strict=True):
        state, answer = None, whole
        for event in events:
            answer, state = exported.step(state, event)
        np.testing.assert_allclose(answer, whole, **near)


@pytest.mark.needs(kinds.ONNX, kinds.ONNXRUNTIME)
@settings(max_examples=15, deadline=None)
@given(net=networks())
def test_onnx_export_uses_the_gru_operator(net: nr.SequenceNetwork, tmp_path_factory: pytest.TempPathFactory) -> None:
    exported, path = intermediate(net), tmp_path_factory.mktemp("onnx") / "net.onnx"
    if has_text(exported):
        with pytest.raises(nr.OptionError, match="is text, which ONNX cannot split into words"):
            net.export(path)
        return
    net.export(path)
    assert exported["sequence"]
    rows = [events for events in exports.rows(net, 20) if 0 < len(events) <= exported["sequence"]["length"]]
    found, expected = answers(path, exported, rows), net.run(rows).reshape(len(rows), -1)
    name = "probabilities" if exported["kind"] == "classifier" else "outputs"
    [values] = [each for key, each in found.items() if key.rstrip("_") == name]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-5 * size_of(exported, expected))


@pytest.mark.needs(kinds.ONNX, kinds.ONNXRUNTIME)
def test_onnx_steps_a_batch_of_sequences(tmp_path: Path) -> None:
    import onnx

    net = visits(hidden=[5])
    [path] = net.export(tmp_path / "net.onnx")
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 14), ("ai.onnx.ml", 2)]
    cells = [node for node in model.graph.node if node.op_type == "GRU"]
    assert len(cells) == len(intermediate(net)["members"]) == 3
    graph, chance = session(path), np.random.default_rng(5)
    pages = chance.choice(["a", "b", "c", "new", ""], (7, 6))
    state = np.zeros((7, graph.get_inputs()[-1].shape[1]), np.float32)
    for at in range(6):
        fed = {"page": pages[:, at : at + 1].astype(object), "seconds": np.full((7, 1), at, np.float32)}
        state, _, probabilities = graph.run(None, {**fed, "state": state})
    sequences = [[{"page": page, "seconds": at} for at, page in enumerate(each)] for each in pages.tolist()]
    np.testing.assert_allclose(probabilities, net.run(sequences), rtol=0, atol=1e-5)


def test_sql_rejects_sequences(tmp_path: Path) -> None:
    with pytest.raises(
        nr.OptionError, match="the network learns sequences: expected one of rows, since SQL keeps no state"
    ):
        visits().export(tmp_path / "net.sql")
    assert not list(tmp_path.iterdir())


def test_first_layers_take_the_hidden_state_of_their_own_cell() -> None:
    exported = intermediate(visits(hidden=[5]))
    # 32 units, and their means.
    assert (exported["layout"], exported["computed"]) == ([192, 5, 2], 192)
    assert [(member[0]["offset"], member[0]["inputs"]) for member in exported["members"]] == [
        (0, 64), (64, 64), (128, 64),
    ]  # fmt: skip
    assert all("offset" not in member[1] for member in exported["members"])


@pytest.mark.needs(kinds.NODE)
def test_export_samples_the_same_events_as_the_network(db: nr.NeuralRedis, tmp_path: Path) -> None:
    net = nr.SequenceNetwork(
        "classifier", fields={"letter": "category"}, target="letter", cell="gru", length=12, dataset=60, seed=1
    )
    net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    net.train(max_cycles=15)
    db.upload("letters", net).export(tmp_path / "net.mjs")
    code = """
    import { sample, sequence } from "./net.mjs";
    say([1, 2, 3].map(seed => sample(sequence("abca"), 20, { seed, temperature: 2 })));
    """
    assert in_node(tmp_path, code) == [net.sample("abca", 20, seed=seed, temperature=2.0) for seed in (1, 2, 3)]
