"""dlt as a contestant: `python bench/push/with_dlt.py plain|tuned URL PORT FOLDER [SINCE]`.

Its own `sql_table` over a view of the same join, incremental by `updated_at` (from SINCE on, if it is given), into a
custom destination that PUTs batches of 100. `plain` has dlt's defaults. `tuned` reads Arrow tables, writes Parquet
files of 5,000 rows, and lets 12 workers load: each file is one worker's, so that a single file would be sent one call
after the other.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

kind, url, port, folder, *start = sys.argv[1:]
TUNED = kind == "tuned"

os.environ |= {
    "DLT_DATA_DIR": folder,
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}
if TUNED:
    os.environ |= {
        "LOAD__WORKERS": "12",
        "DATA_WRITER__FILE_MAX_ITEMS": "5000",
        "DATA_WRITER__BUFFER_MAX_ITEMS": "5000",
    }

# dlt reads the environment when it is imported.
import dlt  # noqa: E402
import requests  # type: ignore[import-untyped, unused-ignore]  # noqa: E402
from dlt.sources.sql_database import sql_table  # noqa: E402
from source import payload  # noqa: E402

ENDPOINT = f"http://127.0.0.1:{port}/api-externalApi/v1/integrations/sync/batch/engagements"
# A file never holds less than one table, so the tables are as small as the files.
ARROW: Final[dict[str, Any]] = {"backend": "pyarrow", "chunk_size": 5_000}
session = requests.Session()
session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=32))


@dlt.destination(batch_size=100, loader_file_format="parquet" if TUNED else "typed-jsonl", name="siro")
def siro(items: Any, table: Any) -> None:
    """Where dlt sends a batch."""
    rows = items.to_pylist() if TUNED else items
    answer = session.put(ENDPOINT, json=[payload(row) for row in rows], headers={"authorization": "Bearer bench"})
    answer.raise_for_status()


def main() -> None:
    initial = datetime.fromisoformat(start[0]) if start else None
    rows = sql_table(
        url,
        table="joined",
        incremental=dlt.sources.incremental("updated_at", initial_value=initial),
        reflection_level="full",
        **(ARROW if TUNED else {}),
    )
    pipeline = dlt.pipeline("bench", destination=siro, dataset_name="bench", pipelines_dir=str(Path(folder, "state")))
    pipeline.run(rows, write_disposition="append")


if __name__ == "__main__":
    main()
