//! The verdict on a release over its streams, and which of them is the cause.

use rstest::rstest;

use super::super::*;

fn stream(criticality: Criticality, verdict: Verdict) -> StreamJudgement {
    let reasons = match verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Inconclusive => vec![Reason::inconclusive("s", Inconclusive::Evidence, "x".to_owned())],
        Verdict::Fail => vec![Reason::failed("s", "missing", "x".to_owned())],
    };
    StreamJudgement {
        stream: "s".to_owned(),
        criticality,
        upstream: Vec::new(),
        judgement: Judgement { verdict, reasons },
    }
}

#[test]
fn releases() {
    use Criticality::{Critical, Informational, Standard};
    use Verdict::{Fail, Inconclusive, Pass};
    type Streams = &'static [(Criticality, Verdict)];
    let table: [(Streams, Verdict, usize); 9] = [
        (&[], Inconclusive, 1),
        (&[(Informational, Pass)], Inconclusive, 1),
        (&[(Informational, Fail)], Inconclusive, 1),
        (&[(Standard, Pass)], Pass, 0),
        (&[(Standard, Pass), (Informational, Fail)], Pass, 0),
        (&[(Standard, Pass), (Critical, Inconclusive)], Inconclusive, 1),
        (&[(Standard, Fail), (Critical, Inconclusive)], Fail, 1),
        (&[(Standard, Fail), (Critical, Pass), (Standard, Fail)], Fail, 2),
        (
            &[(Standard, Pass), (Critical, Pass), (Informational, Inconclusive)],
            Pass,
            0,
        ),
    ];
    for (streams, verdict, reasons) in table {
        let streams: Vec<StreamJudgement> = streams.iter().map(|(c, v)| stream(*c, *v)).collect();
        let judgement = release(&streams);
        assert_eq!(
            (judgement.verdict, judgement.reasons.len()),
            (verdict, reasons),
            "{streams:?}"
        );
    }
}

/// Streams such as `orders<carts,stock!`: its upstream behind `<`, `!` fails, `~` holds, `?` is inconclusive.
fn graph(text: &str) -> Vec<StreamJudgement> {
    let parse = |word: &str| {
        let (verdict, check) = match word.chars().last() {
            Some('!') => (Verdict::Fail, None),
            Some('~') => (Verdict::Inconclusive, Some(Inconclusive::Hold)),
            Some('?') => (Verdict::Inconclusive, Some(Inconclusive::Evidence)),
            _ => (Verdict::Pass, None),
        };
        let word = word.trim_end_matches(['!', '~', '?']);
        let (name, upstream) = word.split_once('<').unwrap_or((word, ""));
        let reasons = match (verdict, check) {
            (Verdict::Fail, _) => vec![
                Reason::failed(name, "missing", "lost".to_owned()),
                Reason::failed(name, "extra", "new".to_owned()),
            ],
            (_, Some(kind)) => vec![Reason::inconclusive(name, kind, "x".to_owned())],
            _ => Vec::new(),
        };
        StreamJudgement {
            stream: name.to_owned(),
            criticality: Criticality::Standard,
            upstream: upstream
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            judgement: Judgement { verdict, reasons },
        }
    };
    text.split_whitespace().map(parse).collect()
}

#[rstest]
#[case::alone("orders!", "")]
#[case::one_hop("carts! orders<carts!", "orders:carts")]
#[case::two_hops("carts! orders<carts! mails<orders!", "mails:carts orders:carts")]
#[case::a_right_hop_breaks_the_chain("carts! orders<carts mails<orders!", "")]
#[case::an_open_hop_does_not("carts! orders<carts? mails<orders!", "mails:carts")]
#[case::held_is_divergence("carts~ orders<carts!", "orders:carts")]
#[case::two_causes("carts! stock! orders<carts,stock!", "orders:carts,stock")]
#[case::another_configs("orders<elsewhere!", "")]
#[case::downstream_only("carts orders<carts! mails<orders!", "mails:orders")]
fn the_first_hop_that_diverges_is_the_cause(#[case] streams: &str, #[case] expect: &str) {
    let causes = causes(&graph(streams));
    let told = causes
        .iter()
        .map(|(stream, causes)| format!("{stream}:{}", causes.join(",")));
    assert_eq!(told.collect::<Vec<_>>().join(" "), expect);
}

#[test]
fn a_stream_that_is_explained_counts_once_behind_its_cause() {
    let judgement = release(&graph("mails<orders! orders<carts! carts! other"));
    let told: Vec<String> = judgement
        .reasons
        .iter()
        .map(|reason| format!("{} {}: {}", reason.stream, reason.check, reason.text))
        .collect();
    let explained = "explained by `carts`, which diverges upstream of it: lost (and 1 more reason)";
    let expect = [
        "carts missing: lost".to_owned(),
        "carts extra: new".to_owned(),
        format!("mails missing: {explained}"),
        format!("orders missing: {explained}"),
    ];
    assert_eq!(told, expect);
    // A cause that has not failed yet is named all the same.
    let judgement = release(&graph("carts~ orders<carts!"));
    assert_eq!(judgement.sentence(), format!("orders: {explained}"));
}

#[rstest]
#[case::all_pass("carts orders", "carts,orders", "pass")]
#[case::only_what_is_asked_for("carts orders?", "carts", "pass")]
#[case::one_is_open("carts orders?", "carts,orders", "inconclusive orders")]
#[case::nothing_is_asked_for("carts", "", "inconclusive ")]
#[case::another_stream_fails("carts orders!", "carts", "fail orders orders")]
fn a_stage_needs_the_streams_that_it_asks_for(#[case] streams: &str, #[case] asked: &str, #[case] expect: &str) {
    let asked: Vec<&str> = asked.split(',').collect();
    let judgement = stage(&graph(streams), |stream| asked.contains(&stream.stream.as_str()));
    let reasons = judgement.reasons.iter().map(|reason| format!(" {}", reason.stream));
    assert_eq!(
        format!("{}{}", judgement.verdict.as_str(), reasons.collect::<String>()),
        expect
    );
}

#[test]
fn an_informational_stream_that_a_stage_names_holds_it_back() {
    let mut streams = graph("carts logs!");
    streams[1].criticality = Criticality::Informational;
    assert_eq!(stage(&streams, |_| true).verdict, Verdict::Inconclusive);
    assert_eq!(
        stage(&streams, |stream| stream.stream == "carts").verdict,
        Verdict::Pass
    );
}
