//! One side of a stream: its names, and how its records are decoded.

use std::collections::BTreeMap;

use super::fault::nearest_hint;
use super::faults::Faults;
use super::file_stream::{EventTime, Format, Framing, Identity, Key, Part, Select, Side as FileSide, Unwrap};
use super::keypath::KeyPath;
use super::pattern::Pattern;
use super::resolve_dead_letter::dead_letters;
use super::resolve_stream::Streams;
use super::settings::StreamSide;
use crate::codec;
use crate::model::{PerSide, Side, Sides};

/// What a stream says about decoding; a side may say otherwise.
pub(super) struct Decoding<'a> {
    pub(super) streams: &'a Streams<'a>,
    pub(super) format: Format,
    pub(super) framing: Option<Framing>,
    pub(super) unwrap: Option<Unwrap>,
    pub(super) key: Key,
    pub(super) identity: Identity,
    pub(super) event_time: Option<EventTime>,
    pub(super) rules: codec::Rules,
    pub(super) has_contract: bool,
}

impl Decoding<'_> {
    pub(super) fn side(&self, side: &mut FileSide, name: Side, stream: &KeyPath, faults: &mut Faults) -> StreamSide {
        let path = stream.key(name.as_str());
        if side.topic.trim().is_empty() {
            faults.push(&path.key("topic"), "must not be empty".to_owned(), None);
        }
        if let Err(why) = Pattern::of(&side.topic) {
            faults.push(&path.key("topic"), why, None);
        }
        let cluster = choose(&mut side.cluster, self.streams.clusters, "cluster", &path, faults);
        let mut codec = self.codec(side, name, &path, stream, faults);
        let own = (cluster.as_str(), side.topic.as_str());
        let dead_letters = dead_letters((&mut side.dead_letter, name), own, self.streams.clusters, &path, faults);
        codec.diverted = side.dead_letter.iter().map(|letter| (&letter.select).into()).collect();
        let registry = if needs_registry(&codec) || side.registry.is_some() {
            Some(choose(
                &mut side.registry,
                self.streams.registries,
                "registry",
                &path,
                faults,
            ))
        } else {
            None
        };
        for (key, format, framing) in [
            ("framing", codec.format, codec.framing),
            ("key", codec.key_format, codec.key_framing),
        ] {
            if format.is_never(framing) {
                let hint = Some("say none, or confluent where a schema id stands in front".to_owned());
                faults.push(&path.key(key), "single-object is a framing of avro".to_owned(), hint);
            }
        }
        if codec.unwrap.is_some() && !codec.may_unwrap() {
            let hint = Some("leave it out, or compare the whole envelope".to_owned());
            faults.push(
                &path.key("unwrap"),
                "envelopes are unwrapped in avro and json".to_owned(),
                hint,
            );
        }
        let typed = matches!(codec.format, codec::Format::Avro | codec::Format::Protobuf);
        let bare = typed && !codec.framing.asks_a_registry();
        if bare && !self.has_contract {
            let hint = "say `contract: {file: PATH}` or `{subject: \"SUBJECT:VERSION\"}` in the stream";
            faults.push(
                &path,
                "without the framing confluent or header a contract is needed".to_owned(),
                Some(hint.to_owned()),
            );
        }
        StreamSide {
            cluster,
            topic: side.topic.clone(),
            registry,
            codec,
            dead_letters,
        }
    }

    fn codec(
        &self,
        side: &FileSide,
        name: Side,
        path: &KeyPath,
        stream: &KeyPath,
        faults: &mut Faults,
    ) -> codec::Settings {
        let format = side.format.unwrap_or(self.format);
        let own_key = side.key.clone().unwrap_or_default();
        let key_format = own_key.format.or(self.key.format).unwrap_or(Format::Raw);
        let framing = |own: Option<Framing>, above: Option<Framing>, format: Format| match (own.or(above), format) {
            (Some(framing), _) => framing,
            (None, Format::Avro | Format::Protobuf) => Framing::Confluent,
            (None, Format::Json | Format::Raw) => Framing::None,
        };
        let event_time = match side.event_time.as_ref().or(self.event_time.as_ref()) {
            Some(EventTime::None) if self.streams.worker => {
                let hint = Some("say where the event time is: timestamp, {field: PATH} or {header: NAME}".to_owned());
                faults.push(
                    &stream.key("event_time"),
                    "`none` is for bounded runs only".to_owned(),
                    hint,
                );
                codec::EventTime::None
            }
            None if self.streams.worker => {
                let hint = Some("say where the event time is: timestamp, {field: PATH} or {header: NAME}".to_owned());
                faults.push(&stream.key("event_time"), "missing".to_owned(), hint);
                codec::EventTime::None
            }
            Some(EventTime::None) | None => codec::EventTime::None,
            Some(EventTime::Timestamp) => codec::EventTime::Timestamp,
            Some(EventTime::Field(path)) => codec::EventTime::Field(path.value.clone()),
            Some(EventTime::Header(name)) => codec::EventTime::Header(name.clone()),
        };
        let identity = side.identity.as_ref().unwrap_or(&self.identity);
        if side
            .identity
            .as_ref()
            .is_some_and(|own| own.names.is_some() && own.names != self.identity.names)
        {
            let hint = Some("say it once, in the stream".to_owned());
            faults.push(
                &path.key("identity").key("names"),
                "must be the stream's".to_owned(),
                hint,
            );
        }
        let mut rules = self.rules.clone();
        if name != Side::Canary {
            // The contract speaks the baseline's names, and a control is another baseline.
            rules.rename.clear();
        }
        codec::Settings {
            format: format.into(),
            framing: framing(side.framing, self.framing, format).into(),
            absent_in_place: false,
            unwrap: side
                .unwrap
                .or(self.unwrap)
                .map(|Unwrap::Debezium| codec::Unwrap::Debezium),
            key_format: key_format.into(),
            key_framing: framing(own_key.framing, self.key.framing, key_format).into(),
            identity: identity.parts.iter().map(codec::Part::from).collect(),
            event_time,
            select: (&side.select).into(),
            diverted: Vec::new(),
            rules,
            profile: Vec::new(),
            critical: Vec::new(),
            measured: Vec::new(),
            producer: None,
        }
    }
}

/// The thing with this name; where none is named, the only one that there is.
pub(super) fn choose<T>(
    slot: &mut Option<String>,
    known: &BTreeMap<String, T>,
    what: &str,
    path: &KeyPath,
    faults: &mut Faults,
) -> String {
    let path = path.key(what);
    let names = || known.keys().map(String::as_str);
    match slot {
        Some(name) => {
            if !known.contains_key(name) {
                let hint = nearest_hint(name, names());
                faults.push(&path, format!("there is no {what} `{name}`"), hint);
            }
            name.clone()
        }
        None => match known.keys().next() {
            Some(only) if known.len() == 1 => slot.insert(only.clone()).clone(),
            Some(_) => {
                faults.push(
                    &path,
                    "missing".to_owned(),
                    Some(format!("one of {}", names().collect::<Vec<_>>().join(", "))),
                );
                String::new()
            }
            None => {
                let plural = if what == "cluster" { "clusters" } else { "registries" };
                faults.push(
                    &path,
                    format!("there is no {what}"),
                    Some(format!("name one under `{plural}`")),
                );
                String::new()
            }
        },
    }
}

fn needs_registry(codec: &codec::Settings) -> bool {
    let asks = |format, framing: codec::Framing| format != codec::Format::Raw && framing.asks_a_registry();
    asks(codec.format, codec.framing) || asks(codec.key_format, codec.key_framing)
}

/// What must hold between the baseline and each other side.
pub(super) fn check_sides(sides: &Sides<StreamSide>, has_contract: bool, path: &KeyPath, faults: &mut Faults) {
    for name in sides.present().iter().filter(|side| **side != Side::Baseline) {
        check_side(
            (&sides.baseline, sides.get(*name)),
            has_contract,
            (path, name.as_str()),
            faults,
        );
    }
}

fn check_side(
    (baseline, other): (&StreamSide, &StreamSide),
    has_contract: bool,
    (path, name): (&KeyPath, &str),
    faults: &mut Faults,
) {
    let codecs = PerSide {
        baseline: &baseline.codec,
        canary: &other.codec,
    };
    let path = path.key(name);
    if !has_contract && differ_in_json(&codecs, |codec| codec.format) {
        let what = "json on one side and another format on the other need a contract".to_owned();
        let hint = "say `contract: {file: PATH}` or `{subject: \"SUBJECT:VERSION\"}` in the stream, an Avro or Protobuf schema";
        faults.push(&path.key("format"), what, Some(hint.to_owned()));
    }
    if baseline.codec.compares_key() && differ_in_json(&codecs, |codec| codec.key_format) {
        let what = "keys of json and of another format cannot be compared".to_owned();
        let hint = "make the key the identity, or say `compare: {key: false}`";
        faults.push(&path.key("key"), what, Some(hint.to_owned()));
    }
    let (a, b) = (baseline.codec.identity.len(), other.codec.identity.len());
    if a != b {
        let what = format!("the identity has {b} parts here and {a} in the baseline");
        faults.push(&path.key("identity"), what, None);
    }
    let none = |side: &StreamSide| side.codec.event_time == codec::EventTime::None;
    if none(baseline) != none(other) {
        let what = "one side has an event time and the other has none".to_owned();
        faults.push(&path.key("event_time"), what, None);
    }
    if baseline.cluster == other.cluster && baseline.topic == other.topic && baseline.codec.select == other.codec.select
    {
        let hint = Some("name another topic, or tell the sides apart by `select`".to_owned());
        faults.push(&path.key("topic"), "is the baseline's own".to_owned(), hint);
    }
    for (at, letter) in other.dead_letters.iter().enumerate() {
        let select = |side: &StreamSide, at: usize| side.codec.diverted.get(at).cloned();
        let mut theirs = baseline.dead_letters.iter().enumerate();
        if theirs.any(|(of, known)| known == letter && select(baseline, of) == select(other, at)) {
            let hint = Some("name another topic, or tell the sides apart by `select`".to_owned());
            let path = path.key("dead_letter").index(at).key("topic");
            faults.push(&path, "is the baseline's own".to_owned(), hint);
        }
    }
}

/// True where one side alone is JSON.
pub(super) fn differ_in_json(
    codecs: &PerSide<&codec::Settings>,
    format: impl Fn(&codec::Settings) -> codec::Format,
) -> bool {
    let is_json = |codec| format(codec) == codec::Format::Json;
    is_json(codecs.baseline) != is_json(codecs.canary)
}

impl From<Format> for codec::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Avro => codec::Format::Avro,
            Format::Json => codec::Format::Json,
            Format::Protobuf => codec::Format::Protobuf,
            Format::Raw => codec::Format::Raw,
        }
    }
}

impl From<Framing> for codec::Framing {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::Confluent => codec::Framing::Confluent,
            Framing::Header => codec::Framing::Header,
            Framing::SingleObject => codec::Framing::SingleObject,
            Framing::None => codec::Framing::None,
        }
    }
}

impl From<&Part> for codec::Part {
    fn from(part: &Part) -> Self {
        match part {
            Part::Key(None) => codec::Part::Key,
            Part::Key(Some(path)) => codec::Part::KeyPath(path.value.clone()),
            Part::Header(name) => codec::Part::Header(name.clone()),
            Part::Field(path) => codec::Part::Field(path.value.clone()),
        }
    }
}

impl From<&Select> for codec::Select {
    fn from(select: &Select) -> Self {
        codec::Select {
            headers: select.header.clone().into_iter().collect(),
            partitions: select
                .partition
                .as_ref()
                .map(|ranges| ranges.value.clone())
                .unwrap_or_default(),
            schemas: select.schema.as_ref().map(|ids| ids.value.clone()).unwrap_or_default(),
        }
    }
}
