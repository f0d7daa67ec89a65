//! A schema with everything it refers to.

use std::collections::BTreeMap;

use schema_registry_converter::schema_registry_common::{RawRegisteredSchema, RegisteredReference};

use super::RegistryError;
use super::http::Http;

/// The most references of one schema, those of its references counted: no chain of them is longer either.
const REFERENCES_MAX: usize = 64;
/// The most text of a schema with all that it refers to.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// The language of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Avro.
    Avro,
    /// JSON Schema.
    Json,
    /// Protocol Buffers.
    Protobuf,
    /// Another, by its name.
    Other(String),
}

/// A schema of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredSchema {
    /// Its text, as the registry gives it.
    pub json: String,
    /// The texts of the schemas that it refers to, each after those that it refers to itself.
    pub references: Vec<String>,
    /// The names by which the texts refer to one another, each with the place of what it names in `references`.
    pub imports: Vec<(String, usize)>,
    /// Its language.
    pub kind: Kind,
    /// Its id, where the registry tells it.
    pub id: Option<u32>,
}

impl RegisteredSchema {
    /// The texts that it refers to, by the names by which the texts do so.
    #[must_use]
    pub fn named(&self) -> Vec<(String, String)> {
        let text = |(name, place): &(String, usize)| Some((name.clone(), self.references.get(*place)?.clone()));
        self.imports.iter().filter_map(text).collect()
    }

    /// BLAKE3 of what it says. Where it is JSON, white space and the order of members do not count: registries write them
    /// as they like.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(match &self.kind {
            Kind::Avro => "AVRO",
            Kind::Json => "JSON",
            Kind::Protobuf => "PROTOBUF",
            Kind::Other(name) => name,
        });
        for text in std::iter::once(&self.json).chain(&self.references) {
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(value) => add(&value.to_string()),
                Err(_) => add(text),
            }
        }
        hasher.finalize().into()
    }
}

/// Asks for a schema and all that it refers to.
pub(super) async fn load(http: &Http, path: &[&str], what: &str) -> Result<RegisteredSchema, RegistryError> {
    let raw = ask(http, path, what).await?;
    let too_many = || RegistryError::TooManyReferences {
        registry: http.registry.clone(),
        what: what.to_owned(),
        limit: REFERENCES_MAX,
    };
    // Depth first, without recursion: a reference is written down when all of its own have been.
    let mut seen: BTreeMap<Version, Seen> = BTreeMap::new();
    let mut references = Vec::new();
    let mut written: BTreeMap<Version, usize> = BTreeMap::new();
    let mut named: BTreeMap<String, Version> = BTreeMap::new();
    let mut bytes = raw.text.len();
    let mut open: Vec<Step> = steps(raw.references);
    while let Some(step) = open.pop() {
        let reference = match step {
            Step::Write(version, text) => {
                written.insert(version.clone(), references.len());
                seen.insert(version, Seen::Written);
                references.push(text);
                continue;
            }
            Step::Ask(reference) => reference,
        };
        let version = (reference.subject, reference.version);
        named.entry(reference.name).or_insert_with(|| version.clone());
        let name = format!("version {} of subject `{}`", version.1, version.0);
        match seen.insert(version.clone(), Seen::Open) {
            None => {}
            Some(Seen::Written) => {
                seen.insert(version, Seen::Written);
                continue;
            }
            Some(Seen::Open) => {
                return Err(RegistryError::Cyclic {
                    registry: http.registry.clone(),
                    what: name,
                });
            }
        }
        if seen.len() > REFERENCES_MAX {
            return Err(too_many());
        }
        let path = ["subjects", &version.0, "versions", &version.1.to_string()];
        let found = ask(http, &path, &name).await?;
        bytes = bytes.saturating_add(found.text.len());
        if bytes > TEXT_BYTES_MAX {
            return Err(RegistryError::TooLarge {
                registry: http.registry.clone(),
                what: format!("{what} and its references"),
                limit: TEXT_BYTES_MAX,
            });
        }
        open.push(Step::Write(version, found.text));
        open.extend(steps(found.references));
        if open.len() > 4 * REFERENCES_MAX {
            return Err(too_many());
        }
    }
    Ok(RegisteredSchema {
        json: raw.text,
        references,
        imports: named
            .into_iter()
            .filter_map(|(name, version)| Some((name, *written.get(&version)?)))
            .collect(),
        kind: raw.kind,
        id: raw.id,
    })
}

/// A version of a subject.
type Version = (String, u32);

/// How far a reference is.
enum Seen {
    Open,
    Written,
}

enum Step {
    Ask(RegisteredReference),
    Write(Version, String),
}

fn steps(references: Vec<RegisteredReference>) -> Vec<Step> {
    references.into_iter().rev().map(Step::Ask).collect()
}

struct Answer {
    text: String,
    kind: Kind,
    id: Option<u32>,
    references: Vec<RegisteredReference>,
}

async fn ask(http: &Http, path: &[&str], what: &str) -> Result<Answer, RegistryError> {
    http.get(path, "deleted=true", what, read).await
}

fn read(body: &[u8]) -> Option<Answer> {
    let raw: RawRegisteredSchema = serde_json::from_slice(body).ok()?;
    Some(Answer {
        text: raw.schema?,
        kind: match raw.schema_type.as_deref() {
            None | Some("AVRO") => Kind::Avro,
            Some("JSON") => Kind::Json,
            Some("PROTOBUF") => Kind::Protobuf,
            Some(other) => Kind::Other(other.chars().take(40).collect()),
        },
        id: raw.id,
        references: raw.references.unwrap_or_default(),
    })
}
