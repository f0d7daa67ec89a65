//! Schemas that records ask for: fetched beside the reading, one answer a question.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::book::{Book, Fact};
use crate::codec::{Field, Schema, SchemaError, SchemaRef};
use crate::edge::registry::{Kind, RegisteredSchema, Registry, RegistryError};
use crate::model::{Side, Sides, hex};

/// How long a registry is asked for an id that it does not know, and what a registry that does not answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Pauses between the tries for an unknown id.
    pub pauses: [Duration; 2],
    /// Ask for ever where the registry does not answer; else that ends the run.
    pub outlast_outages: bool,
}

impl Patience {
    /// A bounded run: three tries within 2 s, and a registry that does not answer ends it.
    pub const BOUNDED: Patience = Patience {
        pauses: [Duration::from_millis(500), Duration::from_millis(1000)],
        outlast_outages: false,
    };
    /// A worker: three tries over 2 min, and a registry that does not answer is waited for.
    pub const WORKER: Patience = Patience {
        pauses: [Duration::from_secs(40), Duration::from_secs(75)],
        outlast_outages: true,
    };
}

/// Versions of a subject that are looked through for a fingerprint.
const VERSIONS_MAX: u32 = 500;

type Key = (Side, Field, SchemaRef);

/// What is asked of a registry. The real one answers, or a simulation of it.
pub trait Registrar: Send + Sync {
    /// The schema of an id; asked `again`, a miss that is remembered is not believed.
    fn schema(&self, id: u32, again: bool) -> BoxFuture<'_, Result<Arc<RegisteredSchema>, RegistryError>>;

    /// The schema of a GUID.
    fn schema_of_guid(&self, guid: Uuid) -> BoxFuture<'_, Result<RegisteredSchema, RegistryError>>;

    /// A version of a subject, `None` is the latest.
    fn subject_version<'a>(
        &'a self,
        subject: &'a str,
        version: Option<u32>,
    ) -> BoxFuture<'a, Result<RegisteredSchema, RegistryError>>;
}

impl Registrar for Registry {
    fn schema_of_guid(&self, guid: Uuid) -> BoxFuture<'_, Result<RegisteredSchema, RegistryError>> {
        Box::pin(self.schema_of_guid(guid))
    }

    fn schema(&self, id: u32, again: bool) -> BoxFuture<'_, Result<Arc<RegisteredSchema>, RegistryError>> {
        Box::pin(async move {
            if again {
                self.schema_again(id).await
            } else {
                self.schema(id).await
            }
        })
    }

    fn subject_version<'a>(
        &'a self,
        subject: &'a str,
        version: Option<u32>,
    ) -> BoxFuture<'a, Result<RegisteredSchema, RegistryError>> {
        Box::pin(self.subject_version(subject, version))
    }
}

/// Where a side's schemas come from.
#[derive(Clone, Default)]
pub struct Origin {
    /// Its registry.
    pub registry: Option<Arc<dyn Registrar>>,
    /// Subjects of its key and value, for logs whose records name no id.
    pub topic: Option<String>,
    /// The schema of the file.
    pub fixed: Option<Arc<Schema>>,
}

/// An answer that came in.
enum Answer {
    Known(Key, Arc<Schema>),
    Unknown(Key),
    Trouble(Key, Box<RegistryError>),
}

/// Asks for schemas in the background and writes the answers into the book.
pub struct Schemas {
    handle: Handle,
    origins: Sides<Origin>,
    patience: Patience,
    book: Book,
    asked: BTreeSet<(Side, Field, SchemaRef)>,
    sender: mpsc::UnboundedSender<Answer>,
    answers: mpsc::UnboundedReceiver<Answer>,
    down: BTreeMap<Side, RegistryError>,
}

impl Schemas {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(handle: Handle, origins: Sides<Origin>, patience: Patience, book: Book) -> Self {
        let (sender, answers) = mpsc::unbounded_channel();
        Self {
            handle,
            origins,
            patience,
            book,
            asked: BTreeSet::new(),
            sender,
            answers,
            down: BTreeMap::new(),
        }
    }

    /// Asks for a schema, if nobody has yet.
    pub fn ask(&mut self, side: Side, field: Field, reference: SchemaRef) {
        let key = (side, field, reference);
        if !self.asked.insert(key) {
            return;
        }
        let origin = self.origins.get(side);
        // What has no schema of its own was written with the contract that the config names.
        let named = || self.book.sole_contract(field);
        let schema = origin.fixed.clone().or_else(named).filter(|schema| match reference {
            SchemaRef::Fixed => true,
            SchemaRef::Fingerprint(wanted) => schema.fingerprint64() == wanted,
            SchemaRef::Id(_) | SchemaRef::Guid(_) => false,
        });
        if let Some(schema) = schema {
            self.book.note(Fact::Schema(side, field, reference, schema));
            return;
        }
        let (origin, patience, sender) = (origin.clone(), self.patience, self.sender.clone());
        self.handle
            .spawn(async move { find(key, &origin, patience, &sender).await });
    }

    /// Takes the answers that are there; true if one came.
    ///
    /// # Errors
    /// A registry that does not answer, in a bounded run.
    pub fn take(&mut self) -> Result<bool, RegistryError> {
        let next = self.answers.try_recv().ok();
        self.note(next)
    }

    /// The same, waiting at most `wait` for the first.
    ///
    /// # Errors
    /// As [`Schemas::take`].
    pub async fn wait(&mut self, wait: Duration) -> Result<bool, RegistryError> {
        let next = tokio::time::timeout(wait, self.answers.recv()).await.ok().flatten();
        self.note(next)
    }

    /// The same, on a thread of its own.
    ///
    /// # Errors
    /// As [`Schemas::take`].
    pub fn wait_here(&mut self, wait: Duration) -> Result<bool, RegistryError> {
        let handle = self.handle.clone();
        handle.block_on(self.wait(wait))
    }

    fn note(&mut self, mut next: Option<Answer>) -> Result<bool, RegistryError> {
        let mut came = false;
        while let Some(answer) = next {
            match answer {
                Answer::Known((side, field, reference), schema) => {
                    self.down.remove(&side);
                    if mutant!(CacheById) {
                        self.book
                            .note(Fact::Schema(side.other(), field, reference, schema.clone()));
                    }
                    self.book.note(Fact::Schema(side, field, reference, schema));
                    came = true;
                }
                Answer::Unknown((side, field, reference)) => {
                    self.down.remove(&side);
                    tracing::warn!(
                        side = side.as_str(),
                        schema = named(reference),
                        "no such schema; its records are undecodable"
                    );
                    self.book.note(Fact::Unknown(side, field, reference));
                    came = true;
                }
                Answer::Trouble((side, field, reference), _) if mutant!(RegistryTroubleIsUnknown) => {
                    self.book.note(Fact::Unknown(side, field, reference));
                    came = true;
                }
                Answer::Trouble((side, ..), error) if self.patience.outlast_outages => {
                    tracing::warn!(side = side.as_str(), %error, "registry does not answer; the partition waits");
                    self.down.insert(side, *error);
                }
                Answer::Trouble(_, error) => return Err(*error),
            }
            next = self.answers.try_recv().ok();
        }
        Ok(came)
    }

    /// The sides whose registry did not answer the last question.
    #[must_use]
    pub fn down(&self) -> Vec<Side> {
        self.down.keys().copied().collect()
    }

    /// What the registry of a side said instead of an answer.
    #[must_use]
    pub fn trouble(&self, side: Side) -> Option<&RegistryError> {
        self.down.get(&side)
    }
}

/// How a record names its schema.
fn named(reference: SchemaRef) -> String {
    match reference {
        SchemaRef::Id(id) => format!("id {id}"),
        SchemaRef::Guid(guid) => format!("GUID {}", Uuid::from_bytes(guid)),
        SchemaRef::Fingerprint(bytes) => format!("fingerprint {}", hex(&bytes)),
        SchemaRef::Fixed => "the subject's newest".to_owned(),
    }
}

/// The longest pause while a registry does not answer, jitter apart.
const OUTAGE_MAX: Duration = Duration::from_secs(15);

/// Pauses while a registry does not answer: longer and longer, and each its own, so that not all ask at once.
fn outage() -> impl Iterator<Item = Duration> {
    let pauses = ExponentialBuilder::new().with_min_delay(Duration::from_secs(1));
    pauses
        .with_max_delay(OUTAGE_MAX)
        .without_max_times()
        .with_jitter()
        .build()
}

/// Looks until there is an answer.
async fn find(key: Key, origin: &Origin, patience: Patience, sender: &mpsc::UnboundedSender<Answer>) {
    may_panic!("schemas");
    let mut tries = 0;
    let mut pauses = outage();
    loop {
        match look(key, origin, tries > 0).await {
            Ok(Some(schema)) => return drop(sender.send(Answer::Known(key, schema))),
            Ok(None) => match patience.pauses.get(tries) {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return drop(sender.send(Answer::Unknown(key))),
            },
            Err(error) => {
                if sender.send(Answer::Trouble(key, Box::new(error))).is_err() || !patience.outlast_outages {
                    return;
                }
                tokio::time::sleep(pauses.next().unwrap_or(OUTAGE_MAX)).await;
                continue;
            }
        }
        tries += 1;
    }
}

/// One look. A schema that the registry does not have, or that cannot be parsed, is one that nobody knows.
async fn look(key: Key, origin: &Origin, again: bool) -> Result<Option<Arc<Schema>>, RegistryError> {
    let (side, field, reference) = key;
    let Some(registry) = &origin.registry else {
        return Ok(None);
    };
    let subject = origin.topic.as_deref().map(|topic| match field {
        Field::Key => format!("{topic}-key"),
        Field::Value => format!("{topic}-value"),
    });
    let found = match (reference, subject) {
        (SchemaRef::Id(id), _) => registry.schema(id, again).await.map(|schema| parse(side, &schema)),
        (SchemaRef::Guid(guid), _) => {
            let found = registry.schema_of_guid(Uuid::from_bytes(guid)).await;
            found.map(|schema| parse(side, &schema))
        }
        (SchemaRef::Fixed, Some(subject)) => registry
            .subject_version(&subject, None)
            .await
            .map(|schema| parse(side, &schema)),
        (SchemaRef::Fingerprint(wanted), Some(subject)) => by_fingerprint(side, &**registry, &subject, wanted).await,
        (_, None) => Ok(None),
    };
    match found {
        // Said once, when nobody asks again.
        Err(RegistryError::NotFound { .. }) => Ok(None),
        Err(error) if !error.passes() => {
            tracing::warn!(side = side.as_str(), %error, "schema not found");
            Ok(None)
        }
        found => found,
    }
}

/// The version of a subject that has a fingerprint.
async fn by_fingerprint(
    side: Side,
    registry: &dyn Registrar,
    subject: &str,
    wanted: [u8; 8],
) -> Result<Option<Arc<Schema>>, RegistryError> {
    for version in 1..=VERSIONS_MAX {
        match registry.subject_version(subject, Some(version)).await {
            Ok(schema) => match parse(side, &schema) {
                Some(schema) if schema.fingerprint64() == wanted => return Ok(Some(schema)),
                _ => {}
            },
            Err(RegistryError::NotFound { .. }) if version > 1 => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn parse(side: Side, schema: &RegisteredSchema) -> Option<Arc<Schema>> {
    match of_registered(schema) {
        Some(Ok(schema)) => Some(schema),
        Some(Err(error)) => {
            tracing::warn!(side = side.as_str(), %error, "a registered schema cannot be parsed");
            None
        }
        None => {
            tracing::warn!(
                side = side.as_str(),
                "a registered schema is neither Avro nor JSON Schema nor Protobuf"
            );
            None
        }
    }
}

/// The schema that a registry has; none where it is of another language.
#[must_use]
pub fn of_registered(schema: &RegisteredSchema) -> Option<Result<Arc<Schema>, SchemaError>> {
    match schema.kind {
        Kind::Avro => Some(Schema::parse_with_references(&schema.json, &schema.references)),
        // What it demands is its owner's: the documents are compared as they stand, or as the contract's type.
        Kind::Json => Some(Ok(Schema::document(Some(schema.digest())))),
        Kind::Protobuf => Some(Schema::protobuf(&schema.json, &schema.named())),
        Kind::Other(_) => None,
    }
}
