"""Documents written into an S3 bucket: AWS, or a server that speaks its protocol.

Only PutObject is asked for: nothing is listed, read or deleted.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from standfast.drivers.secrets import resolve
from standfast.errors import StandfastError

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import S3Config, S3Credential, S3Store

    from standfast.spec.bucket import Bucket
    from standfast.spec.values import SecretRef

TIMEOUT = timedelta(seconds=5)  # of one attempt, and a file has two; the first that fails ends all
_CACHED = "public, max-age=30"  # news is looked for every 20 seconds
_KINDS = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "atom": "application/atom+xml; charset=utf-8",
    "svg": "image/svg+xml",
}
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")  # the first one counts
_IN_HEADERS = ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_TOKEN")
_PRINTABLE = re.compile(r"[!-~]{1,8192}")

_RIGHTS = "allow this key s3:PutObject on everything below the prefix"
_KEY = (
    "give `server.s3.access_key` and `secret_key`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    " in the environment"
)
_ELSEWHERE = (
    "has this bucket in another region",
    "give the bucket's region as `server.s3.region`, or as AWS_REGION in the environment",
)
_CODES = {
    "InvalidAccessKeyId": ("does not know our access key", _KEY),
    "SignatureDoesNotMatch": ("does not accept our secret key", _KEY),
    "ExpiredToken": ("says that our session has expired", "renew its token"),
    "InvalidToken": ("does not accept the token of our session", "renew it"),
    "NoSuchBucket": ("has no such bucket", "make the bucket, or mend its name"),
    "PermanentRedirect": _ELSEWHERE,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "RequestTimeTooSkewed": ("says that our clock is wrong", "set this machine's clock"),
}
_STATUSES = {
    "301": _ELSEWHERE,
    "401": ("does not accept our key", _KEY),
    "403": ("does not let us write there", _RIGHTS),
    "404": ("has no such bucket there", "mend the bucket's name, or the endpoint"),
    "429": ("is asked too much", ""),
    "503": ("cannot serve us now", ""),
    "507": ("has no room left", "make room there"),
}
_FAILURES = (  # words of the client's, and what they mean
    ("kind: Timeout", ("does not answer in time", "is it slow, or a firewall between?")),
    ("dns error", ("has a name that cannot be resolved", "mend the endpoint or the region")),
    ("ConnectionRefused", ("refuses the connection", "start it, or mend the endpoint's port")),
    ("InvalidContentType", ("does not speak TLS", "write the endpoint with http:// if it is to")),
    (
        "InvalidCertificate",
        (
            "shows a certificate that is not trusted here",
            "name a file with its issuer's as SSL_CERT_FILE in the environment",
        ),
    ),
    ("LOCATION", _ELSEWHERE),
)
_ASKED = re.compile(r"Error performing [A-Z]+ (https?://\S+)")
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_ROLES = ("169.254.", "fd00:ec2:", "sts.")  # who gives a machine the credentials of its role


class Objects:
    """A part of a bucket, as `engine.announce` writes to it; secrets are read for each file."""

    def __init__(
        self,
        bucket: Bucket,
        secret: Callable[[SecretRef], str] = resolve,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._bucket, self._secret, self._timeout = bucket, secret, timeout

    def write(self, path: str, text: str) -> None:
        """Whole or not at all, with the kind that a browser is to be told."""
        where = f"{self._bucket}/{path}"
        credential = self._credential(where)
        kind = _KINDS.get(path.rpartition(".")[2], "application/octet-stream")
        try:
            self._store(credential).put(
                path,
                text.encode(),
                attributes={"Content-Type": kind, "Cache-Control": _CACHED},
                use_multipart=False,
            )
        except BaseException as error:
            # A panic of the client's is no Exception; it would end the thread that we are called from.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            # What the client says holds keys and signatures, so that it is not shown as the cause.
            problem, fix = told(str(error), _host(self._endpoint) or "S3")
            raise StandfastError(problem, where=where, fix=fix) from None

    @property
    def _endpoint(self) -> str:
        said = (os.environ.get(name, "") for name in _ENDPOINTS)
        return self._bucket.endpoint or next(filter(None, said), "")

    def _credential(self, where: str) -> S3Credential | None:
        """None where the environment or the machine's role has it."""
        key, secret = self._bucket.access_key, self._bucket.secret_key
        if key is None or secret is None:
            for name in _IN_HEADERS:
                _printable(os.environ.get(name) or "-", f"{name} in the environment", where)
            return None
        return {
            "access_key_id": _printable(self._secret(key), f"the access key in {key}", where),
            "secret_access_key": self._secret(secret),
            "token": None,  # of the environment would go with the environment's key
            "expires_at": None,
        }

    def _store(self, credential: S3Credential | None) -> S3Store:
        from obstore.store import S3Store

        config: S3Config = {}
        if self._bucket.endpoint:  # under the name that wins over the environment's
            config["aws_endpoint_url_s3"] = self._bucket.endpoint
        if self._bucket.region:
            config["region"] = self._bucket.region
        pause = timedelta(seconds=0.2)
        return S3Store(
            self._bucket.name,
            prefix=self._bucket.prefix or None,
            config=config,
            client_options={
                "allow_http": self._endpoint.startswith("http://"),
                "connect_timeout": self._timeout,
                "timeout": self._timeout,
            },
            retry_config={
                "max_retries": 1,
                "retry_timeout": 2 * self._timeout,
                "backoff": {"init_backoff": pause, "max_backoff": 2 * pause, "base": 2},
            },
            credential_provider=(lambda: credential) if credential else None,
        )


def _printable(value: str, what: str, where: str) -> str:
    """A line end in a header is a panic of the client's."""
    if not _PRINTABLE.fullmatch(value):
        raise StandfastError(
            f"{what} holds something that is no letter, digit or sign", where=where, fix="mend it"
        )
    return value


def told(said: str, server: str) -> tuple[str, str]:
    """What a failure means and how it is mended, in words that hold nothing of what the client says."""
    asked = _ASKED.search(said)
    host = (_host(asked[1]) if asked else "") or server
    if host.startswith(_ROLES):
        return "no access key is given, and this machine has no role of AWS's", _KEY
    code, status = _CODE.search(said), _STATUS.search(said)
    found = _CODES.get(code[1]) if code else None
    if found is None and status:
        found = _STATUSES.get(status[1]) or (f"refuses it ({status[1]})", "")
    for words, meaning in _FAILURES:
        if found is None and words in said:
            found = meaning
    problem, fix = found or ("cannot be written to", "")
    return f"{host} {problem}" + (f" ({code[1]})" if code else ""), fix


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # of the environment, where nobody has looked at it
        return ""
