//! Defects of our own, to be switched on by a test that must then fail: the simulator is only worth what it catches.
//!
//! Without the feature `mutants` nothing of this exists: `mutant!(Name)` is the word `false`. With it, one defect may be
//! on in a thread at a time. No release is built with the feature.

/// True where the test of this thread has switched the defect on; `false`, the word, in every build without the feature.
#[cfg(feature = "mutants")]
macro_rules! mutant {
    ($name:ident) => {
        $crate::mutants::is_on($crate::mutants::Mutant::$name)
    };
}

/// `false`: this build has no defects to switch on.
#[cfg(not(feature = "mutants"))]
macro_rules! mutant {
    ($name:ident) => {
        false
    };
}

/// Panics here where the process was told to do so in this task; nothing in every build without the feature.
#[cfg(feature = "mutants")]
macro_rules! may_panic {
    ($task:literal) => {
        $crate::mutants::may_panic($task)
    };
}

/// Nothing: this build does not panic on demand.
#[cfg(not(feature = "mutants"))]
macro_rules! may_panic {
    ($task:literal) => {};
}

#[cfg(feature = "mutants")]
pub use demand::{may_panic, panic_in};
#[cfg(feature = "mutants")]
pub use switch::{Mutant, is_on, switch};

#[cfg(feature = "mutants")]
mod demand {
    use std::sync::OnceLock;

    static TASK: OnceLock<String> = OnceLock::new();

    /// Tells the process in which task it shall panic.
    pub fn panic_in(task: String) {
        TASK.get_or_init(|| task);
    }

    /// Panics in that task, with words that must be shown nowhere.
    ///
    /// # Panics
    /// On demand.
    pub fn may_panic(task: &str) {
        assert!(
            TASK.get().is_none_or(|named| named != task),
            "a value of a record in {task}"
        );
    }
}

#[cfg(feature = "mutants")]
mod switch {
    use std::cell::Cell;

    macro_rules! mutants {
        ($($name:ident: $what:literal,)*) => {
            /// A defect: what it does is its sentence.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum Mutant {
                $(#[doc = $what] $name,)*
            }

            impl Mutant {
                /// All of them, in the order of the page that names them.
                const LISTED: &'static [Mutant] = &[$(Mutant::$name,)*];

                /// What it does wrong.
                #[must_use]
                pub fn sentence(self) -> &'static str {
                    match self {
                        $(Mutant::$name => $what,)*
                    }
                }
            }
        };
    }

    /// How many of them are in what the simulator's streams do not have.
    const OF_CHECKS: usize = 9;

    impl Mutant {
        /// Those that the simulator of the whole worker must catch.
        #[must_use]
        pub fn of_the_worker() -> &'static [Mutant] {
            &Self::LISTED[..Self::LISTED.len() - OF_CHECKS]
        }

        /// Those in checks that a stream has by its settings: the worlds of these checks must catch them.
        #[must_use]
        pub fn of_checks() -> &'static [Mutant] {
            &Self::LISTED[Self::LISTED.len() - OF_CHECKS..]
        }
    }

    mutants! {
        NaiveUpsert: "after a restart open windows are begun anew and overwrite final ones",
        CheckpointFirst: "where to go on is stored before the windows, in a transaction of its own",
        ResumePlusOne: "a partition resumes one record too late",
        LateByClosedWindow: "late is what comes behind a final window, not behind its own partition",
        WatermarkOfFastest: "a side's watermark is the greatest of its partitions",
        IdleBySilence: "a silent partition is idle wherever its log ends",
        IdleWithOpenTransaction: "a partition with an open transaction is idle",
        CloseAtHighWatermark: "a close captures high watermarks instead of last stable offsets",
        FutureAccepted: "an event time far after its Kafka timestamp moves the watermark",
        PastAccepted: "an event time far before its Kafka timestamp is timely",
        NoEpochCheck: "whoever had the lease once may write",
        ResetToLatest: "offsets that retention took are skipped without a word",
        StraddlingNotStored: "pairs that reach over the frontier are not stored",
        NoLookBack: "records before the frontier are not read again",
        LatePairs: "late records take part in pairing",
        RaisesNotStored: "the maximum at which an idle partition woke is not stored",
        SleepsOn: "a record does not wake an idle partition",
        SlowestHeld: "reading in step holds back the slowest partition",
        CacheById: "one registry's schema ids serve both sides",
        RegistryTroubleIsUnknown: "a registry that does not answer makes records undecodable",
        TrailingBytesAccepted: "bytes behind a record are ignored",
        EndIsNull: "where a record ends too soon the rest is null",
        UnionByIndex: "union branches are matched by their place",
        EnumByIndex: "enum symbols are matched by their place",
        TombstoneIsNothing: "a record without a value is no record",
        DuplicateIsMismatch: "a second equal record is paired with something else",
        ConflictIsSurplus: "a record that contradicts one of its side is plain surplus",
        NoGrace: "records pair only at the very same time",
        HalfGraceIsGrace: "records differ within grace instead of half of it",
        NewestFirst: "a record pairs with the newest equal one",
        FinalWithoutGrace: "a window is final when the watermark has passed its end",
        EdgesJudged: "what lies outside the range of evidence counts",
        EdgeOffByOne: "the evidence begins one window too soon",
        StartOfFastest: "a worker's range begins at the first partition's first record",
        CloseWithoutEdge: "the end of a closed release is evidence",
        HoleIsNoEdge: "windows beside lost records count like others",
        SampleByContent: "who is in the sample is decided by what a record holds, not by its identity",
        BesideIsSampled: "where the rate of the sample changes, records count that are there for a partner only",
        PartnersCut: "where the rate of the sample changes, a partner on the other side of it is left out",
        CapDropsCounts: "what is not kept as a finding is not counted",
        SharedNever: "a bad record that both sides show is the canary's alone",
        SharedForEver: "a bad record is shared however late the baseline shows it",
        SharedTwice: "one bad record of the baseline excuses all of the canary's",
        NoiseIsMismatched: "what a control shows too counts as the canary's difference",
        SilentControlHolds: "a control that sends nothing holds the windows",
        IncidentsForgotten: "what the logs did is not stored",
        InconclusiveIsPass: "an inconclusive verdict reads pass",
        InconclusiveIsFail: "an inconclusive verdict reads fail",
        NothingIsPass: "a release without evidence passes",
        LatchOff: "a verdict that failed may pass later",
        DivertedBounds: "where dead letters end bounds the evidence",
        DivertedIsUndecodable: "a dead letter is shared with an undecodable record of the same bytes",
        SlowOfBoth: "a pair is slower where both of its records are slow",
        SlowAtLimit: "a record is slow that is as late as is borne",
        CriticalIntolerant: "a critical field differs within its tolerance",
        CriticalOfAll: "a pair that differs in one critical field differs in the last one too",
        StrictOfSample: "a critical field that bears no difference keeps no pairs of its own",
        LeastIsGreatest: "the greatest amount of a group is taken for the least, and the least for the greatest",
        GroupsForgotten: "groups that only the canary has are not compared",
    }

    thread_local! {
        static ON: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Switches a defect on in this thread, or all of them off.
    pub fn switch(mutant: Option<Mutant>) {
        ON.set(mutant);
    }

    /// True where it is on.
    #[must_use]
    pub fn is_on(mutant: Mutant) -> bool {
        ON.get() == Some(mutant)
    }
}
