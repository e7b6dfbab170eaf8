//! Differences field by field: what a change changes, and what goes to production otherwise than it was tested.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::answers::{Answer, Answers, Plain, Row};
use crate::catalogue::{Field, Form};
use crate::text::Text;

/// How a field differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was not answered before.
    Added,
    /// It is not answered any more.
    Removed,
    /// It is answered otherwise.
    Changed,
}

/// How one row of a table, or one entry of a list, differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// Its place before, from 0; absent when it is new.
    pub before: Option<usize>,
    /// Its place after; absent when it is gone.
    pub after: Option<usize>,
    /// The columns that differ, when it is in both.
    pub columns: Vec<String>,
}

/// How one field differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The form after.
    pub form: String,
    /// The field.
    pub field: String,
    /// Its label.
    pub label: Text,
    /// How.
    pub change: Change,
    /// The answer before.
    pub before: Option<Answer>,
    /// The answer after.
    pub after: Option<Answer>,
    /// Of a table or list, which rows.
    pub rows: Vec<RowDifference>,
    /// Whether it is expected to differ, because the two are for different environments.
    pub expected: bool,
    /// Whether it is a setting whose change needs a connection test.
    pub tested: bool,
}

/// Differences of one or several forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Differences(pub Vec<Difference>);

impl Differences {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of one form.
    pub fn of<'a>(&'a self, form: &'a str) -> impl Iterator<Item = &'a Difference> {
        self.0.iter().filter(move |d| d.form == form)
    }

    /// What a person has to have been shown: changes with every answer in it. `None` when there is nothing to see.
    pub fn digest(&self) -> Option<String> {
        let items: Vec<_> = self.0.iter().map(|d| (&d.form, &d.field, &d.before, &d.after)).collect();
        (!items.is_empty()).then(|| oauth::registry::digest(&items))
    }

    /// The labels of the settings among them that need a connection test.
    pub fn tested(&self) -> impl Iterator<Item = &Difference> {
        self.0.iter().filter(|d| d.tested)
    }
}

/// The differences between two sets of answers to the same form.
pub fn compare(form: &Form, before: &Answers, after: &Answers) -> Differences {
    let fields = form.fields().filter_map(|f| difference(form, f, before.get(&f.id), after.get(&f.id), false));
    Differences(fields.collect())
}

/// The differences between a sheet as it was tested and its counterpart for production, by the names of their fields.
/// What only one of them has is left out, but for settings.
pub fn compare_promotion(test: &Form, production: &Form, tested: &Answers, live: &Answers) -> Differences {
    let shared = production.fields().filter(|f| test.field(&f.id).is_some() || f.tested || f.metadata.is_some());
    Differences(
        shared
            .filter_map(|f| difference(production, f, tested.get(&f.id), live.get(&f.id), f.per_environment))
            .collect(),
    )
}

fn difference(
    form: &Form,
    field: &Field,
    before: Option<&Answer>,
    after: Option<&Answer>,
    expected: bool,
) -> Option<Difference> {
    let change = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (Some(a), Some(b)) if same(field, a, b) => return None,
        (Some(_), Some(_)) => Change::Changed,
    };
    let rows = match (before, after) {
        (Some(Answer::Rows(a)), Some(Answer::Rows(b))) => rows(a, b),
        (Some(Answer::List(a)), Some(Answer::List(b))) => entries(a, b),
        _ => Vec::new(),
    };
    Some(Difference {
        form: form.id.clone(),
        field: field.id.clone(),
        label: field.label.clone(),
        change,
        before: before.cloned(),
        after: after.cloned(),
        rows,
        expected,
        tested: field.tested,
    })
}

/// A list says the same in another order; files are the same when their octets are.
fn same(field: &Field, a: &Answer, b: &Answer) -> bool {
    match (a, b) {
        (Answer::List(a), Answer::List(b)) if field.kind.is_list() => {
            a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
        }
        (Answer::Files(a), Answer::Files(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.sha256 == b.sha256 && a.name == b.name)
        }
        _ => a == b,
    }
}

fn entries(a: &[Plain], b: &[Plain]) -> Vec<RowDifference> {
    let gone = a.iter().enumerate().filter(|(_, t)| !b.contains(t)).map(|(i, _)| (Some(i), None));
    let new = b.iter().enumerate().filter(|(_, t)| !a.contains(t)).map(|(i, _)| (None, Some(i)));
    gone.chain(new).map(|(before, after)| RowDifference { before, after, columns: Vec::new() }).collect()
}

/// Rows that are equal are paired in order (longest common subsequence); what is left between two pairs is paired in
/// order as changed.
fn rows(a: &[Row], b: &[Row]) -> Vec<RowDifference> {
    let mut longest = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] =
                if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    loop {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            pair(a, b, &mut gone, &mut new, &mut out);
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || longest[i + 1][j] >= longest[i][j + 1]) {
            gone.push(i);
            i += 1;
        } else if j < b.len() {
            new.push(j);
            j += 1;
        } else {
            pair(a, b, &mut gone, &mut new, &mut out);
            return out;
        }
    }
}

fn pair(a: &[Row], b: &[Row], gone: &mut Vec<usize>, new: &mut Vec<usize>, out: &mut Vec<RowDifference>) {
    for at in 0..gone.len().max(new.len()) {
        let (before, after) = (gone.get(at).copied(), new.get(at).copied());
        let columns = match (before, after) {
            (Some(i), Some(j)) => {
                let keys: BTreeSet<&String> = a[i].keys().chain(b[j].keys()).collect();
                keys.into_iter().filter(|k| a[i].get(*k) != b[j].get(*k)).cloned().collect()
            }
            _ => Vec::new(),
        };
        out.push(RowDifference { before, after, columns });
    }
    gone.clear();
    new.clear();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Catalogue;

    fn table(rows: &[(&str, &str)]) -> Vec<Row> {
        let cell = |t: &str| Plain::new(t).unwrap();
        rows.iter().map(|(n, e)| [("name".to_owned(), cell(n)), ("email".to_owned(), cell(e))].into()).collect()
    }

    #[test]
    fn rows_are_paired() {
        let a = table(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
        let b = table(&[("b", "2"), ("c", "9"), ("d", "4"), ("e", "5")]);
        let d = rows(&a, &b);
        let short: Vec<_> = d.iter().map(|r| (r.before, r.after, r.columns.join(","))).collect();
        assert_eq!(
            short,
            [(Some(0), None, String::new()), (Some(2), Some(1), "email".to_owned()), (None, Some(3), String::new())]
        );
    }

    #[test]
    fn promotion_maps_fields_by_name_and_marks_what_is_expected() {
        let c = Catalogue::builtin().unwrap();
        let (test, live) = (c.form("sheet-2").unwrap(), c.form("sheet-4").unwrap());
        let a: Answers = serde_json::from_str(
            r#"{"redirect_uris":["https://t.example/cb"],"technical_name":"山田","jwks":"https://t.example/k"}"#,
        )
        .unwrap();
        let mut b = a.clone();
        assert_eq!(compare_promotion(test, live, &a, &b).digest(), None);
        b.set("redirect_uris", Answer::List(vec![Plain::new("https://p.example/cb").unwrap()]));
        b.set("technical_name", Answer::Text(Plain::new("鈴木").unwrap()));
        let d = compare_promotion(test, live, &a, &b);
        let short: Vec<_> = d.0.iter().map(|d| (d.field.as_str(), d.expected, d.tested, d.rows.len())).collect();
        assert_eq!(short, [("redirect_uris", true, true, 2), ("technical_name", false, false, 0)]);
        assert!(d.digest().is_some() && d.digest() != compare_promotion(test, live, &a, &a).digest());
    }

    fn some_rows() -> impl Strategy<Value = Vec<Row>> {
        proptest::collection::vec(("[ab]", "[12]"), 0..6)
            .prop_map(|l| table(&l.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>()))
    }

    proptest! {
        /// Undoing what is listed gives back what was there: nothing is left out of the list.
        #[test]
        fn the_list_is_complete(a in some_rows(), b in some_rows()) {
            let d = rows(&a, &b);
            prop_assert_eq!(d.is_empty(), a == b);
            let left: Vec<&Row> = a.iter().enumerate().filter(|(i, _)| !d.iter().any(|r| r.before == Some(*i))).map(|(_, r)| r).collect();
            let right: Vec<&Row> = b.iter().enumerate().filter(|(i, _)| !d.iter().any(|r| r.after == Some(*i))).map(|(_, r)| r).collect();
            prop_assert_eq!(left, right);
            for r in &d {
                if let (Some(i), Some(j)) = (r.before, r.after) {
                    prop_assert!(a[i] != b[j] && !r.columns.is_empty());
                }
            }
        }
    }
}
