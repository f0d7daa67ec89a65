//! The answer, for people and for programs.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::{Context, Result};
use comfy_table::{Table, TableStyle, presets};
use serde_json::{Value, json};

use super::compare::{Different, Replayed, Unsaid};
use crate::app::command::Output;
use crate::app::report::rfc3339;
use crate::edge::store::GenerationId;
use crate::model::Verdict;

/// Windows that differ, and differences of one window, that people are shown; programs get all.
const SHOWN: usize = 20;

/// Everything that was looked at.
pub struct Answer {
    /// Of which generation.
    pub id: GenerationId,
    /// The verdict over all streams.
    pub verdict: Verdict,
    /// Each of them.
    pub streams: Vec<Replayed>,
    /// SIGINT came before the end.
    pub interrupted: bool,
}

/// Prints it.
///
/// # Errors
/// Nobody takes it.
pub fn print(answer: &Answer, output: Output, out: &mut dyn Write) -> Result<()> {
    let text = match output {
        Output::Json => {
            let mut text = serde_json::to_string_pretty(&json(answer)).context("write the answer")?;
            text.push('\n');
            text
        }
        Output::Markdown => table(answer, presets::ASCII_MARKDOWN),
        Output::Table => table(answer, presets::NOTHING),
    };
    out.write_all(text.as_bytes())?;
    Ok(())
}

fn at(start_ms: Option<i64>) -> String {
    start_ms.map_or("without time".to_owned(), rfc3339)
}

fn table(answer: &Answer, style: TableStyle) -> String {
    let windows: usize = answer.streams.iter().map(|stream| stream.windows).sum();
    let equal: usize = answer.streams.iter().map(|stream| stream.equal).sum();
    let Answer { id, interrupted, .. } = answer;
    let mut text = format!(
        "{} generation {}: {equal} of {windows} windows came to the same digest and counts{}\n\n",
        id.release,
        id.generation,
        if *interrupted { " before the interrupt" } else { "" }
    );
    let mut table = Table::new();
    table.load_style(style);
    table.set_header(["stream", "windows", "equal", "different", "inconclusive"]);
    for stream in &answer.streams {
        let unsaid: usize = stream.inconclusive.iter().map(|unsaid| unsaid.windows).sum();
        table.add_row([
            stream.stream.clone(),
            stream.windows.to_string(),
            stream.equal.to_string(),
            stream.different.len().to_string(),
            unsaid.to_string(),
        ]);
    }
    text.push_str(&lines(&table));
    for stream in &answer.streams {
        for different in stream.different.iter().take(SHOWN) {
            text.push_str(&differs(&stream.stream, different));
        }
        if stream.different.len() > SHOWN {
            let more = stream.different.len() - SHOWN;
            writeln!(text, "\n{more} more windows of {} differ", stream.stream).ok();
        }
        for unsaid in &stream.inconclusive {
            writeln!(text, "\n{}", sentence(&stream.stream, unsaid)).ok();
        }
    }
    text
}

fn lines(table: &Table) -> String {
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

fn differs(stream: &str, different: &Different) -> String {
    let mut text = format!("\ndifferent: {stream}, window {}\n", at(different.start_ms));
    for difference in different.differences.iter().take(SHOWN) {
        writeln!(
            text,
            "  {}: stored {}, computed {}",
            difference.what, difference.stored, difference.computed
        )
        .ok();
    }
    if different.differences.len() > SHOWN {
        writeln!(text, "  and {} more", different.differences.len() - SHOWN).ok();
    }
    text
}

fn sentence(stream: &str, unsaid: &Unsaid) -> String {
    let which = if unsaid.windows == 1 {
        format!("window {}", at(unsaid.from_ms))
    } else {
        format!(
            "{} windows, {} to {}",
            unsaid.windows,
            at(unsaid.from_ms),
            at(unsaid.to_ms)
        )
    };
    format!(
        "inconclusive ({}): {stream}, {which}: {}",
        unsaid.reason.as_str(),
        unsaid.text
    )
}

fn json(answer: &Answer) -> Value {
    let time = |start_ms: Option<i64>| start_ms.map(rfc3339);
    let stream = |stream: &Replayed| {
        let different = stream
            .different
            .iter()
            .map(|different| json!({"window": time(different.start_ms), "differences": different.differences}));
        let inconclusive = stream.inconclusive.iter().map(|unsaid| {
            json!({
                "reason": unsaid.reason.as_str(),
                "text": unsaid.text,
                "windows": unsaid.windows,
                "from": time(unsaid.from_ms),
                "to": time(unsaid.to_ms),
            })
        });
        json!({
            "stream": stream.stream,
            "windows": stream.windows,
            "equal": stream.equal,
            "different": different.collect::<Vec<_>>(),
            "inconclusive": inconclusive.collect::<Vec<_>>(),
        })
    };
    json!({
        "schema_version": 1,
        "release": answer.id.release,
        "generation": answer.id.generation,
        "verdict": answer.verdict.as_str(),
        "interrupted": answer.interrupted,
        "streams": answer.streams.iter().map(stream).collect::<Vec<_>>(),
    })
}
