"""The reference pages are what the code says; `make bless` rewrites them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.doors import FakeDoors
from troth.edges.api import client as of_client
from troth.edges.api import reference as of_api
from troth.edges.api.app import create_app
from troth.edges.cli import reference as of_cli
from troth.main import commands as program

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
CLIENT = ROOT / "client" / "troth_client"
UNUSED, ORDER = "F401", "I"


@pytest.mark.parametrize("name", ["api", "cli"])
def test_golden_reference(name: str) -> None:
    told = of_api.page(create_app(FakeDoors())) if name == "api" else of_cli.page(program.app)
    file = FOLDER / f"{name}.md"
    if os.environ.get("TROTH_BLESS"):
        file.write_text(told, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == told, "run make bless and read the difference"


@pytest.fixture(scope="module")
def client():
    app = create_app(FakeDoors())
    return {name: laid_out(text) for name, text in of_client.modules(app).items()}


def laid_out(text):
    there = ["--stdin-filename", str(CLIENT / "calls.py"), "-"]
    for step in (["check", "--fix-only", "--select", f"{UNUSED},{ORDER}"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *step, *there]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    return text


def test_golden_client(client):
    for name, text in client.items():
        file = CLIENT / name
        if os.environ.get("TROTH_BLESS"):
            file.write_text(text, encoding="utf-8")
        assert file.read_text(encoding="utf-8") == text, "run make bless and read the difference"


def test_every_route_is_on_the_page_and_in_the_client(client):
    app = create_app(FakeDoors())
    page, calls = of_api.page(app), "\n".join(client.values())
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            assert f"### `{method.upper()} {path}`" in page
            assert path in calls


def test_control_a_route_without_a_place_is_missed():
    app = create_app(FakeDoors())
    app.get("/v1/elsewhere", tags=["elsewhere"])(lambda: None)
    assert "/v1/elsewhere" not in of_api.page(app)
