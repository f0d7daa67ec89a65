//! One half of the records of a side, keys or values: its schemas, contracts and plans.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use super::api::{Field, Met, SchemaRef, SchemaUse};
use super::applied::Rule;
use super::changes::{SchemaChange, changes};
use super::compile::{Purpose, TooLarge, compile};
use super::fast::{self, Program};
use super::frame;
use super::json::Json;
use super::marks::Asked;
use super::plan::Plan;
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
    /// None where it was given up.
    schema: Option<Arc<Schema>>,
    prepared: Option<usize>,
    records: u64,
    /// Met since the uses were taken.
    met: bool,
}

pub(super) struct Half {
    field: Field,
    pub format: Format,
    framing: Framing,
    pub asked: Asked,
    /// Places of `schemas`.
    known: HashMap<SchemaRef, usize>,
    schemas: Vec<Known>,
    contracts: Vec<Arc<Schema>>,
    sole: Option<Arc<Schema>>,
    pub prepared: Vec<Prepared>,
    /// How the last record named its schema; the plan, and the place of the schema.
    last: Option<(SchemaRef, usize, usize)>,
    raw: Vec<u8>,
    /// Where they are JSON.
    json: Option<Box<Json>>,
}

/// The schema of raw bytes, parsed once.
fn plain_bytes() -> Option<Arc<Schema>> {
    static BYTES: OnceLock<Option<Arc<Schema>>> = OnceLock::new();
    BYTES.get_or_init(|| Schema::parse("\"bytes\"").ok()).clone()
}

/// What there is to do with the bytes of a record.
pub(super) enum Ready<'b> {
    /// Walk them by this plan.
    Plan {
        at: usize,
        known: usize,
        bytes: &'b [u8],
    },
    NeedsSchema(SchemaRef),
    NeedsContract {
        schema: Arc<Schema>,
        bytes: &'b [u8],
    },
    Bad(UndecodableReason),
}

impl Half {
    pub fn new(field: Field, format: Format, framing: Framing, asked: Asked) -> Self {
        let mut half = Self {
            field,
            format,
            framing,
            asked,
            known: HashMap::new(),
            schemas: Vec::new(),
            contracts: Vec::new(),
            sole: None,
            prepared: Vec::new(),
            last: None,
            raw: Vec::new(),
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

    pub fn add_schema(&mut self, r: SchemaRef, schema: Option<Arc<Schema>>) {
        // A schema of another language tells nothing of these bytes.
        let schema = schema.filter(|schema| schema.is_document() == (self.format == Format::Json));
        let known = Known {
            reference: r,
            schema,
            prepared: None,
            records: 0,
            met: false,
        };
        let next = self.schemas.len();
        let place = *self.known.entry(r).or_insert(next);
        match self.schemas.get_mut(place) {
            Some(old) => *old = known,
            None => self.schemas.push(known),
        }
        self.last = None;
    }

    pub fn add_contract(&mut self, contract: Arc<Schema>) {
        match self.contracts.iter_mut().find(|other| other.name() == contract.name()) {
            Some(place) => *place = contract,
            None => self.contracts.push(contract),
        }
        self.forget();
    }

    pub fn set_sole_contract(&mut self, contract: Arc<Schema>) {
        self.sole = Some(contract);
        self.forget();
    }

    /// Plans are made again for the next record.
    fn forget(&mut self) {
        self.schemas.iter_mut().for_each(|known| known.prepared = None);
        self.last = None;
    }

    pub fn uses(&self) -> Vec<SchemaUse> {
        // Raw bytes and plain documents have no schema of their own.
        let has = |r: &SchemaRef| match self.format {
            Format::Avro => true,
            Format::Json => *r != SchemaRef::Fixed,
            Format::Raw => false,
        };
        let mut uses: Vec<_> = self.known.iter().filter(|(r, _)| has(r)).collect();
        uses.sort_by_key(|(r, _)| **r);
        let of = |(r, place): (&SchemaRef, &usize)| {
            let known = &self.schemas[*place];
            Some(SchemaUse {
                field: self.field,
                schema: *r,
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
                records: std::mem::take(&mut known.records),
            });
        }
    }

    /// Counts what another reducer met with the same schemas and contracts.
    pub fn add_use(&mut self, schema: SchemaRef, records: u64) {
        // Only for the plan, whose bytes are none.
        self.find(schema, &[]);
        if let Some(place) = self.known.get(&schema) {
            self.schemas[*place].records += records;
        }
    }

    /// The rules that apply to the records of the schemas that were met.
    pub fn applied(&self) -> impl Iterator<Item = Rule> {
        let met = self.schemas.iter().filter(|known| known.records > 0);
        let plans = met.filter_map(|known| self.prepared[known.prepared?].plan.as_ref().ok());
        plans.flat_map(|plan| plan.applied.iter().copied())
    }

    /// Finds the plan for the bytes of a record.
    #[inline(always)]
    pub fn ready<'b>(&mut self, bytes: &'b [u8]) -> Ready<'b> {
        let Some((schema, bytes)) = frame::open(self.framing, bytes) else {
            return Ready::Bad(UndecodableReason::Framing);
        };
        if let Some((last, at, known)) = self.last
            && last == schema
        {
            return Ready::Plan { at, known, bytes };
        }
        self.find(schema, bytes)
    }

    /// The schema is not that of the last record.
    #[inline(never)]
    fn find<'b>(&mut self, schema: SchemaRef, bytes: &'b [u8]) -> Ready<'b> {
        let Some(&place) = self.known.get(&schema) else {
            return Ready::NeedsSchema(schema);
        };
        let known = &self.schemas[place];
        let Some(writer) = known.schema.clone() else {
            return Ready::Bad(UndecodableReason::Schema);
        };
        let at = match known.prepared {
            Some(at) => at,
            None => {
                let Some(contract) = self.contract(&writer) else {
                    return Ready::NeedsContract { schema: writer, bytes };
                };
                self.prepare(writer, contract)
            }
        };
        self.schemas[place].prepared = Some(at);
        self.schemas[place].met = true;
        self.last = Some((schema, at, place));
        Ready::Plan {
            at,
            known: place,
            bytes,
        }
    }

    fn contract(&self, writer: &Schema) -> Option<Arc<Schema>> {
        if let Some(sole) = &self.sole {
            return Some(sole.clone());
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
            Format::Avro | Format::Raw => compile(&writer, &contract, &self.asked, Purpose::Digest),
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
        if let (Some(program), Format::Avro) = (&prepared.fast, self.format)
            && fast::run(
                program,
                (plan, &prepared.contract),
                wide,
                (end - bytes.len(), end),
                scratch,
            )
            .is_some()
        {
            return Ok(Walked {
                as_is: false,
                tagged: false,
            });
        }
        if let Some(json) = &mut self.json {
            return json.walk((&prepared.contract, &self.asked), bytes, scratch);
        }
        let input = framed(self.format, &mut self.raw, bytes);
        // The plain form first, always: a walk in the tagged form does not say whether it was needed.
        let walked = walk(plan, &prepared.contract, input, scratch, false)?;
        if walked.as_is {
            scratch.out.extend_from_slice(input);
        }
        Ok(walked)
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
        let input = framed(self.format, &mut self.raw, bytes);
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
