//! Where metrics live: a recorder of our own, so that nothing is global and every test has its own.

use std::sync::OnceLock;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::names::{self, Kind, Metric};

const METADATA: Metadata<'static> = Metadata::new("crosscheck", Level::INFO, None);

/// A value of a label. All of them come from the config or from closed lists.
pub(super) type Values<'a> = &'a [&'a str];

pub(super) struct Registry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Registry {
    /// A recorder with every metric described.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(
                Matcher::Full(names::EMIT_DELAY.name.to_owned()),
                &names::EMIT_DELAY_BUCKETS,
            )?
            .build_recorder();
        for metric in names::ALL {
            match metric.kind {
                Kind::Counter => recorder.describe_counter(metric.name.into(), None, metric.help.into()),
                Kind::Gauge | Kind::Summary => recorder.describe_gauge(metric.name.into(), None, metric.help.into()),
                Kind::Histogram => recorder.describe_histogram(metric.name.into(), None, metric.help.into()),
            }
        }
        let handle = recorder.handle();
        Ok(Registry { recorder, handle })
    }

    /// A counter, there from now on with 0.
    pub fn counter(&self, metric: Metric, values: Values<'_>) -> Counter {
        self.recorder.register_counter(&key(metric, values), &METADATA)
    }

    /// A gauge, there from now on with 0.
    pub fn gauge(&self, metric: Metric, values: Values<'_>) -> Gauge {
        self.recorder.register_gauge(&key(metric, values), &METADATA)
    }

    /// A histogram, there from now on with nothing in it.
    pub fn histogram(&self, metric: Metric, values: Values<'_>) -> Histogram {
        self.recorder.register_histogram(&key(metric, values), &METADATA)
    }

    /// A gauge that is there only once it has a value.
    pub fn late_gauge(&self, metric: Metric, values: Values<'_>) -> LateGauge {
        LateGauge {
            key: key(metric, values),
            gauge: OnceLock::new(),
        }
    }

    /// Sets a gauge that may not be there yet.
    pub fn set(&self, gauge: &LateGauge, value: f64) {
        let register = || self.recorder.register_gauge(&gauge.key, &METADATA);
        gauge.gauge.get_or_init(register).set(value);
    }

    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// The text that Prometheus reads; families in the order of their names.
    pub fn render(&self) -> String {
        let text = self.handle.render();
        let mut families: Vec<String> = text
            .split("\n\n")
            .filter(|family| !family.is_empty())
            .map(ordered)
            .collect();
        families.sort();
        let mut text = families.concat();
        for metric in names::ALL.iter().filter(|metric| metric.kind == Kind::Summary) {
            text = text.replace(&type_line(metric, "gauge"), &type_line(metric, "summary"));
        }
        text
    }
}

fn type_line(metric: &Metric, kind: &str) -> String {
    format!("# TYPE {} {kind}\n", metric.name)
}

/// Samples of a family in the order of their labels; a histogram's order has a meaning and stays.
fn ordered(family: &str) -> String {
    let mut lines: Vec<&str> = family.lines().collect();
    let histogram = lines
        .iter()
        .any(|line| line.starts_with("# TYPE") && line.ends_with("histogram"));
    if !histogram {
        let first = lines
            .iter()
            .position(|line| !line.starts_with('#'))
            .unwrap_or(lines.len());
        if let Some(samples) = lines.get_mut(first..) {
            samples.sort_unstable();
        }
    }
    lines.into_iter().flat_map(|line| [line, "\n"]).collect()
}

/// A gauge without a value as long as there is none: 0 would be a lie.
pub(super) struct LateGauge {
    key: Key,
    gauge: OnceLock<Gauge>,
}

fn key(metric: Metric, values: Values<'_>) -> Key {
    let pairs = metric.labels.iter().zip(values);
    let labels: Vec<Label> = pairs
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}
