"""The catalogue of promises, where it is at hand: beside the repository, or where TROTH_SHARED says."""

from __future__ import annotations

import os
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FILES = {
    "kaiconn": "kaiconn.yaml",
    "kamoer": "kamoer.yaml",
    "kme-smart": "kme-smart.yaml",
    "kmuun": "kmuun.yaml",
    "sunmi-camera": "sunmi.yaml",
    "sunmi-rules": "sunmi.yaml",
    "sunmi-device": "sunmi.yaml",
}
"""The policies that are written, each with the file of its promises."""


def folder() -> Path | None:
    named = os.environ.get("TROTH_SHARED")
    found = [Path(named)] if named else [ROOT.parent / "shared", ROOT / "shared"]
    return next((each / "promises" for each in found if (each / "promises").is_dir()), None)


def entries(policy: str) -> list[dict]:
    """Every promise and gap of one policy; empty where there is no catalogue."""
    here = folder()
    if here is None:
        return []
    tree = YAML(typ="safe").load((here / FILES[policy]).read_text(encoding="utf-8"))
    (told,) = (each for each in tree["policies"] if each["key"] == policy)
    return [
        {**entry, "section": section}
        for section, rows in told.items()
        if isinstance(rows, list) and rows and isinstance(rows[0], dict)
        for entry in rows
    ]


def norms() -> dict[str, str]:
    """The one word for each item where the catalogue has several, from its vocabulary."""
    here = folder()
    if here is None:
        return {}
    tree = YAML(typ="safe").load((here / "vocab.yaml").read_text(encoding="utf-8"))
    return {item: told["norm"] for item, told in tree["items"].items()}


def promise_ids() -> dict[str, list[str]]:
    """The ids of all promises that are no gap, by policy, in the order of the files."""
    trees = [
        YAML(typ="safe").load(file.read_text(encoding="utf-8")) for file in sorted(folder().glob("*.yaml"))
    ]
    return {
        told["key"]: [
            entry["id"]
            for rows in told.values()
            if isinstance(rows, list) and rows and isinstance(rows[0], dict)
            for entry in rows
            if entry["mod"] != "gap"
        ]
        for tree in trees
        for told in tree.get("policies", ())
    }
