"""``python -m benchmarks.stub port``: answers every request with one order, as fast as Python can."""

from __future__ import annotations

import json
import re
import socketserver
import sys

from benchmarks.samples import ORDER

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BODY = json.dumps({"id": "ord_1", "object": "order", "status": "CREATED", **ORDER}).encode()
_HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n".encode()


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data = b""
        while more := self.request.recv(65536):
            data += more
            end = data.find(b"\r\n\r\n")
            found = _LENGTH.search(data, 0, max(end, 0))
            if end >= 0 and len(data) >= end + 4 + (int(found[1]) if found else 0):
                data = b""
                self.request.sendall(_HEAD + _BODY)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with _Server(("127.0.0.1", int(sys.argv[1])), _Connection) as server:
        server.serve_forever()
