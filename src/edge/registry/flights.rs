//! Each schema is asked for once: a cache, one flight per id, and a memory of misses. What is known stays as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;
use uuid::Uuid;

use super::http::Http;
use super::misses::Misses;
use super::schema::load;
use super::{RegisteredSchema, RegistryError, Requests, Settings};

/// How long a schema with everything it refers to may take.
const FLIGHT: Duration = Duration::from_secs(30);

type Digest = [u8; 32];
type Loaded = Result<Arc<RegisteredSchema>, RegistryError>;
type Flight = Shared<BoxFuture<'static, Loaded>>;

/// One registry.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What an id means: the BLAKE3 of its schema.
    ids: BTreeMap<u32, Digest>,
    schemas: BTreeMap<Digest, Arc<RegisteredSchema>>,
    /// Ids that mean another schema now.
    changed: BTreeSet<u32>,
    misses: Misses,
    flights: BTreeMap<u32, Flight>,
}

impl Registry {
    /// Judges the settings; asks nothing.
    ///
    /// # Errors
    /// An address that cannot be one, or authorities that cannot be read.
    pub fn new(settings: &Settings) -> Result<Self, RegistryError> {
        Ok(Self {
            inner: Arc::new(Inner {
                http: Http::new(settings)?,
                known: Mutex::default(),
            }),
        })
    }

    /// The schema of an id. A miss is remembered for 30 s and told again without a question.
    ///
    /// # Errors
    /// See [`RegistryError::passes`]: later, or never.
    pub async fn schema(&self, id: u32) -> Loaded {
        self.flight(id, true).await
    }

    /// The same, but a miss is not believed: asks again.
    ///
    /// # Errors
    /// As [`Registry::schema`].
    pub async fn schema_again(&self, id: u32) -> Loaded {
        self.flight(id, false).await
    }

    /// A version of a subject, `None` is the latest. Not cached: it is asked for once, when a contract is chosen.
    ///
    /// # Errors
    /// As [`Registry::schema`].
    pub async fn subject_version(
        &self,
        subject: &str,
        version: Option<u32>,
    ) -> Result<RegisteredSchema, RegistryError> {
        let version = version.map_or_else(|| "latest".to_owned(), |version| version.to_string());
        let path = ["subjects", subject, "versions", &version];
        let what = format!("version {version} of subject `{subject}`");
        self.inner.load(&path, &what).await
    }

    /// The schema of a GUID, as Confluent's registry gives one since version 8. Not cached: a log asks for it once.
    ///
    /// # Errors
    /// As [`Registry::schema`].
    pub async fn schema_of_guid(&self, guid: Uuid) -> Result<RegisteredSchema, RegistryError> {
        let what = format!("schema with GUID {guid}");
        self.inner.load(&["schemas", "guids", &guid.to_string()], &what).await
    }

    /// Proves that a registry answers there and lets us in.
    ///
    /// # Errors
    /// As [`Registry::schema`], a miss apart.
    pub async fn ping(&self) -> Result<(), RegistryError> {
        let answer = self
            .inner
            .http
            .get(&["schemas", "types"], "", "the kinds of schema", |_| Some(()))
            .await;
        match answer {
            // An old one without this question, but it says so as a registry does.
            Ok(_) | Err(RegistryError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Requests by result, since the start.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.inner.http.requests
    }

    /// Asks once more for every schema that is known. Where an id means another one now that is said, loudly and counted;
    /// what it meant at first stays, for one id must not mean two things in one comparison.
    pub async fn check_again(&self) {
        let ids: Vec<(u32, Digest)> = self
            .inner
            .known()
            .ids
            .iter()
            .map(|(id, digest)| (*id, *digest))
            .collect();
        for (id, digest) in ids {
            match self.inner.ask(id).await {
                Ok(schema) if schema.digest() != digest => {
                    if self.inner.known().changed.insert(id) {
                        self.inner.http.requests.changed();
                        tracing::error!(
                            registry = self.inner.http.registry,
                            id,
                            "the registry has another schema under an id that is in use; records go on with the first one"
                        );
                    }
                }
                Ok(_) => {
                    self.inner.known().changed.remove(&id);
                }
                // It is asked the next time.
                Err(error) if error.passes() => return,
                // Deleted, for example: what is known is enough.
                Err(error) => tracing::debug!(id, %error, "a schema that is in use is gone"),
            }
        }
    }

    /// How many ids mean another schema than they did at first, as [`Registry::check_again`] found.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.inner.known().changed.len()
    }

    async fn flight(&self, id: u32, believe: bool) -> Loaded {
        let flight = {
            let mut known = self.inner.known();
            if let Some(schema) = known.of(id) {
                return Ok(schema);
            }
            if believe && let Some(miss) = known.misses.get(id, Instant::now()) {
                return Err(miss);
            }
            let inner = &self.inner;
            known
                .flights
                .entry(id)
                .or_insert_with(|| Arc::clone(inner).fly(id).boxed().shared())
                .clone()
        };
        flight.await
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn load(&self, path: &[&str], what: &str) -> Result<RegisteredSchema, RegistryError> {
        let loading = load(&self.http, path, what);
        let late = |_| RegistryError::Unreachable {
            registry: self.http.registry.clone(),
            reason: "no answer in time".to_owned(),
        };
        tokio::time::timeout(FLIGHT, loading).await.map_err(late)?
    }

    async fn ask(&self, id: u32) -> Result<RegisteredSchema, RegistryError> {
        let what = format!("schema with id {id}");
        self.load(&["schemas", "ids", &id.to_string()], &what).await
    }

    async fn fly(self: Arc<Self>, id: u32) -> Loaded {
        let loaded = self.ask(id).await;
        let mut known = self.known();
        known.flights.remove(&id);
        match loaded {
            Ok(schema) => {
                known.misses.remove(id);
                Ok(known.learn(id, schema))
            }
            Err(error) => {
                if matches!(error, RegistryError::NotFound { .. }) {
                    known.misses.add(id, Instant::now(), error.clone());
                } else {
                    tracing::debug!(id, %error, "no schema");
                }
                Err(error)
            }
        }
    }
}

impl Known {
    fn of(&self, id: u32) -> Option<Arc<RegisteredSchema>> {
        self.ids.get(&id).and_then(|digest| self.schemas.get(digest)).cloned()
    }

    fn learn(&mut self, id: u32, schema: RegisteredSchema) -> Arc<RegisteredSchema> {
        let digest = schema.digest();
        self.ids.insert(id, digest);
        Arc::clone(self.schemas.entry(digest).or_insert_with(|| Arc::new(schema)))
    }
}
