//! Random small worlds: the logs of two sides with everything that rules 5 to 14 speak of.

use crosscheck::engine::{Entry, Named, Names, Range, RateFrom, Sample, Settings, Tolerance};
use crosscheck::model::{
    Digest, Fingerprint, Identity, Reduction, Side, TolerantKind, TolerantValue, UndecodableReason,
};

/// A seeded generator (splitmix64).
#[derive(Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.below(u64::try_from(high - low + 1).unwrap())).unwrap()
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// One partition's log, and where a reader may find its end for a while.
#[derive(Clone, Debug)]
pub struct Log {
    pub side: Side,
    pub partition: u32,
    pub from: u64,
    pub end: u64,
    pub entries: Vec<Entry>,
    pub pauses: Vec<usize>,
}

/// Two sides.
#[derive(Clone, Debug)]
pub struct World {
    pub settings: Settings,
    pub logs: Vec<Log>,
    pub close: bool,
    /// The rates of the sample, as a run has stored them.
    pub rates: Vec<RateFrom>,
}

pub fn identity(number: u64) -> Identity {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    Identity(bytes)
}

pub fn digest(number: u64) -> Digest {
    let mut bytes = [1; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Digest(bytes)
}

pub fn settings() -> Settings {
    Settings {
        window_ms: Some(10),
        lateness_ms: Some(5),
        grace_ms: Some(6),
        skew_max_ms: None,
        age_max_ms: None,
        time_is_timestamp: false,
        names: Names::Event,
        has_identity: true,
        tolerances: Vec::new(),
        range: Range::Everything,
        sample: Sample::default(),
        control: false,
        profile: None,
        named: Named::default(),
        latest: false,
        findings_max: 10_000,
        held_max_bytes: u64::MAX,
    }
}

pub fn decoded(offset: u64, identity_number: u64, digest_number: u64, time: Option<i64>) -> Entry {
    let body = Reduction::Decoded(Fingerprint {
        identity: identity(identity_number),
        by_content: false,
        tombstone: false,
        digest: digest(digest_number),
        time_ms: time,
        tolerant: None,
        carried: None,
    });
    Entry {
        offset,
        bytes: 10,
        timestamp_ms: None,
        body,
    }
}

pub fn number(value: i8) -> TolerantValue {
    TolerantValue(TolerantKind::Decimal {
        unscaled: value.to_be_bytes().to_vec(),
        scale: 0,
    })
}

impl World {
    pub fn random(rng: &mut Rng) -> World {
        let mut settings = settings();
        settings.window_ms = if rng.chance(95) {
            Some(rng.pick(&[1, 4, 10, 25, 5_000]))
        } else {
            None
        };
        settings.lateness_ms = if rng.chance(90) { Some(rng.within(0, 12)) } else { None };
        settings.grace_ms = if rng.chance(92) { Some(rng.within(0, 14)) } else { None };
        settings.names = if rng.chance(85) { Names::Event } else { Names::Entity };
        settings.has_identity = rng.chance(90);
        settings.skew_max_ms = rng.chance(50).then_some(20);
        settings.age_max_ms = rng.chance(50).then_some(60);
        settings.time_is_timestamp = rng.chance(20);
        let tolerant = rng.chance(20);
        if tolerant {
            settings.tolerances = vec![Tolerance::Absolute("1".into())];
        }
        settings.range = match rng.below(5) {
            0 if settings.lateness_ms.is_some() => Range::Discovered,
            1 => Range::Time {
                start_ms: rng.chance(70).then_some(rng.within(-10, 30)),
                end_ms: rng.chance(70).then_some(rng.within(20, 60)),
            },
            _ => Range::Everything,
        };
        let mut world = World {
            settings,
            logs: Vec::new(),
            close: rng.chance(25),
            rates: Vec::new(),
        };
        for side in Side::PAIR {
            for partition in 0..u32::try_from(1 + rng.below(3)).unwrap() {
                let from = rng.below(3);
                world.logs.push(Log {
                    side,
                    partition,
                    from,
                    end: from,
                    entries: Vec::new(),
                    pauses: Vec::new(),
                });
            }
        }
        let mut apart = Rng(rng.clone().next());
        world.fill(rng, tolerant);
        world.divert(&mut apart);
        world
    }

    /// Now and then a side has dead letters, whose clock is anybody's.
    fn divert(&mut self, rng: &mut Rng) {
        for side in Side::PAIR {
            if !rng.chance(30) {
                continue;
            }
            for partition in 0..u32::try_from(rng.below(3)).unwrap() {
                let from = rng.below(3);
                let (mut entries, mut pauses, mut end) = (Vec::new(), Vec::new(), from);
                let mut time = rng.within(-40, 40);
                for at in 0..usize::try_from(rng.below(9)).unwrap() {
                    end += rng.below(2) * rng.below(3);
                    time += rng.within(-12, 20);
                    let stamp = if rng.chance(85) {
                        Some(time)
                    } else {
                        rng.pick(&[None, Some(i64::MAX), Some(4_000), Some(-4_000)])
                    };
                    if rng.chance(40) {
                        pauses.push(at);
                    }
                    let body = if rng.chance(90) {
                        Reduction::Diverted([u8::try_from(rng.below(3)).unwrap(); 16])
                    } else {
                        Reduction::Deselected
                    };
                    entries.push(Entry {
                        offset: end,
                        bytes: 1 + rng.below(9),
                        timestamp_ms: stamp,
                        body,
                    });
                    end += 1;
                }
                self.logs.push(Log {
                    side,
                    partition: 1 << 31 | partition,
                    from,
                    end,
                    entries,
                    pauses,
                });
            }
        }
    }

    fn fill(&mut self, rng: &mut Rng, tolerant: bool) {
        let (identities, digests) = (1 + rng.below(6), 1 + rng.below(3));
        let by_content = rng.chance(20);
        let disorder = rng.pick(&[0, 3, 12]);
        let skew = rng.pick(&[0, 2, 9]);
        let rare = rng.pick(&[0, 5, 25]);
        let mut time = rng.within(-15, 10);
        for _ in 0..rng.below(22) {
            time += rng.within(0, rng.clone().within(1, 12));
            let (who, what) = (rng.below(identities), rng.below(digests));
            let value = i8::try_from(rng.below(3)).unwrap();
            for side in Side::PAIR {
                for _ in 0..rng.pick(&[0, 1, 1, 1, 1, 1, 1, 2]) {
                    let what = if rng.chance(85) { what } else { rng.below(digests) };
                    let at = time
                        + rng.within(-disorder, 0)
                        + if side == Side::Canary {
                            rng.within(-skew, skew)
                        } else {
                            0
                        };
                    let plain = by_content && who % 2 == 0 || !self.settings.has_identity;
                    let value = if rng.chance(80) { value } else { value + 1 };
                    let print = Fingerprint {
                        identity: if plain {
                            identity(1_000 + who * 10 + what)
                        } else {
                            identity(who)
                        },
                        by_content: plain,
                        tombstone: false,
                        digest: digest(what),
                        time_ms: Some(at),
                        tolerant: tolerant.then(|| vec![number(value)].into()),
                        carried: None,
                    };
                    self.append(rng, side, at, print, rare);
                }
            }
        }
    }

    fn append(&mut self, rng: &mut Rng, side: Side, at: i64, mut print: Fingerprint, rare: u64) {
        let logs = self.logs.iter_mut();
        let mut logs: Vec<&mut Log> = logs.filter(|log| log.side == side).collect();
        let which = usize::try_from(rng.below(logs.len() as u64)).unwrap();
        let log = &mut logs[which];
        if rng.chance(10) {
            log.end += 1 + rng.below(2);
        }
        if rng.chance(rare) {
            match rng.below(4) {
                0 => print.time_ms = Some(at + rng.pick(&[-1_000, -100, -40, 15, 40, 3_000])),
                1 => print.time_ms = None,
                2 => print.time_ms = Some(rng.pick(&[i64::MIN, i64::MAX, i64::MAX - 1])),
                _ => {}
            }
        }
        let body = match rng.below(100) {
            roll if roll < rare / 3 => Reduction::Deselected,
            roll if roll < rare => {
                Reduction::Undecodable(UndecodableReason::Truncated, [u8::try_from(rng.below(2)).unwrap(); 16])
            }
            _ => Reduction::Decoded(print),
        };
        if rng.chance(15) {
            log.pauses.push(log.entries.len());
        }
        log.entries.push(Entry {
            offset: log.end,
            bytes: 1 + rng.below(9),
            timestamp_ms: rng.chance(90).then_some(at),
            body,
        });
        log.end += 1;
    }
}

impl World {
    /// One line a record, for failures.
    pub fn show(&self) -> String {
        let Settings {
            window_ms,
            lateness_ms,
            grace_ms,
            range,
            names,
            has_identity,
            tolerances,
            ..
        } = &self.settings;
        let mut text = format!(
            "window {window_ms:?} lateness {lateness_ms:?} grace {grace_ms:?} {range:?} {names:?} identity {has_identity} {tolerances:?} close {}\n",
            self.close
        );
        for log in &self.logs {
            text += &format!(
                "{} {} from {} pauses {:?}\n",
                log.side, log.partition, log.from, log.pauses
            );
            for Entry {
                offset,
                timestamp_ms,
                body,
                ..
            } in &log.entries
            {
                text += &match body {
                    Reduction::Decoded(print) => {
                        let (id, digest) = (print.identity.0[15], print.digest.0[7]);
                        let time = print.time_ms;
                        format!(
                            "  {offset}: id {id} digest {digest} time {time:?} stamp {timestamp_ms:?} content {} {:?}\n",
                            print.by_content, print.tolerant
                        )
                    }
                    other => format!("  {offset}: {other:?}\n"),
                };
            }
        }
        text
    }
}
