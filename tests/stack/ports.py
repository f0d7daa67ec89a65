"""Prints N free ports of 127.0.0.1, outside the range that outgoing connections are given."""

import random
import socket
import sys

found = []
for port in random.sample(range(15000, 32000), 2000):
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        continue
    else:
        found.append(port)
    finally:
        probe.close()
    if len(found) == int(sys.argv[1]):
        break
print(*found)
