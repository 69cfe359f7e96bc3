"""When does a server's certificate end?"""

from __future__ import annotations

import ssl
from datetime import timedelta

from cryptography import x509

from standfast.drivers.resolver import Resolver, spoken
from standfast.drivers.tcp_probe import endpoint
from standfast.monitoring.target import Outcome
from standfast_kit.clock import Clock, Monotonic, monotonic, utc_now


class TlsProbe:
    """Reads the certificate even of a server that nobody should trust: an expired one says most."""

    def __init__(
        self,
        clock: Clock = utc_now,
        stopwatch: Monotonic = monotonic,
        resolver: Resolver | None = None,
    ) -> None:
        self._clock, self._stopwatch = clock, stopwatch
        self._resolver = resolver or Resolver()
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE  # nothing is sent; only the expiry is read

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        began = self._stopwatch()
        try:
            host, port = endpoint(address)
            with (
                self._resolver.connect(host, port, timeout.total_seconds()) as plain,
                self._tls.wrap_socket(plain, server_hostname=host) as secure,
            ):
                shown = secure.getpeercert(binary_form=True)
            certificate = x509.load_der_x509_certificate(shown or b"")
        except (OSError, ValueError) as error:
            return Outcome(ok=False, because=f"no certificate to read: {spoken(error)}")
        expires = certificate.not_valid_after_utc
        over = expires <= self._clock()
        return Outcome(
            ok=not over,
            because=f"the certificate ended at {expires:%Y-%m-%d %H:%M} UTC" if over else "",
            latency=timedelta(seconds=self._stopwatch() - began),
            expires=expires,
        )
