#!/usr/bin/env -S python3 -B
"""Writes the same orders with the serializers of Confluent's Python client: Avro, Protobuf and JSON, as other people's producers do.

    formats.py --topic TOPIC --as avro|protobuf|json [--header] [--spoil] [--count N]

With --header the schema's id stands in a record header, not in front of the value. With --spoil every 100th order has another
note, every 250th is not written. The truth is a line of JSON on stdout.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import sys

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

SCHEMA = pathlib.Path(__file__).with_name("formats.avsc")
STATUS = ["NEW", "PAID", "SENT"]
BEGIN = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)


def orders(count):
    """Deterministic, so that each call of this script writes the same."""
    dice = random.Random(7)
    for number in range(count):
        yield {
            "order_id": f"o-{number:06}",
            "customer": dice.randrange(1 << 62),
            "note": dice.choice([None, "", "ä note", "x" * 40]),
            "status": dice.choice(STATUS),
            "items": [
                {"sku": f"sku-{dice.randrange(999)}", "quantity": dice.randrange(-5, 5)} for _ in range(dice.randrange(4))
            ],
            "attributes": {f"k{at}": str(dice.random()) for at in range(dice.randrange(4))},
            "total": dice.choice([0.0, 0.1, -2.5e-7, 1e22, float(dice.randrange(1 << 50)) / 64]),
            "created_at": BEGIN + datetime.timedelta(milliseconds=number * 250),
        }


def protobuf_class():
    """The message, without a compiler."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="shop/order.proto", package="shop", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    status = file.enum_type.add(name="Status")
    for at, word in enumerate(STATUS):
        status.value.add(name=word, number=at)
    item = file.message_type.add(name="Item")
    item.field.add(name="sku", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    item.field.add(name="quantity", number=2, type=kinds.TYPE_SINT32, label=kinds.LABEL_OPTIONAL)
    order = file.message_type.add(name="Order")
    entry = order.nested_type.add(name="AttributesEntry")
    entry.options.map_entry = True
    for at, name in enumerate(["key", "value"], 1):
        entry.field.add(name=name, number=at, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    one, many = kinds.LABEL_OPTIONAL, kinds.LABEL_REPEATED
    for number, name, kind, label, named in [
        (9, "order_id", kinds.TYPE_STRING, one, None),
        (2, "customer", kinds.TYPE_FIXED64, one, None),
        (3, "note", kinds.TYPE_STRING, one, None),
        (4, "status", kinds.TYPE_ENUM, one, ".shop.Status"),
        (5, "items", kinds.TYPE_MESSAGE, many, ".shop.Item"),
        (6, "attributes", kinds.TYPE_MESSAGE, many, ".shop.Order.AttributesEntry"),
        (7, "total", kinds.TYPE_DOUBLE, one, None),
        (200, "created_at", kinds.TYPE_MESSAGE, one, ".google.protobuf.Timestamp"),
    ]:
        field = order.field.add(name=name, number=number, type=kind, label=label)
        if named:
            field.type_name = named
        if name == "note":
            order.oneof_decl.add(name="_note")
            field.oneof_index, field.proto3_optional = 0, True
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


JSON_SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Order",
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "customer": {"type": "integer"}},
    "required": ["order_id"],
}


def serializer(kind, registry, conf):
    """(serialize, order -> what it takes)."""
    if kind == "avro":
        return AvroSerializer(registry, SCHEMA.read_text(), conf=conf), lambda order: order
    if kind == "json":
        count = lambda order: {**order, "created_at": round(order["created_at"].timestamp() * 1000)}
        return JSONSerializer(json.dumps(JSON_SCHEMA), registry, conf=conf), count
    message = protobuf_class()

    def made(order):
        order = dict(order)
        created = order.pop("created_at")
        if order["note"] is None:
            del order["note"]
        order["status"] = STATUS.index(order["status"])
        made = message(**order)
        made.created_at.FromDatetime(created.replace(tzinfo=None))
        return made

    return ProtobufSerializer(message, registry, {**conf, "skip.known.types": True}), made


def in_header(payload, ctx, schema_id):
    """Confluent's own writes the GUID, which this registry does not give; the id may stand there as well."""
    ctx.headers.append((f"__{ctx.field}_schema_id", schema_id.id_to_bytes()))
    return payload


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--topic", required=True)
    parser.add_argument("--as", dest="kind", choices=["avro", "protobuf", "json"], required=True)
    parser.add_argument("--header", action="store_true")
    parser.add_argument("--spoil", action="store_true")
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()
    # A registry that never answers one request was seen: it is asked again.
    registry = SchemaRegistryClient({"url": os.environ["CROSSCHECK_TEST_REGISTRY"], "timeout": 20})
    conf = {"auto.register.schemas": True}
    if options.header:
        conf["schema.id.serializer"] = in_header
    serialize, shaped = serializer(options.kind, registry, conf)
    brokers = {"bootstrap.servers": os.environ["CROSSCHECK_TEST_KAFKA"]}
    topic = NewTopic(options.topic, num_partitions=3, replication_factor=1, config={"retention.ms": "-1"})
    admin = AdminClient(brokers)
    admin.create_topics([topic])[options.topic].result(30)
    producer = Producer({**brokers, "linger.ms": 20})
    failed = []
    truth = {"written": 0, "spoiled": 0, "left_out": 0}
    for number, order in enumerate(orders(options.count)):
        if options.spoil and number % 250 == 100:
            truth["left_out"] += 1
            continue
        if options.spoil and number % 100 == 50:
            truth["spoiled"] += 1
            order["note"] = (order["note"] or "") + " spoiled"
        context = SerializationContext(options.topic, MessageField.VALUE, headers=[])
        value = serialize(shaped(order), context)
        producer.produce(options.topic, value=value, key=order["order_id"], headers=context.headers,
                         on_delivery=lambda error, _: failed.append(error) if error else None)  # fmt: skip
        producer.poll(0)
        truth["written"] += 1
    left = producer.flush(60)
    if left or failed:
        sys.exit(f"{left + len(failed)} records were not written: {failed[:1]}")
    print(json.dumps(truth))


main()
