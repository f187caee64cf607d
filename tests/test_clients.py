"""Programs in other languages send the commands that the page about data shows. That for Node is run, too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pages
import pytest

import servers

PAGE = (pages.ROOT / "docs" / "your-data.md").read_text(encoding="utf-8")
OBSERVED = ["NR.OBSERVE", "promo", "age", "31", "country", "IT", "plan", "free", "->", "yes"]
ASKED = ["NR.CLASS", "promo", "age", "30", "country", "IT"]
LANGUAGES = ["javascript", "php", "ruby", "go", "java"]

#: What a program takes for node-redis: it sends commands to a server's socket and reads replies of RESP2.
NODE_CLIENT = """
const net = require("node:net");
exports.createClient = ({ url }) => ({
    async connect() {
        this.socket = net.createConnection(url);
        this.waiting = [];
        let text = "";
        this.socket.on("data", (data) => {
            text += data;
            for (let end; (end = text.indexOf("\\r\\n")) >= 0; ) {
                let reply = text.slice(1, end);
                let used = end + 2;
                if (text[0] === "$") {
                    if (text.length < used + Number(reply) + 2) return;
                    reply = text.slice(used, (used += Number(reply)));
                    used += 2;
                } else if (text[0] === "*") {
                    const parts = text.slice(used).split("\\r\\n").slice(0, Number(reply));
                    used += parts.join("\\r\\n").length + 2;
                    reply = parts;
                } else if (text[0] === "-") throw new Error(reply);
                text = text.slice(used);
                this.waiting.shift()(reply);
            }
        });
        return this;
    },
    sendCommand(words) {
        const parts = words.map((word) => `$${Buffer.byteLength(word)}\\r\\n${word}\\r\\n`);
        this.socket.write(`*${words.length}\\r\\n${parts.join("")}`);
        return new Promise((done) => this.waiting.push(done));
    },
    async close() { this.socket.end(); },
});
"""


def program(language: str) -> str:
    found: list[str] = [code for of, code in pages.blocks(PAGE) if of == language and "NR." in code]
    assert len(found) == 1, language
    return found[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_programs_send_the_same_commands(language: str) -> None:
    words = re.findall(r"\"([^\"]*)\"|'([^']*)'", program(language))
    sent = [double or single for double, single in words]
    # In Java, commands are defined before they are sent, so their order differs.
    if language == "java":
        assert [word for word in sent if word.startswith("NR.")] == [OBSERVED[0], ASKED[0]]
        sent = [word for word in sent if not word.startswith("NR.")]
        assert sent[-len(OBSERVED) - len(ASKED) + 2 :] == OBSERVED[1:] + ASKED[1:]
    else:
        start = sent.index("NR.OBSERVE")
        assert sent[start : start + len(OBSERVED) + len(ASKED)] == OBSERVED + ASKED


def test_server_accepts_the_documented_commands(any_server_for_all: servers.Server) -> None:
    client = any_server_for_all.client()
    client.flushall()
    (creation,) = re.findall(r"^> (NR\.CREATE promo .*)$", PAGE, re.MULTILINE)
    client.execute_command(*creation.split())
    assert client.execute_command(*OBSERVED) == [1, 0]
    assert client.execute_command(*ASKED) in ("no", "yes")


if NODE := shutil.which("node"):

    def test_program_for_node_runs(any_server_for_all: servers.Server, tmp_path: Path) -> None:
        client = any_server_for_all.client()
        client.flushall()
        (creation,) = re.findall(r"^> (NR\.CREATE promo .*)$", PAGE, re.MULTILINE)
        client.execute_command(*creation.split())
        module = tmp_path / "node_modules" / "redis"
        module.mkdir(parents=True)
        (module / "index.js").write_text(NODE_CLIENT)
        (tmp_path / "program.mjs").write_text(program("javascript"))
        environment = {**os.environ, "REDIS_URL": str(any_server_for_all.socket)}
        command = [str(NODE), "program.mjs"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.strip() in ("no", "yes")
