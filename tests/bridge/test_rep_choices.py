"""A person says which Siro user a rep is, or that a rep does not use Siro."""

from __future__ import annotations

import pytest

from fieldnote.bridge.board.people import keep_people
from fieldnote.bridge.board.rep_choices import choose_user, declare_ignored, undo_choice
from fieldnote.bridge.ignored import ignored_reps
from fieldnote.bridge.reps import MappingMethod
from fieldnote.bridge.status.completeness import completeness
from fieldnote.bridge.status.health import directory
from fieldnote.bridge.status.states import State
from fieldnote.bridge.status.visits import MappedRep, mapped_reps
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.scenes import World
from tests.bridge.stub_siro import StubSiro

pytestmark = pytest.mark.slow


async def test_a_choice_counts_at_once_survives_a_comparison_and_can_be_taken_back(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:

        async def rep() -> MappedRep:
            async with bridge.engine.connect() as conn:
                return next(one for one in await mapped_reps(conn, bridge.name) if one.rep_id == "1")

        async def state() -> str:
            counted = await completeness(bridge, await directory(bridge))
            return next(name for name, number in counted.appointments.items() if number)

        world = World(crm, stub, bridge)
        world.users("ann.at.home@example.com", "bo@example.com")
        await world.pushed()
        assert await keep_people(bridge)
        assert (await rep()).method is MappingMethod.NONE
        assert await state() == State.REP_NOT_MAPPED

        for _ in range(2):  # and after the next comparison
            await choose_user(bridge, "1", "user-1", actor="ada")
            assert ((await rep()).user_id, (await rep()).method) == ("user-1", MappingMethod.OVERRIDE)
            assert await state() == State.NOT_RECORDED
            assert await keep_people(bridge)
            assert (await rep()).method is MappingMethod.OVERRIDE

        await declare_ignored(bridge, "1", actor="ada")
        assert await ignored_reps(bridge) == {"1"}
        assert (await rep()).ignored
        assert await state() == State.REP_IGNORED
        assert await keep_people(bridge)
        assert (await rep()).ignored

        assert await undo_choice(bridge, "1")
        assert not await undo_choice(bridge, "1")
        assert ((await rep()).method, (await rep()).ignored) == (MappingMethod.NONE, False)
        assert await state() == State.REP_NOT_MAPPED

        with pytest.raises(FieldnoteError, match="no appointment names this rep: 99"):
            await choose_user(bridge, "99", "user-1", actor="ada")
        with pytest.raises(FieldnoteError, match="Siro has no user with this id: nobody"):
            await choose_user(bridge, "1", "nobody", actor="ada")
        assert (await rep()).method is MappingMethod.NONE
