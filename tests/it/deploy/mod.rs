//! Alert rules and Kubernetes manifests.
