"""Checks deploy/kubernetes: what `kubectl kustomize` makes of it, against strict schemas and the
rules of the house. Reads the built manifests from standard input:

    kubectl kustomize deploy/kubernetes | python tests/stack/kubernetes.py
"""

import copy
import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = [
    "ConfigMap",
    "Deployment",
    "Namespace",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodMonitor",
    "PrometheusRule",
    "Service",
    "ServiceAccount",
]
# The oldest and the newest Kubernetes that the manifests are for.
VERSIONS = ["1.28", "1.37"]


def schema_faults(manifest):
    """What strict schemas say about a manifest; unknown fields are faults."""
    group = manifest["apiVersion"].split("/")[0]
    if group == "monitoring.coreos.com":
        version = manifest["apiVersion"].split("/")[1]
        path = ROOT / "tests/data/crds" / f"{group}_{version}_{manifest['kind']}.json"
        validator = jsonschema.Draft7Validator(json.loads(path.read_text()))
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]
    faults = []
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            faults.append(f"{version}: {error.message}")
    return faults


def hardening_faults(deployment):
    """Section 4.6 of the failures page, on the pod."""
    pod = deployment["spec"]["template"]["spec"]
    outer = pod.get("securityContext", {})
    wanted = {
        "no token": pod.get("automountServiceAccountToken") is False,
        "its own account": pod.get("serviceAccountName") == "crosscheck",
        "no host namespaces": not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")),
        "no host paths": not any("hostPath" in volume for volume in pod.get("volumes", [])),
        "non-root": outer.get("runAsNonRoot") is True and outer.get("runAsUser", 0) > 0,
        "seccomp": outer.get("seccompProfile") == {"type": "RuntimeDefault"},
    }
    for container in pod["containers"] + pod.get("initContainers", []):
        inner = container.get("securityContext", {})
        wanted |= {
            "read-only root": inner.get("readOnlyRootFilesystem") is True,
            "no escalation": inner.get("allowPrivilegeEscalation") is False,
            "no capabilities": inner.get("capabilities") == {"drop": ["ALL"]},
            "not privileged": not inner.get("privileged"),
            "a memory limit": "memory" in container.get("resources", {}).get("limits", {}),
            "probes": all(f"{name}Probe" in container for name in ("liveness", "readiness", "startup")),
            "livez": container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"},
            "readyz": container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"},
            "port 9600": [(p["name"], p["containerPort"]) for p in container["ports"]] == [("http", 9600)],
            "a fixed image": ":" in container["image"] and not container["image"].endswith(":latest"),
            "no secret in the environment": not container.get("env") and not container.get("envFrom"),
        }
    return [name for name, holds in wanted.items() if not holds]


def reference_faults(by_kind):
    """Every name that one manifest says of another is there."""
    template = by_kind["Deployment"]["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    selectors = {
        "Deployment": by_kind["Deployment"]["spec"]["selector"]["matchLabels"],
        "Service": by_kind["Service"]["spec"]["selector"],
        "PodDisruptionBudget": by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        "NetworkPolicy": by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        "PodMonitor": by_kind["PodMonitor"]["spec"]["selector"]["matchLabels"],
    }
    faults = [f"the selector of {kind}" for kind, s in selectors.items() if not s or not s.items() <= labels]
    mounted = [volume["configMap"]["name"] for volume in template["spec"]["volumes"] if "configMap" in volume]
    if mounted != [by_kind["ConfigMap"]["metadata"]["name"]]:
        faults.append("the mounted ConfigMap")
    if by_kind["ServiceAccount"].get("automountServiceAccountToken") is not False:
        faults.append("the account has a token")
    namespaces = {m["metadata"].get("namespace") for kind, m in by_kind.items() if kind != "Namespace"}
    if namespaces != {by_kind["Namespace"]["metadata"]["name"]}:
        faults.append("the namespace")
    config = yaml.safe_load(by_kind["ConfigMap"]["data"]["config.yaml"])
    if not config["serve"]["address"].endswith(":9600"):
        faults.append("the port of config.yaml")
    rules = yaml.safe_load((ROOT / "deploy/rules/crosscheck.rules.yaml").read_text())
    if by_kind["PrometheusRule"]["spec"] != rules:
        faults.append("PrometheusRule and deploy/rules differ")
    return faults


def planted(by_kind):
    """Manifests with one fault each, which the schemas must refuse."""

    def broken(kind, change):
        manifest = copy.deepcopy(by_kind[kind])
        change(manifest)
        return manifest

    def pod(manifest):
        return manifest["spec"]["template"]["spec"]

    yield broken("Deployment", lambda m: m["spec"].update(replicas="one"))
    yield broken("Deployment", lambda m: pod(m).update(readOnlyRoot=True))
    yield broken("Deployment", lambda m: pod(m)["containers"][0]["securityContext"].update(readOnly=True))
    yield broken("NetworkPolicy", lambda m: m["spec"].update(policyType=["Egress"]))
    yield broken("PodMonitor", lambda m: m["spec"]["podMetricsEndpoints"][0].update(interval="soon"))
    yield broken("PodMonitor", lambda m: m["spec"].update(endpoints=[]))
    yield broken("PrometheusRule", lambda m: m["spec"]["groups"][0]["rules"][0].update(keep_firing="5m"))
    yield broken("PrometheusRule", lambda m: m["spec"]["groups"][0]["rules"][0].pop("expr"))


def main():
    manifests = [manifest for manifest in yaml.safe_load_all(sys.stdin) if manifest]
    by_kind = {manifest["kind"]: manifest for manifest in manifests}
    faults = []
    if sorted(manifest["kind"] for manifest in manifests) != KINDS:
        faults.append(f"kinds: {sorted(by_kind)}")
    else:
        for manifest in manifests:
            faults += [f"{manifest['kind']}: {fault}" for fault in schema_faults(manifest)]
        faults += [f"Deployment: {fault}" for fault in hardening_faults(by_kind["Deployment"])]
        faults += reference_faults(by_kind)
        refused = [bool(schema_faults(manifest)) for manifest in planted(by_kind)]
        faults += [f"planted fault {n} was accepted" for n, seen in enumerate(refused, 1) if not seen]
    for fault in faults:
        print(f"kubernetes: {fault}", file=sys.stderr)
    if faults:
        sys.exit(1)
    print(f"kubernetes: {len(manifests)} manifests are valid, {len(refused)} planted faults are refused")


if __name__ == "__main__":
    main()
