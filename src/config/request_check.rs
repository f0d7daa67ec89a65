//! What must hold between the parts of a request.

use super::contradict;
use super::request::{ReconcileRequest, RequestError, SideRequest, Source};
use super::resolve_side::differ_in_json;
use crate::codec::{EventTime, Format, Framing, Part};
use crate::model::{PerSide, Side, Sides};

/// Checks a whole request.
pub(super) fn check(request: &ReconcileRequest) -> Result<(), RequestError> {
    let Sides { baseline, canary, .. } = &request.sides;
    let sides = || {
        request
            .sides
            .present()
            .iter()
            .map(|side| (*side, request.sides.get(*side)))
    };
    for (name, side) in sides() {
        let (a, b) = (baseline.codec.identity.len(), side.codec.identity.len());
        if a != b {
            let what = format!("--identity: the baseline's has {a} parts and the {name}'s {b}");
            return Err(fault(what, None));
        }
    }
    stdin(request)?;
    if let Some(found) = contradict::rules(&canary.codec.rules).into_iter().next() {
        let flag = if found.key == "when" { "" } else { "--" };
        return Err(fault(format!("{flag}{}: {}", found.key, found.what), Some(&found.hint)));
    }
    for (_, side) in sides() {
        if let Some((_, what)) = contradict::identity(&side.codec.rules, &side.codec.identity).next() {
            return Err(fault(format!("--identity: {what}"), Some(contradict::IDENTITY_HINT)));
        }
    }
    for (name, side) in sides() {
        match &side.source {
            Source::Avro(_) | Source::Lines(_) => file(name, side)?,
            Source::Kafka { .. } => topic(name, side, request.contract.is_some())?,
        }
    }

    formats(request)?;
    let timed = request.engine.window_ms.is_some();
    let any = sides().any(|(_, side)| side.from.is_time() || side.to.is_time());
    let differs = |side: &SideRequest| (baseline.from, baseline.to) != (side.from, side.to);
    if timed && any && sides().any(|(_, side)| differs(side)) {
        let hint = "without an event time (--event-time none) each side may have its own, taken literally";
        return Err(fault("a range in time holds for both sides".to_owned(), Some(hint)));
    }
    Ok(())
}

fn fault(what: String, hint: Option<&str>) -> RequestError {
    RequestError {
        what,
        hint: hint.map(str::to_owned),
    }
}

/// Standard input can be read once.
fn stdin(request: &ReconcileRequest) -> Result<(), RequestError> {
    let is_stdin = |side: &&Side| match &request.sides.get(**side).source {
        Source::Avro(path) | Source::Lines(path) => path.as_os_str() == "-",
        Source::Kafka { .. } => false,
    };
    let present = request.sides.present().iter();
    if let [first, second, ..] = present.filter(is_stdin).collect::<Vec<_>>().as_slice() {
        let hint = "put one side into a file first";
        let what = format!("--{first} and --{second} are both standard input");
        return Err(fault(what, Some(hint)));
    }
    Ok(())
}

/// JSON against another format.
fn formats(request: &ReconcileRequest) -> Result<(), RequestError> {
    for side in request.sides.all() {
        let codec = &side.codec;
        if codec.format.is_never(codec.framing) || codec.key_format.is_never(codec.key_framing) {
            return Err(fault(
                "--framing single-object: is a framing of avro".to_owned(),
                Some("say none, or confluent where a schema id stands in front"),
            ));
        }
    }
    if request
        .sides
        .all()
        .any(|side| side.codec.unwrap.is_some() && !side.codec.may_unwrap())
    {
        return Err(fault(
            "--unwrap: envelopes are unwrapped in avro and json".to_owned(),
            Some("leave it out, or say it for one side: baseline=debezium"),
        ));
    }
    if request.engine.latest && request.sides.control.is_some() {
        return Err(fault(
            "--mode latest: a control is compared record by record, not by the newest of each identity".to_owned(),
            Some("leave --control out"),
        ));
    }
    let others = [Some(&request.sides.canary), request.sides.control.as_ref()];
    let baseline = &request.sides.baseline;
    others
        .into_iter()
        .flatten()
        .try_for_each(|other| meet(request, baseline, other))
}

/// Whether the records of a side can be compared with the baseline's at all.
fn meet(request: &ReconcileRequest, baseline: &SideRequest, canary: &SideRequest) -> Result<(), RequestError> {
    let codecs = PerSide {
        baseline: &baseline.codec,
        canary: &canary.codec,
    };
    // An Avro file brings its schema.
    let has_schema = [baseline, canary]
        .iter()
        .any(|side| matches!(side.source, Source::Avro(_)));
    if request.contract.is_none() && !has_schema && differ_in_json(&codecs, |codec| codec.format) {
        return Err(fault(
            "--contract is missing: json on one side and another format on the other".to_owned(),
            Some("say --contract FILE or SUBJECT:VERSION, an Avro or Protobuf schema that both are compared under"),
        ));
    }
    let keyed = [baseline, canary]
        .iter()
        .all(|side| matches!(side.source, Source::Kafka { .. }));
    if keyed && baseline.codec.compares_key() && differ_in_json(&codecs, |codec| codec.key_format) {
        return Err(fault(
            "--key-format: keys of json and of another format cannot be compared".to_owned(),
            Some("say --identity key, or --ignore '$key'"),
        ));
    }
    Ok(())
}

/// What a file has not.
fn file(name: Side, side: &SideRequest) -> Result<(), RequestError> {
    let lacks = |flag: &str, what: &str| {
        Err(fault(
            format!("{flag}: the {name} is a file, which has no {what}"),
            Some("use field:PATH, or say it for the other side alone: baseline=… or canary=…"),
        ))
    };
    match &side.codec.event_time {
        EventTime::Timestamp => return lacks("--event-time timestamp", "Kafka timestamps"),
        EventTime::Header(_) => return lacks("--event-time header", "headers"),
        EventTime::None if side.from.is_time() || side.to.is_time() => {
            return lacks("--from/--to", "index of times (and there is no event time)");
        }
        EventTime::None | EventTime::Field(_) => {}
    }
    for part in &side.codec.identity {
        match part {
            Part::Key | Part::KeyPath(_) => return lacks("--identity key", "keys"),
            Part::Header(_) => return lacks("--identity header", "headers"),
            Part::Field(_) => {}
        }
    }
    if !side.codec.select.headers.is_empty() {
        return lacks("--select header", "headers");
    }
    if let Source::Lines(path) = &side.source {
        let stdin = path.as_os_str() == "-";
        return match (side.codec.format, side.codec.framing) {
            (Format::Json, Framing::None) => Ok(()),
            (Format::Raw, _) if stdin => Err(fault(
                format!("--format is missing: the {name} is standard input, which does not say how it is written"),
                Some("say --format json or avro, for this side alone where the other is another"),
            )),
            _ => Err(fault(
                format!("--format/--framing: the {name} is JSON lines"),
                Some("leave it out, or say it for the other side alone: baseline=… or canary=…"),
            )),
        };
    }
    if side.codec.format != Format::Avro || side.codec.framing != Framing::None {
        return Err(fault(
            format!("--format/--framing: the {name} is an Avro object container, which says itself how it is written"),
            Some("leave it out, or say it for the other side alone"),
        ));
    }
    Ok(())
}

/// Where the schemas of a topic come from.
fn topic(name: Side, side: &SideRequest, has_contract: bool) -> Result<(), RequestError> {
    let codec = &side.codec;
    let asks = |format, framing: Framing| format != Format::Raw && framing.asks_a_registry();
    let needs = asks(codec.format, codec.framing) || asks(codec.key_format, codec.key_framing);
    if needs && side.registry.is_none() {
        return Err(fault(
            format!("--registry is missing: the {name}'s records name their schema by its id there"),
            Some("say --registry URL, or --format raw to compare bytes"),
        ));
    }
    let typed = matches!(codec.format, Format::Avro | Format::Protobuf);
    if typed && !codec.framing.asks_a_registry() && !has_contract {
        return Err(fault(
            format!("--contract is missing: the {name}'s records do not name a schema of a registry"),
            Some("say --contract FILE or SUBJECT:VERSION"),
        ));
    }
    Ok(())
}
