"""fieldnote.yaml and the environment.

`load` reads the file into frozen models. Every mistake in it is reported with file, line and key path,
all of them at once. Rules that differ from plain YAML, as a file like this is written by hand:

- only `true` and `false` are booleans: `yes`, `no`, `on` and `off` are words, as a CRM's stages may be;
- a date or a time stays the text that was written, and so does every key (`choices: {1: WON}`);
- a key that comes twice is an error;
- `${NAME}` in a value is replaced from the environment; `$${NAME}` is the text `${NAME}`.
"""

from __future__ import annotations

from fieldnote.config.api_webhooks import CRM_HOOK, ApiWebhooks, ReceiverSettings, RegistrationCall, WebhookRegistration
from fieldnote.config.console import ConsoleSection
from fieldnote.config.crm import (
    DRIVERS_GROUP,
    CrmSettings,
    Driver,
    RestCall,
    RestColumn,
    RestEntry,
    RestNoteSettings,
    RestRecordSettings,
    RestWriting,
    added_drivers,
)
from fieldnote.config.json_schema import json_schema
from fieldnote.config.people import PeopleSettings
from fieldnote.config.preset_setup import AccountList, AskedVariable, FieldList, PresetSetup, StageList
from fieldnote.config.presets import Preset, find_preset, preset_names, preset_setup
from fieldnote.config.push import DeletesSettings, PushSettings, StreamSettings, WindowSettings
from fieldnote.config.reader import load, read_as, unfolded
from fieldnote.config.reading import (
    ApiLimits,
    BusyAnswer,
    CallWindow,
    ReadFields,
    ReadKeyset,
    ReadLinks,
    ReadResource,
    ReadSince,
    RestReading,
)
from fieldnote.config.schema import (
    RECORDING,
    RECORDING_PARTS,
    AlertSettings,
    Config,
    FieldSettings,
    Kind,
    Linking,
    NoteSettings,
    Policy,
    PullSettings,
    SiroSettings,
    TargetSettings,
)
from fieldnote.config.values import ColumnZone
from fieldnote.config.words import Keys, dotted, nearest

__all__ = [
    "CRM_HOOK",
    "DRIVERS_GROUP",
    "RECORDING",
    "RECORDING_PARTS",
    "AccountList",
    "AlertSettings",
    "ApiLimits",
    "ApiWebhooks",
    "AskedVariable",
    "BusyAnswer",
    "CallWindow",
    "ColumnZone",
    "Config",
    "ConsoleSection",
    "CrmSettings",
    "DeletesSettings",
    "Driver",
    "FieldList",
    "FieldSettings",
    "Keys",
    "Kind",
    "Linking",
    "NoteSettings",
    "PeopleSettings",
    "Policy",
    "Preset",
    "PresetSetup",
    "PullSettings",
    "PushSettings",
    "ReadFields",
    "ReadKeyset",
    "ReadLinks",
    "ReadResource",
    "ReadSince",
    "ReceiverSettings",
    "RegistrationCall",
    "RestCall",
    "RestColumn",
    "RestEntry",
    "RestNoteSettings",
    "RestReading",
    "RestRecordSettings",
    "RestWriting",
    "SiroSettings",
    "StageList",
    "StreamSettings",
    "TargetSettings",
    "WebhookRegistration",
    "WindowSettings",
    "added_drivers",
    "dotted",
    "find_preset",
    "json_schema",
    "load",
    "nearest",
    "preset_names",
    "preset_setup",
    "read_as",
    "unfolded",
]
