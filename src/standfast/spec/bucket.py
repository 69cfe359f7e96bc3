"""A place in an S3 bucket, as it is written: s3://BUCKET/PREFIX."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standfast.spec.values import SecretRef

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NAME = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
# Of what S3 allows, what needs no escape in an address.
_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._=-]+", re.ASCII)
_SPELLING = "s3://BUCKET/PREFIX"
_LONGEST = 500  # characters of a prefix; S3 allows 1024 bytes with the file's own name


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where, and how it is reached; what is None is as the environment of AWS says."""

    name: str
    prefix: str = ""
    region: str | None = None
    endpoint: str | None = None  # of a server that is not AWS
    access_key: SecretRef | None = None
    secret_key: SecretRef | None = None

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


def place(text: str) -> Bucket | str:
    """A bucket, or a folder as it is written. Raises ValueError with what is wrong and how it is written."""
    scheme = _SCHEME.match(text)
    if scheme is None and not text.lower().startswith("s3:"):
        return text
    if scheme is None or scheme[1] != "s3":
        raise ValueError(f"'{text[:60]}' is no place to write to; write a folder or {_SPELLING}")
    name, _, prefix = text.removeprefix("s3://").partition("/")
    if not name:
        raise ValueError(f"no bucket is named; write {_SPELLING}")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"'{name[:80]}' is no name of a bucket; use 3 to 63 small letters, digits, '-' and '.'"
        )
    return Bucket(name=name, prefix=_prefix(prefix.removesuffix("/")))


def _prefix(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError(f"the prefix has more than {_LONGEST} characters")
    wrong = [part for part in text.split("/") if not _PART.fullmatch(part)] if text else []
    if wrong:
        raise ValueError(
            f"'{wrong[0][:80]}' cannot be part of a prefix; use letters, digits, '-', '_', '.' and '='"
        )
    return text
