"""The reference pages are what the code says; `make bless` rewrites them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.doors import FakeDoors
from troth.edges.api import reference as of_api
from troth.edges.api.app import create_app
from troth.edges.cli import reference as of_cli
from troth.main import troth as program

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["api", "cli"])
def test_golden_reference(name: str) -> None:
    told = of_api.page(create_app(FakeDoors())) if name == "api" else of_cli.page(program.app)
    file = FOLDER / f"{name}.md"
    if os.environ.get("TROTH_BLESS"):
        file.write_text(told, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == told, "run make bless and read the difference"
