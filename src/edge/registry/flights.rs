//! Each schema is asked for once: a cache, one flight per id, and a memory of misses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::http::Http;
use super::schema::load;
use super::{RegisteredSchema, RegistryError, Requests, Settings};

/// How long a miss is believed.
const MISS: Duration = Duration::from_secs(30);
/// The most misses remembered: ids come from records, and those may be anything.
const MISSES_MAX: usize = 10_000;

type Loaded = Result<Arc<RegisteredSchema>, RegistryError>;
type Flight = Shared<BoxFuture<'static, Loaded>>;

/// One registry.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    requests: Requests,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    schemas: BTreeMap<u32, Arc<RegisteredSchema>>,
    misses: BTreeMap<u32, (Instant, RegistryError)>,
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
                requests: Requests::default(),
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
        load(&self.inner.http, &self.inner.requests, &path, &what).await
    }

    /// Proves that a registry answers there and lets us in.
    ///
    /// # Errors
    /// As [`Registry::schema`], a miss apart.
    pub async fn ping(&self) -> Result<(), RegistryError> {
        let answer = self
            .inner
            .http
            .get(&["schemas", "types"], "", "the kinds of schema")
            .await;
        self.inner.requests.add(&answer);
        match answer {
            // An old one without this question, but it says so as a registry does.
            Ok(_) | Err(RegistryError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Requests by result, since the start.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.inner.requests
    }

    async fn flight(&self, id: u32, believe: bool) -> Loaded {
        let flight = {
            let mut known = self.inner.known();
            if let Some(schema) = known.schemas.get(&id) {
                return Ok(Arc::clone(schema));
            }
            if believe
                && let Some((until, miss)) = known.misses.get(&id)
                && Instant::now() < *until
            {
                return Err(miss.clone());
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

    async fn fly(self: Arc<Self>, id: u32) -> Loaded {
        let text = id.to_string();
        let what = format!("schema with id {id}");
        let loaded = load(&self.http, &self.requests, &["schemas", "ids", &text], &what)
            .await
            .map(Arc::new);
        let mut known = self.known();
        known.flights.remove(&id);
        match &loaded {
            Ok(schema) => {
                known.misses.remove(&id);
                known.schemas.insert(id, Arc::clone(schema));
            }
            Err(miss @ RegistryError::NotFound { .. }) => {
                if known.misses.len() >= MISSES_MAX {
                    known.misses.clear();
                }
                known.misses.insert(id, (Instant::now() + MISS, miss.clone()));
            }
            Err(error) => tracing::debug!(id, %error, "no schema"),
        }
        loaded
    }
}
