//! One half of the records of a side, keys or values: its schemas, contracts and plans.

mod ready;

pub(super) use ready::Ready;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use super::api::{Field, Met, SchemaRef, SchemaUse};
use super::applied::Rule;
use super::changes::{SchemaChange, changes};
use super::compile::{Purpose, TooLarge, compile};
use super::envelope::{self, Envelope};
use super::fast::{self, Program};
use super::json::Json;
use super::marks::Asked;
use super::plan::Plan;
use super::proto::Decoder;
use super::schema::{Schema, unqualified};
use super::settings::{Format, Framing};
use super::walk::{Scratch, Walked, walk};
use crate::model::UndecodableReason;

/// A writer schema under its contract.
pub(super) struct Prepared {
    pub writer: Arc<Schema>,
    pub contract: Arc<Schema>,
    pub plan: Result<Plan, TooLarge>,
    fast: Option<Program>,
    /// Made when first needed.
    show: Option<Result<Plan, TooLarge>>,
    /// How the two differ; looked for when first asked.
    changes: OnceLock<BTreeSet<SchemaChange>>,
}

struct Known {
    reference: SchemaRef,
    /// Which message of a Protobuf schema.
    message: Option<u32>,
    /// None where it was given up, and where it has no row though values are in envelopes. Of an envelope that of the row.
    schema: Option<Arc<Schema>>,
    envelope: Option<Envelope>,
    is_given_up: bool,
    prepared: Option<usize>,
    records: u64,
    /// Met since the uses were taken.
    met: bool,
}

impl Known {
    fn new(reference: SchemaRef, message: Option<u32>, schema: Option<Arc<Schema>>) -> Self {
        Self {
            reference,
            message,
            is_given_up: schema.is_none(),
            schema,
            envelope: None,
            prepared: None,
            records: 0,
            met: false,
        }
    }
}

pub(super) struct Half {
    field: Field,
    pub format: Format,
    framing: Framing,
    /// Values are in envelopes.
    unwrap: bool,
    /// Bytes of the envelope behind the last row.
    behind: usize,
    pub asked: Asked,
    /// Places of `schemas`.
    known: HashMap<SchemaRef, usize>,
    schemas: Vec<Known>,
    /// Places of the messages of a Protobuf schema, by its own place.
    messages: BTreeMap<(usize, u32), usize>,
    contracts: Vec<Arc<Schema>>,
    sole: Option<Arc<Schema>>,
    pub prepared: Vec<Prepared>,
    /// How the last record named its schema; the plan, and the place of the schema.
    last: Option<(SchemaRef, usize, usize)>,
    /// Frames name a message too, and how the last one did.
    indexed: bool,
    last_indexes: Vec<u8>,
    raw: Vec<u8>,
    /// Where they are Protobuf.
    decoder: Decoder,
    /// Where they are JSON.
    json: Option<Box<Json>>,
}

/// The schema of raw bytes, parsed once.
fn plain_bytes() -> Option<Arc<Schema>> {
    static BYTES: OnceLock<Option<Arc<Schema>>> = OnceLock::new();
    BYTES.get_or_init(|| Schema::parse("\"bytes\"").ok()).clone()
}

impl Half {
    pub fn new(field: Field, format: Format, framing: Framing, asked: Asked) -> Self {
        let mut half = Self {
            field,
            format,
            framing,
            unwrap: false,
            behind: 0,
            asked,
            known: HashMap::new(),
            schemas: Vec::new(),
            messages: BTreeMap::new(),
            contracts: Vec::new(),
            sole: None,
            prepared: Vec::new(),
            last: None,
            indexed: format == Format::Protobuf && framing.asks_a_registry(),
            last_indexes: Vec::new(),
            raw: Vec::new(),
            decoder: Decoder::default(),
            json: None,
        };
        if format == Format::Json {
            let document = Schema::document(None);
            half.json = Some(Box::new(Json::new(&half.asked)));
            half.add_schema(SchemaRef::Fixed, Some(document.clone()));
            half.add_contract(document);
        }
        if let (Format::Raw, Some(bytes)) = (format, plain_bytes()) {
            half.framing = Framing::None;
            half.add_schema(SchemaRef::Fixed, Some(bytes.clone()));
            half.add_contract(bytes);
        }
        half
    }

    /// From now on values are in envelopes.
    pub fn unwrap(&mut self) {
        self.unwrap = true;
        let before: Vec<_> = self
            .schemas
            .iter()
            .map(|known| (known.reference, known.schema.clone()))
            .collect();
        for (reference, schema) in before {
            self.add_schema(reference, schema);
        }
    }

    pub fn add_schema(&mut self, r: SchemaRef, schema: Option<Arc<Schema>>) {
        // A schema of another language tells nothing of these bytes.
        let schema = schema.filter(|schema| {
            schema.is_document() == (self.format == Format::Json)
                && schema.is_protobuf() == (self.format == Format::Protobuf)
        });
        let mut known = Known::new(r, None, schema);
        if self.unwrap {
            let (envelope, row) = known.schema.as_ref().and_then(envelope::of).unzip();
            (known.envelope, known.schema) = (envelope, row);
        }
        let next = self.schemas.len();
        let place = *self.known.entry(r).or_insert(next);
        self.messages.retain(|(file, _), _| *file != place);
        match self.schemas.get_mut(place) {
            Some(old) => *old = known,
            None => self.schemas.push(known),
        }
        self.last = None;
    }

    pub fn add_contract(&mut self, contract: Arc<Schema>) {
        let contract = if self.unwrap {
            envelope::row_of(contract)
        } else {
            contract
        };
        match self.contracts.iter_mut().find(|other| other.name() == contract.name()) {
            Some(place) => *place = contract,
            None => self.contracts.push(contract),
        }
        self.forget();
    }

    pub fn set_sole_contract(&mut self, contract: Arc<Schema>) {
        let contract = if self.unwrap {
            envelope::row_of(contract)
        } else {
            contract
        };
        self.sole = Some(contract);
        self.forget();
    }

    /// Plans are made again for the next record.
    fn forget(&mut self) {
        self.schemas.iter_mut().for_each(|known| known.prepared = None);
        self.last = None;
    }

    pub fn uses(&self) -> Vec<SchemaUse> {
        // Raw bytes and plain documents have no schema of their own, and a file of messages has theirs.
        let has = |known: &&Known| match self.format {
            Format::Avro => true,
            Format::Protobuf => known.schema.as_ref().is_some_and(|schema| !schema.is_file()),
            Format::Json => known.reference != SchemaRef::Fixed,
            Format::Raw => false,
        };
        let mut uses: Vec<_> = self.schemas.iter().filter(has).collect();
        uses.sort_by_key(|known| (known.reference, known.message));
        let of = |known: &Known| {
            Some(SchemaUse {
                field: self.field,
                schema: known.reference,
                digest: known.schema.as_ref()?.digest(),
                records: known.records,
            })
        };
        uses.into_iter().filter_map(of).collect()
    }

    /// What was met since it was last asked, with the records that were decoded; they count as not met from now on.
    pub fn take_uses(&mut self, out: &mut Vec<Met>) {
        self.last = None;
        for known in self.schemas.iter_mut().filter(|known| known.met) {
            known.met = false;
            out.push(Met::Schema {
                field: self.field,
                schema: known.reference,
                message: known.message,
                records: std::mem::take(&mut known.records),
            });
        }
    }

    /// Counts what another reducer met with the same schemas and contracts.
    pub fn add_use(&mut self, schema: SchemaRef, message: Option<u32>, records: u64) {
        let Some(place) = self.known.get(&schema).copied() else {
            return;
        };
        let place = message.map_or(Some(place), |message| self.message(place, message));
        if let Some(place) = place {
            // Only for the plan, whose bytes are none.
            self.plan(place, &[]);
            self.schemas[place].records += records;
        }
    }

    /// The rules that apply to the records of the schemas that were met.
    pub fn applied(&self) -> impl Iterator<Item = Rule> {
        let met = self.schemas.iter().filter(|known| known.records > 0);
        let plans = met.filter_map(|known| self.prepared[known.prepared?].plan.as_ref().ok());
        plans.flat_map(|plan| plan.applied.iter().copied())
    }

    fn contract(&self, writer: &Schema) -> Option<Arc<Schema>> {
        if let Some(sole) = &self.sole {
            return Some(sole.contract_of(writer));
        }
        let name = writer.name();
        let named = self.contracts.iter().find(|contract| contract.name() == name);
        if let Some(found) = named.or_else(|| self.contracts.iter().find(|contract| contract.is_alias_of(writer))) {
            return Some(found.clone());
        }
        let mut last = self
            .contracts
            .iter()
            .filter(|contract| unqualified(contract.name()) == unqualified(name));
        last.next().filter(|_| last.next().is_none()).cloned()
    }

    fn prepare(&mut self, writer: Arc<Schema>, contract: Arc<Schema>) -> usize {
        let same =
            |prepared: &Prepared| Arc::ptr_eq(&prepared.writer, &writer) && Arc::ptr_eq(&prepared.contract, &contract);
        if let Some(at) = self.prepared.iter().position(same) {
            return at;
        }
        let plan = match self.format {
            // A document is read without one.
            Format::Json => Ok(Plan::default()),
            Format::Avro | Format::Protobuf | Format::Raw => compile(&writer, &contract, &self.asked, Purpose::Digest),
        };
        self.prepared.push(Prepared {
            fast: plan
                .as_ref()
                .ok()
                .filter(|_| self.json.is_none())
                .and_then(Program::new),
            plan,
            show: None,
            changes: OnceLock::new(),
            writer,
            contract,
        });
        self.prepared.len() - 1
    }

    /// The program of a plan, the plan, and the contract. None where there is no program.
    #[inline(always)]
    pub fn fast(&self, at: usize) -> Option<(&Program, &Plan, &Schema)> {
        let prepared = &self.prepared[at];
        match (&prepared.fast, &prepared.plan, self.format) {
            (Some(program), Ok(plan), Format::Avro) => Some((program, plan, &prepared.contract)),
            _ => None,
        }
    }

    /// Walks the bytes of a record by its plan, and leaves the canonical bytes in the scratch. The bytes end at `end` of
    /// the memory that they stand in. Raw bytes are walked as Avro bytes.
    pub fn walk(
        &mut self,
        at: usize,
        (wide, end): (&[u8], usize),
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Result<Walked, UndecodableReason> {
        let prepared = &self.prepared[at];
        let plan = prepared.plan.as_ref().map_err(|_| UndecodableReason::Bounds)?;
        let (wide, (from, to)) = if self.format == Format::Protobuf {
            prepared.writer.decode(bytes, &mut self.decoder)?;
            (self.decoder.wide(), (0, self.decoder.binary().len()))
        } else {
            (wide, (end - bytes.len(), end))
        };
        if let (Some(program), Format::Avro | Format::Protobuf) = (&prepared.fast, self.format)
            && fast::run(program, (plan, &prepared.contract), wide, (from, to), scratch).is_some()
        {
            return Ok(Walked {
                as_is: false,
                tagged: false,
            });
        }
        if let Some(json) = &mut self.json {
            return json.walk((&prepared.contract, &self.asked), bytes, scratch);
        }
        let input = match self.format {
            Format::Protobuf => self.decoder.binary(),
            format => framed(format, &mut self.raw, bytes),
        };
        // The plain form first, always: a walk in the tagged form does not say whether it was needed.
        let walked = walk(plan, &prepared.contract, input, scratch, false)?;
        if walked.as_is {
            scratch.out.extend_from_slice(input);
        }
        Ok(walked)
    }

    /// The memory that a text of the last record stands in, which was in this memory: of Protobuf its Avro binary.
    pub fn around<'a>(&'a self, wide: &'a [u8]) -> &'a [u8] {
        if self.format == Format::Protobuf {
            self.decoder.wide()
        } else {
            wide
        }
    }

    /// Walks the bytes of a record to show it.
    pub fn show(
        &mut self,
        at: usize,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> Result<crate::model::Value, UndecodableReason> {
        let (asked, prepared) = (&self.asked, &mut self.prepared[at]);
        if let Some(json) = &mut self.json {
            return json.show((&prepared.contract, asked), bytes, scratch);
        }
        let input = if self.format == Format::Protobuf {
            prepared.writer.decode(bytes, &mut self.decoder)?;
            self.decoder.binary()
        } else {
            framed(self.format, &mut self.raw, bytes)
        };
        let plan = prepared
            .show
            .get_or_insert_with(|| compile(&prepared.writer, &prepared.contract, asked, Purpose::Show));
        let plan = plan.as_ref().map_err(|_| UndecodableReason::Bounds)?;
        walk(plan, &prepared.contract, input, scratch, true)?;
        super::render::tagged(plan, &prepared.writer, &prepared.contract, asked, &scratch.out)
            .ok_or(UndecodableReason::Malformed)
    }

    /// Another record of a schema was decoded.
    pub fn count(&mut self, known: usize) {
        self.schemas[known].records += 1;
    }

    /// How the writer schemas that were walked differ from their contracts.
    pub fn changes(&self) -> impl Iterator<Item = &SchemaChange> {
        // A document has no schema that could differ.
        let typed = self.prepared.iter().filter(|_| self.json.is_none());
        typed.flat_map(|prepared| {
            let look = || changes(&prepared.writer, &prepared.contract, &self.asked);
            prepared.changes.get_or_init(|| look().into_iter().collect())
        })
    }
}

fn framed<'b>(format: Format, raw: &'b mut Vec<u8>, bytes: &'b [u8]) -> &'b [u8] {
    if format == Format::Avro {
        return bytes;
    }
    raw.clear();
    super::canonical::put_bytes(raw, bytes);
    raw
}
