"""What an enforcement point is: where it is, what it keeps, what rests on it, and how it is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Point:
    """One enforcement point: where it is, what it keeps, and what rests on it.

    ``step`` of the story (empty: none). A trial rests on it that shows one of its ``reasons`` for a refusal,
    or that is one of ``trials``, by name.
    """

    name: str
    where: str
    keeps: str
    step: str
    take_out: Callable[[ModuleType], None]
    reasons: frozenset[str] = frozenset()
    trials: frozenset[str] = frozenset()

    def sabotage(self) -> None:
        """Take the enforcement out of this process."""
        self.take_out(import_module(self.where))


def replaced(name: str, by: Callable[..., object]) -> Callable[[ModuleType], None]:
    """Return a sabotage that puts ``by`` in the place of a module's function."""

    def take_out(module: ModuleType) -> None:
        getattr(module, name)  # a point whose target is gone must fail, not pass
        setattr(module, name, by)

    return take_out


def method(of: str, name: str, by: Callable[..., object]) -> Callable[[ModuleType], None]:
    """Return a sabotage that puts ``by`` in the place of a method of a class."""

    def take_out(module: ModuleType) -> None:
        kind = getattr(module, of)
        getattr(kind, name)  # a point whose target is gone must fail, not pass
        setattr(kind, name, by)

    return take_out
