"""Takes the first part of every partition of a topic away, as retention does: expire.py BROKERS TOPIC FRACTION"""

import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

brokers, topic, fraction = sys.argv[1], sys.argv[2], float(sys.argv[3])
admin = AdminClient({"bootstrap.servers": brokers})
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "expire"})
offsets = []
for partition in sorted(admin.list_topics(topic, 30).topics[topic].partitions):
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), 30)
    offsets.append(TopicPartition(topic, partition, low + int((high - low) * fraction)))
consumer.close()
for future in admin.delete_records(offsets, request_timeout=30, operation_timeout=30).values():
    future.result()
for partition in offsets:
    print(partition.partition, partition.offset)
