//! Critical fields: each mismatched pair that counts is held against the oracle, field by field, whatever we meet on the way.

use crosscheck::engine::{Candidate, Settings};
use crosscheck::model::{CarriedValues, Critical, Differing, Fingerprint, Reduction};

use super::driver::{Manner, run};
use super::oracle::{equal, truth};
use super::properties::{Met, against_lives, agree, in_every_manner};
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

/// Places of the fields that bear no difference in the worlds below.
const STRICT: [usize; 3] = [0, 1, 3];

#[test]
fn those_that_bear_none_keep_pairs_of_their_own() {
    let (alone, crashes) = keep_their_own(12_000_000..12_000_000 + WORLDS / 4);
    assert!(alone > 60 && crashes > 3_000, "{alone} {crashes}");
}

/// However few findings are kept, of each field that bears no difference the same pairs are, whatever we meet on the way: as many
/// as differ there, or four. What they are is held against the oracle by those worlds that keep all. How often one was kept that
/// the sample has not, and how many crashes there were.
pub fn keep_their_own(seeds: std::ops::Range<u64>) -> (usize, u32) {
    let (mut alone, mut crashes) = (0, 0);
    for seed in seeds {
        let mut rng = Rng(seed);
        let mut world = critical(seed, World::random(&mut rng));
        let manner = Manner {
            batch: 4,
            crash: 15 * (seed % 2),
            pace: seed % 3,
            ..Manner::default()
        };
        let whole = run(&world, &mut rng, manner);
        agree(seed, &world, &whole, &truth(&world, &whole.raises, &whole.holes, None));
        world.settings.findings_max = usize::try_from(seed / 2 % 2).unwrap();
        let sampled = run(&world, &mut rng, manner).windows;
        world.settings.named.strict = STRICT.to_vec();
        let first = run(&world, &mut rng, manner);
        let again = run(&world, &mut rng, Manner::default());
        assert_eq!(first.windows, again.windows, "seed {seed}");
        crashes += first.crashes;
        for (at, window) in first.windows.iter().enumerate() {
            let (all, sample) = (&whole.windows[at].candidates, &sampled[at].candidates);
            assert_eq!(window.digest, whole.windows[at].digest, "seed {seed}");
            assert!(window.candidates.iter().all(|kept| all.contains(kept)), "seed {seed}");
            assert!(
                sample.iter().all(|kept| window.candidates.contains(kept)),
                "seed {seed}"
            );
            assert!(window.candidates.len() <= sample.len() + 4 * STRICT.len());
            alone += window.candidates.len() - sample.len();
            for place in STRICT {
                let count = |candidates: &[Candidate]| {
                    let differ = candidates.iter().filter(|candidate| candidate.differing.at(place));
                    differ.count()
                };
                let counted = usize::try_from(window.counts.differing(place)).unwrap();
                assert_eq!(count(all), counted, "seed {seed}");
                assert!(count(&window.candidates) >= counted.min(4), "seed {seed} place {place}");
            }
        }
    }
    (alone, crashes)
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
