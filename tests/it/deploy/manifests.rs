//! The Kubernetes base: what can be said of it without a schema. `tests/stack/kubernetes.py` says the rest.

use super::{text, yaml};
use crosscheck::config::{Config, Purpose};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "deploy/kubernetes";

#[test]
fn the_kustomization_names_every_file() {
    let kustomization = yaml("deploy/kubernetes/kustomization.yaml");
    let mut named: BTreeSet<String> = kustomization["resources"]
        .as_array()
        .unwrap()
        .iter()
        .chain(kustomization["configMapGenerator"][0]["files"].as_array().unwrap())
        .map(|file| file.as_str().unwrap().to_owned())
        .collect();
    named.insert("kustomization.yaml".to_owned());
    let there: BTreeSet<String> = std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, there);
}

#[test]
fn prometheus_gets_the_same_rules_either_way() {
    let rules = yaml("deploy/rules/crosscheck.rules.yaml");
    let manifest = yaml("deploy/kubernetes/prometheusrule.yaml");
    assert_eq!(manifest["kind"], "PrometheusRule");
    assert_eq!(manifest["spec"], rules);
}

#[test]
fn the_image_has_the_version_of_the_crate() {
    let kustomization = yaml("deploy/kubernetes/kustomization.yaml");
    assert_eq!(kustomization["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn no_manifest_carries_a_secret() {
    for file in ["config.yaml", "deployment.yaml"] {
        let text = text(&format!("{FOLDER}/{file}"));
        for line in text.lines().filter(|line| line.contains("password:")) {
            assert!(line.contains("{file: /run/secrets/"), "{file}: {line}");
        }
    }
}

#[test]
fn the_config_is_one() {
    let env: BTreeMap<String, String> = BTreeMap::new();
    let name = format!("{FOLDER}/config.yaml");
    let config = match Config::parse(&name, &text(&name), &env, Purpose::WorkerOffline) {
        Ok(config) => config,
        Err(faults) => panic!("{}", faults.lines().join("\n")),
    };
    let address = config.serve.address;
    assert!(
        !address.ip().is_loopback(),
        "probes and gates come from outside the pod"
    );
    let deployment = yaml(&format!("{FOLDER}/deployment.yaml"));
    let port = &deployment["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"];
    assert_eq!(port, address.port());
}
