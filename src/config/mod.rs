//! YAML and environment to the settings of the components, every fault at once with line and column.

mod contradict;
mod digest;
mod env;
mod fault;
mod faults;
mod file;
mod file_named;
mod file_stream;
mod flag_values;
mod flags;
mod keypath;
mod load;
mod overlay;
mod pattern;
mod request;
mod request_calibrate;
mod request_check;
mod request_dead_letter;
mod request_from;
mod request_property;
mod request_rules;
mod resolve;
mod resolve_aggregate;
mod resolve_compare;
mod resolve_dead_letter;
mod resolve_named;
mod resolve_profile;
mod resolve_side;
mod resolve_stream;
mod scalar;
mod schema;
mod secret;
mod settings;
mod shape;
mod sketch;
mod text;
mod tree;

pub use env::{Env, ProcessEnv, temporary_directory};
pub use fault::{ConfigFaults, Fault, nearest, nearest_hint};
pub use flag_values::{Until, until};
pub use flags::ReconcileFlags;
pub use load::Purpose;
pub use overlay::VARIABLES;
pub use pattern::Pattern;
pub use request::{Bound, DeadLetterSource, ReconcileRequest, RequestError, SideRequest, Source, ordered};
pub use request_calibrate::calibrate_from;
pub use request_from::request_from;
pub use scalar::{relative, written_duration};
pub use schema::schema;
pub use secret::is_secret_property;
pub use settings::{
    Budgets, Config, Contract, Criticality, DeadLetter, Ignore, Limits, Policy, Profile, ReleaseSettings, Serve,
    SilentThen, Stage, Start, Stream, StreamSide,
};
pub use sketch::{Sketch, Sketched, sketch};
