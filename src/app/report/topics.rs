//! Which topic a partition is of, where a side has several.

use super::model::{Finding, Place, StreamReport};
use crate::model::{PerSide, Side, Topics};

/// Names the topics of partitions and positions, whose numbers until now told them apart.
pub(super) fn name(report: &mut StreamReport, topics: &PerSide<Topics>) {
    for side in Side::PAIR {
        let topics = topics.get(side);
        for range in &mut report.sides.get_mut(side).partitions {
            let (topic, partition) = topics.place(range.partition);
            (range.topic, range.partition) = (topic.map(str::to_owned), partition);
        }
    }
    for finding in &mut report.findings {
        name_finding(finding, topics);
    }
}

/// The same of one finding.
pub fn name_finding(finding: &mut Finding, topics: &PerSide<Topics>) {
    for (place, topics) in [
        (&mut finding.baseline, &topics.baseline),
        (&mut finding.canary, &topics.canary),
    ] {
        let Some(Place { topic, partition, .. }) = place else {
            continue;
        };
        let (name, number) = topics.place(*partition);
        (*topic, *partition) = (name.map(str::to_owned), number);
    }
}
