//! Which distributions a stream is judged by. Frozen in a generation.

use serde::{Deserialize, Serialize};

/// The difference of the shares that is borne unless something else is said.
pub const FLOOR: f64 = 0.02;
/// The difference of the shares of nulls.
pub const NULL_FLOOR: f64 = 0.005;
/// The relative difference of the numbers of distinct values.
pub const DISTINCT_FLOOR: f64 = 0.05;
/// The relative difference of the numbers of records.
pub const RATE_FLOOR: f64 = 0.02;

/// A path whose distribution is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfiledField {
    /// Where, in the contract's names.
    pub path: String,
    /// It may fail the stream; else it holds.
    pub critical: bool,
    /// Share of the values that may have moved: of numbers, categories and lengths.
    pub floor: f64,
    /// Difference of the shares of nulls that is borne.
    pub null_floor: f64,
    /// Relative difference of the numbers of distinct values that is borne.
    pub distinct_floor: f64,
}

/// Everything that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftPolicy {
    /// The paths, in the order in which their values travel.
    pub fields: Vec<ProfiledField>,
    /// The sides see different records.
    pub unpaired: bool,
    /// The canary's share of the traffic; without it the rate of records is measured at the start, and leads to nothing: the share
    /// may grow while the rollout goes on.
    pub share: Option<f64>,
}

/// How a distribution is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Share of records without a value.
    NullRate,
    /// Total variation of the categories.
    CategoryGap,
    /// Largest gap of the cumulative shares of numbers.
    CdfGap,
    /// The same of lengths.
    LengthGap,
    /// Logarithm of the ratio of the numbers of distinct values.
    Distinct,
    /// Logarithm of the ratio of the numbers of records.
    RecordRate,
}

impl Measure {
    /// Those of a path.
    pub const OF_FIELD: [Measure; 5] = [
        Measure::NullRate,
        Measure::CategoryGap,
        Measure::CdfGap,
        Measure::LengthGap,
        Measure::Distinct,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Measure::NullRate => "null_rate",
            Measure::CategoryGap => "category_gap",
            Measure::CdfGap => "cdf_gap",
            Measure::LengthGap => "length_gap",
            Measure::Distinct => "distinct",
            Measure::RecordRate => "record_rate",
        }
    }

    /// What it is of, in a sentence.
    pub(super) fn of(self) -> &'static str {
        match self {
            Measure::NullRate => "the share of nulls",
            Measure::CategoryGap => "the shares of the values",
            Measure::CdfGap => "the distribution of the numbers",
            Measure::LengthGap => "the distribution of the lengths",
            Measure::Distinct => "the number of distinct values",
            Measure::RecordRate => "the number of records",
        }
    }
}

/// Every path with every measure of it, in the order of the reports.
#[must_use]
pub fn measures(policy: &DriftPolicy) -> Vec<(String, &'static str)> {
    let of_fields = policy.fields.iter().flat_map(|field| {
        let of = |measure: Measure| (field.path.clone(), measure.as_str());
        Measure::OF_FIELD.map(of)
    });
    let own = policy
        .unpaired
        .then(|| (super::RECORDS.to_owned(), Measure::RecordRate.as_str()));
    of_fields.chain(own).collect()
}

impl ProfiledField {
    /// What is borne of a measure.
    #[must_use]
    pub fn floor_of(&self, measure: Measure) -> f64 {
        match measure {
            Measure::NullRate => self.null_floor,
            Measure::Distinct => self.distinct_floor,
            Measure::CategoryGap | Measure::CdfGap | Measure::LengthGap => self.floor,
            Measure::RecordRate => RATE_FLOOR,
        }
    }
}
