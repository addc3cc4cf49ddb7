"""A CRM in each kind of database, as the drivers' tests have it."""

from __future__ import annotations

from tests.crm.conftest import crm

__all__ = ["crm"]
