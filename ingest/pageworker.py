"""The program of a child that reads pages."""

import logging
from collections.abc import Iterator

import msgspec

from ingest.child import serve
from ingest.page import read_page


def _read(body: bytes, content_type: str, address: str) -> Iterator[bytes]:
    yield msgspec.json.encode(read_page(body, content_type, address))


if __name__ == "__main__":
    logging.disable()  # what trafilatura complains of is in the answer, or of no matter
    serve(_read)
