//! Reading a table, and comparing what was got with what it expects.

use std::collections::BTreeMap;

use super::json::Json;

/// A table.
pub struct Table {
    pub name: String,
    pub cases: Vec<Case>,
    abs: f64,
    rel: f64,
}

/// One case: what goes in and what must come out.
pub struct Case {
    given: BTreeMap<String, Json>,
    out: BTreeMap<String, Json>,
}

/// What was got for a field.
pub enum Got {
    Number(f64),
    Numbers(Vec<f64>),
    Set(Vec<usize>),
    Bool(bool),
    /// A bound that must not be below the table's number.
    AtLeast(f64),
}

/// A field of `out` and what was got for it.
pub type Answer = (&'static str, Got);

/// Computes every field that a case may ask for.
pub type Subject = fn(&Case) -> Result<Vec<Answer>, String>;

impl Table {
    pub fn read(text: &str) -> Result<Self, String> {
        let table = Json::read(text)?;
        let name = table.get("name").and_then(Json::text).ok_or("no name")?.to_owned();
        let cases = table.get("cases").and_then(Json::list).ok_or("no cases")?;
        if cases.is_empty() {
            return Err(format!("{name}: no case"));
        }
        if let Some(count) = table
            .get("n_cases")
            .and_then(Json::whole)
            .filter(|count| *count != cases.len() as u64)
        {
            return Err(format!("{name}: {} of {count} cases", cases.len()));
        }
        let tolerance = table.get("tolerance").and_then(Json::object).ok_or("no tolerance")?;
        let known = [
            "abs",
            "rel",
            "closed_form_rel",
            "set_equality",
            "confseq_upper_bounded_by_closed_form",
        ];
        if let Some(other) = tolerance.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("{name}: the tolerance {other} is not known"));
        }
        let number = |key: &str| tolerance.get(key).and_then(Json::number);
        let object = |case: &Json, key: &str| {
            let object = case.get(key).and_then(Json::object);
            object.cloned().ok_or(format!("a case without {key}"))
        };
        let case = |case: &Json| {
            Ok(Case {
                given: object(case, "in")?,
                out: object(case, "out")?,
            })
        };
        Ok(Table {
            cases: cases.iter().map(case).collect::<Result<_, String>>()?,
            abs: number("abs").unwrap_or(0.0),
            rel: number("rel").or(number("closed_form_rel")).unwrap_or(0.0),
            name,
        })
    }
}

impl Case {
    fn get(&self, key: &str) -> Result<&Json, String> {
        self.given.get(key).ok_or(format!("no {key}"))
    }

    pub fn number(&self, key: &str) -> Result<f64, String> {
        self.get(key)?.number().ok_or(format!("{key} is no number"))
    }

    pub fn whole(&self, key: &str) -> Result<u64, String> {
        self.get(key)?.whole().ok_or(format!("{key} is no whole number"))
    }

    pub fn text(&self, key: &str) -> Result<&str, String> {
        self.get(key)?.text().ok_or(format!("{key} is no text"))
    }

    pub fn truth(&self, key: &str) -> Result<bool, String> {
        self.get(key)?.truth().ok_or(format!("{key} is not true or false"))
    }

    pub fn numbers(&self, key: &str) -> Result<Vec<f64>, String> {
        self.list(key, Json::number)
    }

    pub fn wholes(&self, key: &str) -> Result<Vec<u64>, String> {
        self.list(key, Json::whole)
    }

    fn list<T>(&self, key: &str, read: fn(&Json) -> Option<T>) -> Result<Vec<T>, String> {
        let list = self.get(key)?.list().ok_or(format!("{key} is no list"))?;
        let read: Option<Vec<T>> = list.iter().map(read).collect();
        read.ok_or(format!("{key} holds something else"))
    }
}

/// Everything that is wrong.
pub fn run(table: &Table, subject: Subject) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, case) in table.cases.iter().enumerate() {
        let place = format!("{} case {index}", table.name);
        let answers = match subject(case) {
            Ok(answers) => answers,
            Err(fault) => {
                wrong.push(format!("{place}: {fault}"));
                continue;
            }
        };
        if case.out.is_empty() {
            wrong.push(format!("{place} expects nothing"));
        }
        for (field, expect) in &case.out {
            let got = answers.iter().find(|(name, _)| name == field).map(|(_, got)| got);
            if let Err(fault) = got
                .ok_or("nothing computes it".to_owned())
                .and_then(|got| table.same(got, expect))
            {
                wrong.push(format!("{place} {field}: {fault}"));
            }
        }
    }
    wrong
}

impl Table {
    fn same(&self, got: &Got, expect: &Json) -> Result<(), String> {
        let shape = || format!("{expect:?} has another shape");
        match got {
            Got::Number(got) => self.near(*got, expect.number().ok_or_else(shape)?),
            Got::AtLeast(got) => {
                let expect = expect.number().ok_or_else(shape)?;
                if *got >= expect {
                    Ok(())
                } else {
                    Err(format!("{got} is below {expect}"))
                }
            }
            Got::Bool(got) => {
                let same = expect.truth().ok_or_else(shape)? == *got;
                if same { Ok(()) } else { Err(format!("{got}")) }
            }
            Got::Set(got) => {
                let list = expect.list().ok_or_else(shape)?;
                let mut set: Vec<u64> = list.iter().filter_map(Json::whole).collect();
                set.sort_unstable();
                let same =
                    set.len() == list.len() && set.iter().eq(got.iter().map(|i| *i as u64).collect::<Vec<_>>().iter());
                if same {
                    Ok(())
                } else {
                    Err(format!("{got:?} for {expect:?}"))
                }
            }
            Got::Numbers(got) => {
                let list = expect.list().ok_or_else(shape)?;
                if list.len() != got.len() {
                    return Err(format!("{} numbers for {}", got.len(), list.len()));
                }
                let near = |(got, expect): (&f64, &Json)| self.near(*got, expect.number().ok_or_else(shape)?);
                got.iter().zip(list).try_for_each(near)
            }
        }
    }

    /// Within the larger of the two tolerances; an infinity is only itself.
    fn near(&self, got: f64, expect: f64) -> Result<(), String> {
        let same = got == expect || (got.is_nan() && expect.is_nan());
        if same || (got - expect).abs() <= self.abs.max(self.rel * expect.abs()) {
            return Ok(());
        }
        Err(format!("{got:?} for {expect:?}, {:e} apart", (got - expect).abs()))
    }
}
