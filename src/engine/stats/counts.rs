//! What a check is fed with: the counts of one window.

/// Bad records of all, and the control's where there is one that spoke in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bad records of the canary.
    pub bad: u64,
    /// Of how many.
    pub of: u64,
    /// The same of the control.
    pub control: Option<(u64, u64)>,
}

impl Counts {
    /// Of a window without a control.
    #[must_use]
    pub fn new(bad: u64, of: u64) -> Self {
        Counts { bad, of, control: None }
    }

    /// With the control's.
    #[must_use]
    pub fn against(self, bad: u64, of: u64) -> Self {
        Counts {
            control: Some((bad, of)),
            ..self
        }
    }

    /// Adds another part of the same window, in any order: parts are added up before they are evidence.
    pub fn merge(&mut self, other: &Counts) {
        self.bad = self.bad.saturating_add(other.bad);
        self.of = self.of.saturating_add(other.of);
        self.control = match (self.control, other.control) {
            (Some((a, n)), Some((b, m))) => Some((a.saturating_add(b), n.saturating_add(m))),
            (mine, theirs) => mine.or(theirs),
        };
    }

    /// The canary's rate less the control's.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        let (bad, of) = self.control?;
        (self.of > 0 && of > 0).then(|| self.bad as f64 / self.of as f64 - bad as f64 / of as f64)
    }
}
