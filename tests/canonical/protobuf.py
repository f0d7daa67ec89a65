"""Writes tests/vectors/protobuf.json: random schemas and messages, by Google's own compiler and library.

python3 -m pip install grpcio-tools; python3 tests/canonical/protobuf.py > tests/vectors/protobuf.json

A message is written, sometimes as the bytes of two that are merged, read again by the library, and what was read is
written in the plain form of docs/canonical-form.md, sections 3 and 10. Nothing here knows our code."""

import json
import os
import random
import struct
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, unknown_fields
from google.protobuf.descriptor import FieldDescriptor as F
from grpc_tools import protoc

SCALARS = ["int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool", "fixed32", "fixed64", "sfixed32", "sfixed64",
           "float", "double", "string", "bytes"]
KEYS = ["int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool", "fixed32", "fixed64", "sfixed32", "sfixed64", "string"]


def schema(dice):
    proto2 = dice.random() < 0.4
    count = dice.randint(1, 3)
    lines = ['syntax = "proto2";' if proto2 else 'syntax = "proto3";', "package t;", 'import "google/protobuf/timestamp.proto";']
    first = dice.choice([0, 3]) if proto2 else 0
    lines.append(f"enum E {{ ZERO = {first}; BIG = 70000; NEG = -5; ONE = 1; }}")
    for at in range(count):
        numbers = sorted(dice.sample(range(1, 60), dice.randint(1, 9)))
        if dice.random() < 0.2:
            numbers.append(dice.randint(20_000, 536_870_911))
        plain, oneof = [], []
        dice.shuffle(numbers)
        for number in numbers:
            kind = dice.choice(SCALARS + ["E", "E", "google.protobuf.Timestamp"] + [f"M{dice.randrange(count)}"] * 3)
            what = dice.random()
            name = f"f_{number}"
            if what < 0.2:
                plain.append(f"map<{dice.choice(KEYS)}, {kind}> {name} = {number};")
            elif what < 0.4:
                scalar = kind in SCALARS and kind not in ("string", "bytes")
                packed = dice.choice(["", "[packed = true]", "[packed = false]"]) if scalar else ""
                plain.append(f"repeated {kind} {name} = {number} {packed};")
            elif what < 0.6:
                oneof.append(f"{kind} {name} = {number};")
            elif proto2:
                label = "required" if kind in SCALARS and dice.random() < 0.2 else "optional"
                plain.append(f"{label} {kind} {name} = {number};")
            else:
                plain.append(f"{dice.choice(['', 'optional '])}{kind} {name} = {number};")
        choice = f"oneof o {{ {' '.join(oneof)} }}" if oneof else ""
        lines.append(f"message M{at} {{ {' '.join(plain)} {choice} }}")
    return "\n".join(lines)


def compiled(text):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "a.proto"), "w", encoding="utf-8") as file:
            file.write(text)
        out = os.path.join(folder, "out")
        include = os.path.join(os.path.dirname(protoc.__file__), "_proto")
        if protoc.main(["", f"-I{folder}", f"-I{include}", "--include_imports", f"--descriptor_set_out={out}", "a.proto"]) != 0:
            raise ValueError(text)
        with open(out, "rb") as file:
            found = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in found.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.M0"))


def number(dice, bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return dice.choice([0, 0, 1, low, high, dice.randint(low, high), dice.randint(0, 300)])


def scalar(dice, field):
    kind = field.type
    if kind in (F.TYPE_INT32, F.TYPE_SINT32, F.TYPE_SFIXED32):
        return number(dice, 32, True)
    if kind in (F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64):
        return number(dice, 64, True)
    if kind in (F.TYPE_UINT32, F.TYPE_FIXED32):
        return number(dice, 32, False)
    if kind in (F.TYPE_UINT64, F.TYPE_FIXED64):
        return number(dice, 64, False)
    if kind == F.TYPE_BOOL:
        return dice.random() < 0.5
    if kind in (F.TYPE_FLOAT, F.TYPE_DOUBLE):
        return dice.choice([0.0, -0.0, 1.5, -2.25, float("inf"), float("nan"), 0.1])
    if kind == F.TYPE_STRING:
        return dice.choice(["", "a", "\u00e4\U0001f600", "x" * 20])
    if kind == F.TYPE_BYTES:
        return dice.choice([b"", b"\x00\xff", b"y" * 9])
    values = [value.number for value in field.enum_type.values]
    return dice.choice(values if field.enum_type.is_closed else values + [2, -1])


def fill(dice, message, depth):
    for field in message.DESCRIPTOR.fields:
        entry = field.message_type if field.message_type and field.message_type.GetOptions().map_entry else None
        if not field.is_required and dice.random() < 0.4:
            continue
        if entry:
            target = getattr(message, field.name)
            for _ in range(dice.randint(0, 3)):
                key = scalar(dice, entry.fields_by_name["key"])
                value = entry.fields_by_name["value"]
                if value.message_type:
                    if depth < 3:
                        fill(dice, target[key], depth + 1)
                else:
                    target[key] = scalar(dice, value)
        elif field.is_repeated:
            for _ in range(dice.randint(0, 3)):
                target = getattr(message, field.name)
                if field.message_type:
                    if depth < 3:
                        fill(dice, target.add(), depth + 1)
                else:
                    target.append(scalar(dice, field))
        elif field.message_type:
            if depth < 3:
                target = getattr(message, field.name)
                target.SetInParent()
                fill(dice, target, depth + 1)
        else:
            setattr(message, field.name, scalar(dice, field))


def raw(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def long(value):
    return raw(value << 1 if value >= 0 else (-value << 1) - 1)


def put(data):
    return long(len(data)) + data


def value_of(field, value, null):
    """One value; `null` where null is a branch in front of its own."""
    kind, branch = field.type, lambda index: long(index + null)
    some = branch(0) if null else b""
    if field.message_type:
        if field.message_type.full_name == "google.protobuf.Timestamp":
            count = value.seconds * 10**9 + value.nanos
            plain = 0 <= value.nanos < 10**9 and -(2**63) <= count < 2**63 and not len(unknown_fields.UnknownFieldSet(value))
            return branch(0) + long(count) if plain else branch(1) + record(value)
        return some + record(value)
    if kind in (F.TYPE_UINT64, F.TYPE_FIXED64):
        if value < 2**63:
            return branch(0) + long(value)
        return branch(1) + put(value.to_bytes(9, "big"))
    if kind == F.TYPE_ENUM:
        symbols = sorted({item.number for item in field.enum_type.values})
        if value in symbols:
            return (some if field.enum_type.is_closed else branch(0)) + long(symbols.index(value))
        return branch(1) + long(value)
    if kind == F.TYPE_BOOL:
        return some + bytes([value])
    if kind in (F.TYPE_FLOAT, F.TYPE_DOUBLE):
        form = "<f" if kind == F.TYPE_FLOAT else "<d"
        nan = bytes.fromhex("0000c07f" if kind == F.TYPE_FLOAT else "000000000000f87f")
        return some + (nan if value != value else struct.pack(form, value))
    if kind == F.TYPE_STRING:
        return some + put(value.encode())
    if kind == F.TYPE_BYTES:
        return some + put(value)
    return some + long(value)


def many(items):
    items = list(items)
    return long(len(items)) + b"".join(items) + b"\0" if items else b"\0"


def key_of(field, key):
    if field.type == F.TYPE_BOOL:
        return b"true" if key else b"false"
    return key.encode() if field.type == F.TYPE_STRING else str(key).encode()


def unknown(fields):
    out = b""
    for field in sorted(fields, key=lambda field: field.field_number):
        out += raw(field.field_number << 3 | field.wire_type)
        if field.wire_type == 0:
            out += raw(field.data)
        elif field.wire_type == 1:
            out += struct.pack("<Q", field.data)
        elif field.wire_type == 5:
            out += struct.pack("<I", field.data)
        elif field.wire_type == 2:
            out += raw(len(field.data)) + field.data
        else:
            out += unknown(field.data) + raw(field.field_number << 3 | 4)
    return out


def record(message):
    out = b""
    for field in sorted(message.DESCRIPTOR.fields, key=lambda field: field.number):
        value = getattr(message, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            key, inner = (field.message_type.fields_by_name[name] for name in ("key", "value"))
            entries = sorted((key_of(key, k), v) for k, v in value.items()) if not inner.message_type else sorted(
                ((key_of(key, k), v) for k, v in value.items()), key=lambda entry: entry[0])
            out += many(put(k) + value_of(inner, v, 0) for k, v in entries)
        elif field.is_repeated:
            out += many(value_of(field, item, 0) for item in value)
        elif field.has_presence and not field.is_required:
            out += value_of(field, value, 1) if message.HasField(field.name) else b"\0"
        else:
            out += value_of(field, value, 0)
    return out + put(unknown(unknown_fields.UnknownFieldSet(message)))


def extra(dice):
    """A field that no schema here has."""
    number = dice.randint(100, 200)
    return dice.choice([
        raw(number << 3) + raw(dice.choice([0, 1, 300, 2**64 - 1])),
        raw(number << 3 | 1) + bytes(8),
        raw(number << 3 | 5) + b"\1\2\3\4",
        raw(number << 3 | 2) + raw(2) + b"ab",
        raw(number << 3 | 3) + raw(8) + raw(5) + raw(number << 3 | 4),
    ])


def main():
    dice = random.Random(17)
    cases = []
    for _ in range(130):
        text = schema(dice)
        try:
            kind = compiled(text)
        except ValueError:
            continue
        messages = []
        for _ in range(5):  # messages of a schema
            one, other = kind(), kind()
            fill(dice, one, 0)
            data = one.SerializeToString()
            if dice.random() < 0.4:
                fill(dice, other, 0)
                data = other.SerializePartialToString() + data
            if dice.random() < 0.3:
                data = extra(dice) + data + extra(dice)
            read = kind.FromString(data)
            messages.append({"value": data.hex(), "canonical": record(read).hex()})
        cases.append({"schema": text, "messages": messages})
    json.dump(cases, sys.stdout, indent=0, separators=(",", ":"))
    print()


main()
