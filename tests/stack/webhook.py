"""Receives what Alertmanager posts and appends every alert to a file, one JSON object a line."""

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()

    class Receiver(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(200)

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            try:
                alerts = json.loads(self.rfile.read(length))["alerts"]
                lines = "".join(json.dumps(alert, sort_keys=True) + "\n" for alert in alerts)
            except (ValueError, KeyError, TypeError):
                return self.answer(400)
            with open(options.out, "a", encoding="utf-8") as out:
                out.write(lines)
            self.answer(200)

        def answer(self, status):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", options.port), Receiver).serve_forever()


if __name__ == "__main__":
    main()
