"""Who is in a sample, for oracle.py: docs/canonical-form.md, section 6, and docs/comparison.md, "A sample"."""

import os
import pathlib
import sys

from oracle_avro import Unsupported

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "canonical"))
# BLAKE3, from its paper.
import hashing

IDENTITY = "crosscheck canonical form v1 identity"
SALT = "crosscheck 2026 sample-salt v1"
FINDINGS = "crosscheck 2026 finding-key v1"


def little(number, size):
    return number.to_bytes(size, "little", signed=number < 0)


def long(number):
    """As Avro writes it: zigzag, seven bits a byte."""
    left, out = number * 2 if number >= 0 else -number * 2 - 1, bytearray()
    while left > 127:
        out.append(left & 127 | 128)
        left >>= 7
    return bytes([*out, left])


TAGS = {
    "string": (1, str.encode),
    "bytes": (1, bytes),
    "int": (2, long),
    "boolean": (3, lambda value: bytes([value])),
    "enum": (6, str.encode),
}


def encoded(identity):
    """The bytes of an identity: the parts of it are values as the contract's type."""
    out = little(len(identity), 4)
    for kind, value, *_ in identity:
        if kind not in TAGS:
            raise Unsupported(f"a sample by an identity with a part of the type {kind}")
        tag, written = TAGS[kind]
        content = written(value)
        out += bytes([tag]) + little(len(content), 4) + content
    return out


def padded(message):
    return message + bytes(-(len(message) + 8) % 64) + little(len(message), 8)


class Sample:
    """A share of the identities, and which ones that are by a salt of 32 bytes."""

    def __init__(self, rate, salt):
        self.rate, self.below, self.salt, self.known = rate, int(rate * 2.0**64), salt, {}
        self.key = hashing.derive_key(IDENTITY, b"")

    def takes(self, identity):
        if identity[0] == "content":
            raise Unsupported("a sample by content")
        message = encoded(identity)
        if message not in self.known:
            half = hashing.keyed(self.key, padded(message))[:16]
            self.known[message] = int.from_bytes(hashing.keyed(self.salt, half)[:8], "little") < self.below
        return self.known[message]


def trust_key(config):
    """The secret that a bounded run draws by, without what ends its last line."""
    key = config.get("trust", {}).get("key")
    if not key:
        raise Unsupported("a sample without `trust.key`: each run draws anew")
    if "env" in key:
        text = os.environ[key["env"]]
    else:
        with open(key["file"], encoding="utf-8", newline="") as file:
            text = file.read()
    return (text[:-1].rstrip("\r") if text.endswith("\n") else text).encode()


def sample_of(config, stream, generation):
    """The sample of a stream, none where everybody is in it; `generation` is the worker's, none of a bounded run."""
    rate = stream.get("sample", {}).get("rate", 1)
    if rate == 1:
        return None
    if generation:
        release = generation["release"].encode()
        numbers = (generation["generation"], generation["started_ms"])
        material = little(len(release), 8) + release + b"".join(little(number, 8) for number in numbers)
    else:
        material = hashing.derive_key(FINDINGS, trust_key(config))
    return Sample(rate, hashing.derive_key(SALT, material))
