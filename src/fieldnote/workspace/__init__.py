"""The workspace: a Siro-compatible server with people, matching, extraction, summaries and signed webhooks.

::

    async with open_workspace(database_url=url) as workspace:
        organization, token = await init_organization(workspace.engine, name="Acme Roofing", admin="ann@acme.test")
        await add_user(workspace.engine, organization, email="john@acme.test", name="John Sales")
        async with WorkspaceServer(workspace, port=8123) as server:
            recording_id = await add_recording(workspace, organization.id, NewRecording(...))
            await server.wait()
"""

from fieldnote.workspace.audit import Operator
from fieldnote.workspace.context import Workspace, open_workspace
from fieldnote.workspace.domain.access import add_token
from fieldnote.workspace.domain.matching.explain import Explained, count_records, explain_links
from fieldnote.workspace.domain.matching.history import evaluate_links, learn_rates
from fieldnote.workspace.domain.organizations import (
    Organization,
    User,
    add_team,
    add_user,
    ensure_oauth_app,
    ensure_organization,
    find_organization,
    init_organization,
    list_users,
    map_user,
)
from fieldnote.workspace.domain.recordings.audio_files import attach_audio
from fieldnote.workspace.domain.recordings.batch_import import add_batch
from fieldnote.workspace.domain.recordings.recordings import NewRecording, add_recording
from fieldnote.workspace.domain.recordings.retention import purge_due, set_retention
from fieldnote.workspace.domain.recordings.transcripts import set_transcript
from fieldnote.workspace.domain.webhooks.deliveries import Endpoint, add_webhook
from fieldnote.workspace.http.app import create_app
from fieldnote.workspace.server import WorkspaceServer

__all__ = [
    "Endpoint",
    "Explained",
    "NewRecording",
    "Operator",
    "Organization",
    "User",
    "Workspace",
    "WorkspaceServer",
    "add_batch",
    "add_recording",
    "add_team",
    "add_token",
    "add_user",
    "add_webhook",
    "attach_audio",
    "count_records",
    "create_app",
    "ensure_oauth_app",
    "ensure_organization",
    "evaluate_links",
    "explain_links",
    "find_organization",
    "init_organization",
    "learn_rates",
    "list_users",
    "map_user",
    "open_workspace",
    "purge_due",
    "set_retention",
    "set_transcript",
]
