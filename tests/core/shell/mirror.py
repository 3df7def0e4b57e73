"""A web server on loopback that stands for a mirror."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sasnet_core.errors import DownloadError


class Mirror:
    """A web server on loopback: answers by path, and lists the requests."""

    def __init__(self):
        self.answers, self.requests = {}, []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                mirror.requests.append(self.path)
                if callable(mirror.answers.get(self.path)):
                    return mirror.answers[self.path](self)
                status, body, length = mirror.answers.get(self.path, (404, b"no such thing", None))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)
                return None

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        # It looks for the end of its work so often: half a second, by default, for each test.
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def give(self, path, body, status=200, length=None):
        self.answers[path] = status, body, length

    @property
    def divided(self):
        return self.url + "/{middle}/{id}.cif.gz"


def refused(find, name):
    """Return the one line with which a name is refused."""
    with pytest.raises(DownloadError) as caught:
        find(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)
