"""`fieldnote workspace rotate-key` and `erase-audio-key`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import ask_yes_or_no
from fieldnote.cli.workspace.access import operator
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_result, run
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace


def rotate_key(*, acting_as: ActingAs = None, as_json: AsJson = False) -> None:
    """Change the master key, and encrypt every stored secret with the new one. Stop the servers first.

    If you use FIELDNOTE_SECRET_KEY, set it to the new key, and FIELDNOTE_PREVIOUS_SECRET_KEY to the old one. Otherwise,
    the command replaces the key file in Fieldnote's home folder.
    """
    from fieldnote.db.encryption import PREVIOUS_VARIABLE, VARIABLE, drop_previous_key_file, replace_key_file
    from fieldnote.db.home import home

    in_file = not os.environ.get(VARIABLE)
    if in_file:
        replace_key_file(home())
    elif not os.environ.get(PREVIOUS_VARIABLE):
        raise ConfigError(f"{PREVIOUS_VARIABLE} is missing", hint=f"Set it to the old key, and {VARIABLE} to the new.")

    async def do(workspace: Workspace) -> dict[str, int]:
        from fieldnote.workspace.domain.key_rotation import reseal_all

        return {"sealed": await reseal_all(workspace, by=operator(acting_as))}

    result = run(do)
    if in_file:
        drop_previous_key_file(home())
    print_result(result, as_json=as_json)


def erase_audio_key(
    *,
    org: OrganizationOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Make an organization's encrypted audio unreadable forever, also in backups."""
    if not yes and not ask_yes_or_no("After that, nobody can hear this organization's audio. Continue?"):
        raise typer.Exit(1)

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace.domain.recordings.audio_files import erase_audio_key as erase

        found = await organization(workspace, org)
        await erase(workspace.engine, found.id, by=operator(acting_as))
        return {"organizationId": found.id, "audioKey": "erased"}

    print_result(run(do), as_json=as_json)
