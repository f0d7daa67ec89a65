#!/usr/bin/env python3
"""Makes tests/data/avro/*.avro: the same records by other implementations of Avro, one file a codec.

Needs fastavro, cramjam and backports.zstd (its snappy and zstandard) and avro (Apache's own Python writer, whose deflate leaves three bytes
of a checksum behind the stream). Run it from the root of the repository; the files do not change unless this does.
"""

import datetime
import decimal
import json
import pathlib
import uuid

import avro.datafile
import avro.io
import avro.schema
import fastavro

HERE = pathlib.Path(__file__).parent / "avro"
SCHEMA = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": "string"},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "paid", "type": "boolean"},
        {"name": "rate", "type": "float"},
        {"name": "total", "type": "double"},
        {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "ref", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "status", "type": {"type": "enum", "name": "Status", "symbols": ["OPEN", "PAID"]}},
        {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 4}},
        {"name": "tags", "type": {"type": "map", "values": "int"}},
        {
            "name": "items",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Item",
                    "fields": [{"name": "sku", "type": "string"}, {"name": "count", "type": "int"}],
                },
            },
        },
        {"name": "parent", "type": ["null", "Order"], "default": None},
    ],
}


def order(i, depth=2):
    return {
        "id": i * 1_000_003 - 7,
        "name": f"Zoë {i}",
        "note": None if i % 3 else f"note {i}",
        "paid": i % 2 == 0,
        "rate": i / 4,
        "total": i / 3,
        "amount": decimal.Decimal(i * 37 - 500).scaleb(-2),
        "at": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=i),
        "day": datetime.date(2026, 1, 1) + datetime.timedelta(days=i),
        "ref": uuid.UUID(int=i),
        "status": ("OPEN", "PAID")[i % 2],
        "hash": bytes([i, 0, 255, i]),
        "tags": {f"t{j}": j - i for j in range(i % 4)},
        "items": [{"sku": f"sku-{j}", "count": j} for j in range(i % 5)],
        "parent": order(i + 1, depth - 1) if depth and i % 7 == 0 else None,
    }


def main():
    HERE.mkdir(exist_ok=True)
    records = [order(i) for i in range(60)]
    parsed = fastavro.parse_schema(json.loads(json.dumps(SCHEMA)))
    for codec in ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]:
        with open(HERE / f"fastavro_{codec}.avro", "wb") as out:
            fastavro.writer(
                out, parsed, records, codec=codec, sync_interval=2000, sync_marker=b"crosscheck tests", metadata={"by": "us"}
            )
    with open(HERE / "empty.avro", "wb") as out:
        fastavro.writer(out, parsed, [], codec="deflate", sync_marker=b"crosscheck tests")
    plain = [{"id": i, "name": f"Zoë {i}"} for i in range(60)]
    small = avro.schema.parse(
        json.dumps({"type": "record", "name": "Small", "fields": [SCHEMA["fields"][0], SCHEMA["fields"][1]]})
    )
    avro.datafile.randbytes = lambda count: b"crosscheck tests"[:count]
    with open(HERE / "apache_python_deflate.avro", "wb") as out:
        with avro.datafile.DataFileWriter(out, avro.io.DatumWriter(), small, codec="deflate") as writer:
            for record in plain:
                writer.append(record)


if __name__ == "__main__":
    main()
