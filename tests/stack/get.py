"""Ends with 0 when the address answers 200: the readiness check of the stack."""

import sys
import urllib.request

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(sys.argv[1], timeout=5) as answer:
    sys.exit(0 if answer.status == 200 else 1)
