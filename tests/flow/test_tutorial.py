"""The tutorial as it stands: what it says to type is typed, in order, into shells.

Only what differs between machines is put in: free ports, the folder of the data, the code in the letter.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from troth.app.ports import free_port

ROOT = Path(__file__).parents[2]
HERE = "127.0.0.1"
BLOCK = re.compile(r'^```sh(?: title="(?P<where>[^"]*)")?\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE)
HTTP, MQTT, LETTERS = "8000", "8883", "8025"
CODE = "CODE=123456\n"
PATIENCE_S = 120


def typed(text):
    """Return what is typed in each terminal; terminal 3 is where no other is named."""
    found = {}
    for block in BLOCK.finditer(text):
        where = block["where"] if (block["where"] or "").startswith("terminal") else "terminal 3"
        found[where] = found.get(where, "") + block["text"]
    return found


@contextmanager
def running(text, out, **environ):
    """A shell in which something goes on until the end."""
    with out.open("wb") as said:
        shell = subprocess.Popen(
            ["env", "--default-signal=INT", "bash", "-ec", text],  # whoever runs the tests may ignore Ctrl-C
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | environ,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(shell.pid, signal.SIGINT)
            shell.wait(PATIENCE_S)


@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="no mosquitto_pub (Debian: mosquitto-clients)")
def test_who_types_the_tutorial_gets_a_camera_whose_data_arrives(tmp_path):
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    text = text.replace("$PWD/.troth", str(tmp_path / "data"))
    ports = {port: str(free_port(HERE)) for port in (HTTP, MQTT, LETTERS)}
    for port, free in ports.items():
        text = re.sub(rf"\b{port}\b", free, text)
    terminals, letters = typed(text), tmp_path / "letters"
    assert CODE in terminals["terminal 3"]
    arrives = f"until CODE=$(grep -oE '\\b[0-9]{{6}}\\b' {letters} | tail -1); do sleep 0.1; done\n"
    ready = f"timeout {PATIENCE_S} bash -c 'until curl -sf --cacert $CA $API/healthz; do sleep 0.2; done'\n"
    script = (
        terminals["terminal 3"].replace(CODE, arrives).replace("curl -sS --cacert $CA $API/healthz\n", ready)
    )
    gateway = terminals["terminal 1"].replace("docs/letters.py", f"docs/letters.py {ports[LETTERS]}")
    with ExitStack() as stack:
        stack.enter_context(running(gateway, letters))
        stack.enter_context(
            running(
                terminals["terminal 2"],
                tmp_path / "served",
                TROTH_HTTP_PORT=ports[HTTP],
                TROTH_MQTT_PORT=ports[MQTT],
            )
        )
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
            check=False,
        )
    told = f"{done.stdout}\n{done.stderr}\n{(tmp_path / 'served').read_text()}"
    assert done.returncode == 0, told
    for seen in ('"ready":true', '"in":1', "nothing in plain", "withdrawn", "Lantern Teahouse", "verified"):
        assert seen in done.stdout, told


def test_control_a_step_that_fails_ends_the_tutorial():
    assert typed(
        '```sh\na\n```\n```sh title="terminal 1"\nb\n```\n```sh title="with the code"\nc\n```\n'
    ) == {
        "terminal 3": "a\nc\n",
        "terminal 1": "b\n",
    }
