"""Exports to C give the same bits, for every compiler and its options."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import exports
import numpy as np
import pytest

import kinds
import neuralredis as nr

#: Warnings that users of C enable.
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wdouble-promotion")
COMPILERS = [
    pytest.param(("gcc", "-O1"), id="gcc"),
    # Contracts all that may be contracted.
    pytest.param(("gcc", "-O3", "-march=native", "-ffp-contract=fast"), id="gcc-contract"),
    pytest.param(("clang", "-O1", "-ffp-contract=fast"), id="clang", marks=pytest.mark.needs(kinds.CLANG)),
]


def built(folder: Path, main: str, *sources: str, compiler: tuple[str, ...] = ("gcc", "-O1")) -> Path:
    """Compile a program without a warning, run it, and return its output."""
    includes = "".join(f'#include "{Path(source).with_suffix(".h")}"\n' for source in sources)
    (folder / "main.c").write_text(f"{includes}#include <math.h>\n#include <stddef.h>\n#include <stdio.h>\n{main}")
    command = [*compiler, *STRICT, "-o", "program", "main.c", *sources, "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "program"


def output(program: Path) -> list[str]:
    return subprocess.run([program], capture_output=True, text=True, timeout=60, check=True).stdout.split("\n")[:-1]


def proving(names: list[str]) -> str:
    """Return a program that prints the outputs of each self-test."""
    calls = "".join(f'    printf("%d\\n", {name}_self_test());\n' for name in names)
    return f"int main(void) {{\n{calls}    return 0;\n}}\n"


@pytest.mark.parametrize("compiler", COMPILERS)
def test_c_gives_the_same_bits_for_every_kind_of_network(
    tmp_path: Path, compiler: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    # Each compiler gets other networks.
    first = 100 * [parameter.id for parameter in COMPILERS].index(request.node.callspec.id)
    names = [f"net{seed}" for seed in range(first, first + 7)]
    for seed, name in enumerate(names, start=first):
        exports.written(exports.proved(exports.network(seed), 20, seed), tmp_path / f"{name}.c")
    sources = [f"{name}.c" for name in names]
    assert output(built(tmp_path, proving(names), *sources, compiler=compiler)) == ["0"] * len(names)


def test_fma_emulated_in_doubles_gives_the_same_bits(tmp_path: Path) -> None:
    names = [f"net{seed}" for seed in (301, 302, 303)]
    for name in names:
        exports.written(exports.proved(exports.network(int(name[3:])), 30), tmp_path / f"{name}.c")
    defined = tuple(f"-D{name.upper()}_FMA_IN_DOUBLES" for name in names)
    program = built(tmp_path, proving(names), *(f"{name}.c" for name in names), compiler=("gcc", "-O2", *defined))
    assert output(program) == ["0"] * 3
    # Sums that are rounded twice are detected if there are enough of them.
    net = nr.Network("regressor", [400, 60, 30], seed=1)
    exports.written(exports.proved(net, 100), tmp_path / "net.c")
    naive = ("gcc", "-O1", "-ffp-contract=off", "-DNET_FMA(a,b,c)=((a)*(b)+(c))")
    assert output(built(tmp_path, proving(["net"]), "net.c", compiler=naive)) != ["0"]


FIELDS = {
    "n": "number", "int": "category", "2nd": "auto", "größe": "flag", "a b": "time", "a-b": "text 64", "a_b": "tags",
    'say "hi"\\*/': "vector 2",
}  # fmt: skip


def every_kind(**options: Any) -> nr.Network:
    net = nr.Network("classifier", fields=FIELDS, target="y", seed=2, dataset=60, **options)
    rows = [
        dict(zip(FIELDS, (
            number**3, "uv"[number % 2], number if number % 2 else "none", number % 3 == 0, 1.7e9 + number * 5e5,
            ["a good film", "bad day", "3,5 it's"][number % 3], ["red", "blue"][: number % 3], [number, -number],
        ), strict=True))
        for number in range(60)
    ]  # fmt: skip
    net.observe(rows, ["ja?", "nein", "*/"] * 20)
    net.train(max_cycles=15)
    return net


def test_program_uses_members_of_a_struct(tmp_path: Path) -> None:
    net = every_kind()
    assert net.export(tmp_path / "net.c") == [tmp_path / "net.c", tmp_path / "net.h"]
    header = (tmp_path / "net.h").read_text()
    for line in ("float n; /* n: ", "const char *int_; /* int: ", "int gr_e;", "double a_b;", "float say_hi_[2];"):
        assert line in header, header
    main = r"""
    static void ask(const struct net_row *row) {
        float y[NET_OUTPUTS];
        const int failed = net_run(row, y);
        if (failed) printf("%d\n", failed);
        else printf("%a %a %a %d\n", (double)y[0], (double)y[1], (double)y[2], net_classify(row));
    }
    int main(void) {
        struct net_row row = NET_ROW;
        ask(&row);
        row.n = 12.5f; row.int_ = "v"; row.x2nd_word = "none"; row.gr_e = 1; row.a_b = 1700000000.25;
        row.a_b_2 = "Good GOOD film: it's 3,5 a_b"; row.a_b_3 = " blue ,red,,other,new";
        row.say_hi_[0] = 1; row.say_hi_[1] = 2;
        ask(&row);
        row.x2nd_word = NULL; row.x2nd = 7; row.a_b_2 = " ?! "; row.a_b_3 = " , "; row.int_ = "";
        ask(&row);
        row.a_b_2 = "gr\303\266\303\237e"; ask(&row); row.a_b_2 = NULL;
        row.n = INFINITY; ask(&row); row.n = 1;
        row.gr_e = 2; ask(&row); row.gr_e = 0;
        row.a_b = 1e15; ask(&row); row.a_b = 0;
        row.say_hi_[1] = NAN; ask(&row);
        return 0;
    }
    """
    found = output(built(tmp_path, main, "net.c"))
    rows: list[dict[str, Any]] = [
        {},
        dict(zip(FIELDS, (12.5, "v", "none", True, 1700000000.25, "Good GOOD film: it's 3,5 a_b",
                          " blue ,red,,other,new", [1, 2]), strict=True)),
        dict(zip(FIELDS, (12.5, "", 7, True, 1700000000.25, " ?! ", " , ", [1, 2]), strict=True)),
    ]  # fmt: skip
    for row, line in zip(rows, found, strict=False):
        *outputs, best = line.split()
        np.testing.assert_array_equal([float.fromhex(value) for value in outputs], net.run([row])[0])
        assert ["ja?", "nein", "*/"][int(best)] == net.classify(row)
    assert found[3:] == ["-6", "-1", "-4", "-5", "-8"]


def test_inputs_without_fields_are_validated(tmp_path: Path) -> None:
    net = nr.Network("classifier", [2, 3, 2], seed=1)
    net.export(tmp_path / "2 nets.c")
    main = r"""
    int main(void) {
        float y[X2_NETS_OUTPUTS];
        const float rows[][2] = {{1, 2}, {NAN, 1}, {1, -INFINITY}};
        int i;
        for (i = 0; i < 3; i++) printf("%d %d\n", x2_nets_run(rows[i], y), x2_nets_classify(rows[i]));
        return 0;
    }
    """
    assert output(built(tmp_path, main, "2 nets.c")) == [f"0 {net.classify([1, 2])}", "-1 -1", "-2 -2"]


def test_sequence_state_is_updated_event_by_event(tmp_path: Path) -> None:
    net = nr.SequenceNetwork("classifier", fields={"letter": "category"}, target="letter", length=12, seed=1)
    net.observe(["abcabcabc", "bcabcabca", "cabcabcab"] * 10)
    net.train(max_cycles=20)
    net.export(tmp_path / "net.c")
    main = r"""
    int main(void) {
        static struct net_sequence own;
        struct net_event event = NET_EVENT;
        const char *all = "abcabcabcabcabcabcab";
        char letter[2] = {0, 0};
        float y[NET_OUTPUTS];
        net_begin(&own);
        event.letter = letter;
        for (; *all; all++) {
            letter[0] = *all;
            if (net_step(&own, &event, y)) return 1;
            printf("%a %a %a %d\n", (double)y[0], (double)y[1], (double)y[2], net_classify(&own));
        }
        return net_self_test();
    }
    """
    visitor = net.session("visitor")
    for letter, line in zip("abcabcabcabcabcabcab", output(built(tmp_path, main, "net.c")), strict=True):
        visitor.observe(letter)
        *outputs, best = line.split()
        np.testing.assert_array_equal([float.fromhex(value) for value in outputs], visitor.run())
        assert "abc"[int(best)] == visitor.classify()


def test_names_of_classes_do_not_clash_with_macros(tmp_path: Path) -> None:
    classes = ["h", "outputs", "Row", "fma in doubles"]
    net = nr.Network("classifier", fields={"n": "number"}, target="y", classes=classes, seed=1)
    net.export(tmp_path / "net.c")
    enumerated = re.findall(r"NET_\w+ = \d", (tmp_path / "net.h").read_text())
    assert enumerated == ["NET_H_ = 0", "NET_OUTPUTS_ = 1", "NET_ROW_ = 2", "NET_FMA_IN_DOUBLES_ = 3"]
    assert output(built(tmp_path, proving(["net"]), "net.c")) == ["0"]


def test_damaged_file_fails_its_self_test(tmp_path: Path) -> None:
    nr.Network("regressor", [2, 3, 1], seed=1).export(tmp_path / "net.c")
    text = (tmp_path / "net.c").read_text()
    weight = re.search(r"weights_0_1\[\] = \{(-?0x1\.)(\w)", text)
    assert weight
    digit = "0" if weight[2] != "0" else "1"
    (tmp_path / "net.c").write_text(text[: weight.start(2)] + digit + text[weight.end(2) :])
    assert output(built(tmp_path, proving(["net"]), "net.c")) != ["0"]


def test_compilers_that_relax_rounding_are_rejected(tmp_path: Path) -> None:
    nr.Network("regressor", [2, 3, 1], seed=1).export(tmp_path / "net.c")
    command = ["gcc", "-ffast-math", "-c", "net.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "compile without -ffast-math" in done.stderr


def test_networks_too_large_for_a_stack_are_rejected(tmp_path: Path) -> None:
    net = nr.Network("regressor", [1, 70_000, 1], seed=1)
    with pytest.raises(nr.OptionError, match="70000 values of a layer: expected at most 65536"):
        net.export(tmp_path / "net.c")


def test_threshold_selects_the_second_class(tmp_path: Path) -> None:
    net, rows, _ = exports.with_threshold()
    net.export(tmp_path / "net.c")
    literals = ", ".join("{" + ", ".join(f"{float(value).hex()}f" for value in row) + "}" for row in rows)
    main = f"""
    static const float rows[][2] = {{{literals}}};
    int main(void) {{
        int i;
        for (i = 0; i < {len(rows)}; i++) printf("%d\\n", net_classify(rows[i]));
        return 0;
    }}
    """
    assert list(map(int, output(built(tmp_path, main, "net.c")))) == net.classify(rows).tolist()
