//! How a stream would be judged, from a config, from flags, or both: for those who plan.

use super::faults::Faults;
use super::file::Policy as FilePolicy;
use super::file_stream::Budget;
use super::flag_values as value;
use super::keypath::KeyPath;
use super::request::RequestError;
use super::tree::{Kind, Node, Place};
use super::{Budgets, Config, Policy, Profile, resolve, resolve_stream};

/// What the flags say, as they were written.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    /// The canary's share of the records.
    pub share: String,
    /// `RATE` or `CHECK=RATE`.
    pub budget: Vec<String>,
    /// How bad records come.
    pub profile: Option<Profile>,
    /// A duration.
    pub window: Option<String>,
    /// A duration.
    pub max_duration: Option<String>,
    /// A chance.
    pub alpha: Option<String>,
    /// A chance.
    pub beta: Option<String>,
    /// Which stream of the config.
    pub stream: Option<String>,
}

/// A stream as it would be judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketched {
    /// Its budgets.
    pub budgets: Budgets,
    /// The policy.
    pub policy: Policy,
    /// Length of a window.
    pub window_ms: i64,
    /// The canary's share of the records.
    pub share: f64,
}

/// Puts it together: flags win over the config, which wins over the defaults.
///
/// # Errors
/// A flag that is none, or a stream that the config has not.
pub fn sketch(config: Option<&Config>, said: &Sketch) -> Result<Sketched, RequestError> {
    let fault = |what: String, hint: Option<&str>| RequestError {
        what,
        hint: hint.map(str::to_owned),
    };
    let ((mut budgets, mut policy), mut window_ms) = (defaults(), 30_000);
    if let (Some(config), Some(name)) = (config, &said.stream) {
        let named = config.streams.iter().find(|stream| stream.name == *name);
        let Some(stream) = named else {
            let names = config.streams.iter().map(|stream| stream.name.as_str());
            return Err(RequestError {
                what: format!("--stream {name}: the config has no such stream"),
                hint: super::nearest_hint(name, names),
            });
        };
        (budgets, policy) = (stream.budgets, config.policy);
        window_ms = stream.engine.window_ms.unwrap_or(window_ms);
    }
    for text in &said.budget {
        value::budget(&mut budgets, text)?;
        // All that is counted against the same records.
        if !text.contains('=') {
            budgets.untimely = budgets.mismatched;
        }
    }
    let least = crate::engine::stats::BUDGET_MIN;
    for (check, budget) in budgets.judged(true).by_kind() {
        if budget > 0.5 || (budget > 0.0 && budget < least) {
            let what = format!(
                "--budget {budget:e}: the budget of {} is neither 0 nor between {least:e} and 0.5",
                check.as_str()
            );
            return Err(fault(what, None));
        }
    }
    let chance = |flag: &str, text: &Option<String>, slot: &mut f64| {
        let Some(text) = text else { return Ok(()) };
        *slot = value::rate(flag, text)?;
        if *slot > 0.0 && *slot < 0.5 {
            return Ok(());
        }
        Err(fault(format!("{flag} {text}: must be above 0 and below 0.5"), None))
    };
    chance("--alpha", &said.alpha, &mut policy.alpha)?;
    chance("--beta", &said.beta, &mut policy.beta)?;
    policy.profile = said.profile.unwrap_or(policy.profile);
    for (flag, text, slot) in [
        ("--window", &said.window, &mut window_ms),
        ("--max-duration", &said.max_duration, &mut policy.max_duration_ms),
    ] {
        if let Some(text) = text {
            *slot = value::duration(flag, text)?;
        }
        if *slot <= 0 {
            return Err(fault(format!("{flag}: must be above 0"), None));
        }
    }
    let share = value::rate("--share", &said.share)?;
    if !(share > 0.0 && share <= 1.0) {
        return Err(fault(
            format!("--share {}: must be above 0 and at most 1", said.share),
            None,
        ));
    }
    Ok(Sketched {
        budgets,
        policy,
        window_ms,
        share,
    })
}

/// What an empty config says.
fn defaults() -> (Budgets, Policy) {
    let nothing = Node {
        place: Place::File(1, 1),
        kind: Kind::Null,
    };
    // Defaults have no faults to tell.
    let (root, mut faults) = (KeyPath::default(), Faults::new(&nothing));
    let budgets = resolve_stream::budgets(&mut Budget::default(), &root, &mut faults);
    let policy = resolve::policy(&mut FilePolicy::default(), &root, &mut faults);
    (budgets, policy)
}
