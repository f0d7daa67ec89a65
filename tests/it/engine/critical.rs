//! Critical fields: each mismatched pair that counts is held against the oracle, field by field, whatever we meet on the way.

use crosscheck::engine::Settings;
use crosscheck::model::{CarriedValues, Critical, Differing, Fingerprint, Reduction};

use super::driver::{Manner, run};
use super::oracle::equal;
use super::properties::{Met, against_lives, in_every_manner};
use super::world::{Rng, World};

const WORLDS: u64 = 4_000;

/// What stands at the critical paths: what is equal has the same. The first has the tolerance of the world, if it has one; the
/// last is null or absent at times.
fn values(what: u8, tolerant: u8) -> Vec<Critical> {
    let value = |hash: u8| Critical::Value {
        kind: 2,
        hash: u64::from(hash),
    };
    let last = match what {
        0 => Critical::Null,
        1 => Critical::Absent,
        _ => value(what),
    };
    vec![value(tolerant), value(what / 2), value(7), last]
}

/// The critical fields that differ by more than their tolerance.
pub fn differing(set: &Settings, one: &Fingerprint, other: &Fingerprint) -> Differing {
    let values = |print: &'_ Fingerprint| {
        print
            .carried
            .as_ref()
            .map_or_else(Vec::new, |values| values.critical.clone())
    };
    let mut differing = Differing::default();
    for (place, tolerance) in set.named.critical.iter().enumerate() {
        let kind = values(one)[place].difference(values(other)[place]);
        let borne = tolerance.is_some() && {
            let digest = one.digest;
            equal(
                one,
                &Fingerprint {
                    digest,
                    ..other.clone()
                },
                false,
            )
        };
        if let Some(kind) = kind.filter(|_| !borne) {
            differing.put(place, kind);
        }
    }
    differing
}

fn critical(_seed: u64, mut world: World) -> World {
    let tolerance = (!world.settings.tolerances.is_empty()).then_some(0);
    world.settings.named.critical = vec![tolerance, None, None, None];
    for entry in world.logs.iter_mut().flat_map(|log| &mut log.entries) {
        if let Reduction::Decoded(print) = &mut entry.body {
            let tolerant = print.tolerant.as_ref().map_or(0, |values| match &values[0].0 {
                crosscheck::model::TolerantKind::Decimal { unscaled, .. } => unscaled[0],
                _ => 0,
            });
            print.carried = Some(Box::new(CarriedValues {
                critical: values(print.digest.0[7], tolerant),
                ..CarriedValues::default()
            }));
        }
    }
    world
}

#[test]
fn they_equal_the_oracle() {
    let (differing, met) = against_oracle(11_000_000..11_000_000 + WORLDS);
    let [tolerant, halves, never, last] = differing;
    assert!(tolerant > 20 && halves > 200 && last > 400, "{differing:?}");
    assert_eq!(never, 0);
    assert!(met.crashes > 800 && met.holes > 300 && met.away > 400, "{met:?}");
}

/// How often pairs differed at each of the fields, and what there was.
pub fn against_oracle(seeds: std::ops::Range<u64>) -> ([u64; 4], Met) {
    let mut differing = [0; 4];
    let met = in_every_manner(seeds, true, critical, |_, run| {
        for window in &run.windows {
            for (place, sum) in differing.iter_mut().enumerate() {
                *sum += window.counts.differing(place);
            }
        }
    });
    (differing, met)
}

#[test]
fn they_equal_the_oracle_life_by_life() {
    let (crashes, holes) = against_lives(4_000_000..4_000_000 + WORLDS / 4, critical);
    assert!(crashes > 700 && holes > 700, "{crashes} {holes}");
}

/// A stream without critical fields has the windows that it had before there were any, byte by byte.
#[test]
fn a_window_without_them_is_stored_as_before() {
    let mut differing = 0;
    for seed in 0..400 {
        let plain = World::random(&mut Rng(seed));
        let of = |world: &World| run(world, &mut Rng(seed ^ 1), Manner::default()).windows;
        let (without, with) = (of(&plain), of(&critical(seed, plain.clone())));
        for (without, with) in without.iter().zip(&with) {
            let text = serde_json::to_string(&without.counts).unwrap();
            assert!(!text.contains("named"), "{text}");
            let differs = with.counts.named.is_some();
            differing += u32::from(differs);
            assert_eq!(with.digest == without.digest, !differs, "seed {seed}");
            let mut counts = with.counts.clone();
            counts.named = None;
            assert_eq!(counts, without.counts, "seed {seed}");
        }
    }
    assert!(differing > 60, "{differing}");
}

/// Four bits a field: the last of the eight has its place.
#[test]
fn there_are_eight() {
    assert_eq!(Differing::FIELDS_MAX * 4, 32);
}
