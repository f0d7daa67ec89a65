//! Progress on a terminal: rate and remaining time. Silent otherwise.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::command::Tone;
use crate::app::stream::Stream;

/// A bar, or nothing; and the offsets that were read before it began.
pub struct Bar(Option<ProgressBar>, u64);

impl Bar {
    /// Shows itself where a person looks and did not ask for quiet.
    #[must_use]
    pub fn new(stream: &Stream, offsets_max: u64, tone: Tone) -> Self {
        let begun = offsets(stream);
        if tone.quiet || !std::io::stderr().is_terminal() {
            return Self(None, begun);
        }
        let files = bytes(stream).1;
        let (length, template) = if files > 0 {
            (
                files,
                "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left {msg}",
            )
        } else {
            (
                offsets_max,
                "{bar:30} {human_pos} of {human_len} records, {per_sec}, {eta} left {msg}",
            )
        };
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(Some(bar), begun)
    }

    /// Shows where the stream is.
    pub fn show(&self, stream: &Stream) {
        let Some(bar) = &self.0 else {
            return;
        };
        let (read_bytes, all_bytes) = bytes(stream);
        bar.set_position(if all_bytes > 0 {
            read_bytes
        } else {
            offsets(stream).saturating_sub(self.1)
        });
    }

    /// Goes away.
    pub fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn offsets(stream: &Stream) -> u64 {
    let of = |side| {
        let view = stream.engine.side(side);
        view.read + view.gaps
    };
    stream.sides().iter().copied().map(of).sum()
}

fn bytes(stream: &Stream) -> (u64, u64) {
    let of = stream.lanes.all().map(|lane| lane.log.progress().unwrap_or_default());
    of.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
}
