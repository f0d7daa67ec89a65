//! Schema registry edge.
