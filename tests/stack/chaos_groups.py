"""Prints how many offsets any consumer group has committed on the topics.

    chaos_groups.py BROKERS TOPIC...
"""

import sys

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient


def main():
    brokers, *topics = sys.argv[1:]
    admin, held = AdminClient({"bootstrap.servers": brokers}), 0
    for group in admin.list_consumer_groups(request_timeout=30).result().valid:
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group.group_id)], request_timeout=30)
        places = asked[group.group_id].result().topic_partitions
        held += sum(place.topic in topics and place.offset >= 0 for place in places)
    print(held)


if __name__ == "__main__":
    main()
