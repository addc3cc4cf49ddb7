"""Options of servers that others reach."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path

from fieldnote.cli.support.output import echo, secho
from fieldnote.errors import ConfigError


def tls_files(cert: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """Both files, checked; None without them. Raises ConfigError."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise ConfigError("--cert and --key belong together", hint="Give both files, or neither.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{cert} and {key} cannot be used: {error}", hint="Give a certificate chain and its key, both as PEM."
        ) from error
    return cert, key


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def warn_of_plain_http(host: str, public_url: str | None) -> None:
    """Warn if others can reach a server that listens on `host` without TLS, and so read what is sent to it.

    An https `public_url` says that a proxy in front has TLS.
    """
    if is_loopback(host) or (public_url or "").startswith("https://"):
        return
    secho("warning: ", fg="yellow", bold=True, nl=False, err=True)
    echo(
        f"listening on {host} without TLS: others on the network can read tokens and conversations. "
        "Give --cert and --key, or put a proxy in front: docs/proxy.md",
        err=True,
    )
