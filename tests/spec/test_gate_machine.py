"""Acts, asks, new versions and several policies in any order: the gate beside the specification.

The standing grows act by act, as it does in life; whatever was remembered of it before must not show.
"""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import structs

import spec.gate
import spec.versions
from tests.spec import generate
from tests.spec.generate import Dice
from tests.spec.test_versions_agree import another
from troth.gate.decide import decide
from troth.gate.versions import answer
from troth.terms import ActKind, Allow, Standing

STEPS = 25
RUNS = max(4, int(os.environ.get("TROTH_SPEC_EXAMPLES", "8000")) // (STEPS * 40))
dice = st.binary(min_size=300, max_size=300).map(Dice)
ABOUT_ALL = {ActKind.CANCELLED, ActKind.FOUND_MINOR}


class GateAgainstSpec(RuleBasedStateMachine):
    """One person, two policies in up to three versions each, and the hours as they pass."""

    @initialize(
        first=st.binary(min_size=900, max_size=900).map(Dice), second=st.randoms(use_true_random=False)
    )
    def publish(self, first, second):
        self.policies = {
            "pol": {1: generate.policy(first)},
            "other": {1: self.named(generate.policy(Dice(second.randbytes(900))), "other")},
        }
        self.standing = Standing(generate.SUBJECT, ())
        self.cancelled = False

    @staticmethod
    def named(policy, name):
        return replace(policy, name=name)

    def compiled(self, name):
        return {version: generate.compiled(each) for version, each in self.policies[name].items()}

    def both(self, ask):
        """The one answer of both, under all versions and under each alone."""
        for version, policy in self.policies[ask.policy].items():
            alone = decide(self.compiled(ask.policy)[version], self.standing, ask)
            assert alone == spec.gate.decide(policy, self.standing, ask)
        together = answer(self.compiled(ask.policy), self.standing, ask).decision
        assert together == spec.versions.answer(self.policies[ask.policy], self.standing, ask)
        return together

    def asked(self, d, name):
        first = self.policies[name][1]
        return structs.replace(generate.ask(d, first), policy=name, subject=generate.SUBJECT)

    @rule(d=dice, name=st.sampled_from(["pol", "other"]))
    def agree_to_everything(self, d, name):
        policy = self.policies[name][max(self.policies[name])]
        acts = [replace(act, policy=name) for act in generate.everything(d, policy)]
        acts = [replace(a, version=policy.version) if a.version is not None else a for a in acts]
        self.standing = replace(self.standing, acts=(*self.standing.acts, *acts))

    @rule(d=dice, name=st.sampled_from(["pol", "other"]))
    def act(self, d, name):
        done = replace(generate.act(d), policy=name)
        asks = [self.asked(d, other) for other in self.policies if other != name]
        before = [self.both(ask) for ask in asks]
        self.standing = replace(self.standing, acts=(*self.standing.acts, done))
        self.cancelled = self.cancelled or done.kind is ActKind.CANCELLED
        if done.kind not in ABOUT_ALL:  # what is done under one policy changes nothing under another
            assert [self.both(ask) for ask in asks] == before

    @precondition(lambda self: len(self.policies["pol"]) < 3)
    @rule(d=dice, name=st.sampled_from(["pol", "other"]))
    def publish_another_version(self, d, name):
        ask = self.asked(d, name)
        before = self.both(ask)
        versions = self.policies[name]
        version = max(versions) + 1
        new = self.named(another(d, versions[version - 1], version), name)
        self.policies[name] = {**versions, version: new}
        accepted = any(
            a.kind is ActKind.ACCEPTED and a.policy == name and a.at <= ask.at for a in self.standing.acts
        )
        if accepted:  # publishing changes nothing for whoever accepted a version
            assert isinstance(self.both(ask), Allow) <= isinstance(before, Allow) or self.knew(name, version)

    def knew(self, name, version):
        """Whether an act already spoke of the version before it was published."""
        return any(a.policy == name and a.version == version for a in self.standing.acts)

    @rule(d=dice, name=st.sampled_from(["pol", "other"]))
    def ask(self, d, name):
        for _ in range(4):
            self.both(self.asked(d, name))

    @invariant()
    def nothing_but_what_is_held_is_reached_after_cancellation(self):
        if not getattr(self, "cancelled", False):
            return
        for name, versions in self.policies.items():
            for policy in versions.values():
                ask = structs.replace(generate.ask(Dice(b""), policy), policy=name)
                held = {getattr(c, "item", None) for c in policy.clauses if type(c).__name__ == "HoldClause"}
                decision = decide(generate.compiled(policy), self.standing, ask)
                beyond = ask.basis is None and decision != spec.gate.decide(policy, self.standing, ask)
                assert not beyond
                if isinstance(decision, Allow) and ask.verb.value != "forget":
                    own = {c.basis.value for c in policy.clauses if type(c).__name__ == "FunctionClause"}
                    assert decision.items <= held or "own_right" in own


TestGateAgainstSpec = GateAgainstSpec.TestCase
TestGateAgainstSpec.settings = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    derandomize="TROTH_SPEC_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
