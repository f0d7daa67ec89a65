//! Profiles: an unpaired stream ends record by record as the oracle says, and a profile is a function of the logs alone.

use crosscheck::engine::Profile;
use crosscheck::model::{CarriedValues, Profiled, Reduction, number_bin};

use super::driver::{Manner, run};
use super::part_of;
use super::properties::{against_lives, in_every_manner};
use super::world::{Rng, World};

const WORLDS: u64 = 1_200;

/// A world with a profiled path; every value says something else of it.
fn profiled(seed: u64, mut world: World, unpaired: bool) -> World {
    let mut rng = Rng(seed ^ 0x0d21);
    world.settings.profile = Profile::of(1, unpaired).map(|profile| Profile {
        salt: [u8::try_from(rng.below(256)).unwrap(); 32],
        ..profile
    });
    for entry in world.logs.iter_mut().flat_map(|log| &mut log.entries) {
        if let Reduction::Decoded(print) = &mut entry.body {
            let hash = rng.below(9).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let value = match rng.below(6) {
                0 => Profiled::Null,
                1 => Profiled::Absent,
                2 => Profiled::Word { hash },
                3 => Profiled::Text { hash, length: 3 },
                4 => Profiled::Number {
                    bin: number_bin(f64::NAN),
                    hash,
                },
                _ => Profiled::Number {
                    bin: number_bin(hash as f64),
                    hash,
                },
            };
            print.carried = Some(Box::new(CarriedValues::from(vec![value])));
        }
    }
    world
}

fn unpaired(seed: u64, world: World) -> World {
    profiled(seed, world, true)
}

/// Every timely record of both sides is `profiled`, and nothing is missing, extra or mismatched.
#[test]
fn an_unpaired_stream_equals_the_oracle() {
    let (mut total, mut whole) = (0, 0);
    let seeds = 7_000_000..7_000_000 + part_of(WORLDS);
    let met = in_every_manner(seeds, false, unpaired, |seed, run| {
        for window in &run.windows {
            let counts = &window.counts;
            assert_eq!(counts.compared(), 0, "seed {seed}");
            let (sides, profile) = (&counts.sides, window.profile.as_ref());
            total += sides.baseline.profiled + sides.canary.profiled;
            if let Some(profile) = profile.filter(|_| !window.edge) {
                whole += 1;
                assert!(profile.canary.records <= sides.canary.profiled, "seed {seed}");
                assert!(profile.baseline.records <= sides.baseline.profiled, "seed {seed}");
            }
        }
    });
    assert!(total > part_of(3_000) && whole > part_of(1_200), "{total} {whole}");
    assert!(met.crashes > part_of(120) && met.wakes > part_of(25), "{met:?}");
}

#[test]
fn an_unpaired_stream_with_holes_and_crashes() {
    let (crashes, holes) = against_lives(8_000_000..8_000_000 + part_of(WORLDS / 4), unpaired);
    assert!(crashes > part_of(100) && holes > part_of(100), "{crashes} {holes}");
}

/// In one piece, in small ones, and with crashes between: the same windows, to the digest and to the last count.
#[test]
fn a_profile_is_a_function_of_the_logs() {
    let (mut crashes, mut profiles) = (0, 0);
    for seed in 9_000_000..9_000_000 + part_of(WORLDS) {
        let world = profiled(seed, World::random(&mut Rng(seed)), seed % 2 == 0);
        let of = |manner| run(&world, &mut Rng(seed ^ 1), manner);
        let plain = of(Manner::default());
        let broken = of(Manner::broken(seed));
        for (one, other) in plain.windows.iter().zip(&broken.windows) {
            let at = one.start_ms;
            assert_eq!((at, &one.profile), (other.start_ms, &other.profile), "seed {seed}");
            assert_eq!(one.digest, other.digest, "seed {seed} {at:?}");
            profiles += u32::from(one.profile.is_some());
        }
        assert_eq!(plain.windows.len(), broken.windows.len(), "seed {seed}");
        crashes += broken.crashes;
    }
    assert!(
        crashes > part_of(120) && profiles > part_of(1_200),
        "{crashes} {profiles}"
    );
}
