from __future__ import annotations

import http.server
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc

from sandbox.machine import probes
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    pass


def test_a_grpc_server_is_ready_when_it_serves(silent: int, nobody: int):
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        assert probes.serves_grpc(port, seconds=PATIENCE)
    finally:
        server.stop(0).wait()
    assert not probes.serves_grpc(silent, seconds=0.2), "a bound port is no server"
    assert not probes.serves_grpc(nobody)


def test_only_a_success_is_an_answer(silent: int, nobody: int):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v2/" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        wait_for(lambda: probes.answers_http(f"{url}/v2/"))
        assert not probes.answers_http(f"{url}/other")
        server.shutdown()
    assert not probes.answers_http(f"http://127.0.0.1:{nobody}/v2/")
