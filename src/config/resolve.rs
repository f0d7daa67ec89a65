//! From the file as it is written to the settings of the components: defaults, names, rules across keys.
//!
//! Defaults are written back into the file's structs, so that `config show` prints what is in force.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};

use super::fault::{nearest, nearest_hint};
use super::faults::Faults;
use super::file::{File, FileStage, Policy as FilePolicy, Serve as FileServe, Silent, Store as FileStore};
use super::keypath::KeyPath;
use super::resolve_stream::Streams;
use super::secret::{Secrets, is_secret_property, url_fault};
use super::settings::{Config, Policy, Profile, ReleaseSettings, Serve, SilentThen, Stage, Start, Stream};
use super::text::{Address, Text};
use crate::edge::{kafka, registry, store};

/// The value of a key, or its default, which is written back.
pub(super) fn fill<T: Text>(slot: &mut Option<T>, text: &str, value: T::Value) -> T::Value
where
    T::Value: Clone,
{
    slot.get_or_insert_with(|| T::written(text, value)).value().clone()
}

/// Everything that the file says. Faults go to the list; then what comes back is of no use.
pub(super) fn resolve(file: &mut File, secrets: &Secrets, worker: bool, faults: &mut Faults) -> Config {
    let root = KeyPath::default();
    let start = fill(&mut file.release.start, "now", Start::Now);
    if file.release.name.trim().is_empty() {
        faults.push(&root.key("release").key("name"), "must not be empty".to_owned(), None);
    }
    let clusters = clusters(file, secrets, &root.key("clusters"), faults);
    let registries = registries(file, secrets, &root.key("registries"), faults);
    let context = Streams {
        clusters: &clusters,
        registries: &registries,
        start,
        worker,
    };
    let streams = context.resolve(&mut file.streams, faults);
    check_upstream(&streams, &root.key("streams"), faults);
    let stages = stages(&file.policy.stages, &streams, &root.key("policy").key("stages"), faults);
    let policy = policy(&mut file.policy, &root.key("policy"), faults);
    let trust_key = file
        .trust
        .key
        .as_ref()
        .map(|key| secrets.read(key, &root.key("trust").key("key"), faults));
    let store = store(&mut file.store, secrets, &root.key("store"), faults);
    let serve = serve(&mut file.serve);
    let urls = root.key("alertmanager").key("urls");
    for (i, url) in file.alertmanager.urls.iter().enumerate() {
        check_url(url, &["http", "https"], &urls.index(i), faults);
    }
    Config {
        release: ReleaseSettings {
            name: file.release.name.clone(),
            start,
        },
        clusters,
        registries,
        streams,
        policy,
        stages,
        trust_key,
        store,
        serve,
        alertmanager_urls: file.alertmanager.urls.clone(),
    }
}

fn check_url(url: &str, schemes: &[&str], path: &KeyPath, faults: &mut Faults) {
    if let Some((what, hint)) = url_fault(url, schemes) {
        faults.push(path, what, hint);
    }
}

/// A registry's address: what every URL must be, and where a registry may be.
fn check_registry(url: &str, allow_insecure: bool, path: &KeyPath, faults: &mut Faults) {
    if let Some((what, hint)) = url_fault(url, &["http", "https"]) {
        faults.push(path, what, hint);
    } else if let Err(error) = registry::address(url, allow_insecure) {
        faults.push(path, error.to_string(), error.hint().map(str::to_owned));
    }
}

fn clusters(file: &File, secrets: &Secrets, path: &KeyPath, faults: &mut Faults) -> BTreeMap<String, kafka::Settings> {
    let mut clusters = BTreeMap::new();
    for (name, cluster) in &file.clusters {
        let path = path.key(name);
        if cluster.brokers.is_empty() {
            faults.push(
                &path.key("brokers"),
                "must name a broker".to_owned(),
                Some("such as [\"kafka:9092\"]".to_owned()),
            );
        }
        for (i, broker) in cluster.brokers.iter().enumerate() {
            if let Err(what) = check_broker(broker) {
                faults.push(
                    &path.key("brokers").index(i),
                    what,
                    Some("such as kafka:9092".to_owned()),
                );
            }
        }
        let mut values = BTreeMap::new();
        for (name, secret) in &cluster.secrets {
            values.insert(
                name.clone(),
                secrets.read(secret, &path.key("secrets").key(name), faults),
            );
        }
        let settings = kafka::Settings {
            brokers: cluster.brokers.clone(),
            properties: cluster.properties.clone(),
            secrets: values,
        };
        check_cluster(&settings, secrets, &path, faults);
        clusters.insert(name.clone(), settings);
    }
    clusters
}

/// What librdkafka says about each setting alone, and about all of them together.
fn check_cluster(cluster: &kafka::Settings, secrets: &Secrets, path: &KeyPath, faults: &mut Faults) {
    let alone = |properties, secrets| kafka::Settings {
        brokers: vec!["localhost".to_owned()],
        properties,
        secrets,
    };
    let mut good = true;
    for name in cluster.properties.keys() {
        if is_secret_property(name) {
            let error = kafka::KafkaError::SecretInPlain { key: name.clone() };
            faults.push(&path.key("properties").key(name), error.to_string(), error.hint());
        }
    }
    let mut told = |settings: &kafka::Settings, path: &KeyPath| {
        if let Err(error) = kafka::validate(settings) {
            faults.push(path, error.to_string(), error.hint());
            good = false;
        }
    };
    for (name, value) in &cluster.properties {
        let one = BTreeMap::from([(name.clone(), value.clone())]);
        told(&alone(one, BTreeMap::new()), &path.key("properties").key(name));
    }
    if secrets.env.is_none() {
        return;
    }
    for (name, value) in &cluster.secrets {
        let one = BTreeMap::from([(name.clone(), value.clone())]);
        told(&alone(BTreeMap::new(), one), &path.key("secrets").key(name));
    }
    if good && let Err(error) = kafka::validate(cluster) {
        faults.push(path, error.to_string(), error.hint());
    }
}

/// That a text is `HOST:PORT`, or a host alone.
pub(super) fn check_broker(broker: &str) -> Result<(), String> {
    let port = match broker.rsplit_once(':') {
        _ if broker.contains("://") || broker.contains('@') || broker.contains(char::is_whitespace) => None,
        Some((host, port)) if !host.is_empty() => port.parse::<u16>().ok(),
        Some(_) => None,
        None if broker.is_empty() => None,
        None => Some(9092),
    };
    port.map(|_| ()).ok_or_else(|| "must be HOST:PORT".to_owned())
}

fn registries(
    file: &File,
    secrets: &Secrets,
    path: &KeyPath,
    faults: &mut Faults,
) -> BTreeMap<String, registry::Settings> {
    let mut registries = BTreeMap::new();
    for (name, registry) in &file.registries {
        let path = path.key(name);
        let allow_insecure = registry.allow_insecure.unwrap_or(false);
        check_registry(&registry.url, allow_insecure, &path.key("url"), faults);
        let auth = secrets.auth(registry.auth.as_ref(), &path.key("auth"), faults);
        let ca = registry.ca.as_ref().map(Into::into);
        registries.insert(
            name.clone(),
            registry::Settings {
                url: registry.url.clone(),
                auth: auth.unwrap_or_default(),
                ca,
                allow_insecure,
            },
        );
    }
    registries
}

pub(super) fn policy(policy: &mut FilePolicy, path: &KeyPath, faults: &mut Faults) -> Policy {
    let silent = policy.silent.get_or_insert_with(Silent::default);
    let settings = Policy {
        alpha: fill(&mut policy.alpha, "0.01", 0.01),
        beta: fill(&mut policy.beta, "0.05", 0.05),
        profile: *policy.profile.get_or_insert(Profile::Bursty),
        min_pairs: fill(&mut policy.min_pairs, "1000", 1_000),
        min_duration_ms: fill(&mut policy.min_duration, "10m", 600_000),
        max_duration_ms: fill(&mut policy.max_duration, "6h", 21_600_000),
        silent_after_ms: fill(&mut silent.after, "10m", 600_000),
        silent_then: *silent.then.get_or_insert(SilentThen::Inconclusive),
    };
    for (name, value) in [("alpha", settings.alpha), ("beta", settings.beta)] {
        if !(value > 0.0 && value < 0.5) {
            faults.push(&path.key(name), "must be above 0 and below 0.5".to_owned(), None);
        }
    }
    if settings.min_duration_ms > settings.max_duration_ms && !faults.spoils(&path.key("max_duration")) {
        faults.push(
            &path.key("min_duration"),
            "must be at most max_duration".to_owned(),
            None,
        );
    }
    settings
}

fn stages(stages: &[FileStage], streams: &[Stream], path: &KeyPath, faults: &mut Faults) -> Vec<Stage> {
    let known = || streams.iter().map(|stream| stream.name.as_str());
    let mut resolved: Vec<Stage> = Vec::new();
    for (i, stage) in stages.iter().enumerate() {
        let path = path.index(i);
        let FileStage {
            name,
            streams: named,
            criticality,
        } = stage;
        if name.trim().is_empty() {
            faults.push(&path.key("name"), "must not be empty".to_owned(), None);
        } else if resolved.iter().any(|other| other.name == *name) {
            faults.push(&path.key("name"), format!("there is another stage `{name}`"), None);
        }
        for (j, stream) in named.iter().enumerate() {
            if known().all(|other| other != stream) {
                let hint = nearest_hint(stream, known());
                faults.push(
                    &path.key("streams").index(j),
                    format!("there is no stream `{stream}`"),
                    hint,
                );
            }
        }
        let stage = Stage {
            name: name.clone(),
            streams: named.clone(),
            criticality: criticality.clone(),
        };
        if named.is_empty() && !streams.iter().any(|stream| stage.asks(stream)) {
            let hint = Some("name streams, or criticalities that streams have".to_owned());
            faults.push(&path, "asks for no stream".to_owned(), hint);
        }
        resolved.push(stage);
    }
    resolved
}

fn store(store: &mut FileStore, secrets: &Secrets, path: &KeyPath, faults: &mut Faults) -> store::Settings {
    let url = store
        .url
        .get_or_insert_with(|| "sqlite://crosscheck.db".to_owned())
        .clone();
    check_url(&url, &["sqlite", "postgres", "postgresql"], &path.key("url"), faults);
    let auth = secrets.auth(store.auth.as_ref(), &path.key("auth"), faults);
    if auth.is_some() && url.starts_with("sqlite:") {
        let hint = Some("leave it out".to_owned());
        faults.push(&path.key("auth"), "is for PostgreSQL".to_owned(), hint);
    }
    let (url, password) = match auth {
        Some(registry::Auth::Basic { user, password }) => (with_user(&url, &user), Some(password)),
        Some(registry::Auth::Bearer { .. }) => {
            let what = "must have `user` and `password`".to_owned();
            faults.push(&path.key("auth"), what, None);
            (url, None)
        }
        Some(registry::Auth::None) | None => (url, None),
    };
    store::Settings {
        url,
        password,
        migrate: false,
    }
}

/// A database's address with the user in it, escaped.
fn with_user(url: &str, user: &str) -> String {
    let mut escaped = String::new();
    for byte in user.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{escaped}@{rest}"),
        None => url.to_owned(),
    }
}

fn serve(serve: &mut FileServe) -> Serve {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9600));
    Serve {
        address: fill::<Address>(&mut serve.address, "127.0.0.1:9600", address),
        hosts: serve.hosts.clone(),
    }
}

/// That upstream streams exist and that no stream is its own upstream.
fn check_upstream(streams: &[Stream], path: &KeyPath, faults: &mut Faults) {
    let names: Vec<&str> = streams.iter().map(|stream| stream.name.as_str()).collect();
    for (i, stream) in streams.iter().enumerate() {
        let path = path.index(i).key("upstream");
        for (j, name) in stream.upstream.iter().enumerate() {
            // A stream of another config is no fault, a slip of the pen is.
            if !names.contains(&name.as_str()) && nearest(name, names.iter().copied()).is_some() {
                let hint = nearest_hint(name, names.iter().copied());
                faults.push(&path.index(j), format!("there is no stream `{name}`"), hint);
            }
        }
        if reaches(streams, &stream.name) {
            let what = format!("`{}` is upstream of itself", stream.name);
            faults.push(
                &path,
                what,
                Some("upstream points one way: from the effect to its cause".to_owned()),
            );
        }
    }
}

/// Whether a stream is reached again along `upstream`.
fn reaches(streams: &[Stream], start: &str) -> bool {
    let mut seen = BTreeSet::new();
    let above = |name: &str| -> Vec<&String> {
        let stream = streams.iter().find(|stream| stream.name == name);
        stream
            .map(|stream| stream.upstream.iter().collect())
            .unwrap_or_default()
    };
    let mut open = above(start);
    while let Some(name) = open.pop() {
        if name == start {
            return true;
        }
        if seen.insert(name) {
            open.extend(above(name));
        }
    }
    false
}
