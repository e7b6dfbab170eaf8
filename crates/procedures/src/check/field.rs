//! The check of one field.

use jiff::civil::Date;

use super::address::{email, ip, jwks, redirect, url};
use super::finding::{Code, Finding, Place, Severity};
use super::keys::private_key_message;
use super::{World, normal};
use crate::answers::{Answer, Answers, Plain};
use crate::catalogue::{Api, Choice, Environment, Field, Form, Kind, Means};
use crate::text::Text;

pub(super) fn unknown_field(form: &Form, name: &str) -> Finding {
    let short: String = name.chars().take(64).collect();
    let near = normal::nearest(&short, form.fields().map(|f| f.id.as_str())).map(str::to_owned);
    Finding {
        form: form.id.clone(),
        place: Place::field(&short),
        severity: Severity::Error,
        code: Code::UnknownField,
        message: Text::new(
            format!("「{short}」という欄は、この様式にありません。"),
            format!("This form has no field '{short}'."),
        ),
        suggestion: near,
    }
}

pub(super) fn private_key(form: &Form, field: &Field, place: Place) -> Finding {
    Finding {
        form: form.id.clone(),
        place,
        severity: Severity::Error,
        code: Code::PrivateKey,
        message: prefixed(field, &private_key_message()),
        suggestion: None,
    }
}

/// The planned day is today, and its time is over.
pub(crate) fn planned_past(form: &Form, field: &Field, now: base::Timestamp) -> Finding {
    let text = |lang| base::calendar::long_time(now, lang);
    Finding {
        form: form.id.clone(),
        place: Place::field(&field.id),
        severity: Severity::Error,
        code: Code::Past,
        message: Text::new(
            format!("{}は、今（{}）より後の日時にしてください。", field.label.ja, text(base::Lang::Ja)),
            format!("{}: write a time after the present one ({}).", field.label.en, text(base::Lang::En)),
        ),
        suggestion: None,
    }
}

/// A settings sheet asks for more than was approved.
pub(crate) fn not_approved(form: &Form, field: &Field, row: usize, what: &str) -> Finding {
    let name = Api::parse(what).map_or_else(|| Text::new(what, what), super::api_label);
    Finding {
        form: form.id.clone(),
        place: Place::row(&field.id, row),
        severity: Severity::Error,
        code: Code::NotApproved,
        message: Text::new(
            format!(
                "{}「{}」は承諾されていません。選択を外すか、利用内容の変更を申請してください。",
                field.label.ja, name.ja
            ),
            format!("{}: '{}' was not approved. Leave it out, or apply for a change.", field.label.en, name.en),
        ),
        suggestion: None,
    }
}

/// 「リダイレクトURI：…」, "Redirect addresses: …": an error summary shows the words apart from the field.
pub(super) fn prefixed(field: &Field, text: &Text) -> Text {
    Text::new(format!("{}：{}", field.label.ja, text.ja), format!("{}: {}", field.label.en, text.en))
}

/// Collects the findings of one field.
pub(super) struct Check<'a> {
    pub(super) form: &'a Form,
    pub(super) world: &'a World<'a>,
    out: Vec<Finding>,
}

impl Check<'_> {
    pub(super) fn add(
        &mut self,
        place: Place,
        severity: Severity,
        code: Code,
        message: Text,
        suggestion: Option<String>,
    ) {
        self.out.push(Finding { form: self.form.id.clone(), place, severity, code, message, suggestion });
    }

    pub(super) fn error(&mut self, place: Place, code: Code, ja: impl Into<String>, en: impl Into<String>) {
        self.add(place, Severity::Error, code, Text::new(ja, en), None);
    }

    pub(super) fn in_production(&self) -> bool {
        self.form.environment == Some(Environment::Production) && !self.world.local_is_fine
    }
}

/// Everything that is wrong with the answer to one field, whether or not it is asked.
pub fn check_field(form: &Form, field: &Field, answers: &Answers, world: &World<'_>) -> Vec<Finding> {
    let mut c = Check { form, world, out: Vec::new() };
    let Some(answer) = answers.get(&field.id) else {
        if field.required || needs_reason(form, field, answers, world) {
            missing(&mut c, field, Place::field(&field.id));
        }
        return c.out;
    };
    match answer {
        Answer::Text(t) if !field.kind.is_list() && !field.kind.is_rows() && !field.kind.is_files() => {
            one(&mut c, field, t.as_str(), &Place::field(&field.id));
            days(&mut c, field, answers);
        }
        Answer::List(l) if field.kind.is_list() => {
            count(&mut c, field, l.len());
            for (i, t) in l.iter().enumerate() {
                let place = Place::row(&field.id, i);
                if l[..i].contains(t) {
                    c.error(
                        place.clone(),
                        Code::Duplicate,
                        format!("{}に同じ「{}」が2回あります。1つにしてください。", field.label.ja, t.as_str()),
                        format!("{}: '{}' stands there twice. Keep one.", field.label.en, t.as_str()),
                    );
                }
                one(&mut c, field, t.as_str(), &place);
            }
        }
        Answer::Files(l) if field.kind.is_files() => count(&mut c, field, l.len()),
        Answer::Rows(rows) if field.kind.is_rows() => {
            count(&mut c, field, rows.len());
            for (i, row) in rows.iter().enumerate() {
                for column in &field.columns {
                    let place = Place { column: Some(column.id.clone()), ..Place::row(&field.id, i) };
                    match row.get(&column.id).map(Plain::as_str) {
                        None | Some("") if column.required => missing(&mut c, column, place),
                        None | Some("") => {}
                        Some(text) => {
                            one(&mut c, column, text, &place);
                            let twice = |r: &crate::answers::Row| r.get(&column.id).is_some_and(|t| t.as_str() == text);
                            if field.kind == Kind::Testers && column.id == "email" && rows[..i].iter().any(twice) {
                                c.error(
                                    Place { column: Some(column.id.clone()), ..Place::row(&field.id, i) },
                                    Code::Duplicate,
                                    format!(
                                        "{}：「{text}」が2回あります。人ごとに別のアドレスを書いてください。",
                                        field.label.ja
                                    ),
                                    format!(
                                        "{}: '{text}' stands there twice. Write another address for each person.",
                                        field.label.en
                                    ),
                                );
                            }
                        }
                    }
                }
            }
        }
        // An answer of another shape: the form was replaced since.
        _ => missing(&mut c, field, Place::field(&field.id)),
    }
    c.out
}

fn missing(c: &mut Check<'_>, field: &Field, place: Place) {
    let (ja, en) = match field.kind {
        Kind::Choice | Kind::Choices | Kind::YesNo | Kind::DeliveryServices | Kind::Apis => {
            ("を選んでください。", "Choose")
        }
        Kind::Logo | Kind::File => ("を添付してください。", "Attach"),
        _ => ("を入力してください。", "Enter"),
    };
    let field_ja = &field.label.ja;
    c.error(place, Code::Missing, format!("{field_ja}{ja}"), format!("{en}: {}.", field.label.en));
}

/// The reason for a short notice is asked only when the notice is short.
fn needs_reason(form: &Form, field: &Field, answers: &Answers, world: &World<'_>) -> bool {
    field.means == Some(Means::ShortNoticeReason)
        && form.meaning(Means::PlannedDate).and_then(|f| answers.date(&f.id)).is_some_and(|d| is_short(d, world))
}

fn is_short(planned: Date, world: &World<'_>) -> bool {
    world.notice_days.is_some_and(|n| planned >= world.today && planned < crate::case::earliest(world.today, n))
}

fn count(c: &mut Check<'_>, field: &Field, n: usize) {
    let n = i64::try_from(n).unwrap_or(i64::MAX);
    let place = Place::field(&field.id);
    let label = &field.label;
    match (field.min, field.max) {
        (Some(min), _) if n < min => {
            let all = i64::try_from(field.choices.len()).is_ok_and(|all| all == min);
            let (ja, en) = if all {
                (
                    format!("{}をすべて確認し、選んでください。", label.ja),
                    format!("{}: check and choose all.", label.en),
                )
            } else {
                (format!("{}は{min}つ以上にしてください。", label.ja), format!("{}: give at least {min}.", label.en))
            };
            c.error(place, Code::TooFew, ja, en);
        }
        (_, Some(max)) if n > max => c.error(
            place,
            Code::TooMany,
            format!("{}は{max}つまでにしてください。今は{n}つあります。", label.ja),
            format!("{}: give at most {max}; there are {n}.", label.en),
        ),
        _ => {}
    }
}

fn one(c: &mut Check<'_>, field: &Field, text: &str, place: &Place) {
    let label = field.label.clone();
    match field.kind {
        Kind::Line | Kind::Kana | Kind::Paragraph => {
            let max = field.max.unwrap_or(if field.kind == Kind::Paragraph { 4000 } else { 200 });
            let n = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            if n > max {
                c.error(
                    place.clone(),
                    Code::TooLong,
                    format!("{}は{max}文字以内で入力してください。今は{n}文字です。", label.ja),
                    format!("{}: write at most {max} characters; there are {n}.", label.en),
                );
            }
            let kana = |ch: char| matches!(ch, 'ァ'..='ヺ' | 'ー' | '・' | 'ヽ' | 'ヾ' | ' ' | '-' | '.' | ',');
            if field.kind == Kind::Kana && !text.chars().all(kana) {
                c.error(
                    place.clone(),
                    Code::Malformed,
                    format!("{}は全角カタカナで入力してください（例：ヤマダ タロウ）。", label.ja),
                    format!("{}: write in katakana, such as ヤマダ タロウ.", label.en),
                );
            }
        }
        Kind::Email => email(c, &label, text, place),
        Kind::Phone => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let legal = text.bytes().enumerate().all(|(i, b)| b.is_ascii_digit() || b == b'-' || (i == 0 && b == b'+'));
            if !legal || !(if text.starts_with('+') { 8..=15 } else { 10..=11 }).contains(&digits) {
                c.error(
                    place.clone(),
                    Code::Malformed,
                    format!("{}は市外局番から10桁か11桁の数字で入力してください（例：03-1234-5678）。", label.ja),
                    format!("{}: write ten or eleven digits with the area code, such as 03-1234-5678.", label.en),
                );
            }
        }
        Kind::PostalCode => {
            if text.len() != 8 {
                c.error(
                    place.clone(),
                    Code::Malformed,
                    format!("{}は7桁の数字で入力してください（例：102-0094）。", label.ja),
                    format!("{}: write seven digits, such as 102-0094.", label.en),
                );
            }
        }
        Kind::CorporateNumber => corporate_number(c, &label, text, place),
        Kind::Url => url(c, &label, text, place),
        Kind::RedirectUris => redirect(c, &label, text, place),
        Kind::Jwks => jwks(c, field, text, place),
        Kind::IpAddresses => ip(c, &label, text, place),
        Kind::Date => {
            if text.parse::<Date>().is_err() {
                let near = nearest_day(text).map(|d| d.to_string());
                let (ja, en) = match &near {
                    Some(d) => (
                        format!("その日はありません。{d}ではありませんか。"),
                        format!("there is no such day. Did you mean {d}?"),
                    ),
                    None => (
                        "年・月・日を西暦で入力してください（例：2026-06-01）。".to_owned(),
                        "write year, month and day, such as 2026-06-01.".to_owned(),
                    ),
                };
                let message = prefixed(field, &Text::new(ja, en));
                c.add(place.clone(), Severity::Error, Code::Malformed, message, near);
            }
        }
        Kind::Time => {
            if text.parse::<jiff::civil::Time>().is_err() {
                c.error(
                    place.clone(),
                    Code::Malformed,
                    format!("{}は0時00分から23時59分までの時刻で入力してください（例：09:30）。", label.ja),
                    format!("{}: write a time from 00:00 to 23:59, such as 09:30.", label.en),
                );
            }
        }
        Kind::Number => number(c, field, text, place),
        Kind::YesNo => {
            if !matches!(text, "yes" | "no") {
                c.error(
                    place.clone(),
                    Code::Unknown,
                    format!("{}は「はい」か「いいえ」を選んでください。", label.ja),
                    format!("{}: choose yes or no.", label.en),
                );
            }
        }
        Kind::Choice | Kind::Choices => among(c, field, &field.choices, text, place),
        Kind::DeliveryServices => among(c, field, c.world.delivery_services, text, place),
        Kind::Apis => {
            let choices = Api::ALL.map(|a| Choice { id: a.as_str().to_owned(), label: super::api_label(a) });
            among(c, field, &choices, text, place);
        }
        Kind::Table | Kind::Testers | Kind::Logo | Kind::File => {}
    }
}

fn among(c: &mut Check<'_>, field: &Field, choices: &[Choice], text: &str, place: &Place) {
    if choices.iter().any(|o| o.id == text) {
        return;
    }
    let near = normal::nearest(text, choices.iter().flat_map(|o| [o.id.as_str(), &o.label.ja, &o.label.en]));
    let near = near.and_then(|n| choices.iter().find(|o| [o.id.as_str(), &o.label.ja, &o.label.en].contains(&n)));
    let list = |get: fn(&Choice) -> &str, glue: &str| choices.iter().map(get).collect::<Vec<_>>().join(glue);
    let (ja, en) = match near {
        Some(o) => (format!("「{}」ではありませんか。", o.label.ja), format!("Did you mean '{}'?", o.label.en)),
        None if choices.is_empty() => {
            ("選べるものがまだありません。".to_owned(), "There is none to choose from yet.".to_owned())
        }
        None => (
            format!("{}から選んでください。", list(|o| &o.label.ja, "、")),
            format!("Choose from: {}.", list(|o| &o.label.en, ", ")),
        ),
    };
    let short: String = text.chars().take(64).collect();
    let message = Text::new(
        format!("{}：「{short}」は選べません。{ja}", field.label.ja),
        format!("{}: '{short}' can't be chosen. {en}", field.label.en),
    );
    c.add(place.clone(), Severity::Error, Code::Unknown, message, near.map(|o| o.id.clone()));
}

/// 法人番号: the first digit is a check digit over the other twelve (法人番号の指定等に関する省令 2条).
fn corporate_number(c: &mut Check<'_>, label: &Text, text: &str, place: &Place) {
    if text.len() != 13 || !text.bytes().all(|b| b.is_ascii_digit()) {
        c.error(
            place.clone(),
            Code::Malformed,
            format!("{}は13桁の数字で入力してください。", label.ja),
            format!("{}: write thirteen digits.", label.en),
        );
        return;
    }
    let digits: Vec<u32> = text.bytes().map(|b| u32::from(b - b'0')).collect();
    let sum: u32 = digits[1..].iter().rev().enumerate().map(|(i, d)| d * if i % 2 == 0 { 1 } else { 2 }).sum();
    if digits[0] != 9 - sum % 9 {
        c.error(
            place.clone(),
            Code::CheckDigit,
            format!("{}の検査数字が合いません。13桁の数字を確かめてください。", label.ja),
            format!("{}: the check digit does not fit. Check the thirteen digits.", label.en),
        );
    }
}

fn number(c: &mut Check<'_>, field: &Field, text: &str, place: &Place) {
    let (min, max) = (field.min.unwrap_or(0), field.max.unwrap_or(i64::MAX));
    let n = text.parse::<i64>();
    if n.as_ref().is_ok_and(|n| (min..=max).contains(n)) {
        return;
    }
    let (code, near) = match n {
        Ok(n) => (Code::OutOfRange, Some(n.clamp(min, max).to_string())),
        Err(_) => (Code::Malformed, None),
    };
    let (ja, en) = if max == i64::MAX {
        (format!("{min}以上"), format!("{min} or more"))
    } else {
        (format!("{min}から{max}まで"), format!("{min} to {max}"))
    };
    let message = Text::new(
        format!("{}は{ja}の整数で入力してください。", field.label.ja),
        format!("{}: write a whole number, {en}.", field.label.en),
    );
    c.add(place.clone(), Severity::Error, code, message, near);
}

/// The last day of the month that was meant by the 30th of February.
fn nearest_day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (y, m) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let day: u8 = parts.next()?.parse().ok()?;
    (29..=31).contains(&day).then(|| Date::new(y, m, 1).ok().map(Date::last_of_month)).flatten()
}

/// What a day has to be besides a day.
fn days(c: &mut Check<'_>, field: &Field, answers: &Answers) {
    let Some(day) = answers.date(&field.id).filter(|_| field.kind == Kind::Date) else { return };
    let label = &field.label;
    let place = Place::field(&field.id);
    let (today, world) = (c.world.today, c.world);
    let long = base::calendar::long_date;
    use base::Lang::{En, Ja};
    if field.until_today && day > today {
        c.error(
            place.clone(),
            Code::OutOfRange,
            format!("{}は{}までの日付を入力してください。", label.ja, long(today, Ja)),
            format!("{}: write a day not after {}.", label.en, long(today, En)),
        );
    }
    if let Some((other, first)) = field.after.as_ref().and_then(|id| Some((c.form.field(id)?, answers.date(id)?)))
        && day < first
    {
        c.error(
            place.clone(),
            Code::Order,
            format!("{}は、{}（{}）以降の日付を入力してください。", label.ja, other.label.ja, long(first, Ja)),
            format!("{}: write a day not before {} ({}).", label.en, other.label.en, long(first, En)),
        );
    }
    if matches!(field.means, Some(Means::TestUntil | Means::PlannedDate)) && day < today {
        c.error(
            place.clone(),
            Code::Past,
            format!("{}は{}以降の日付を入力してください。", label.ja, long(today, Ja)),
            format!("{}: write a day not before {}.", label.en, long(today, En)),
        );
    }
    if field.means == Some(Means::PlannedDate) && is_short(day, world) {
        let first = crate::case::earliest(today, world.notice_days.unwrap_or_default());
        let message = Text::new(
            format!(
                "{}は、{}以降の日付を入力してください。早める必要があるときは、理由を書いてください。運営が認めた場合に限り、受け付けます。",
                label.ja,
                long(first, Ja)
            ),
            format!(
                "{}: write a day not before {}. When it has to be sooner, give the reason; it is accepted when the desk agrees.",
                label.en,
                long(first, En)
            ),
        );
        c.add(place, Severity::Warning, Code::ShortNotice, message, Some(first.to_string()));
    }
}
