"""The rights of `reader` on the secured broker: what crosscheck asks for, on topics that begin
with `allowed`, and on its own groups. Everything else is forbidden."""

import sys

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

RIGHTS = [
    (ResourceType.TOPIC, "allowed", AclOperation.READ),
    (ResourceType.TOPIC, "allowed", AclOperation.DESCRIBE),
    (ResourceType.TOPIC, "allowed", AclOperation.DESCRIBE_CONFIGS),
    (ResourceType.GROUP, "crosscheck-", AclOperation.READ),
    (ResourceType.GROUP, "crosscheck-", AclOperation.DESCRIBE),
]

admin = AdminClient({"bootstrap.servers": sys.argv[1]})
bindings = [
    AclBinding(kind, name, ResourcePatternType.PREFIXED, "User:reader", "*", operation, AclPermissionType.ALLOW)
    for kind, name, operation in RIGHTS
]
for future in admin.create_acls(bindings, request_timeout=30).values():
    future.result()
