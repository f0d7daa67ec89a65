//! `CROSSCHECK_*` variables laid over the tree of the file: they win over it.
//!
//! Only these names are read: Kubernetes puts variables such as `CROSSCHECK_PORT` into every pod beside a service.

use super::Env;
use super::tree::{Entry, Kind, Node, Place};

/// Variables, and the keys that they set.
pub const VARIABLES: [(&str, &str); 14] = [
    ("CROSSCHECK_RELEASE_NAME", "release.name"),
    ("CROSSCHECK_RELEASE_START", "release.start"),
    ("CROSSCHECK_POLICY_ALPHA", "policy.alpha"),
    ("CROSSCHECK_POLICY_BETA", "policy.beta"),
    ("CROSSCHECK_POLICY_PROFILE", "policy.profile"),
    ("CROSSCHECK_POLICY_MIN_PAIRS", "policy.min_pairs"),
    ("CROSSCHECK_POLICY_MIN_DURATION", "policy.min_duration"),
    ("CROSSCHECK_POLICY_MAX_DURATION", "policy.max_duration"),
    ("CROSSCHECK_POLICY_SILENT_AFTER", "policy.silent.after"),
    ("CROSSCHECK_POLICY_SILENT_THEN", "policy.silent.then"),
    ("CROSSCHECK_STORE_URL", "store.url"),
    ("CROSSCHECK_STORE_AUTH_USER", "store.auth.user"),
    ("CROSSCHECK_SERVE_ADDRESS", "serve.address"),
    ("CROSSCHECK_TRUST_KEY_FILE", "trust.key.file"),
];

/// Lays what is set over the tree.
pub(super) fn apply(tree: &mut Node, env: &dyn Env) {
    for (name, path) in VARIABLES {
        if let Some(text) = env.get(name) {
            let keys: Vec<&str> = path.split('.').collect();
            set(tree, &keys, &text, name);
        }
    }
}

fn set(node: &mut Node, keys: &[&str], text: &str, name: &'static str) {
    let place = Place::Variable(name);
    let [key, below @ ..] = keys else {
        *node = Node {
            place,
            kind: Kind::Scalar {
                text: text.to_owned(),
                plain: true,
            },
        };
        return;
    };
    if matches!(node.kind, Kind::Null) {
        node.kind = Kind::Map(Vec::new());
    }
    // What is neither a mapping nor empty is a fault of the file and stays one.
    let Kind::Map(entries) = &mut node.kind else {
        return;
    };
    let at = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
        let value = Node {
            place: place.clone(),
            kind: Kind::Null,
        };
        entries.push(Entry {
            key: (*key).to_owned(),
            place: place.clone(),
            value,
        });
        entries.len() - 1
    });
    set(&mut entries[at].value, below, text, name);
}
