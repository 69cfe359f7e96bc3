"""TLS as the file has it asked for, and in words what is wrong with a server's certificate."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from cryptography import x509

from standfast.errors import SourceError

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.spec.asking import Secure

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_FAULTS = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is signed by itself",
    19: "its chain ends in a certificate that is not trusted here",
    20: "its chain is incomplete, or whoever signed it is not trusted here",
    21: "its chain is incomplete, or whoever signed it is not trusted here",
    62: "it is for another name",
    64: "it is for another address",
}


def context(secure: Secure) -> ssl.SSLContext:
    """Raises SourceError where a file of ours cannot be used."""
    try:
        made = ssl.create_default_context(cafile=secure.ca or None)
    except (OSError, ValueError) as error:
        said = f"the file of certificates cannot be used: {_cause(error)}"
        raise SourceError(said, where=secure.ca) from error
    if not secure.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if secure.certificate:
        try:
            # Without a password OpenSSL would ask for one at the terminal.
            made.load_cert_chain(secure.certificate, secure.key, password=lambda: "")
        except (OSError, ValueError) as error:
            said = f"our certificate and its key cannot be used: {_cause(error)}"
            raise SourceError(said, where=secure.certificate) from error
    return made


def _cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not PEM").replace("_", " ").lower()
    return getattr(error, "strerror", None) or "not PEM"


def end_of(shown: bytes | None) -> datetime | None:
    """When a certificate ends, trusted or not; None of what is none."""
    try:
        return x509.load_der_x509_certificate(shown or b"").not_valid_after_utc
    except ValueError:
        return None


def fault(error: BaseException) -> str:
    """What TLS died of; "" where it was not TLS."""
    seen: BaseException | None = error
    for _ in range(10):
        if isinstance(seen, ssl.SSLCertVerificationError):
            code, said = seen.verify_code, seen.verify_message
            why = _FAULTS.get(code, said)
            name = f" ({said.rpartition('not valid for ')[2].strip(chr(39) + '.')} was asked for)"
            return f"its certificate is not accepted: {why}{name if code in (62, 64) else ''}"
        if isinstance(seen, ssl.SSLError):
            return f"no TLS: {(seen.reason or str(seen)).replace('_', ' ').lower()}"
        if seen is None:
            return ""
        seen = seen.__cause__ or seen.__context__
    return ""
