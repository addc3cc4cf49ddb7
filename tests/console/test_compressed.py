"""Pages are compressed for browsers that can read it, each time to another length."""

from __future__ import annotations

import gzip

import pytest
from starlette.requests import Request

from fieldnote.console.compressed import compressed

PAGE = "<p>Grüße</p>" * 400


def asked(header: str | None) -> Request:
    headers = [] if header is None else [(b"accept-encoding", header.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})


@pytest.mark.parametrize("header", ["gzip", "GZIP", "br, gzip;q=0.5", "gzip, deflate, br", "deflate, gzip ; q=1"])
def test_a_page_is_compressed(header: str) -> None:
    answers = [compressed(asked(header), PAGE, 200) for _ in range(40)]
    assert all(gzip.decompress(bytes(answer.body)).decode() == PAGE for answer in answers)
    assert all(len(answer.body) < len(PAGE) / 4 for answer in answers)
    assert len({len(answer.body) for answer in answers}) > 5
    assert answers[0].headers["content-encoding"] == "gzip"
    assert answers[0].headers["content-length"] == str(len(answers[0].body))


@pytest.mark.parametrize("header", [None, "", "br", "gzip;q=0", "gzip; q=0.000", "xgzip", "identity"])
def test_it_is_left_alone(header: str | None) -> None:
    answer = compressed(asked(header), PAGE, 404)
    assert bytes(answer.body).decode() == PAGE
    assert answer.status_code == 404
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_small_page_is_left_alone() -> None:
    assert "content-encoding" not in compressed(asked("gzip"), "<p>Hi</p>", 200).headers
