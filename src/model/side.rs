//! Which pipeline a record comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// One of the pipelines under comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The pipeline that is trusted.
    Baseline,
    /// The pipeline under judgement.
    Canary,
    /// A second baseline, which shows the natural noise.
    Control,
}

impl Side {
    /// The two sides that every comparison has, in the order of the rules.
    pub const PAIR: [Side; 2] = [Side::Baseline, Side::Canary];

    /// All that there may be; a control stands last.
    pub const ALL: [Side; 3] = [Side::Baseline, Side::Canary, Side::Control];

    /// The side that a record of this one pairs with: a control pairs with the baseline.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Baseline => Side::Canary,
            Side::Canary | Side::Control => Side::Baseline,
        }
    }

    /// The word for it in reports, metrics and flags.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Baseline => "baseline",
            Side::Canary => "canary",
            Side::Control => "control",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value for each side that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides<T> {
    /// The baseline's.
    pub baseline: T,
    /// The canary's.
    pub canary: T,
    /// The control's, where there is one.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none",
        bound(deserialize = "T: Deserialize<'de>")
    )]
    pub control: Option<T>,
}

/// A value that is written is there, though it is null: where it is nothing yet, a control must not take the baseline's place.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl<T: Default> Default for Sides<T> {
    /// A control has one, too.
    fn default() -> Self {
        Self {
            baseline: T::default(),
            canary: T::default(),
            control: Some(T::default()),
        }
    }
}

impl<T> Sides<T> {
    /// The value of a side; a control that is not there reads the baseline's, and is never asked for.
    pub fn get(&self, side: Side) -> &T {
        match side {
            Side::Baseline => &self.baseline,
            Side::Canary => &self.canary,
            Side::Control => self.control.as_ref().unwrap_or(&self.baseline),
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Baseline => &mut self.baseline,
            Side::Canary => &mut self.canary,
            Side::Control => self.control.as_mut().unwrap_or(&mut self.baseline),
        }
    }

    /// The sides that there are.
    pub fn present(&self) -> &'static [Side] {
        if self.control.is_some() {
            &Side::ALL
        } else {
            &Side::PAIR
        }
    }

    /// The values that there are.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        [&self.baseline, &self.canary].into_iter().chain(&self.control)
    }

    /// The same, to change them.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [&mut self.baseline, &mut self.canary]
            .into_iter()
            .chain(&mut self.control)
    }

    /// The same function of all values.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> Sides<U> {
        Sides {
            baseline: f(self.baseline),
            canary: f(self.canary),
            control: self.control.map(f),
        }
    }

    /// A value for each side that is here.
    pub fn each<U>(&self, mut f: impl FnMut(Side) -> U) -> Sides<U> {
        Sides {
            baseline: f(Side::Baseline),
            canary: f(Side::Canary),
            control: self.control.as_ref().map(|_| f(Side::Control)),
        }
    }

    /// Baseline and canary.
    pub fn pair(&self) -> PerSide<&T> {
        PerSide {
            baseline: &self.baseline,
            canary: &self.canary,
        }
    }
}

impl<T, E> Sides<Result<T, E>> {
    /// All of them.
    ///
    /// # Errors
    /// The first that is one.
    pub fn whole(self) -> Result<Sides<T>, E> {
        Ok(Sides {
            baseline: self.baseline?,
            canary: self.canary?,
            control: self.control.transpose()?,
        })
    }
}

/// One value for the baseline and one for the canary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerSide<T> {
    /// The baseline's.
    pub baseline: T,
    /// The canary's.
    pub canary: T,
}

impl<T> PerSide<T> {
    /// The value of a side; a control has none of its own here and reads the baseline's.
    pub fn get(&self, side: Side) -> &T {
        match side {
            Side::Canary => &self.canary,
            Side::Baseline | Side::Control => &self.baseline,
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Canary => &mut self.canary,
            Side::Baseline | Side::Control => &mut self.baseline,
        }
    }

    /// The same function of both values.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> PerSide<U> {
        PerSide {
            baseline: f(self.baseline),
            canary: f(self.canary),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_of_which_nothing_is_known_is_read_back_as_that() {
        let unknown: Sides<Option<String>> = Sides::default();
        let text = serde_json::to_string(&unknown).unwrap();
        let mut again: Sides<Option<String>> = serde_json::from_str(&text).unwrap();
        assert_eq!(again, unknown);
        *again.get_mut(Side::Control) = Some("id".to_owned());
        assert_eq!(again.baseline, None);
        let none: Sides<u8> = serde_json::from_str(r#"{"baseline":1,"canary":2}"#).unwrap();
        assert_eq!(
            (none.control, serde_json::to_string(&none).unwrap().contains("control")),
            (None, false)
        );
    }
}
