"""Keys, tokens and hashes: what a forger tries, and what a lost key says."""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jose import jwt

from dataferry.accounts.security import AccessTokens, Claims, Passwords, Secrets
from dataferry.core.errors import ConfigError, NotSignedIn
from dataferry.core.settings import Settings

FAR = 4_000_000_000
GOOD = {
    "iss": "dataferry",
    "aud": "dataferry",
    "typ": "access",
    "sub": "user_1",
    "sid": "session_1",
    "exp": FAR,
}


def settings_for(folder: Path, **given: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **given)  # type: ignore[arg-type]


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(settings_for(tmp_path))


def signed(claims: dict[str, object], key: str, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def unsigned(claims: dict[str, object], algorithm: str = "none") -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."
    )


def test_a_token_says_whose_it_is_and_of_which_session(secrets: Secrets) -> None:
    tokens = AccessTokens(secrets, 60)
    assert tokens.read(tokens.issue("user_1", "session_1")) == Claims("user_1", "session_1")
    assert tokens.read(tokens.issue("user_1")) == Claims("user_1", None)
    claims = jwt.get_unverified_claims(tokens.issue("user_1"))
    assert 55 < claims["exp"] - time.time() <= 60


def test_a_token_of_the_right_key_with_every_claim_is_read(secrets: Secrets) -> None:
    key = secrets.subkey("access-token").hex()
    assert AccessTokens(secrets, 60).read(signed(GOOD, key)) == Claims("user_1", "session_1")


@pytest.mark.parametrize(
    "change",
    [
        *({"exp": None}, {"iss": None}, {"aud": None}, {"sub": None}, {"typ": None}),
        *({"exp": 1}, {"iss": "another"}, {"aud": "another"}, {"typ": "refresh"}),
    ],
    ids=str,
)
def test_a_token_with_a_wrong_or_missing_claim_is_refused(
    secrets: Secrets, change: dict[str, object]
) -> None:
    claims = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(NotSignedIn):
        AccessTokens(secrets, 60).read(signed(claims, secrets.subkey("access-token").hex()))


def test_a_forged_token_is_refused(secrets: Secrets, tmp_path: Path) -> None:
    tokens = AccessTokens(secrets, 60)
    key = secrets.subkey("access-token").hex()
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    head, body, signature = signed(GOOD, key).split(".")
    forged = [
        signed(GOOD, key, "HS512"),
        signed(GOOD, "x" * 32),
        signed(GOOD, ""),
        signed(GOOD, secrets.subkey("another purpose").hex()),
        signed(GOOD, der.hex()),
        signed(GOOD, settings_for(tmp_path).data_dir.joinpath("secret.key").read_text()),
        unsigned(GOOD),
        unsigned(GOOD, "HS256"),
        f"{head}.{body}.",
        f"{head}.{body[:-2]}xx.{signature}",
        *("", ".", "..", "a.b.c", "x" * 100_000, "\ud800", "é.é.é"),
    ]
    for token in forged:
        with pytest.raises(NotSignedIn):
            tokens.read(token)


def test_subkeys_differ_by_purpose_and_stay(tmp_path: Path, secrets: Secrets) -> None:
    assert len(secrets.subkey("a")) == 32
    assert secrets.subkey("a") != secrets.subkey("b")
    assert Secrets(settings_for(tmp_path)).subkey("a") == secrets.subkey("a")
    given = Secrets(settings_for(tmp_path, SECRET_KEY="k" * 32))
    assert given.subkey("a") != secrets.subkey("a")


def test_the_key_file_is_its_owners_alone(tmp_path: Path, secrets: Secrets) -> None:
    key = tmp_path / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) >= 32
    assert key.read_text() not in repr(secrets)


@pytest.mark.parametrize("content", ["", "short"])
def test_a_key_file_that_was_cut_stops_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(ConfigError, match=r"secret\.key") as stopped:
        Secrets(settings_for(tmp_path))
    assert stopped.value.next_step


def test_links_are_sealed_and_a_lost_key_is_said(tmp_path: Path, secrets: Secrets) -> None:
    link = "https://example.org/ä.zip?signature=secret"
    sealed = secrets.encrypt(link)
    assert "secret" not in sealed
    assert sealed != secrets.encrypt(link)
    assert secrets.decrypt(sealed) == link
    other = Secrets(settings_for(tmp_path / "other"))
    for wrong in (sealed[:-4] + "AAAA", "", "AAAA", "no base64 ä"):
        with pytest.raises(ConfigError, match="SECRET_KEY"):
            secrets.decrypt(wrong)
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        other.decrypt(sealed)


def test_hashes_are_argon2id_salted_and_long_passwords_cost_nothing_more() -> None:
    passwords = Passwords(rounds=1, memory_kib=8)
    password = "correct horse battery"
    stored = passwords.hash(password)
    assert stored.startswith("$argon2id$")
    assert stored != passwords.hash(password)
    assert passwords.verify(password, stored)
    for wrong in ("correct horse battery ", "", "x" * 1025, "x" * 100_000, "\0" * 8, "\ud800" * 8):
        assert not passwords.verify(wrong, stored)
        assert not passwords.verify(wrong, None)
    # All of it counts, to the last character.
    longest = "x" * 1024
    assert not passwords.verify("x" * 1023 + "y", passwords.hash(longest))
    assert passwords.verify(longest, passwords.hash(longest))
    passwords.close()


def test_the_hash_that_a_stranger_is_compared_with_costs_as_much() -> None:
    passwords = Passwords(rounds=2, memory_kib=4096)
    stored = passwords.hash("correct horse battery")

    def seconds(stored: str | None) -> float:
        started = time.thread_time()
        passwords.verify("another password", stored)
        return time.thread_time() - started

    known, unknown = (min(seconds(kind) for _ in range(9)) for kind in (stored, None))
    assert 0.5 < unknown / known < 2
    passwords.close()


def test_hashes_are_outdated_when_the_parameters_change() -> None:
    old, new = Passwords(rounds=1, memory_kib=8), Passwords(rounds=1, memory_kib=16)
    assert new.outdated(old.hash("correct horse battery"))
    assert not new.outdated(new.hash("correct horse battery"))
    assert new.verify("correct horse battery", old.hash("correct horse battery"))


def test_the_parameters_are_those_that_are_recommended() -> None:
    stored = Passwords().hash("correct horse battery")
    assert "$m=65536,t=3,p=1$" in stored


def test_python_joses_ecdsa_is_never_imported(tmp_path: Path) -> None:
    """In a fresh process that makes the application, and signs and reads a token. ``ecdsa`` has a hole that
    its authors do not mend (CVE-2024-23342, mpdavis/python-jose#399); ``rsa`` is as little wanted."""
    program = """
import sys
for name in ("ecdsa", "rsa"):
    sys.modules[name] = None  # whoever imports it fails
from pathlib import Path
from dataferry.accounts.security import AccessTokens, Secrets
from dataferry.app import create_app
from dataferry.core.settings import Settings
settings = Settings(_env_file=None, data_dir=Path(sys.argv[1]))
create_app(settings)
tokens = AccessTokens(Secrets(settings), 900)
assert tokens.read(tokens.issue("user_1", "session_1")).user_id == "user_1"
loaded = [name for name in sys.modules if name.partition(".")[0] in ("ecdsa", "rsa")]
assert loaded == ["ecdsa", "rsa"], loaded
"""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
