"""A process of a scratch system: like `process`, with enforcement points taken out or otherwise changed.

The one place where that can be done. Started by the demo and the proof for systems that they made
themselves, as ``python -m troth.main.scratch sealing,age worker 1``; a served system's processes are
`troth.main.process`, which can't.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from troth.main.process import run
from troth.main.troth import run as program
from troth.prove.changes import change

COMMAND = "command"


def main(words: Sequence[str]) -> int:
    """Take out what is to be taken out, then be the process, or the program itself."""
    names, *rest = words
    for name in names.split(","):
        change(name)()
    if rest[0] == COMMAND:
        sys.argv = ["troth", *rest[1:]]
        program()
        return 0
    return run(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
