from __future__ import annotations

import pytest

from standfast.audit.event import SYSTEM
from standfast.drivers.passwords import Argon2Passwords
from standfast.engine.sign_in import SignIn
from standfast.errors import NotAllowed


@pytest.fixture
def sign_in(database, clock) -> SignIn:
    return SignIn(database, Argon2Passwords(), clock)


def test_the_first_password_is_made_once(sign_in: SignIn, log) -> None:
    password = sign_in.first_password()

    assert password
    assert len(password) >= 20
    assert sign_in.first_password() is None
    assert log.types == ["user.created"]


def test_a_session_lasts_until_its_end_or_until_signing_out(sign_in: SignIn, clock) -> None:
    password = sign_in.first_password()
    secret, session = sign_in.begin("admin", password, "127.0.0.1")

    caller = sign_in.by_session(secret, "127.0.0.1")
    assert caller is not None
    assert caller.name == "admin"
    assert caller.csrf == session.csrf

    clock.pass_by(hours=13)
    assert sign_in.by_session(secret, None) is None

    again, _ = sign_in.begin("admin", password, None)
    sign_in.end(again, caller)
    assert sign_in.by_session(again, None) is None


def test_wrong_names_and_wrong_passwords_sound_the_same_and_are_recorded(
    sign_in: SignIn, log
) -> None:
    sign_in.first_password()
    with pytest.raises(NotAllowed) as wrong_name:
        sign_in.begin("nobody", "x", None)
    with pytest.raises(NotAllowed) as wrong_password:
        sign_in.begin("admin", "x", None)

    assert str(wrong_name.value) == str(wrong_password.value)
    assert [event.status for event in log.events if event.type == "user.login"] == [
        "failure",
        "failure",
    ]


def test_five_wrong_passwords_lock_the_account_for_a_minute(sign_in: SignIn, clock) -> None:
    password = sign_in.first_password()
    for _ in range(5):
        with pytest.raises(NotAllowed):
            sign_in.begin("admin", "wrong", None)

    with pytest.raises(NotAllowed):
        sign_in.begin("admin", password, None)
    clock.pass_by(minutes=2)
    assert sign_in.begin("admin", password, None)


def test_a_token_has_its_scopes_until_it_ends_or_is_revoked(sign_in: SignIn, clock) -> None:
    token = sign_in.make_token("ci", ("read",), SYSTEM, days=1)

    caller = sign_in.by_token(token, None)
    assert caller is not None
    assert caller.may("read")
    assert not caller.may("respond")
    assert sign_in.by_token(token[:-1] + "x", None) is None
    assert sign_in.by_token("sf_nonsense", None) is None

    clock.pass_by(days=2)
    assert sign_in.by_token(token, None) is None
    kept = sign_in.make_token("ci", ("read",), SYSTEM)
    assert sign_in.revoke_token(kept.split("_")[1], SYSTEM)
    assert sign_in.by_token(kept, None) is None


def test_no_secret_is_in_the_database(sign_in: SignIn, database) -> None:
    password = sign_in.first_password()
    secret, _ = sign_in.begin("admin", password, None)
    token = sign_in.make_token("ci", ("read",), SYSTEM)

    rows = database.read(
        lambda tx: [
            str(row)
            for table in ("accounts", "sessions", "tokens")
            for row in tx._connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]
    )
    for hidden in (password, secret, token, token.split("_", 2)[2]):
        assert not any(hidden in row for row in rows)
