//! Which schema each record type is compared under (rule 2): named by the config, else the newest of the baseline.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::book::{self, Book, Fact};
use super::clock::Clock;
use super::schemas::{self, Registrar, Schemas};
use super::topic::Fetch;
use super::trouble::trouble;
use super::world::blocking;
use crate::codec::{self, Field, Progress, Reducer, Schema};
use crate::config::Contract;
use crate::edge::registry::Kind;
use crate::model::{RecordBatch, Reduction, Side};

/// Offsets before the end of each baseline partition that are looked at.
const LOOK_BACK: u64 = 100;

/// Files that a Protobuf contract may import.
const IMPORTS_MAX: usize = 64;

/// The schema that a config names.
///
/// # Errors
/// A file that cannot be read or parsed, a registry that does not have it.
pub async fn named(contract: &Contract, registry: Option<&dyn Registrar>) -> Result<Arc<Schema>> {
    let schema = match contract {
        Contract::File(path) => {
            let place = path.display();
            let text = std::fs::read_to_string(path).map_err(|error| {
                trouble(
                    format!("read contract {place}: {error}"),
                    "name a file that holds an Avro schema (.avsc) or a Protobuf schema (.proto), or SUBJECT:VERSION of the baseline's registry",
                )
            })?;
            let is_protobuf = path.extension().is_some_and(|extension| extension == "proto");
            let parsed = if is_protobuf {
                Schema::protobuf(&text, &imported(path, &text)?)
            } else {
                Schema::parse(&text)
            };
            parsed.map_err(|error| {
                trouble(
                    format!("parse contract {place}: {error}"),
                    if is_protobuf {
                        "what it imports must stand below the same folder, by the names in the imports"
                    } else {
                        "the file must hold one Avro schema as JSON; of a Protobuf schema the name ends with .proto"
                    },
                )
            })?
        }
        Contract::Subject { name, version } => {
            let registry = registry.context("a contract in a registry needs the baseline's registry")?;
            let found = registry
                .subject_version(name, Some(*version))
                .await
                .with_context(|| format!("load contract {name}:{version}"))?;
            match found.kind {
                Kind::Json | Kind::Other(_) => {
                    return Err(trouble(
                        format!("contract {name}:{version} is neither an Avro nor a Protobuf schema"),
                        "name a subject that has one, or leave it out",
                    ));
                }
                Kind::Avro | Kind::Protobuf => {}
            }
            let parsed = schemas::of_registered(&found).context("the registry has no such schema")?;
            parsed.with_context(|| format!("parse contract {name}:{version}"))?
        }
    };
    Ok(schema)
}

/// Checks that a contract can be what the settings need it for.
///
/// # Errors
/// Protobuf records that name no schema, and a contract that is no Protobuf schema.
pub fn check(contract: &Schema, settings: &codec::Settings, side: Side) -> Result<()> {
    let needed = settings.format == codec::Format::Protobuf && !settings.framing.asks_a_registry();
    if needed && !contract.is_protobuf() {
        return Err(trouble(
            format!("the {side}'s records are Protobuf without a schema id, and the contract is no Protobuf schema"),
            "name a .proto file, or a subject that has one: the records are decoded by it",
        ));
    }
    Ok(())
}

/// The files that a Protobuf schema imports, from below its folder, each with its name; the well-known types apart.
fn imported(path: &Path, text: &str) -> Result<Vec<(String, String)>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = imports_of(path, text)?;
    while let Some(name) = open.pop() {
        if found.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let hint = "what it imports must stand below the same folder, by the names in the imports";
        let inside = Path::new(&name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside || found.len() >= IMPORTS_MAX {
            return Err(trouble(
                format!(
                    "contract {} imports {name}, which leads out of its folder, or more than {IMPORTS_MAX} files",
                    path.display()
                ),
                hint,
            ));
        }
        let file = folder.join(&name);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            trouble(
                format!("read {}, which the contract imports: {error}", file.display()),
                hint,
            )
        })?;
        open.extend(imports_of(&file, &text)?);
        found.push((name, text));
    }
    Ok(found)
}

fn imports_of(path: &Path, text: &str) -> Result<Vec<String>> {
    Schema::protobuf_imports(text).map_err(|error| {
        trouble(
            format!("parse contract {}: {error}", path.display()),
            "the file must hold one Protobuf schema, of syntax proto2 or proto3",
        )
    })
}

/// Where the last records of a side are looked at.
pub struct Look<'a> {
    /// Which side.
    pub side: Side,
    /// Its topic.
    pub topic: &'a str,
    /// (partition, first offset, end).
    pub spans: &'a [(u32, u64, u64)],
    /// How it is reduced.
    pub settings: &'a codec::Settings,
    /// Called again and again while a registry is waited for, with how long that is; an error ends it.
    pub waits: &'a (dyn Fn(&Schemas, i64) -> Result<()> + Sync),
}

/// What a bounded run bears.
///
/// # Errors
/// More than 30 s.
pub fn waits_bounded(_: &Schemas, waited_ms: i64) -> Result<()> {
    anyhow::ensure!(waited_ms < 30_000, "the registry did not answer within 30 s");
    Ok(())
}

/// Looks at the last offsets of each partition: learns their writer schemas, and gives for each record type the schema of
/// its newest decodable record by (Kafka timestamp, partition, offset).
///
/// # Errors
/// The log cannot be read, or the registry does not answer.
pub async fn newest(
    look: &Look<'_>,
    fetcher: &mut dyn Fetch,
    schemas: &mut Schemas,
    book: &Book,
    clock: &Clock,
) -> Result<Vec<(Field, Arc<Schema>)>> {
    let mut wanted = Vec::new();
    for &(partition, from, end) in look.spans {
        wanted.extend((end.saturating_sub(LOOK_BACK).max(from)..end).map(|offset| (partition, offset)));
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut singles = Vec::new();
    blocking(|| fetcher.fetch(&wanted, &mut |batch, index| singles.push(single(batch, index))))
        .with_context(|| format!("read the last records of {}", look.topic))?;
    // Newest first, so that the first that decodes is the one.
    singles.sort_by_key(|(timestamp, batch)| {
        std::cmp::Reverse((
            *timestamp,
            batch.partition,
            batch.records.first().map_or(0, |record| record.offset),
        ))
    });
    let mut chosen: BTreeMap<(Field, String), Arc<Schema>> = BTreeMap::new();
    let reducer = Reducer::new(look.side, look.settings.clone());
    let mut reader = book::Reader::new(reducer, look.side, book.clone());
    for (_, batch) in &singles {
        choose(look, batch, &mut reader, &mut chosen, schemas, clock).await?;
    }
    Ok(chosen.into_iter().map(|((field, _), schema)| (field, schema)).collect())
}

/// Chooses the contracts of the record types that the last offsets of the baseline show.
///
/// # Errors
/// As [`newest`].
pub async fn newest_of_baseline(
    look: &Look<'_>,
    fetcher: &mut dyn Fetch,
    schemas: &mut Schemas,
    book: &Book,
    clock: &Clock,
) -> Result<()> {
    for (field, schema) in newest(look, fetcher, schemas, book, clock).await? {
        if !book.has_contract(field, schema.name()) {
            book.note(Fact::Contract(field, schema));
        }
    }
    Ok(())
}

/// Decodes one record under its own schemas; where that works and its types are new, they are chosen.
async fn choose(
    look: &Look<'_>,
    batch: &RecordBatch,
    reader: &mut book::Reader,
    chosen: &mut BTreeMap<(Field, String), Arc<Schema>>,
    schemas: &mut Schemas,
    clock: &Clock,
) -> Result<()> {
    let mut own: Vec<(Field, Arc<Schema>)> = Vec::new();
    let began_ms = clock.elapsed_ms();
    loop {
        let mut out = Vec::new();
        match reader.reducer().reduce(batch, 0, &mut out) {
            Progress::Done => {
                let decodes = out.iter().any(|reduced| matches!(reduced.body, Reduction::Decoded(_)));
                for (field, schema) in own.into_iter().filter(|_| decodes) {
                    chosen.entry((field, schema.name().to_owned())).or_insert(schema);
                }
                return Ok(());
            }
            Progress::NeedsSchema { field, schema, .. } => {
                schemas.ask(look.side, field, schema);
                if !schemas.wait(Duration::from_millis(200)).await? {
                    (look.waits)(schemas, clock.elapsed_ms() - began_ms)?;
                }
            }
            Progress::NeedsContract { field, schema, .. } => {
                // Only for this look: the book is told once the newest is known.
                reader.reducer().add_contract(field, schema.clone());
                own.push((field, schema));
            }
        }
    }
}

/// A batch of one record, and its timestamp.
#[must_use]
pub fn single(batch: &RecordBatch, index: usize) -> (Option<i64>, RecordBatch) {
    let record = batch.records[index];
    let mut one = RecordBatch::new(batch.partition);
    let copy =
        |one: &mut RecordBatch, span: Option<crate::model::Bytes>| span.map(|span| one.push_bytes(batch.bytes(span)));
    let (key, value) = (copy(&mut one, record.key), copy(&mut one, record.value));
    for (name, value) in batch.headers(&record) {
        let name = one.push_bytes(name);
        let value = value.map(|value| one.push_bytes(value));
        one.headers.push(crate::model::Header { name, value });
    }
    one.records.push(crate::model::RecordRef {
        key,
        value,
        headers: (0, record.headers.1),
        ..record
    });
    (record.timestamp_ms, one)
}
