//! A file, read: tree, variables, shape, meaning. Every fault at once.

use std::path::Path;

use super::fault::{ConfigFaults, Fault};
use super::faults::Faults;
use super::file::File;
use super::keypath::KeyPath;
use super::resolve::resolve;
use super::secret::{Secrets, io_reason};
use super::tree::Place;
use super::{Config, Env, overlay, schema, shape, tree};

/// Config files that are larger are refused.
const FILE_MAX_BYTES: u64 = 4 << 20;

/// What a config is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The worker: every stream needs an event time, and secrets are read.
    Worker,
    /// The same checks without secrets.
    WorkerOffline,
    /// A bounded run: secrets are read.
    Bounded,
    /// To be looked at: no secrets are read.
    Look,
}

impl Config {
    /// Reads a file for the worker; values of `CROSSCHECK_*` variables win over it.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn load(path: &Path, env: &dyn Env) -> Result<Self, ConfigFaults> {
        Self::load_for(path, env, Purpose::Worker)
    }

    /// Reads a file; values of `CROSSCHECK_*` variables win over it.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn load_for(path: &Path, env: &dyn Env, purpose: Purpose) -> Result<Self, ConfigFaults> {
        let name = path.display().to_string();
        Self::parse(&name, &read(path, &name)?, env, purpose)
    }

    /// The same for a text that is there already; `name` stands in messages.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn parse(name: &str, text: &str, env: &dyn Env, purpose: Purpose) -> Result<Self, ConfigFaults> {
        whole(name, text, env, purpose).map(|(config, _)| config)
    }

    /// The config in force as YAML, defaults and variables in place. Secrets are only named, never read.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn effective(path: &Path, env: &dyn Env) -> Result<String, ConfigFaults> {
        let name = path.display().to_string();
        let (_, file) = whole(&name, &read(path, &name)?, env, Purpose::Look)?;
        serde_saphyr::to_string(&file).map_err(|error| about(&name, format!("cannot be written: {error}")))
    }
}

fn read(path: &Path, name: &str) -> Result<String, ConfigFaults> {
    let hint = |error: &std::io::Error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        missing.then(|| "`crosscheck config init` prints one to start from".to_owned())
    };
    let fail = |error: std::io::Error| ConfigFaults {
        file: name.to_owned(),
        faults: vec![Fault {
            at: None,
            key: String::new(),
            what: io_reason(&error),
            hint: hint(&error),
        }],
    };
    let size = std::fs::metadata(path).map_err(fail)?.len();
    if size > FILE_MAX_BYTES {
        return Err(about(name, format!("is larger than {} MiB", FILE_MAX_BYTES >> 20)));
    }
    std::fs::read_to_string(path).map_err(fail)
}

fn about(name: &str, what: String) -> ConfigFaults {
    ConfigFaults {
        file: name.to_owned(),
        faults: vec![Fault {
            at: None,
            key: String::new(),
            what,
            hint: None,
        }],
    }
}

fn whole(name: &str, text: &str, env: &dyn Env, purpose: Purpose) -> Result<(Config, File), ConfigFaults> {
    let mut tree = tree::parse(text).map_err(|fault| ConfigFaults {
        file: name.to_owned(),
        faults: vec![Fault {
            at: match fault.place {
                Place::File(line, column) => Some((line, column)),
                Place::Variable(_) => None,
            },
            key: String::new(),
            what: fault.what,
            hint: None,
        }],
    })?;
    overlay::apply(&mut tree, env);
    let mut faults = Faults::new(&tree);
    let json = shape::check(&tree, &schema::schema(), &mut faults);
    let mut file: File = match serde_json::from_value(json) {
        Ok(file) => file,
        Err(error) => {
            // The shape was checked, so this is a gap in that check: say what serde says.
            faults.push(&KeyPath::default(), error.to_string(), None);
            return Err(faults
                .into_result(name)
                .err()
                .unwrap_or_else(|| about(name, error.to_string())));
        }
    };
    let worker = matches!(purpose, Purpose::Worker | Purpose::WorkerOffline);
    let secrets = Secrets {
        env: matches!(purpose, Purpose::Worker | Purpose::Bounded).then_some(env),
    };
    let config = resolve(&mut file, &secrets, worker, &mut faults);
    faults.into_result(name)?;
    Ok((config, file))
}
