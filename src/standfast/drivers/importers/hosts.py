"""The hosts that a variable, an argument or a connection string calls, as far as that is a need."""

from __future__ import annotations

import re

LONGEST = 4000  # of a value that is looked into
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
# jdbc:postgresql://a:1,b:2/x, amqp://u:p@mq//, tcp(db:3306)
_URL = re.compile(
    r"(?<![A-Za-z0-9])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,30})://(?:[^\s/@'\"<>]{0,500}@)?(?P<hosts>[^\s/?#'\"<>;)|\\]{1,500})"
)
_WITH_PORT = re.compile(rf"(?<![A-Za-z0-9._/:@%-])({_HOST}):(\d{{2,5}})(?![\w.:-])")
_AFTER_AT = re.compile(rf"@(?:tcp\()?({_HOST})(?::\d{{2,5}})?\)?/")
_PAIR = re.compile(
    rf"(?:^|[\s;,?&])(?:host|hostname|server|data source|addr|address|endpoint)\s*=\s*(?:tcp:)?({_HOST})"
    r"(?=$|[\s;,:&\\])",
    re.IGNORECASE,
)
_WHOLE = re.compile(_HOST)
# The variable is an address by its name, so that a bare word in it is a host and not a user or a driver.
_ADDRESS_KEY = re.compile(
    r"(?:^|[_.-])(?:host(?:name)?s?|servers?|addr(?:ess)?(?:es)?|endpoints?|ur[il]s?|dsn|brokers?|upstreams?"
    r"|peers?|nodes?|backends?|seeds?|bootstrap|contact_?points|sentinels?|ip|fqdn|target)(?:_?\d+)?$"
    r"|^[a-z]*host(?:name)?$|(?:^|_)connection_?strings?(?:_|$)|(?:^|[_.-])conn$",
    re.IGNORECASE,
)
# Addresses of the service itself, or of those who call it: no need of its own.
_NOT_A_NEED = re.compile(
    r"cors|origins?(?:$|[_.-])|allowed|trusted|csrf|callback|redirect|advertised|listen|(?:^|[_.-])bind"
    r"|no_?proxy|(?:^|[_.-])(?:public|external|root|site|own|self|frontend|canonical)(?:[_.-]|$)|virtual_host"
    r"|server_name|whitelist|image|version|(?:^|[_.-])tag(?:$|[_.-])|user(?:name)?$|password|secret|docs?_url"
    r"|homepage|issuer_name|webhook_base|cookie",
    re.IGNORECASE,
)
# How a look-up is written before the name that it looks up: dnssrv+_grpc._tcp.store:10901
_LOOKED_UP = re.compile(
    r"(?<![\w.-])(?:dns(?:srv(?:noa)?)?\+)?(?:_[\w-]{1,63}\._(?:tcp|udp)\.)?(?=\w)"
)
_SWITCH = frozenset({"true", "false", "yes", "no", "on", "off", "none", "null"})
_LEAST_PORT = 25  # below it `name:16` is a tag


def is_address(key: str) -> bool:
    """Does a variable of this name hold an address, judged by its name alone?"""
    return bool(_ADDRESS_KEY.search(key)) and not _NOT_A_NEED.search(key)


def hosts(key: str, value: str) -> tuple[str, ...]:
    """Every host that `value` of the variable `key` calls; the caller knows which of them are its own.

    A word counts as a host where it stands in a URL, before a port, after `host=`, or alone in a variable
    that is an address by its name. `POSTGRES_USER=postgres` and `CACHE_DRIVER=redis` name none.
    """
    if not value or len(value) > LONGEST or _NOT_A_NEED.search(key):
        return ()
    value = _LOOKED_UP.sub("", value)
    found = _plainly(value)
    if _ADDRESS_KEY.search(key):
        words = (word.strip("\"'[]") for word in re.split(r"[\s,;|]+", value))
        found += [word for word in words if _WHOLE.fullmatch(word)]
    return _once(found)


_OPTION = re.compile(
    rf"--?[A-Za-z][\w-]*(?:host|server|addr|url|endpoint|broker)s?[=\s]+({_HOST})(?=$|[\s,])"
)


def hosts_in_command(words: str) -> tuple[str, ...]:
    """Of a command line: URLs, `host:port`, and what follows an option that ends with `host`."""
    if len(words) > LONGEST:
        words = words[:LONGEST]
    words = _LOOKED_UP.sub("", words)
    found = _plainly(words) + _OPTION.findall(words)
    return _once(found)


def _once(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.lower() for one in found if one.lower() not in _SWITCH))


def schemes(text: str) -> tuple[tuple[str, str], ...]:
    """Of each URL in a text the host and how it is spoken to: ("api", "http")."""
    return tuple(
        (host.lower(), match["scheme"].lower().rpartition(":")[2])
        for match in _URL.finditer(text[:LONGEST])
        for host in map(_bare, match["hosts"].split(","))
        if host
    )


def ports(text: str) -> tuple[tuple[str, int], ...]:
    """Hosts that stand before a port, with it: ("db", 5432)."""
    bare = [
        (host.lower(), int(port))
        for host, port in _WITH_PORT.findall(_URL.sub(" ", text[:LONGEST]))
    ]
    for match in _URL.finditer(text[:LONGEST]):
        for one in match["hosts"].split(","):
            port = one.rpartition("@")[2].partition(":")[2]
            if port.isdigit() and len(port) < 6:
                bare.append((_bare(one).lower(), int(port)))
    return tuple(bare)


def _plainly(text: str) -> list[str]:
    """Hosts that are hosts by how they are written."""
    found: list[str] = []
    for match in _URL.finditer(text):
        found += filter(None, (_bare(one) for one in match["hosts"].split(",")))
    rest = _URL.sub(" ", text)
    found += [host for host, port in _WITH_PORT.findall(rest) if int(port) >= _LEAST_PORT]
    found += _AFTER_AT.findall(rest) + _PAIR.findall(rest)
    return found


def _bare(authority: str) -> str:
    """The host of `user@host:port`."""
    host = authority.rpartition("@")[2].partition(":")[0].strip("()[]")
    return host if _WHOLE.fullmatch(host) else ""
