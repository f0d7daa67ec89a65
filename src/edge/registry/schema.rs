//! A schema with everything it refers to.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use schema_registry_converter::schema_registry_common::{RawRegisteredSchema, RegisteredReference};

use super::http::Http;
use super::{RegistryError, Requests};

/// The most references of one schema, those of its references counted.
const REFERENCES_MAX: usize = 64;

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
    /// Its language.
    pub kind: Kind,
    /// Its id, where the registry tells it.
    pub id: Option<u32>,
}

/// Asks for a schema and all that it refers to.
pub(super) async fn load(
    http: &Http,
    requests: &Requests,
    path: &[&str],
    what: &str,
) -> Result<RegisteredSchema, RegistryError> {
    let raw = ask(http, requests, path, what).await?;
    let too_many = || RegistryError::TooManyReferences {
        registry: http.registry.clone(),
        what: what.to_owned(),
        limit: REFERENCES_MAX,
    };
    // Depth first, without recursion: a reference is written down when all of its own have been.
    let mut seen: BTreeSet<(String, u32)> = BTreeSet::new();
    let mut references = Vec::new();
    let mut open: Vec<Step> = steps(raw.references);
    while let Some(step) = open.pop() {
        let reference = match step {
            Step::Write(text) => {
                references.push(text);
                continue;
            }
            Step::Ask(reference) => reference,
        };
        if !seen.insert((reference.subject.clone(), reference.version)) {
            continue;
        }
        if seen.len() > REFERENCES_MAX {
            return Err(too_many());
        }
        let version = reference.version.to_string();
        let path = ["subjects", &reference.subject, "versions", &version];
        let name = format!("version {version} of subject `{}`", reference.subject);
        let found = ask(http, requests, &path, &name).await?;
        open.push(Step::Write(found.text));
        open.extend(steps(found.references));
        if open.len() > 4 * REFERENCES_MAX {
            return Err(too_many());
        }
    }
    Ok(RegisteredSchema {
        json: raw.text,
        references,
        kind: raw.kind,
        id: raw.id,
    })
}

enum Step {
    Ask(RegisteredReference),
    Write(String),
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

async fn ask(http: &Http, requests: &Requests, path: &[&str], what: &str) -> Result<Answer, RegistryError> {
    let answer = http
        .get(path, "deleted=true", what)
        .await
        .and_then(|body| read(&body).ok_or_else(|| http.not_registry(StatusCode::OK, &body)));
    requests.add(&answer);
    answer
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
