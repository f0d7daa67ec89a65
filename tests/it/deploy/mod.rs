//! Alert rules and Kubernetes manifests.

mod image;
mod manifests;
mod rules;

/// A file of the repository.
fn text(path: &str) -> String {
    let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(full).unwrap_or_else(|error| panic!("read {path}: {error}"))
}

/// A YAML file of one document.
fn yaml(path: &str) -> serde_json::Value {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("parse {path}: {error}"))
}
