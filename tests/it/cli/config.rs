//! `config init|show|schema` and `completions`.

use super::{run, run_all};

#[test]
fn init_prints_the_sample() {
    let (exit, out, log) = run("config init");
    assert_eq!((exit as u8, log.as_str()), (0, ""));
    assert_eq!(out, include_str!("../../../config/crosscheck.yaml"));
}

#[test]
fn show_hides_secrets_and_needs_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crosscheck.yaml");
    let text = include_str!("../../../config/minimal.yaml").replace(
        "brokers: [\"kafka:9092\"]",
        "brokers: [\"kafka:9092\"], secrets: {sasl.password: {file: /run/secrets/kafka}}",
    );
    std::fs::write(&path, text).unwrap();
    let (exit, out, log) = run_all(&["config", "show", "-c", path.to_str().unwrap()]);
    assert_eq!((exit as u8, log.as_str()), (0, ""));
    assert!(out.contains("file: /run/secrets/kafka"), "{out}");
}

#[test]
fn schema_names_every_key_of_the_sample() {
    let (exit, out, _) = run("config schema");
    assert_eq!(exit as u8, 0);
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    for key in [
        "release",
        "clusters",
        "registries",
        "streams",
        "policy",
        "trust",
        "store",
        "serve",
        "alertmanager",
    ] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn completions_of_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (exit, out, log) = run(&format!("completions {shell}"));
        assert_eq!((exit as u8, log.as_str()), (0, ""));
        assert!(out.contains("reconcile") && out.contains("findings-max"), "{shell}");
    }
}
