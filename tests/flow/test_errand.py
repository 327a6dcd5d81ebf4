"""Errands: a process that does one thing for a system; its sentence comes back, and it can be called off."""

import pytest

from troth.main.errand import Failed, errand, invited


@pytest.fixture
def told(tmp_path):
    return {"TROTH_DATA": str(tmp_path), "TROTH_NATS_URL": "nats://127.0.0.1:1"}


async def test_what_an_errand_failed_of_is_said_in_its_own_words(told):
    async with errand("fly", environment=told) as flight:
        with pytest.raises(Failed, match=r"^no such process: fly; write"):
            await flight.done()
    async with errand("room", environment=told | {"TROTH_WORKERS": "many"}) as room:
        with pytest.raises(Failed, match=r"^TROTH_WORKERS is 'many'"):
            await room.done()


async def test_the_schema_waits_to_be_told_and_can_be_called_off(told):
    async with errand("prepare", environment=told) as schema:
        process = schema._process
        assert process.returncode is None
    assert process.returncode == -9
    async with errand("prepare", environment=told) as schema:  # told to begin where there is no database
        with pytest.raises(Failed, match="TROTH_OWNER_DSN is not set"):
            await schema.done()


def test_an_invitation_is_found_among_what_is_said():
    assert invited("WARNING something\ninvited: ABC-DEF") == "ABC-DEF"
    assert invited("") is None
