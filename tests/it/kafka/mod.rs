//! Kafka edge on librdkafka's mock cluster.
