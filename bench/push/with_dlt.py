"""dlt as a contestant: `python bench/push/with_dlt.py plain|tuned URL PORT FOLDER`.

Its own `sql_table` over a view of the same join, incremental by `updated_at`, into a custom destination that PUTs
batches of 100. `plain` has its defaults. `tuned` reads Arrow tables, writes Parquet files of 5,000
rows, and lets 12 workers load.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

kind, url, port, folder = sys.argv[1:5]
os.environ.update(
    {
        "DLT_DATA_DIR": folder,
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
        "LOAD__WORKERS": "12" if kind == "tuned" else "20",
        "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "5000",
        "DATA_WRITER__FILE_MAX_ITEMS": "5000",
        "DATA_WRITER__BUFFER_MAX_ITEMS": "5000",
    }
    if kind == "tuned"
    else {"DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}
)

import dlt  # noqa: E402
import requests  # noqa: E402
import requests.adapters  # noqa: E402
from dlt.sources.sql_database import sql_table  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
from source import payload  # noqa: E402

TUNED = kind == "tuned"
ENDPOINT = f"http://127.0.0.1:{port}/api-externalApi/v1/integrations/sync/batch/engagements"
session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=32))


@dlt.destination(batch_size=100, loader_file_format="parquet" if TUNED else "typed-jsonl", name="siro")
def siro(items: Any, table: Any) -> None:
    """Where dlt sends a batch."""
    rows = items.to_pylist() if hasattr(items, "to_pylist") else items
    session.put(ENDPOINT, json=[payload(row) for row in rows]).raise_for_status()


rows = sql_table(
    url if TUNED else url.replace("postgresql://", "postgresql+psycopg://"),
    table="joined",
    incremental=dlt.sources.incremental("updated_at"),
    backend="pyarrow" if TUNED else "sqlalchemy",
    chunk_size=50_000 if TUNED else 5_000,
    reflection_level="full",
)
dlt.pipeline("bench", destination=siro, dataset_name="bench").run(rows, write_disposition="append")
