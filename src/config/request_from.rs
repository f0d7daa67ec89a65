//! From flags, and the stream of a config where one is named, to a request. Flags override single keys of the config,
//! list flags add to it.

use super::fault::nearest_hint;
use super::flag_values as value;
use super::flags::{ReconcileFlags, sided, wrong};
use super::request::{Bound, ReconcileRequest, RequestError, SideRequest, Source, ordered};
use super::request_dead_letter;
use super::request_property;
use super::request_rules;
use super::resolve_named;
use super::resolve_stream::FINDINGS_MAX;
use super::secret::url_fault;
use super::{Budgets, Config, Limits, Stream};
use crate::codec::{self, EventTime, Format, Framing};
use crate::edge::{kafka, registry};
use crate::engine::{self, Names, Range};
use crate::model::{Side, Sides};

/// What a range in time takes for lateness and grace where nothing else is said.
const RANGE_LATENESS_MS: i64 = 60_000;
const RANGE_GRACE_MS: i64 = 30_000;

/// Makes a request.
///
/// # Errors
/// The first flag that cannot be.
pub fn request_from(flags: &ReconcileFlags, config: Option<&Config>) -> Result<ReconcileRequest, RequestError> {
    let request = built(flags, config)?;
    super::request_check::check(&request)?;
    Ok(request)
}

pub(super) fn built(flags: &ReconcileFlags, config: Option<&Config>) -> Result<ReconcileRequest, RequestError> {
    let stream = config
        .map(|config| stream_of(config, flags.stream.as_deref()))
        .transpose()?;
    let mut request = match (config, stream) {
        (Some(_), Some(stream)) if stream.drift.unpaired => return Err(unpaired(stream)),
        (Some(config), Some(stream)) => from_stream(config, stream),
        _ => from_sources(flags)?,
    };
    if let Some(stream) = stream {
        // Old records may be compared long after, so nothing is assumed.
        (request.engine.skew_max_ms, request.engine.age_max_ms) = (stream.limits.skew_max_ms, stream.limits.age_max_ms);
    }
    sources(&mut request, flags)?;
    decoding(&mut request, flags)?;
    codec::Settings::agree_on_absent(request.sides.all_mut().map(|side| &mut side.codec).collect());
    request_rules::add(&mut request, flags)?;
    bounds(&mut request, flags)?;
    request_dead_letter::add(&mut request, &flags.dead_letter)?;
    mode(&mut request, flags)?;
    resolve_named::under_flags(&mut request)?;
    times(&mut request, flags, stream.is_some())?;
    limits(&mut request, flags)?;
    for property in &flags.properties {
        request_property::add(&mut request, property)?;
    }
    Ok(request)
}

pub(super) fn stream_of<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a Stream, RequestError> {
    let names = || config.streams.iter().map(|stream| stream.name.as_str());
    match name {
        Some(name) => config
            .streams
            .iter()
            .find(|stream| stream.name == name)
            .ok_or_else(|| RequestError {
                what: format!("--stream {name}: the config has no such stream"),
                hint: nearest_hint(name, names()),
            }),
        None => match config.streams.as_slice() {
            [only] => Ok(only),
            _ => Err(RequestError {
                what: "--stream is missing: the config has several".to_owned(),
                hint: nearest_hint("", names()),
            }),
        },
    }
}

/// A census of records that were never to be equal says nothing, and noise is known after many windows only.
fn unpaired(stream: &Stream) -> RequestError {
    RequestError {
        what: format!(
            "stream `{}` has `mode: unpaired`, and reconcile compares record with record",
            stream.name
        ),
        hint: Some("let `crosscheck run` follow it and ask `crosscheck verdict --explain` for its drift".to_owned()),
    }
}

fn from_stream(config: &Config, stream: &Stream) -> ReconcileRequest {
    let side = |side: &super::StreamSide| {
        let cluster = config.clusters.get(&side.cluster).cloned().unwrap_or_default();
        SideRequest {
            source: Source::Kafka {
                brokers: cluster.brokers.clone(),
                topic: side.topic.clone(),
            },
            cluster,
            registry: side
                .registry
                .as_ref()
                .and_then(|name| config.registries.get(name))
                .cloned(),
            codec: codec::Settings {
                profile: Vec::new(),
                ..side.codec.clone()
            },
            from: Bound::Beginning,
            to: Bound::End,
            dead_letters: request_dead_letter::of_config(config, side),
        }
    };
    ReconcileRequest {
        release: config.release.name.clone(),
        stream: stream.name.clone(),
        sides: Sides {
            baseline: side(&stream.sides.baseline),
            canary: side(&stream.sides.canary),
            control: stream.sides.control.as_ref().map(side),
        },
        engine: engine::Settings {
            range: Range::Everything,
            profile: None,
            ..stream.engine.clone()
        },
        contract: stream.contract.clone(),
        budgets: stream.budgets,
        named: stream.named.clone(),
        limits: stream.limits,
        show: stream.show.clone(),
        times: stream.times.clone(),
        ignores: stream.ignores.clone(),
        trust_key: config.trust_key.clone(),
        dry_run: false,
    }
}

fn from_sources(flags: &ReconcileFlags) -> Result<ReconcileRequest, RequestError> {
    let (Some(baseline), Some(canary)) = (&flags.baseline, &flags.canary) else {
        return Err(RequestError {
            what: "nothing to compare: --baseline and --canary are needed, or -c".to_owned(),
            hint: Some("crosscheck reconcile --baseline SOURCE --canary SOURCE, or -c FILE --stream NAME".to_owned()),
        });
    };
    let control = flags.control.as_ref();
    let sides = Sides {
        baseline: side_from("--baseline", baseline)?,
        canary: side_from("--canary", canary)?,
        control: control.map(|text| side_from("--control", text)).transpose()?,
    };
    let stream = match &sides.baseline.source {
        Source::Kafka { topic, .. } => topic.clone(),
        Source::Avro(path) | Source::Lines(path) => stem(path),
    };
    Ok(ReconcileRequest {
        release: "reconcile".to_owned(),
        stream,
        sides,
        engine: engine::Settings {
            window_ms: Some(30_000),
            lateness_ms: None,
            grace_ms: None,
            skew_max_ms: None,
            age_max_ms: None,
            time_is_timestamp: false,
            names: Names::Event,
            has_identity: false,
            tolerances: Vec::new(),
            range: Range::Everything,
            sample: engine::Sample::default(),
            control: flags.control.is_some(),
            profile: None,
            named: engine::Named::default(),
            latest: false,
            findings_max: FINDINGS_MAX,
            held_max_bytes: 256 << 20,
        },
        contract: None,
        budgets: Budgets::default(),
        named: Vec::new(),
        limits: Limits {
            idle_ms: 30_000,
            ahead_max_ms: 300_000,
            late_max: 1e-3,
            skew_max_ms: None,
            age_max_ms: None,
        },
        show: Vec::new(),
        times: Vec::new(),
        ignores: Vec::new(),
        trust_key: None,
        dry_run: false,
    })
}

/// A side of which only the source is known.
fn side_from(flag: &str, text: &str) -> Result<SideRequest, RequestError> {
    Ok(SideRequest {
        source: value::source(flag, text)?,
        cluster: kafka::Settings::default(),
        registry: None,
        codec: codec::Settings {
            key_format: Format::Raw,
            key_framing: Framing::None,
            rules: codec::Rules {
                compare_key: true,
                ..codec::Rules::default()
            },
            ..codec::Settings::default()
        },
        from: Bound::Beginning,
        to: Bound::End,
        dead_letters: Vec::new(),
    })
}

/// What a file is called without its extensions.
fn stem(path: &std::path::Path) -> String {
    let mut name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for extension in [".gz", ".zst", ".avro", ".jsonl", ".ndjson"] {
        if let Some(stem) = name.strip_suffix(extension) {
            name.truncate(stem.len());
        }
    }
    if name == "-" { "stdin".to_owned() } else { name }
}

/// Sources of the flags over those of the config; brokers into the cluster's settings.
fn sources(request: &mut ReconcileRequest, flags: &ReconcileFlags) -> Result<(), RequestError> {
    if flags.control.is_some() && request.sides.control.is_none() {
        // How it is read and decoded goes without saying: like the baseline.
        request.sides.control = Some(request.sides.baseline.clone());
        request.engine.control = true;
    }
    for (side, flag, text) in [
        (Side::Baseline, "--baseline", &flags.baseline),
        (Side::Canary, "--canary", &flags.canary),
        (Side::Control, "--control", &flags.control),
    ] {
        if !request.sides.present().contains(&side) {
            continue;
        }
        let side = request.sides.get_mut(side);
        if let Some(text) = text {
            side.source = value::source(flag, text)?;
            if !matches!(side.source, Source::Kafka { .. }) {
                // Those of the config are topics.
                side.dead_letters.clear();
            }
        }
        match &side.source {
            Source::Kafka { brokers, .. } => side.cluster.brokers.clone_from(brokers),
            Source::Avro(_) => {
                // The container says how it is written.
                side.codec.format = Format::Avro;
                side.codec.framing = Framing::None;
            }
            Source::Lines(path) => {
                // Of standard input only --format says what it is.
                let is_stdin = path.as_os_str() == "-";
                side.codec.format = if is_stdin { Format::Raw } else { Format::Json };
                side.codec.framing = Framing::None;
            }
        }
    }
    Ok(())
}

/// Every value of a flag that may differ by side, in order: both sides, or the one that is named.
fn each(
    request: &mut ReconcileRequest,
    flag: &str,
    texts: &[String],
    mut set: impl FnMut(&mut SideRequest, &str) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    for text in texts {
        let (sides, value) = sided(flag, text, request.sides.present())?;
        for side in sides {
            set(request.sides.get_mut(*side), value)?;
        }
    }
    Ok(())
}

fn decoding(request: &mut ReconcileRequest, flags: &ReconcileFlags) -> Result<(), RequestError> {
    each(request, "--format", &flags.format, |side, text| {
        side.codec.format = value::format("--format", text)?;
        let in_topic = matches!(side.source, Source::Kafka { .. });
        match side.codec.format {
            Format::Avro => {}
            Format::Protobuf if in_topic => side.codec.framing = Framing::Confluent,
            _ => side.codec.framing = Framing::None,
        }
        Ok(())
    })?;
    for side in request.sides.all_mut() {
        if let (Source::Lines(path), Format::Avro) = (&side.source, side.codec.format)
            && path.as_os_str() == "-"
        {
            side.source = Source::Avro(path.clone());
        }
    }
    each(request, "--framing", &flags.framing, |side, text| {
        side.codec.framing = value::framing("--framing", text)?;
        Ok(())
    })?;
    each(request, "--unwrap", &flags.unwrap, |side, text| {
        if text != "debezium" {
            return Err(wrong("--unwrap", text, "debezium"));
        }
        side.codec.unwrap = Some(codec::Unwrap::Debezium);
        Ok(())
    })?;
    each(request, "--key-format", &flags.key_format, |side, text| {
        side.codec.key_format = value::format("--key-format", text)?;
        side.codec.key_framing = match side.codec.key_format {
            Format::Avro | Format::Protobuf => Framing::Confluent,
            Format::Json | Format::Raw => Framing::None,
        };
        Ok(())
    })?;
    each(request, "--key-framing", &flags.key_framing, |side, text| {
        side.codec.key_framing = value::framing("--key-framing", text)?;
        Ok(())
    })?;
    each(request, "--registry", &flags.registry, |side, text| {
        if let Some((what, hint)) = url_fault(text, &["http", "https"]) {
            let hint = hint.map(|_| "name the registry in a config, with `auth:`, and say -c FILE".to_owned());
            return Err(RequestError {
                what: format!("--registry: {what}"),
                hint,
            });
        }
        registry::address(text, false).map_err(|error| RequestError {
            what: format!("--registry: {error}"),
            hint: error.hint().map(str::to_owned),
        })?;
        side.registry = Some(registry::Settings {
            url: text.to_owned(),
            auth: registry::Auth::None,
            ca: None,
            allow_insecure: false,
        });
        Ok(())
    })?;
    each(request, "--event-time", &flags.event_time, |side, text| {
        side.codec.event_time = value::event_time(text)?;
        Ok(())
    })?;
    // List flags add to what the config says.
    each(request, "--identity", &flags.identity, |side, text| {
        side.codec.identity.push(value::part(text)?);
        Ok(())
    })?;
    each(request, "--select", &flags.select, |side, text| {
        value::select(&mut side.codec.select, text)
    })?;
    request.engine.has_identity = !request.sides.baseline.codec.identity.is_empty();
    request.engine.names = match flags.names.as_deref() {
        None => request.engine.names,
        Some("event") => Names::Event,
        Some("entity") => Names::Entity,
        Some(other) => return Err(wrong("--names", other, "event or entity")),
    };
    Ok(())
}

fn bounds(request: &mut ReconcileRequest, flags: &ReconcileFlags) -> Result<(), RequestError> {
    each(request, "--from", &flags.from, |side, text| {
        side.from = value::bound("--from", text)?;
        Ok(())
    })?;
    each(request, "--to", &flags.to, |side, text| {
        side.to = value::bound("--to", text)?;
        Ok(())
    })?;
    for side in request.sides.all() {
        ordered(side.from, side.to)?;
    }
    Ok(())
}

/// Where only the newest records are compared there is one window and no event time, whatever the config's stream has for
/// its worker.
fn mode(request: &mut ReconcileRequest, flags: &ReconcileFlags) -> Result<(), RequestError> {
    let engine = &mut request.engine;
    engine.latest = match flags.mode.as_deref() {
        None => engine.latest,
        Some("paired") => false,
        Some("latest") => true,
        Some(other) => return Err(wrong("--mode", other, "paired or latest")),
    };
    if !engine.latest {
        return Ok(());
    }
    if !flags.event_time.iter().all(|text| text.ends_with("none")) {
        return Err(RequestError {
            what: "--event-time: with --mode latest the newest by Kafka timestamp is compared, in one window"
                .to_owned(),
            hint: Some("leave it out".to_owned()),
        });
    }
    if !engine.has_identity {
        return Err(RequestError {
            what: "--mode latest: there is no identity, of which the newest record could be found".to_owned(),
            hint: Some("say --identity key, or what else names a thing".to_owned()),
        });
    }
    (engine.lateness_ms, engine.grace_ms) = (None, None);
    (engine.skew_max_ms, engine.age_max_ms) = (None, None);
    for side in request.sides.all_mut() {
        side.codec.event_time = EventTime::None;
    }
    Ok(())
}

/// Window, lateness, grace and the event time of both sides.
fn times(request: &mut ReconcileRequest, flags: &ReconcileFlags, has_config: bool) -> Result<(), RequestError> {
    let sides = &request.sides;
    let is = |side: &SideRequest, time: EventTime| side.codec.event_time == time;
    let timed = !is(&sides.baseline, EventTime::None);
    if sides.all().any(|side| timed == is(side, EventTime::None)) {
        let what = "--event-time: one side has an event time and the other has none".to_owned();
        return Err(RequestError { what, hint: None });
    }
    let in_time = timed && sides.all().any(|side| side.from.is_time() || side.to.is_time());
    let both = sides.all().all(|side| is(side, EventTime::Timestamp));
    let engine = &mut request.engine;
    engine.time_is_timestamp = both;
    if in_time && !has_config {
        engine.lateness_ms = Some(RANGE_LATENESS_MS);
        engine.grace_ms = Some(RANGE_GRACE_MS);
    }
    // A stream of a config without an event time has no window either.
    let window_ms = engine.window_ms.unwrap_or(30_000);
    engine.window_ms = timed.then_some(window_ms);
    for (flag, text, slot) in [
        ("--window", &flags.window, &mut engine.window_ms),
        ("--lateness", &flags.lateness, &mut engine.lateness_ms),
        ("--grace", &flags.grace, &mut engine.grace_ms),
        ("--skew-max", &flags.skew_max, &mut engine.skew_max_ms),
        ("--age-max", &flags.age_max, &mut engine.age_max_ms),
    ] {
        let Some(text) = text else { continue };
        if !timed {
            return Err(RequestError {
                what: format!("{flag} {text}: there is no event time"),
                hint: Some("say --event-time field:PATH, header:NAME or timestamp".to_owned()),
            });
        }
        *slot = Some(value::duration(flag, text)?);
    }
    if engine.window_ms == Some(0) {
        return Err(wrong("--window", "0", "above 0"));
    }
    Ok(())
}

fn limits(request: &mut ReconcileRequest, flags: &ReconcileFlags) -> Result<(), RequestError> {
    if let Some(text) = &flags.sample {
        let rate = value::rate("--sample", text)?;
        if rate == 0.0 {
            return Err(wrong("--sample", text, "above 0: nothing would be compared"));
        }
        request.engine.sample = engine::Sample::of(rate);
    }
    if let Some(text) = &flags.late_max {
        request.limits.late_max = value::rate("--late-max", text)?;
    }
    if let Some(text) = &flags.held_max_bytes {
        request.engine.held_max_bytes = value::size("--held-max-bytes", text)?;
    }
    if let Some(count) = flags.findings_max {
        request.engine.findings_max = count;
    }
    let engine = &request.engine;
    let needed = engine
        .lateness_ms
        .unwrap_or(0)
        .saturating_add(engine.grace_ms.unwrap_or(0));
    request.limits.ahead_max_ms = request.limits.ahead_max_ms.max(needed);
    request.dry_run = flags.dry_run;
    Ok(())
}
