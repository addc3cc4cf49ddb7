"""A Siro that holds recordings and answers at once: `python bench/pull/stub.py --recordings N --deals N`.

Bare asyncio, so that what is measured is Fieldnote. It prints its port. Recording n is linked to deal n modulo the
number of deals, and was made n minutes before the end of 2025. `POST /live/N` adds one of now, linked to deal N.
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from pydantic_core import to_json

CONNECTION: Final = "11111111-1111-4111-8111-111111111111"
IDENTITY: Final = {"organizationId": "org", "tokenId": "t", "tokenName": "bench", "createdAt": "2026-01-01T00:00:00Z"}
END: Final = datetime(2026, 1, 1, tzinfo=UTC)
LISTS: Final = "/api-externalApi/v1/core/recordings"


class Stub:
    """The stub's records; a recording is made when it is asked for."""

    def __init__(self, recordings: int, deals: int) -> None:
        self.recordings = recordings
        self.deals = deals
        self.live: dict[str, dict[str, Any]] = {}

    def answer(self, target: str) -> Any:
        """The JSON of a call's answer."""
        parts = urlsplit(target)
        if parts.path == LISTS:
            return self._page(parse_qs(parts.query))
        if parts.path.startswith(LISTS):
            name = parts.path.rsplit("/", 1)[1]
            return self.live.get(name) or self._old(int(name.removeprefix("r")))
        if parts.path.startswith("/live/"):
            number = parts.path.removeprefix("/live/")
            self.live[f"live-{number}"] = recording(f"live-{number}", number, datetime.now(UTC))
            return {}
        return IDENTITY

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        since = datetime.fromisoformat(query["updatedAt:gte"][0])
        old = [] if since > END else range(self.recordings)
        first, size = int(query.get("cursor", ["0"])[0]), int(query["pageSize"][0])
        found = [self._old(number) for number in old[first : first + size]]
        rest = first + size
        if rest < len(old):
            return {"data": found, "cursor": str(rest)}
        late = [item for item in self.live.values() if datetime.fromisoformat(item["updatedAt"]) >= since]
        return {"data": [*found, *late], "cursor": None}

    def _old(self, number: int) -> dict[str, Any]:
        return recording(f"r{number}", str(number % self.deals), END - timedelta(minutes=number + 1))


def recording(name: str, deal: str, at: datetime) -> dict[str, Any]:
    """A finished one, with a budget, objections and a summary."""
    moment = at.isoformat().replace("+00:00", "Z")
    return {
        "id": name, "organizationId": "org", "userId": "user-1", "title": f"Visit {name}", "createdAt": moment,
        "updatedAt": moment, "deleted": False, "isProcessingDone": True, "isSummaryDone": True,
        "isEntityExtractionDone": True, "links": {"web": {"self": f"https://app.siro.ai/recordings/{name}"}},
        "summary": [{"id": "s", "name": "Summary", "content": "They like blue tiles. " * 20}],
        "entityExtractions": [
            {"name": "Budget", "value": "$40,000 - $50,000"}, {"name": "Objections", "value": f"the price, {name}"},
        ],
        "crm": {"integrationConnectionId": CONNECTION, "opportunity": {"id": f"o-{deal}", "externalId": deal}},
    }  # fmt: skip


async def serve(stub: Stub) -> None:
    """Until it is stopped."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                length = next((int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"), 0)
                await reader.readexactly(length)
                content = to_json(stub.answer(first.split()[1].decode()))
                head = b"HTTP/1.1 200 x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                writer.write(head % len(content) + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, required=True)
    parser.add_argument("--deals", type=int, required=True)
    options = parser.parse_args()
    asyncio.run(serve(Stub(options.recordings, options.deals)))


if __name__ == "__main__":
    main()
