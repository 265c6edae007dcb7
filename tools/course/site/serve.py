"""Shows the site on 127.0.0.1; each open page waits to be told that there is a newer one."""

import functools
import http.server
import threading
import time

from .. import console
from ..errors import CourseError

_RELOAD = b"""<script>new EventSource("/course-reload").onmessage = (e) => {
  if (window.courseBuild !== undefined && courseBuild !== e.data) location.reload(); window.courseBuild = e.data; };</script>"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    state = None

    def do_GET(self):
        if self.path == "/course-reload":
            return self._tell()
        file = self.translate_path(self.path)
        if file.endswith("/"):
            file += "index.html"
        if not file.endswith(".html"):
            return super().do_GET()
        try:
            with open(file, "rb") as page:
                data = page.read() + _RELOAD
        except OSError:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        return None

    def _tell(self):
        """The number of the build, now and after each new one."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            while not self.state["end"]:
                self.wfile.write(f"data: {self.state['build']}\n\n".encode())
                self.wfile.flush()
                time.sleep(0.5)
        except OSError:
            pass

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_):
        pass


def start(out, port, state):
    """The server, running. `state`: the number of the build in "build", and whether it is over in "end"."""
    handler = functools.partial(type("Handler", (_Handler,), {"state": state}), directory=str(out))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as e:
        raise CourseError(f"port {port}: {e.strerror}; another one with --port") from None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def run(build, newest, out, port):
    """Until Ctrl-C: builds anew when `newest` has another answer."""
    state = {"build": 0, "end": False}
    server = start(out, port, state)
    console.say(f"http://127.0.0.1:{server.server_address[1]}/ (Ctrl-C ends it)")
    seen = newest()
    try:
        while True:
            time.sleep(1)
            now = newest()
            if now == seen:
                continue
            seen = now
            try:
                build()
            except CourseError as e:  # half-written: the next save mends it
                console.error(str(e))
            state["build"] += 1
    finally:
        state["end"] = True
        server.shutdown()
