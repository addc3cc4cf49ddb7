"""A CRM's rep becomes the right workspace user, or nobody."""

from __future__ import annotations

from typing import Any

import pytest

from fieldnote.errors import WorkspaceError
from fieldnote.workspace import list_users, map_user
from tests.workspace.house import JOHN, House


async def who(house: House, external_id: str = "r-9", **rep: Any) -> tuple[str | None, str | None]:
    """The user that a rep of the CRM is mapped to, and how."""
    await house.api.engagement(f"with-{external_id}", engagementUsers=[{"externalId": external_id, **rep}])
    [row] = await house.rows(
        "select u.email, c.matched_by from crm_users c left join users u on u.id = c.user_id where c.external_id = :id",
        id=external_id,
    )
    return row[0], row[1]


@pytest.mark.parametrize("email", [JOHN, " JOHN@ACME.TEST ", "John@Acme.Test"])
async def test_an_email_finds_its_user_whatever_the_name_says(house: House, email: str) -> None:
    assert await who(house, email=email, name="Somebody Else") == (JOHN, "email")


@pytest.mark.parametrize("name", ["José Núñez", "JOSE NUNEZ", "Núñez, José", "  jose   nunez ", "José  Nu\u0301ñez"])
async def test_a_full_name_finds_its_user(house: House, name: str) -> None:
    await house.user("jose@acme.test", "José Núñez")
    assert await who(house, email="jn@crm.test", name=name) == ("jose@acme.test", "name")


@pytest.mark.parametrize("name", ["John", "Sales", "J Sales", "Johnny Sales", "Sales John", ", John", ""])
async def test_part_of_a_name_finds_nobody(house: House, name: str) -> None:
    assert await who(house, name=name) == (None, None)


async def test_a_name_that_two_users_have_finds_nobody(house: House) -> None:
    await house.user("john2@acme.test", "John Sales")
    assert await who(house, name="John Sales") == (None, None)
    assert await who(house, "r-8", name="John Sales", email=JOHN) == (JOHN, "email")


async def test_a_user_who_makes_a_name_ambiguous_undoes_what_was_mapped_by_it(house: House) -> None:
    assert await who(house, name="John Sales") == (JOHN, "name")
    await house.user("john2@acme.test", "Sales, John")
    assert await who(house) == (None, None)


@pytest.mark.parametrize("known_before", [True, False])
async def test_a_persons_word_wins_over_email_and_name(house: House, known_before: bool) -> None:
    await house.user("ann.lee@acme.test", "Ann Lee")
    if known_before:
        assert await who(house, email=JOHN) == (JOHN, "email")
    await map_user(house.workspace.engine, house.organization, external_id="r-9", email="ann.lee@acme.test")
    assert await who(house, email=JOHN, name="John Sales") == ("ann.lee@acme.test", "override")


async def test_a_user_who_comes_later_is_mapped_and_what_came_before_is_linked(house: House) -> None:
    await house.api.engagement(
        "a-1",
        startTime="2026-02-15T14:00:00Z",
        engagementType={"activityType": "MEETING", "name": "visit"},
        engagementUsers=[{"externalId": "r-1", "email": "ann.lee@acme.test"}],
    )
    await house.user("ann@other.test", "Ann Other")
    recording_id = await house.record(user="ann@other.test")
    assert (await house.explain(recording_id)).appointment is None
    await map_user(house.workspace.engine, house.organization, external_id="r-1", email="ann@other.test")
    await house.settle()
    assert (await house.explain(recording_id)).appointment == "a-1"


async def test_the_same_email_again_renames_the_user(house: House) -> None:
    first = await house.user("ann.lee@acme.test", "Ann Lee")
    assert await house.user("ANN.LEE@acme.test", "Ann Lee-Jones") == first
    names = [user.name for user in await list_users(house.workspace.engine, house.organization)]
    assert names == ["Ann Lee-Jones", "Ann", "John Sales"]


async def test_an_override_to_nobody_says_who_is_missing(house: House) -> None:
    with pytest.raises(WorkspaceError, match=r"no user 'x@acme\.test'"):
        await map_user(house.workspace.engine, house.organization, external_id="r-1", email="x@acme.test")
