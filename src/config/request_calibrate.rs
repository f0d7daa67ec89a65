//! The request of `calibrate`: a bounded run of baseline and control.

use super::flags::ReconcileFlags;
use super::request::{ReconcileRequest, RequestError};
use super::request_from::{built, stream_of};
use super::settings::Config;

/// What `calibrate` is asked: the control stands where the canary stands in a bounded run.
///
/// # Errors
/// As [`request_from`]; there is no control.
pub fn calibrate_from(flags: &ReconcileFlags, config: Option<&Config>) -> Result<ReconcileRequest, RequestError> {
    let mut flags = flags.clone();
    if config.is_none() {
        flags.canary.clone_from(&flags.control);
    }
    let lacks = || RequestError {
        what: "nothing to calibrate with: --baseline and --control are needed, or -c with a `control:` in the stream"
            .to_owned(),
        hint: Some("crosscheck calibrate --baseline SOURCE --control SOURCE, or -c FILE --stream NAME".to_owned()),
    };
    if config.is_none() && (flags.baseline.is_none() || flags.control.is_none()) {
        return Err(lacks());
    }
    let mut request = built(&flags, config)?;
    request.sides.canary = request.sides.control.take().ok_or_else(lacks)?;
    request.engine.control = false;
    if let Some(stream) = config.and_then(|config| stream_of(config, flags.stream.as_deref()).ok()) {
        // What it proposes is for the worker, which assumes some.
        let engine = &mut request.engine;
        engine.skew_max_ms = engine.skew_max_ms.or(stream.engine.skew_max_ms);
        engine.age_max_ms = engine.age_max_ms.or(stream.engine.age_max_ms);
    }
    for side in request.sides.all_mut() {
        // A control has none, and what is not compared shows no noise.
        side.dead_letters.clear();
        side.codec.diverted.clear();
    }
    super::request_check::check(&request)?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{Purpose, request_from};

    const TEXT: &str = "release: {name: r}
clusters: {main: {brokers: [\"localhost:1\"]}}
streams:
  - name: orders
    baseline: {topic: b}
    canary: {topic: c}
    control: {topic: d}
    format: json
    identity: {parts: [{field: id}]}
    event_time: {field: at}
";

    #[test]
    fn a_bounded_run_assumes_nothing_of_the_age_of_records() {
        let bounds = |limits: &str, flags: &ReconcileFlags| {
            let text = format!("{TEXT}{limits}");
            let config = Config::parse("test", &text, &BTreeMap::new(), Purpose::Bounded).unwrap();
            [request_from, calibrate_from].map(|of| {
                let engine = of(flags, Some(&config)).unwrap().engine;
                (engine.skew_max_ms, engine.age_max_ms)
            })
        };
        let (minutes, days) = (Some(600_000), Some(7 * 86_400_000));
        let none = ReconcileFlags::default();
        assert_eq!(bounds("", &none), [(None, None), (minutes, days)]);
        let said = "    limits: {skew_max: 1m, age_max: 1h}\n";
        assert_eq!(bounds(said, &none), [(Some(60_000), Some(3_600_000)); 2]);
        let flags = ReconcileFlags {
            age_max: Some("2h".to_owned()),
            ..ReconcileFlags::default()
        };
        let flagged = Some(7_200_000);
        assert_eq!(bounds("", &flags), [(None, flagged), (minutes, flagged)]);
        assert_eq!(bounds(said, &flags), [(Some(60_000), flagged); 2]);
    }
}
