"""The promises of the seven published texts, by id, and which of them a proof has shown.

The only place that reads these files. What a promise is kept by, says `policy.promises`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from troth.app import policies
from troth.terms import TrothError


class NoProof(TrothError):
    """this is no list of proven promises: write {policy: {"digest": its digest, "promises": [ids]}}"""


@cache
def listed() -> Mapping[str, tuple[str, ...]]:
    """Return every promise of each published text, in the order of the text."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in policies.beside("promises.txt").splitlines():
        if line and not line.startswith("#"):
            found[line.partition(".")[0]].append(line)
    return MappingProxyType({name: tuple(ids) for name, ids in found.items()})


def proven(file: Path, digests: Mapping[str, str]) -> frozenset[str]:
    """Return what a proof has shown of the policies as they are now; of another text it counts for nothing.

    The proof writes ``file``: ``{policy: {"digest": …, "promises": [id, …]}}`` in JSON. Raises `NoProof`
    """
    try:
        told = cast("dict[str, dict[str, Any]]", json.loads(file.read_text(encoding="utf-8")))
        shown = {name: (str(each["digest"]), [*map(str, each["promises"])]) for name, each in told.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as why:
        raise NoProof(f"{file}: {NoProof.__doc__}") from why
    return frozenset(
        promise
        for name, (digest, promises) in shown.items()
        if digests.get(name) == digest
        for promise in promises
    )
