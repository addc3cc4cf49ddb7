"""Sign-in by password. Failures are limited by account and by address.

An attempt is counted before its password is checked, so that many at once are counted too.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.console.access.passwords import PasswordChecks

WINDOW: Final = timedelta(minutes=15)
OF_ACCOUNT_AND_ADDRESS: Final = 8
"""Failures of one account from one address: others cannot lock a person out of their own desk."""
OF_ACCOUNT: Final = 60
OF_ADDRESS: Final = 40


class TooManyAttempts(Exception):
    """The account or the address has failed too often."""


async def sign_in(
    engine: AsyncEngine, checks: PasswordChecks, *, email: str, password: str, address: str
) -> int | None:
    """The user whose password this is; None if it does not fit. Raises `TooManyAttempts`."""
    email = email.replace("\0", "")  # PostgreSQL takes none
    account = hashlib.sha256(email.strip().lower().encode()).digest()
    key = {"account": account, "address": network_of(address), "window": WINDOW}
    async with engine.begin() as conn:
        await conn.execute(_ONE_AFTER_ANOTHER)
        await conn.execute(_TIDY)
        attempt = (await conn.execute(_COUNT_IN, key)).scalar_one()
        failed = (await conn.execute(_FAILED, {**key, "id": attempt})).one()
    if failed.both >= OF_ACCOUNT_AND_ADDRESS or failed.account >= OF_ACCOUNT or failed.address >= OF_ADDRESS:
        raise TooManyAttempts
    async with engine.connect() as conn:
        user = (await conn.execute(_USER, {"email": email.strip().lower()})).one_or_none()
    fits = await checks.fits(password, None if user is None else user.password_hash)
    if not fits or user is None:
        return None
    async with engine.begin() as conn:
        await conn.execute(_SUCCEEDED, {"id": attempt})
    return int(user.id)


def network_of(address: str) -> str:
    """The address to count by: for IPv6 the network that one household or office gets."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(getattr(ip, "ipv4_mapped", None) or ip)


_ONE_AFTER_ANOTHER: Final = text("select pg_advisory_xact_lock(hashtext('fieldnote console sign-in'))")
_TIDY: Final = text("delete from login_attempts where tried_at < now() - interval '1 day'")
_COUNT_IN: Final = text("""
    insert into login_attempts (account, address, succeeded, tried_at)
    values (:account, :address, false, clock_timestamp()) returning id
""")
_FAILED: Final = text("""
    with latest as (
        select account, address, tried_at, id from login_attempts
         where not succeeded and id <> :id and tried_at > now() - cast(:window as interval)
           and (account = :account or address = :address)
    ), good as (
        select coalesce(max(id), 0) as id from login_attempts
         where succeeded and account = :account and address = :address
    )
    select count(*) filter (where account = :account and address = :address and latest.id > good.id) as "both",
           count(*) filter (where account = :account) as account,
           count(*) filter (where address = :address) as address
      from latest, good
""")
_USER: Final = text("select id, password_hash from users where email = :email and disabled_at is null")
_SUCCEEDED: Final = text("update login_attempts set succeeded = true where id = :id")
