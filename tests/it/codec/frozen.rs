//! Digests are what they were before there was a fast walk: random schemas, contracts and values, and one hash over all their
//! identities and digests. The hashes are those of commit 8cbda27^, in whose tests this file ran.

use crosscheck::model::Side;

use super::build::{Numbers, each, reducer, settings};
use super::drawn::{Shape, fields, shape, text, written};

/// Values of each pair of schemas, reduced in one batch: as many as one call hashes, and some more.
const VALUES: u64 = 20;

/// The schema as another version of it has it: fields added, dropped, in another order, of a type that holds more or less.
fn evolved(shape: &Shape, numbers: &mut Numbers, names: &mut u32) -> Shape {
    match shape {
        Shape::Leaf(word) if numbers.below(6) == 0 => Shape::Leaf(match *word {
            "int" => ["long", "float", "double"][numbers.below(3)],
            "long" => ["int", "double"][numbers.below(2)],
            "float" => "double",
            "double" => "float",
            "string" => "bytes",
            "bytes" => "string",
            other => other,
        }),
        Shape::Array(inner) => Shape::Array(Box::new(evolved(inner, numbers, names))),
        Shape::Map(inner) => Shape::Map(Box::new(evolved(inner, numbers, names))),
        // Of records what is absent in them stands elsewhere in the digest since.
        Shape::Nullable(inner, _) if matches!(**inner, Shape::Leaf(_)) && numbers.below(8) == 0 => {
            evolved(inner, numbers, names)
        }
        Shape::Nullable(inner, first) => Shape::Nullable(
            Box::new(evolved(inner, numbers, names)),
            *first != (numbers.below(4) == 0),
        ),
        Shape::Record(name, members) => {
            let mut members: Vec<(String, Shape)> = members
                .iter()
                .filter_map(|(name, shape)| {
                    let stays = numbers.below(8) > 0;
                    stays.then(|| (name.clone(), evolved(shape, numbers, names)))
                })
                .collect();
            if numbers.below(6) == 0 {
                *names += 1;
                members.push((format!("added{names}"), Shape::Leaf("long")));
            }
            if numbers.below(3) == 0 {
                members.reverse();
            }
            Shape::Record(name.clone(), members)
        }
        other => other.clone(),
    }
}

/// The hash over so many pairs of a schema and a value.
fn hash_of(pairs: u64) -> String {
    let (mut all, mut decoded, mut odd) = (blake3::Hasher::new(), 0, 0);
    for seed in 0..pairs / VALUES {
        let mut numbers = Numbers(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
        let names = &mut 0;
        let root = Shape::Record(
            "Root".to_owned(),
            fields((0..1 + numbers.below(4)).map(|_| shape(&mut numbers, 3, names))),
        );
        let contract = match numbers.below(2) {
            0 => root.clone(),
            _ => evolved(&root, &mut numbers, &mut 1_000_000),
        };
        let values: Vec<Vec<u8>> = (0..VALUES)
            .map(|round| {
                let mut value = Numbers(seed * 31 + round / 2);
                let mut style = Numbers(seed * 1000 + round);
                written(&root, &mut value, (round % 2 == 1).then_some(&mut style))
            })
            .collect();
        let side = if numbers.below(2) == 0 {
            Side::Baseline
        } else {
            Side::Canary
        };
        let mut reducer = reducer(side, settings(), &text(&root), &text(&contract));
        for became in each(&mut reducer, &values) {
            match became {
                Ok(fingerprint) => {
                    decoded += 1;
                    all.update(&fingerprint.identity.0);
                    all.update(&fingerprint.digest.0);
                }
                Err(reason) => {
                    odd += 1;
                    all.update(format!("{reason:?}").as_bytes());
                }
            }
        }
    }
    assert_eq!(decoded + odd, pairs / VALUES * VALUES);
    assert!(decoded > odd * 9, "{decoded} decoded, {odd} not");
    all.finalize().to_hex().as_str()[..32].to_owned()
}

#[test]
fn twenty_thousand_digests_are_what_they_were() {
    assert_eq!(hash_of(20_000), "c542e8395355be0005627623c4b7f614");
}

#[test]
#[ignore = "half a minute; run by hand, as docs/performance.md says"]
fn by_hand_a_million_digests_are_what_they_were() {
    assert_eq!(hash_of(1_000_000), "6f3efdb514520efb4e7f1b63a70e4928");
}
