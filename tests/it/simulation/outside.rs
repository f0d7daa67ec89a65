//! What a simulated worker meets outside: topics, registries, and the weather that they are in.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crosscheck::app::schemas::Registrar;
use crosscheck::app::topic::{Fetch, Topic};
use crosscheck::app::under_way::Pace;
use crosscheck::app::world::World as Outside;
use crosscheck::edge::kafka::KafkaError;
use crosscheck::edge::registry::{Kind, RegisteredSchema, RegistryError};
use crosscheck::model::{PerSide, Side};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::clock::SimTime;
use super::topic::{Again, Reader};
use super::world::World;
use super::world::rng::Rng;
use super::world::sometimes::Sometimes;

/// The name of a side's topic, cluster and registry.
pub fn name_of(side: Side) -> &'static str {
    match side {
        Side::Baseline => "orders",
        Side::Canary => "orders.canary",
        Side::Control => "orders.control",
    }
}

fn side_of(name: &str) -> Side {
    let named = Side::ALL.into_iter().find(|side| name_of(*side) == name);
    named.unwrap_or(Side::Canary)
}

/// What does not work just now.
#[derive(Default)]
pub struct Weather {
    pub brokers_down: PerSide<AtomicBool>,
    pub registry_down: PerSide<AtomicBool>,
    /// How long a registry takes for an answer, milliseconds.
    pub registry_ms: AtomicI64,
}

impl Weather {
    /// Everything works.
    pub fn clear(&self) {
        for side in Side::PAIR {
            self.brokers_down.get(side).store(false, Ordering::Relaxed);
            self.registry_down.get(side).store(false, Ordering::Relaxed);
        }
        self.registry_ms.store(0, Ordering::Relaxed);
    }
}

/// The logs and registries of a run.
pub struct Nature {
    pub world: Arc<World>,
    pub time: Arc<SimTime>,
    pub weather: Weather,
    /// How many records an engine settles at once.
    pub settled_at_once: u64,
    /// Draws for readers: sizes of batches, which partition comes first.
    pub rng: Mutex<Rng>,
    pub reached: Mutex<Sometimes>,
}

impl Nature {
    pub fn reached(&self, name: &'static str) {
        self.reached.lock().unwrap().reached(name);
    }

    pub fn below(&self, n: u64) -> u64 {
        self.rng.lock().unwrap().below(n)
    }

    pub fn brokers_down(&self, side: Side) -> bool {
        self.weather.brokers_down.get(side).load(Ordering::Relaxed)
    }
}

/// A worker's way to them.
pub struct SimOutside(pub Arc<Nature>);

impl Outside for SimOutside {
    fn topic(&self, _cluster: &str, topic: &str) -> Result<Box<dyn Topic>, KafkaError> {
        Ok(Box::new(Reader::open(self.0.clone(), side_of(topic))?))
    }

    fn again(&self, _cluster: &str, topic: &str) -> Box<dyn Fetch> {
        Box::new(Again {
            nature: self.0.clone(),
            side: side_of(topic),
        })
    }

    /// One hand, so that the order in which records are walked is the seed's; how many batches are under way is drawn.
    fn pace(&self) -> Pace {
        let batches = 1 + usize::try_from(self.0.world.seed % 5).unwrap();
        Pace { hands: 1, batches }
    }

    fn registry(&self, name: &str) -> Option<Arc<dyn Registrar>> {
        Some(Arc::new(SimRegistry {
            nature: self.0.clone(),
            side: side_of(name),
        }))
    }

    fn settled_at_once(&self) -> u64 {
        self.0.settled_at_once
    }
}

struct SimRegistry {
    nature: Arc<Nature>,
    side: Side,
}

impl SimRegistry {
    async fn answer(&self) -> Result<(), RegistryError> {
        let ms = self.nature.weather.registry_ms.load(Ordering::Relaxed);
        if ms > 0 {
            self.nature.reached("registry slow");
            let ms = self.nature.below(ms.unsigned_abs());
            tokio::time::sleep(Duration::from_millis(ms)).await; // waits for simulated time
        }
        if self.nature.weather.registry_down.get(self.side).load(Ordering::Relaxed) {
            self.nature.reached("registry down");
            return Err(RegistryError::Unreachable {
                registry: name_of(self.side).to_owned(),
                reason: "simulated".to_owned(),
            });
        }
        Ok(())
    }

    fn of(&self, id: u32) -> Result<RegisteredSchema, RegistryError> {
        let schemas = self.nature.world.registries.get(self.side);
        let text = schemas.get(&id).ok_or_else(|| RegistryError::NotFound {
            registry: name_of(self.side).to_owned(),
            what: format!("schema {id}"),
        })?;
        Ok(RegisteredSchema {
            json: (*text).to_owned(),
            references: Vec::new(),
            imports: Vec::new(),
            kind: Kind::Avro,
            id: Some(id),
        })
    }
}

impl Registrar for SimRegistry {
    fn schema(&self, id: u32, _again: bool) -> BoxFuture<'_, Result<Arc<RegisteredSchema>, RegistryError>> {
        Box::pin(async move {
            self.answer().await?;
            self.of(id).map(Arc::new)
        })
    }

    fn schema_of_guid(&self, guid: Uuid) -> BoxFuture<'_, Result<RegisteredSchema, RegistryError>> {
        Box::pin(async move {
            self.answer().await?;
            Err(RegistryError::NotFound {
                registry: name_of(self.side).to_owned(),
                what: format!("schema {guid}"),
            })
        })
    }

    fn subject_version<'a>(
        &'a self,
        _subject: &'a str,
        _version: Option<u32>,
    ) -> BoxFuture<'a, Result<RegisteredSchema, RegistryError>> {
        Box::pin(async move {
            self.answer().await?;
            Ok(RegisteredSchema {
                json: self.nature.world.contract().to_owned(),
                references: Vec::new(),
                imports: Vec::new(),
                kind: Kind::Avro,
                id: None,
            })
        })
    }
}
