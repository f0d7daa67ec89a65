"""The registry behind TLS: a proxy for each port, with the certificate and the demand that it is given.

    tls.py --upstream http://127.0.0.1:1234 --passwords FILE PORT:NAME:DEMAND...

NAME.pem in the folder holds key and certificate; DEMAND is open, basic or bearer. The file of passwords is JSON with
user, password and token. What comes without TLS ends in the handshake.
"""

import argparse
import base64
import http.server
import json
import pathlib
import ssl
import threading
import urllib.error
import urllib.request

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def handler(upstream, wanted):
    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            # Here and not in the listener: one that shakes hands slowly keeps nobody waiting.
            self.request.settimeout(30)
            self.request.do_handshake()
            super().setup()

        def do_GET(self):
            if wanted and self.headers.get("Authorization") != wanted:
                return self.answer(401, b'{"error_code": 401, "message": "who are you?"}', "application/json")
            try:
                with OPENER.open(upstream + self.path, timeout=10) as found:
                    self.answer(found.status, found.read(), found.headers["Content-Type"])
            except urllib.error.HTTPError as error:
                self.answer(error.code, error.read(), error.headers["Content-Type"])

        def answer(self, status, body, kind):
            self.send_response(status)
            self.send_header("Content-Type", kind or "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Proxy


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        import sys

        print("refused:", repr(sys.exc_info()[1]), flush=True)


arguments = argparse.ArgumentParser()
arguments.add_argument("--upstream", required=True)
arguments.add_argument("--folder", required=True, type=pathlib.Path)
arguments.add_argument("--passwords", required=True, type=pathlib.Path)
arguments.add_argument("ports", nargs="+")
given = arguments.parse_args()
secrets = json.loads(given.passwords.read_text())
basic = base64.b64encode(f"{secrets['user']}:{secrets['password']}".encode()).decode()
demands = {"open": None, "basic": f"Basic {basic}", "bearer": f"Bearer {secrets['token']}"}
for port, name, demand in (text.split(":") for text in given.ports):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given.folder / f"{name}.pem")
    server = Server(("127.0.0.1", int(port)), handler(given.upstream, demands[demand]))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever).start()
print("ready", flush=True)
