from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.app import ways
from troth.app.settings import BadSetting, Settings, dsn_variable, names
from troth.app.stores import Bucket
from troth.app.ways import Part
from troth.db import Role

HOME = {"HOME": "/home/wang"}
DOCS = Path(__file__).parents[2] / "docs" / "howto"


def read(**variables: str) -> Settings:
    return Settings.from_environ(HOME | variables)


def test_nothing_set_is_an_embedded_system_on_loopback():
    got = read()
    assert got.data == Path("/home/wang/.local/state/troth")
    assert got.keyring == got.data / "keyring"
    assert (got.http_host, got.http_port, got.mqtt_port, got.workers) == ("127.0.0.1", 8000, 8883, 1)
    assert (got.region, got.deployment) == ("CN", "troth")
    assert (got.dsn, got.owner_dsn, got.nats_url, got.clock) == (None, None, None, None)
    assert got.policies is None


def test_the_state_directory_of_the_user_is_honoured_when_it_is_a_full_path():
    assert read(XDG_STATE_HOME="/srv/state").data == Path("/srv/state/troth")
    assert read(XDG_STATE_HOME="state").data == Path("/home/wang/.local/state/troth")


def test_without_a_home_the_data_directory_must_be_named():
    with pytest.raises(BadSetting, match="TROTH_DATA is not set"):
        Settings.from_environ({})
    assert Settings.from_environ({"TROTH_DATA": "/srv/troth"}).data == Path("/srv/troth")


def test_variables_of_others_are_not_ours_to_judge():
    assert read(PATH="/bin", TROTHX="1") == read()


def test_overrides_win_and_none_is_not_given(tmp_path: Path):
    secret = tmp_path / "dsn"
    secret.write_text("host=elsewhere")
    got = Settings.from_environ(
        HOME | {"TROTH_HTTP_PORT": "8080", "TROTH_DSN_FILE": str(secret)},
        http_port=0, mqtt_port=None, data=tmp_path, dsn="host=/run/a", owner_dsn="host=/run/b",
    )  # fmt: skip
    assert (got.http_port, got.mqtt_port, got.data) == (0, 8883, tmp_path)
    assert (got.dsn, got.owner_dsn) == ("host=/run/a", "host=/run/b")


def test_an_override_is_checked_like_a_variable():
    with pytest.raises(BadSetting, match="TROTH_HTTP_PORT is '70000'"):
        Settings.from_environ(HOME, http_port=70000)
    with pytest.raises(BadSetting, match="TROTH_COLOUR is not a setting"):
        Settings.from_environ(HOME, colour="red")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TROTH_HTTP_PROT", "1", "is not a setting: remove it, or write TROTH_HTTP_PORT$"),
        ("TROTH_HTTP_PORT", "65536", "write a number from 0 to 65535"),
        ("TROTH_HTTP_PORT", "-1", "write a number from 0 to 65535"),
        ("TROTH_HTTP_PORT", "８０", "write a number from 0 to 65535"),
        ("TROTH_MQTT_PORT", "", "write a number from 0 to 65535"),
        ("TROTH_MQTT_PORT", "9" * 5000, "write a number from 0 to 65535"),
        ("TROTH_WORKERS", "0", "write a number from 1 to 256"),
        ("TROTH_MEDIA_QUOTA", "0", "write a number from 1 to 99999"),
        ("TROTH_WORKERS", "two", "write a number from 1 to 256"),
        ("TROTH_DATA", "data", "write one that begins with /"),
        ("TROTH_DATA", "", "write one that begins with /"),
        ("TROTH_KEYRING", "~/keys", "write one that begins with /"),
        ("TROTH_CLOCK", "c\n", "write one that begins with /"),
        ("TROTH_REGION", "cn", "two capitals"),
        ("TROTH_REGION", "China", "two capitals"),
        ("TROTH_DEPLOYMENT", "Troth/1", "up to 40 of a-z"),
        ("TROTH_HTTP_HOST", "a b", "such as 127.0.0.1"),
        ("TROTH_NATS_URL", "localhost", "write nats://host:port"),
        ("TROTH_NATS_URL", "nats://host", "write nats://host:port"),
        ("TROTH_NATS_URL", "nats://host:x", "write nats://host:port"),
        ("TROTH_NATS_URL", "nats://me:pw@host:4222", "leave it out"),
        ("TROTH_DSN", "host", "write one such as"),
        ("TROTH_DSN", "host=db password=s3cret", "put it in a file, TROTH_DSN_FILE"),
        ("TROTH_DSN", "postgresql://me:s3cret@db/troth", "put it in a file, TROTH_DSN_FILE"),
        ("TROTH_OWNER_DSN", "host=localhost", "belong together"),
        ("TROTH_DSN", "host=db", "reaches another machine without proof of which: add sslmode=verify-full"),
        ("TROTH_DSN", "host=db sslmode=require", "add sslmode=verify-full"),
        ("TROTH_DSN", "host=db sslmode=verify-ca", "add sslmode=verify-full"),
        ("TROTH_DSN", "host=localhost,db", "add sslmode=verify-full"),
        ("TROTH_DSN", "host=localhost hostaddr=192.0.2.1", "add sslmode=verify-full"),
        ("TROTH_DSN", "postgresql://me@db/troth?sslmode=prefer", "add sslmode=verify-full"),
        ("TROTH_DSN_FILE", "/no/such/file", "name a text file that this user may open"),
        ("TROTH_DSN_FILE", "dsn", "write one that begins with /"),
    ],
)
def test_a_bad_setting_says_what_to_write(name: str, value: str, sentence: str):
    with pytest.raises(BadSetting, match=sentence) as caught:
        read(**{name: value})
    assert name in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_secret_comes_from_a_file(tmp_path: Path):
    app, owner, empty = tmp_path / "app", tmp_path / "owner", tmp_path / "empty"
    app.write_text("host=localhost user=troth_app passfile=/etc/troth/s3cret\n")
    owner.write_text("postgresql://troth_owner:s3cret@localhost/troth")
    empty.write_text("\n")
    got = read(TROTH_DSN_FILE=str(app), TROTH_OWNER_DSN_FILE=str(owner))
    assert got.dsn == "host=localhost user=troth_app passfile=/etc/troth/s3cret"
    assert got.dsn_of(Role.KEEPER) == "user=troth_keeper passfile=/etc/troth/s3cret host=localhost"
    assert "s3cret" not in repr(got)
    with pytest.raises(BadSetting, match="is empty"):
        read(TROTH_DSN_FILE=str(empty))
    with pytest.raises(BadSetting, match="both set"):
        read(TROTH_DSN_FILE=str(app), TROTH_DSN="host=localhost")


def test_a_password_is_one_roles_so_the_others_are_asked_for(tmp_path: Path):
    files = {role: tmp_path / role for role in Role}
    for role, file in files.items():
        file.write_text(f"host=localhost user={role} password=s3cret")
    given = {f"{dsn_variable(role)}_FILE": str(file) for role, file in files.items()}
    got = read(**given)
    assert got.dsn_of(Role.KEEPER) == "host=localhost user=troth_keeper password=s3cret"
    del given["TROTH_KEEPER_DSN_FILE"]
    with pytest.raises(BadSetting, match="each of the others into TROTH_KEEPER_DSN_FILE, or all") as caught:
        read(**given)
    assert "s3cret" not in str(caught.value)
    # A process that is told some roles only makes up no password for the others.
    del given["TROTH_OWNER_DSN_FILE"]
    assert read(**given).dsn_of(Role.KEEPER) == "user=troth_keeper host=localhost"
    assert read(**given).dsn_of(Role.OWNER) is None


def test_a_secret_file_that_is_no_connection_string_is_not_repeated(tmp_path: Path):
    file = tmp_path / "dsn"
    file.write_text("s3cret and nothing else")
    with pytest.raises(BadSetting) as caught:
        read(TROTH_DSN_FILE=str(file))
    assert "s3cret" not in str(caught.value)


@given(st.sampled_from(sorted(names())), st.text())
def test_any_text_is_taken_or_refused_with_a_sentence(name: str, value: str):
    try:
        outcome = repr(read(**{name: value}))
    except BadSetting as refused:
        outcome = str(refused)
    assert len(outcome) > 30


KEY = base64.b64encode(bytes(range(32))).decode()


def test_the_root_of_the_keyring_comes_from_the_environment_or_a_file_and_is_never_shown(tmp_path: Path):
    file = tmp_path / "root"
    file.write_text(KEY + "\n")
    for got in (read(TROTH_KEYRING_ROOT=KEY), read(TROTH_KEYRING_ROOT_FILE=str(file))):
        assert got.keyring_root == bytes(range(32))
        assert KEY not in repr(got)
        assert repr(got.keyring_root) not in repr(got)
    assert read().keyring_root is None
    with pytest.raises(BadSetting, match="both set: keep one"):
        read(TROTH_KEYRING_ROOT=KEY, TROTH_KEYRING_ROOT_FILE=str(file))


@pytest.mark.parametrize("value", ["", "secret word", KEY[:-4], KEY + KEY, "x" * 44])
def test_what_is_no_root_is_refused_without_being_repeated(value: str):
    with pytest.raises(BadSetting, match="TROTH_KEYRING_ROOT is not a key") as refused:
        read(TROTH_KEYRING_ROOT=value)
    assert not value or value not in str(refused.value)


def test_a_process_is_told_the_root_of_its_own_system_only(tmp_path: Path):
    environ = HOME | {"TROTH_KEYRING_ROOT": KEY, "TROTH_DATA": str(tmp_path)}
    ours, scratch = Settings.from_environ(environ), read(TROTH_DATA=str(tmp_path))
    for part in Part:
        assert ways.told(ours, environ, part)["TROTH_KEYRING_ROOT"] == KEY
        assert "TROTH_KEYRING_ROOT" not in ways.told(scratch, environ, part)


BUCKET = {
    "TROTH_MEDIA": "s3://films",
    "TROTH_MEDIA_ENDPOINT": "https://objects.example.org",
    "TROTH_MEDIA_ACCESS": "the-access-key",
    "TROTH_MEDIA_SECRET": "the-secret-key",
}


def test_media_lie_in_the_data_folder_in_another_or_in_a_bucket(tmp_path: Path):
    assert read(TROTH_DATA="/srv/troth").store == Path("/srv/troth/media")
    assert read(TROTH_MEDIA="/srv/films").store == Path("/srv/films")
    file = tmp_path / "secret"
    file.write_text("the-secret-key")
    by_file = {k: v for k, v in BUCKET.items() if k != "TROTH_MEDIA_SECRET"}
    for told in (BUCKET, by_file | {"TROTH_MEDIA_SECRET_FILE": str(file)}):
        got = read(**told)
        assert got.store == Bucket(
            name="films", endpoint="https://objects.example.org", region="us-east-1",
            access="the-access-key", secret="the-secret-key",
        )  # fmt: skip
        for shown in (repr(got), repr(got.store)):
            assert "the-secret-key" not in shown
            assert "the-access-key" not in shown


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"TROTH_MEDIA": "films"}, "write a full path, or s3://BUCKET"),
        ({"TROTH_MEDIA": "s3://"}, "write a full path, or s3://BUCKET"),
        ({"TROTH_MEDIA": "s3://films/../keys"}, "write a full path, or s3://BUCKET"),
        ({"TROTH_MEDIA": "/srv/films"}, "belongs to a bucket"),
        ({"TROTH_MEDIA": None}, "belongs to a bucket"),
        ({"TROTH_MEDIA_ENDPOINT": None}, "TROTH_MEDIA_ENDPOINT is not set"),
        ({"TROTH_MEDIA_SECRET": None}, "TROTH_MEDIA_SECRET is not set"),
        ({"TROTH_MEDIA_ENDPOINT": "http://objects.example.org"}, "write an https:// address"),
        ({"TROTH_MEDIA_ENDPOINT": "https://me:word@objects.example.org"}, "without a credential"),
        ({"TROTH_MEDIA_REGION": "here, there"}, "is not a region"),
        ({"TROTH_MEDIA_SECRET_FILE": "/srv/secret"}, "both set: keep one"),
    ],
)
def test_a_bucket_that_is_half_told_is_refused(changed: dict[str, str | None], sentence: str):
    told = {name: value for name, value in (BUCKET | changed).items() if value is not None}
    with pytest.raises(BadSetting, match=sentence) as refused:
        read(**told)
    assert "the-secret-key" not in str(refused.value)


def test_every_setting_is_told_of():
    told = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert {name for name in names() if name not in told} == {"TROTH_CLOCK"}  # of the demo and the proof


def test_the_environment_of_the_production_page_is_a_deployment(tmp_path: Path):
    page = (DOCS / "run-in-production.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"# /etc/troth/environment[^\n]*\n(.*?)```", page, re.DOTALL)
    told = dict(line.split("=", 1) for line in block.splitlines())
    secret = tmp_path / "media.secret"
    secret.write_text("secret")
    got = Settings.from_environ(told | {"TROTH_MEDIA_SECRET_FILE": str(secret)})
    assert isinstance(got.store, Bucket)
    assert got.papers is not None
    assert got.workers == 2
