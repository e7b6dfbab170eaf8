//! Makes of what people type what was meant: full-width digits, half-width kana, eras, dashes of every kind.

use base::calendar::ERAS;
use jiff::civil::{Date, Time};
use unicode_normalization::UnicodeNormalization as _;

use super::World;
use super::keys;
use crate::catalogue::{Api, Choice, Field, Kind};

/// NFKC: full-width letters and digits become ASCII, half-width kana full-width.
pub(crate) fn compat(text: &str) -> String {
    text.nfkc().collect::<String>().trim().to_owned()
}

/// The normal form of one text of this field; what can't be read stays as it is, for the check to name.
pub(crate) fn normal(field: &Field, raw: &str, world: &World<'_>) -> String {
    match field.kind {
        Kind::Line | Kind::Table | Kind::Testers | Kind::Logo | Kind::File => line(raw),
        Kind::Paragraph => paragraph(raw),
        Kind::Kana => compat(raw).chars().map(katakana).collect(),
        Kind::Email => email(raw),
        Kind::Phone => phone(raw),
        Kind::PostalCode => postal_code(raw),
        Kind::CorporateNumber => {
            let t = compat(raw);
            let t = t.strip_prefix(['T', 't']).unwrap_or(&t);
            t.chars().filter(|c| !matches!(dash(*c), '-' | ' ')).collect()
        }
        Kind::Url | Kind::RedirectUris | Kind::IpAddresses => compat(raw),
        Kind::Jwks => keys::normal(raw),
        Kind::Date => date(raw).map_or_else(|| compat(raw), |d| d.to_string()),
        Kind::Time => time(raw).map_or_else(|| compat(raw), |t| format!("{:02}:{:02}", t.hour(), t.minute())),
        Kind::Number => number(raw),
        Kind::YesNo => yes_no(raw),
        Kind::Choice | Kind::Choices => choice(&field.choices, raw),
        Kind::DeliveryServices => choice(world.delivery_services, raw),
        Kind::Apis => {
            let choices: Vec<Choice> =
                Api::ALL.map(|a| Choice { id: a.as_str().to_owned(), label: super::api_label(a) }).into();
            choice(&choices, raw)
        }
    }
}

/// Splits the text of a list field into its entries.
pub(crate) fn entries(kind: Kind, raw: &str) -> Vec<&str> {
    let separates = |c: char| match kind {
        // An address may hold a comma.
        Kind::RedirectUris => c.is_whitespace(),
        Kind::IpAddresses => c.is_whitespace() || matches!(c, ',' | '、' | '，' | ';'),
        _ => matches!(c, '\n' | '\r' | ',' | '、' | '，' | ';'),
    };
    raw.split(separates).map(str::trim).filter(|e| !e.is_empty()).collect()
}

fn line(raw: &str) -> String {
    let clean: String = raw.nfc().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_owned()
}

fn paragraph(raw: &str) -> String {
    let text = raw.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String = text.nfc().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    clean.trim().to_owned()
}

fn katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        _ => c,
    }
}

/// Every dash that a Japanese keyboard makes of `-`, as `-`.
fn dash(c: char) -> char {
    match c {
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' | 'ｰ' | '－' | '─' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

fn email(raw: &str) -> String {
    let t: String = compat(raw).chars().filter(|c| !c.is_whitespace()).collect();
    match t.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => t,
    }
}

fn phone(raw: &str) -> String {
    let t: String = compat(raw)
        .chars()
        .map(dash)
        .filter_map(|c| match c {
            '(' => None,
            ')' | ' ' | '.' => Some('-'),
            c => Some(c),
        })
        .collect();
    let parts: Vec<&str> = t.split('-').filter(|p| !p.is_empty()).collect();
    parts.join("-")
}

fn postal_code(raw: &str) -> String {
    let t = compat(raw);
    let t: String = t.trim_start_matches('〒').chars().map(dash).filter(|c| !matches!(c, '-' | ' ')).collect();
    if t.len() == 7 && t.bytes().all(|b| b.is_ascii_digit()) { format!("{}-{}", &t[..3], &t[3..]) } else { t }
}

fn number(raw: &str) -> String {
    let t: String = compat(raw).chars().filter(|c| !matches!(c, ',' | ' ' | '_')).collect();
    let bare = t.trim_end_matches(['人', '名', '枚', '件', '台', '日', '円']);
    // `−5` with a typographic minus is a number too.
    let bare: String = bare.chars().enumerate().map(|(i, c)| if i == 0 { dash(c) } else { c }).collect();
    bare.parse::<i64>().map_or(t, |n| n.to_string())
}

fn yes_no(raw: &str) -> String {
    let t = compat(raw).to_lowercase();
    match t.as_str() {
        "yes" | "y" | "はい" | "true" | "1" | "on" | "○" | "〇" | "有" | "する" => "yes".to_owned(),
        "no" | "n" | "いいえ" | "false" | "0" | "off" | "×" | "無" | "しない" => "no".to_owned(),
        _ => t,
    }
}

fn choice(choices: &[Choice], raw: &str) -> String {
    let t = compat(raw);
    let same = |a: &str| compat(a).eq_ignore_ascii_case(&t);
    choices
        .iter()
        .find(|c| same(&c.id) || same(&c.label.ja) || same(&c.label.en))
        .map_or_else(|| t.clone(), |c| c.id.clone())
}

/// A day as people write it: 2026-06-01, 2026/6/1, 2026.6.1, 2026年6月1日, 20260601, 令和8年6月1日, R8.6.1, R08-06-01.
pub(crate) fn date(raw: &str) -> Option<Date> {
    let t: String = compat(raw).chars().map(dash).filter(|c| *c != ' ').collect();
    if t.len() == 8 && t.bytes().all(|b| b.is_ascii_digit()) {
        return Date::new(t[..4].parse().ok()?, t[4..6].parse().ok()?, t[6..].parse().ok()?).ok();
    }
    // `令和8年（2026年）6月1日`, as we write it ourselves.
    let t = match (t.find('('), t.find(')')) {
        (Some(a), Some(b)) if a < b => format!("{}{}", &t[..a], &t[b + 1..]),
        _ => t,
    };
    let t = t.replace("元年", "1年");
    let era = ERAS.iter().find_map(|e| {
        t.strip_prefix(e.name).or_else(|| t.strip_prefix([e.letter, e.letter.to_ascii_lowercase()])).map(|r| (e, r))
    });
    let (base, rest) = era.map_or((0, t.as_str()), |(e, rest)| (e.since.year() - 1, rest));
    let rest = rest.trim_end_matches('日').replace(['年', '月', '/', '.'], "-");
    let mut parts = rest.split('-').map(|p| p.parse::<i16>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || (era.is_none() && year < 1000) {
        return None;
    }
    let day = Date::new(base + year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (1868..=9998).contains(&day.year()).then_some(day)
}

/// A time of day: 9:30, 09:30, 0930, 9時30分, 9時, 午後2時15分.
fn time(raw: &str) -> Option<Time> {
    let t: String = compat(raw).chars().filter(|c| !c.is_whitespace()).collect();
    let (add, t) = match (t.strip_prefix("午前"), t.strip_prefix("午後")) {
        (Some(r), _) => (0, r.to_owned()),
        (_, Some(r)) => (12, r.to_owned()),
        _ => (0, t),
    };
    let t = if t.len() == 4 && t.bytes().all(|b| b.is_ascii_digit()) { format!("{}:{}", &t[..2], &t[2..]) } else { t };
    let t = t.replace('時', ":").replace('分', "");
    let (h, m) = t.split_once(':')?;
    let m: i8 = if m.is_empty() { 0 } else { m.parse().ok()? };
    let h: i8 = h.parse().ok()?;
    Time::new(h.checked_add(add)?, m, 0, 0).ok()
}

/// The nearest of some texts, when it is near enough to be meant.
pub(crate) fn nearest<'a>(wrong: &str, right: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: Vec<char> = wrong.to_lowercase().chars().take(64).collect();
    let limit = (wrong.len() / 2).max(1);
    right
        .map(|r| (oauth::redirect::distance(&r.to_lowercase(), &wrong), r))
        .min()
        .filter(|(d, _)| *d <= limit)
        .map(|(_, r)| r)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn as_kind(kind: Kind, raw: &str) -> String {
        normal(&crate::check::testing::field(kind), raw, &crate::check::testing::world())
    }

    #[test]
    fn what_is_typed_becomes_what_is_meant() {
        for (kind, raw, normal) in [
            (Kind::Line, "　みほん\u{0}株式会社 ", "みほん 株式会社"),
            (Kind::Kana, "ﾔﾏﾀﾞ　たろう", "ヤマダ タロウ"),
            (Kind::Paragraph, "一\r\n二\u{7} ", "一\n二"),
            (Kind::Email, "ｙａｍａｄａ＠Example.CO.JP ", "yamada@example.co.jp"),
            (Kind::Phone, "（０３）１２３４ー５６７８", "03-1234-5678"),
            (Kind::Phone, "+81 3 1234 5678", "+81-3-1234-5678"),
            (Kind::PostalCode, "〒１０２−００９４", "102-0094"),
            (Kind::CorporateNumber, "Ｔ7000-0120-50002", "7000012050002"),
            (Kind::Url, "ｈｔｔｐｓ：／／a.example/", "https://a.example/"),
            (Kind::Date, "令和８年６月１日", "2026-06-01"),
            (Kind::Date, "令和8年（2026年）6月1日", "2026-06-01"),
            (Kind::Date, "令和元年5月1日", "2019-05-01"),
            (Kind::Date, "R8.6.1", "2026-06-01"),
            (Kind::Date, "2026/6/1", "2026-06-01"),
            (Kind::Date, "20260601", "2026-06-01"),
            (Kind::Date, "2026-02-30", "2026-02-30"),
            (Kind::Time, "午後２時１５分", "14:15"),
            (Kind::Time, "9時", "09:00"),
            (Kind::Time, "0930", "09:30"),
            (Kind::Time, "25:00", "25:00"),
            (Kind::Number, "５０，０００人", "50000"),
            (Kind::Number, "－5", "-5"),
            (Kind::YesNo, "はい", "yes"),
            (Kind::YesNo, "FALSE", "no"),
            (Kind::Choice, "はじめ", "first"),
            (Kind::Choice, "Second", "second"),
            (Kind::Apis, "属性連携設定API", "attribute_linkage"),
            (Kind::DeliveryServices, "みほん私書箱", "mihon-post"),
        ] {
            assert_eq!(as_kind(kind, raw), normal, "{kind:?} {raw}");
        }
        assert_eq!(
            entries(Kind::RedirectUris, "https://a.example/x,y\n https://b.example/ "),
            ["https://a.example/x,y", "https://b.example/"]
        );
        assert_eq!(entries(Kind::Apis, "属性連携設定API、利用者登録等API"), ["属性連携設定API", "利用者登録等API"]);
        assert_eq!(nearest("atribute_linkage", Api::ALL.iter().map(|a| a.as_str())), Some("attribute_linkage"));
        assert_eq!(nearest("zzz", Api::ALL.iter().map(|a| a.as_str())), None);
    }

    proptest! {
        /// Normalising is done once and for all, and never panics.
        #[test]
        fn normal_is_a_fixed_point(kind in proptest::sample::select(crate::check::testing::KINDS), raw in "\\PC{0,40}|[0-9０-９年月日時分/.:R令和元-]{0,14}") {
            let once = as_kind(kind, &raw);
            prop_assert_eq!(as_kind(kind, &once), once);
        }

        #[test]
        fn every_day_reads_back(days in 0i32..47_000) {
            let day = jiff::civil::date(1873, 1, 1).saturating_add(jiff::Span::new().days(days));
            prop_assert_eq!(date(&base::calendar::long_date(day, base::Lang::Ja)), Some(day));
            prop_assert_eq!(date(&day.to_string()), Some(day));
        }
    }
}
