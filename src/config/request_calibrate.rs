//! The request of `calibrate`: a bounded run of baseline and control.

use super::flags::ReconcileFlags;
use super::request::{ReconcileRequest, RequestError};
use super::request_from::built;
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
    for side in request.sides.all_mut() {
        // A control has none, and what is not compared shows no noise.
        side.dead_letters.clear();
        side.codec.diverted.clear();
    }
    super::request_check::check(&request)?;
    Ok(request)
}
