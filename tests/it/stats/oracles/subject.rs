//! What computes the fields of each table: the statistics as the rest of the engine calls them.

use crosscheck::engine::stats::{
    Betting, CheckSettings, Direction, Divergences, GAINS, HllKind, Lag1, Point, Prior, Profile, Rate, RateCheck,
    SampleDistances, SignTest, Sprt, average, beta_binomial_log_mix, bonferroni, clopper_pearson, dkw_lil, e_bh,
    hll_rel_err, key_sampling_detection, n_promote_zero_bad, n_see_one,
};

use super::table::{Answer, Case, Got, Subject};

type Answers = Result<Vec<Answer>, String>;

/// The computation behind a table.
pub fn of(table: &str) -> Subject {
    match table {
        "beta_binomial_logmix" => log_mix,
        "clopper_pearson" => clopper,
        "cs_kt" => kt,
        "cs_mix" => mixture,
        "divergences_counts" => divergences,
        "dkw_lil" => dkw,
        "ebank_ls" => ebank_ls,
        "ebank_rate" => ebank_rate,
        "ebh" => ebh,
        "hll_rel_err" => hll,
        "key_sampling_detection" => sampling,
        "ks_wasserstein_samples" => samples,
        "lag1_autocorr" => lag1,
        "n_promote_zero_bad" => promote,
        "n_see_one" => see_one,
        "wald_sprt" => wald,
        _ => |_| Err("nothing computes it".to_owned()),
    }
}

fn log_mix(case: &Case) -> Answers {
    let (x, n) = (case.number("x")?, case.number("n")?);
    let log_e = beta_binomial_log_mix(x, n, Point::at(case.number("p")?), case.number("a")?, case.number("c")?);
    Ok(vec![("log_e", Got::Number(log_e)), ("confseq", Got::Number(log_e))])
}

fn clopper(case: &Case) -> Answers {
    let interval = clopper_pearson(case.whole("x")?, case.whole("n")?, case.number("conf")?);
    Ok(vec![
        ("lower", Got::Number(interval.lower)),
        ("upper", Got::Number(interval.upper)),
    ])
}

fn ends(prior: Prior, case: &Case) -> Answers {
    let interval = prior.interval(case.number("x")?, case.number("n")?, case.number("alpha")?);
    Ok(vec![
        ("lower", Got::Number(interval.lower)),
        ("upper", Got::Number(interval.upper)),
    ])
}

fn kt(case: &Case) -> Answers {
    let prior = Prior::Beta {
        a: case.number("a")?,
        c: case.number("c")?,
    };
    ends(prior, case)
}

fn mixture(case: &Case) -> Answers {
    let budget = case.number("budget")?;
    let prior = Prior::Mixture { budget };
    let at_budget = prior.ln_e(case.number("x")?, case.number("n")?, Point::at(budget));
    let mut answers = ends(prior, case)?;
    answers.push(("log_e_at_budget", Got::Number(at_budget)));
    Ok(answers)
}

fn divergences(case: &Case) -> Answers {
    let d = Divergences::of(&case.wholes("c")?, &case.wholes("d")?).ok_or("no distance")?;
    Ok(vec![
        ("psi_smoothed", Got::Number(d.psi)),
        ("psi_via_scipy_entropy", Got::Number(d.psi)),
        ("js_distance_nat", Got::Number(d.js_distance())),
        ("js_distance_base2", Got::Number(d.js_distance_base2())),
        ("js_divergence_nat", Got::Number(d.js_divergence)),
        ("kl_smoothed_c_d", Got::Number(d.kl)),
        ("tv", Got::Number(d.total_variation)),
        ("linf", Got::Number(d.largest_gap)),
        ("hellinger", Got::Number(d.hellinger)),
        ("ks_binned", Got::Number(d.kolmogorov_smirnov)),
        ("wasserstein_bin_index", Got::Number(d.wasserstein)),
        ("chi2", Got::Number(d.chi2)),
        ("chi2_dof", Got::Number(f64::from(d.dof))),
        ("chi2_p", Got::Number(d.chi2_p())),
        ("g", Got::Number(d.g)),
        ("g_p", Got::Number(d.g_p())),
        ("cramers_v", Got::Number(d.cramers_v)),
    ])
}

fn dkw(case: &Case) -> Answers {
    let radius = dkw_lil(case.whole("t")?, case.number("alpha")?);
    Ok(vec![
        ("closed_form", Got::Number(radius)),
        ("confseq", Got::AtLeast(radius)),
    ])
}

fn ebank_ls(case: &Case) -> Answers {
    if case.numbers("grid")? != GAINS {
        return Err("another grid".to_owned());
    }
    let mut test =
        SignTest::new(case.number("floor")?, Direction::Up, case.whole("H")?).map_err(|fault| fault.to_string())?;
    let (d, rho, scale) = (case.numbers("d")?, case.numbers("rho")?, case.numbers("scale")?);
    if d.len() != rho.len() || d.len() != scale.len() {
        return Err("lists of different length".to_owned());
    }
    let mut ln_e = Vec::new();
    for ((d, rho), scale) in d.iter().zip(&rho).zip(&scale) {
        test.update_with(*d, *rho, *scale);
        ln_e.push(test.ln_e());
    }
    Ok(vec![("ln_e", Got::Numbers(ln_e))])
}

fn ebank_rate(case: &Case) -> Answers {
    let budget = case.number("budget")?;
    let betting = match case.text("mode")? {
        "record" => Betting::Record,
        "unit" => Betting::Window {
            memory: case.number("memory")?,
        },
        other => return Err(format!("the mode {other}")),
    };
    let settings = CheckSettings {
        profile: Profile { betting, burst: 1.0 },
        horizon: case.whole("H")?,
        ..CheckSettings::default()
    };
    let rate = Rate::new(budget, betting).map_err(|fault| fault.to_string())?;
    let mut check = RateCheck::new(budget, settings).map_err(|fault| fault.to_string())?;
    let bets: Vec<f64> = rate.bets().collect();
    let close = |(bet, kappa): (&f64, &f64)| (bet - kappa).abs() <= 1e-12 * kappa;
    let kappa = case.numbers("kappa")?;
    if bets.len() != kappa.len() || !bets.iter().zip(&kappa).all(close) {
        return Err(format!("the bets are {bets:?}"));
    }
    let (x, n) = (case.wholes("x")?, case.wholes("n")?);
    if x.len() != n.len() {
        return Err("lists of different length".to_owned());
    }
    // The plain average of the bets that were all placed at the start.
    let mut plain = vec![0.0; bets.len()];
    let (mut ln_e, mut no_restart) = (Vec::new(), Vec::new());
    for (bad, of) in x.into_iter().zip(n) {
        if of > 0 {
            let factors = rate.log_factors(bad, of, check.tally().last());
            plain.iter_mut().zip(factors).for_each(|(sum, factor)| *sum += factor);
        }
        check.update(bad, of);
        ln_e.push(check.ln_e());
        let most = plain.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = plain.iter().map(|sum| (sum - most).exp()).sum::<f64>() / plain.len() as f64;
        no_restart.push(most + mean.ln());
    }
    Ok(vec![
        ("ln_e", Got::Numbers(ln_e)),
        ("ln_e_no_restart", Got::Numbers(no_restart)),
    ])
}

fn ebh(case: &Case) -> Answers {
    let (e, alpha, weights) = (case.numbers("e")?, case.number("alpha")?, case.numbers("weights")?);
    let global = average(&weights, &e);
    let p = e.iter().map(|e| (1.0 / e).min(1.0)).collect();
    Ok(vec![
        ("ebh_rejected", Got::Set(e_bh(&e, alpha))),
        ("bonferroni_equal", Got::Set(bonferroni(&e, alpha))),
        ("global_weighted_e", Got::Number(global)),
        ("global_reject", Got::Bool(global >= 1.0 / alpha)),
        ("p_anytime", Got::Numbers(p)),
    ])
}

fn hll(case: &Case) -> Answers {
    let lg_k = u32::try_from(case.whole("lg_k")?).map_err(|error| error.to_string())?;
    let kind = if case.truth("union")? {
        HllKind::Merged
    } else {
        HllKind::Single
    };
    let deviations = case.number("num_std")?;
    let deviations = if case.truth("upper")? { -deviations } else { deviations };
    Ok(vec![
        ("rel_err", Got::Number(hll_rel_err(lg_k, kind, deviations))),
        (
            "one_over_sqrt_k_1p04",
            Got::Number(1.04 / 2_f64.powi(lg_k.cast_signed()).sqrt()),
        ),
    ])
}

fn sampling(case: &Case) -> Answers {
    let p = key_sampling_detection(case.number("sample_fraction")?, case.whole("affected_keys")?);
    Ok(vec![("p_detect", Got::Number(p))])
}

fn samples(case: &Case) -> Answers {
    let d = SampleDistances::of(&case.numbers("a")?, &case.numbers("b")?).ok_or("no distance")?;
    Ok(vec![
        ("ks", Got::Number(d.kolmogorov_smirnov)),
        ("wasserstein1", Got::Number(d.wasserstein)),
        (
            "wasserstein_normed_by_std_b",
            Got::Number(d.wasserstein_normed().unwrap_or(f64::NAN)),
        ),
        ("mannwhitney_p_two_sided_asymptotic_cc", Got::Number(d.mann_whitney_p)),
    ])
}

fn lag1(case: &Case) -> Answers {
    let Lag1 { raw, corrected, shrunk } = Lag1::of(&case.numbers("x")?);
    Ok(vec![
        ("rho1_raw", Got::Number(raw)),
        ("rho1_bias_corrected", Got::Number(corrected)),
        ("rho_shrunk_w10_prior0.3_clipped_0_0.95", Got::Number(shrunk)),
    ])
}

fn promote(case: &Case) -> Answers {
    if case.whole("x")? != 0 {
        return Err("bad records".to_owned());
    }
    let n = n_promote_zero_bad(case.number("budget")?, case.number("beta")?).ok_or("no number")?;
    Ok(vec![("n_promote_min", Got::Number(n as f64))])
}

fn see_one(case: &Case) -> Answers {
    let n = n_see_one(case.number("rate")?, case.number("power")?).ok_or("no number")?;
    Ok(vec![("n_see_at_least_one", Got::Number(n as f64))])
}

fn wald(case: &Case) -> Answers {
    let sprt = Sprt {
        budget: case.number("budget")?,
        alternative: case.number("alt")?,
        alpha: case.number("alpha")?,
        beta: case.number("beta")?,
    };
    let llr = sprt.log_likelihood_ratio(case.whole("x")?, case.whole("n")?);
    Ok(vec![
        ("llr", Got::Number(llr)),
        ("upper_ln_1_over_alpha", Got::Number(sprt.upper())),
        ("lower_ln_beta", Got::Number(sprt.lower())),
        ("kl", Got::Number(sprt.divergence())),
        ("expected_n_lower_bound", Got::Number(sprt.mean_records_least())),
    ])
}
