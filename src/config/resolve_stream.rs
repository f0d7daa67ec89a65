//! The streams of the file to the settings of codec and engine.

use std::collections::BTreeMap;

use super::contradict;
use super::faults::Faults;
use super::file_stream::{Budget, Format, Framing, Key, Limits as FileLimits, Mode, Names, Stream as FileStream};
use super::keypath::KeyPath;
use super::resolve::fill;
use super::resolve_compare::{compare, contract, ignores, times};
use super::resolve_named::{check_time, named, producer};
use super::resolve_profile::profiles;
use super::resolve_side::{Decoding, check_sides};
use super::scalar::written_duration;
use super::settings::{Budgets, Criticality, Limits, Start, Stream};
use super::text::Rate;
use crate::edge::{kafka, registry};
use crate::engine::stats::BUDGET_MIN;
use crate::model::{Side, Sides};
use crate::{codec, engine};

/// Findings that are kept a stream unless something else is asked for.
pub(super) const FINDINGS_MAX: usize = 100;

/// What streams refer to.
pub(super) struct Streams<'a> {
    pub(super) clusters: &'a BTreeMap<String, kafka::Settings>,
    pub(super) registries: &'a BTreeMap<String, registry::Settings>,
    /// Where a generation begins.
    pub(super) start: Start,
    /// True where an event time is needed.
    pub(super) worker: bool,
}

impl Streams<'_> {
    pub(super) fn resolve(&self, streams: &mut [FileStream], faults: &mut Faults) -> Vec<Stream> {
        let path = KeyPath::default().key("streams");
        if streams.is_empty() {
            faults.push(&path, "must name a stream".to_owned(), None);
        }
        let mut names: Vec<String> = Vec::new();
        for (i, stream) in streams.iter().enumerate() {
            let path = path.index(i).key("name");
            if stream.name.trim().is_empty() {
                faults.push(&path, "must not be empty".to_owned(), None);
            } else if names.contains(&stream.name) {
                faults.push(&path, format!("there is another stream `{}`", stream.name), None);
            }
            names.push(stream.name.clone());
        }
        let indexed = streams.iter_mut().enumerate();
        indexed
            .map(|(i, stream)| self.stream(stream, &path.index(i), faults))
            .collect()
    }

    fn stream(&self, stream: &mut FileStream, path: &KeyPath, faults: &mut Faults) -> Stream {
        let rate = stream.sample.as_ref().and_then(|sample| sample.rate.as_ref());
        let rate = rate.map_or(1.0, |rate| rate.value);
        if rate == 0.0 || rate > 1.0 {
            let what = "must be above 0 and at most 1".to_owned();
            faults.push(&path.key("sample").key("rate"), what, None);
        }
        let profiles = profiles(stream, path, faults);
        let latest = *stream.mode.get_or_insert(Mode::Paired) == Mode::Latest;
        if latest && stream.control.is_some() {
            let what = "a control is compared record by record, not by the newest of each identity".to_owned();
            faults.push(
                &path.key("control"),
                what,
                Some("leave it out, or say `mode: paired`".to_owned()),
            );
        }
        if latest && self.worker {
            let what = "`latest` is for bounded runs".to_owned();
            let hint = "a worker compares windows: say `paired`, or crosscheck reconcile -c FILE --stream NAME";
            faults.push(&path.key("mode"), what, Some(hint.to_owned()));
        }
        let contract = contract(stream.contract.as_ref(), &path.key("contract"), faults);
        let (rules, tolerances) = compare(&mut stream.compare, &path.key("compare"), faults);
        let named = named(stream, (&rules, path), faults);
        let producer = producer(stream, path, faults);
        let decoding = Decoding {
            streams: self,
            format: *stream.format.get_or_insert(Format::Avro),
            framing: stream.framing,
            unwrap: stream.unwrap,
            key: stream.key.clone().unwrap_or_default(),
            identity: stream.identity.clone().unwrap_or_default(),
            event_time: stream.event_time.clone(),
            rules,
            has_contract: contract.is_some(),
        };
        let control = stream.control.as_mut();
        let mut sides = Sides {
            baseline: decoding.side(&mut stream.baseline, Side::Baseline, path, faults),
            canary: decoding.side(&mut stream.canary, Side::Canary, path, faults),
            control: control.map(|control| decoding.side(control, Side::Control, path, faults)),
        };
        if profiles.drift.unpaired && stream.control.is_some() {
            let what = "a control is compared record by record, and `unpaired` compares none".to_owned();
            let hint = Some("leave it out, or say `mode: paired`".to_owned());
            faults.push(&path.key("control"), what, hint);
        }
        for side in sides.all_mut() {
            let codec = &mut side.codec;
            codec.profile.clone_from(&profiles.paths);
            codec.critical.clone_from(&named.critical);
            codec.measured.clone_from(&named.measured);
            codec.producer.clone_from(&producer);
            if let Some(unit) = &profiles.unit {
                codec.identity.clone_from(unit);
            }
        }
        codec::Settings::agree_on_absent(sides.all_mut().map(|side| &mut side.codec).collect());
        check_sides(&sides, contract.is_some(), path, faults);
        check_time(stream, &sides, path, faults);
        let of_control = stream
            .control
            .as_ref()
            .map(|control| (Side::Control, &control.identity));
        let identities = [
            (Side::Baseline, &stream.baseline.identity),
            (Side::Canary, &stream.canary.identity),
        ];
        for (side, own) in identities.into_iter().chain(of_control) {
            let codec = &sides.get(side).codec;
            let at = own.as_ref().map_or(path.clone(), |_| path.key(side.as_str()));
            let parts = at.key("identity").key("parts");
            for (i, what) in contradict::identity(&codec.rules, &codec.identity) {
                faults.push(&parts.index(i), what, Some(contradict::IDENTITY_HINT.to_owned()));
            }
        }
        if stream.framing.is_none() && matches!(stream.format, Some(Format::Avro | Format::Protobuf)) {
            stream.framing = Some(Framing::Confluent);
        }
        stream.key.get_or_insert(Key {
            format: Some(Format::Raw),
            framing: Some(Framing::None),
        });
        let is_both = |time: &codec::EventTime| {
            let is = |side: &Side| sides.get(*side).codec.event_time == *time;
            sides.present().iter().all(is)
        };
        let lateness_ms = fill(&mut stream.lateness, "1m", 60_000);
        let grace_ms = fill(&mut stream.grace, "30s", 30_000);
        let window_ms = fill(&mut stream.window, "30s", 30_000);
        if window_ms == 0 {
            faults.push(&path.key("window"), "must be above 0".to_owned(), None);
        }
        let limits = Limits {
            idle_ms: fill(&mut stream.limits.idle, "30s", 30_000),
            ahead_max_ms: fill(&mut stream.limits.ahead_max, "5m", 300_000),
            late_max: fill(&mut stream.limits.late_max, "1e-3", 1e-3),
            skew_max_ms: stream.limits.skew_max.as_ref().map(|said| said.value),
            age_max_ms: stream.limits.age_max.as_ref().map(|said| said.value),
        };
        check_limits(&limits, lateness_ms.saturating_add(grace_ms), path, faults);
        let FileLimits {
            skew_max,
            age_max,
            held_max_bytes,
            ..
        } = &mut stream.limits;
        if latest && sides.baseline.codec.identity.is_empty() {
            let what = "`latest` needs an identity".to_owned();
            let hint = "say what names a thing, as `identity: {parts: [key]}`".to_owned();
            faults.push(&path.key("mode"), what, Some(hint));
        }
        let engine = engine::Settings {
            latest,
            window_ms: (!is_both(&codec::EventTime::None)).then_some(window_ms),
            lateness_ms: Some(lateness_ms),
            grace_ms: Some(grace_ms),
            skew_max_ms: Some(fill(skew_max, "10m", 600_000)),
            age_max_ms: Some(fill(age_max, "7d", 604_800_000)),
            time_is_timestamp: is_both(&codec::EventTime::Timestamp),
            names: match decoding.identity.names {
                Some(Names::Entity) => engine::Names::Entity,
                Some(Names::Event) | None => engine::Names::Event,
            },
            has_identity: !sides.baseline.codec.identity.is_empty(),
            tolerances,
            range: match self.start {
                Start::Now | Start::Earliest => engine::Range::Discovered,
                Start::At(start_ms) => engine::Range::Time {
                    start_ms: Some(start_ms),
                    end_ms: None,
                },
            },
            sample: engine::Sample::of(rate),
            control: sides.control.is_some(),
            profile: engine::Profile::of(profiles.paths.len(), profiles.drift.unpaired),
            named: named.engine,
            findings_max: FINDINGS_MAX,
            held_max_bytes: fill(held_max_bytes, "256MiB", 256 << 20),
        };
        Stream {
            name: stream.name.clone(),
            owner: stream.owner.clone(),
            criticality: *stream.criticality.get_or_insert(Criticality::Standard),
            upstream: stream.upstream.clone(),
            sides,
            engine,
            contract,
            budgets: budgets(&mut stream.budget, &path.key("budget"), faults),
            limits,
            ignores: ignores(&stream.compare),
            show: stream.show.iter().map(|path| path.value.clone()).collect(),
            times: times(&stream.compare),
            runbook_url: stream.runbook_url.clone(),
            drift: profiles.drift,
            named: named.checks,
        }
    }
}

fn check_limits(limits: &Limits, needed_ms: i64, path: &KeyPath, faults: &mut Faults) {
    let key = |name: &str| path.key("limits").key(name);
    let known = [path.key("lateness"), path.key("grace")];
    if limits.ahead_max_ms < needed_ms && !known.iter().any(|path| faults.spoils(path)) {
        let what = format!("must be at least lateness + grace, {}", written_duration(needed_ms));
        let hint = "a partition is held back once it is this far ahead; its records must be able to pair before that";
        faults.push(&key("ahead_max"), what, Some(hint.to_owned()));
    }
    if limits.late_max > 1.0 {
        faults.push(&key("late_max"), "must be at most 1".to_owned(), None);
    }
    if limits.idle_ms == 0 {
        faults.push(&key("idle"), "must be above 0".to_owned(), None);
    }
}

pub(super) fn budgets(budget: &mut Budget, path: &KeyPath, faults: &mut Faults) -> Budgets {
    let mut rate = |name: &str, slot: &mut Option<Rate>, text: &str, value: f64| {
        let rate = fill(slot, text, value);
        if rate > 0.5 {
            let hint = Some("a budget is a rate, such as 1e-4 or 0.01%".to_owned());
            faults.push(&path.key(name), "must be at most 0.5".to_owned(), hint);
        } else if rate > 0.0 && rate < BUDGET_MIN {
            let hint = Some("say 0: then one bad record fails".to_owned());
            faults.push(&path.key(name), format!("must be 0, or at least {BUDGET_MIN:e}"), hint);
        }
        rate
    };
    Budgets {
        mismatched: rate("mismatched", &mut budget.mismatched, "1e-4", 1e-4),
        missing: rate("missing", &mut budget.missing, "1e-4", 1e-4),
        extra: rate("extra", &mut budget.extra, "1e-4", 1e-4),
        duplicate: rate("duplicate", &mut budget.duplicate, "1e-3", 1e-3),
        conflict: rate("conflict", &mut budget.conflict, "0", 0.0),
        undecodable: rate("undecodable", &mut budget.undecodable, "0", 0.0),
        untimely: rate("untimely", &mut budget.untimely, "1e-4", 1e-4),
        diverted: rate("diverted", &mut budget.diverted, "1e-4", 1e-4),
    }
}
