//! Seeds at which the simulator found a defect of ours that is mended: they run in every build, the slow one too.

/// The seed, and what was wrong.
pub const SEEDS: &[(u64, &str)] = &[
    (4548, BEHIND_THE_CLOSE),
    (7157, BEHIND_THE_CLOSE),
    (17366, BEHIND_THE_CLOSE),
    (2839, CUT_WHILE_IT_WAITS),
    (5127, CUT_WHILE_IT_WAITS),
    (59_740, CUT_BEFORE_THE_CLOSE),
    (71_024, CUT_BEFORE_THE_CLOSE),
    (89_520, CUT_BEFORE_THE_CLOSE),
    (42_471, FINAL_AT_THE_CLOSE),
];

/// No end was stored for it, so a worker that started again waited for ever to read it to its end.
const BEHIND_THE_CLOSE: &str =
    "a partition that was added after `release close` is read by the next life as if it had no end";

/// Records that waited for a schema were no part of what was read: a log that ended below them was taken to be whole at
/// `release close`, and they were counted although the end that was captured lay before them.
const CUT_WHILE_IT_WAITS: &str = "a log is cut below records that wait for a schema, and then the release is closed";

/// A captured end that the log does not reach any more was waited for without end.
const CUT_BEFORE_THE_CLOSE: &str =
    "a log is cut below the end that `release close` captured, where it was not read yet";

/// The checkpoint with the ends stood behind the window and was stored before it: whoever went on from there never stored it.
const FINAL_AT_THE_CLOSE: &str =
    "a window becomes final in the very step that takes `release close`, and then the worker dies";
