//! Dates as people in Japan read them: 令和8年（2026年）6月1日.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::{Offset, TimeZone};

use crate::{Lang, Timestamp};

/// An era of the Japanese calendar since the Gregorian calendar was adopted (1 January 1873).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Era {
    /// 漢字, as printed.
    pub name: &'static str,
    /// Letter used in forms: M, T, S, H, R.
    pub letter: char,
    /// First day.
    pub since: Date,
}

/// The five eras, newest first. Source: 元号を改める政令 (1989, 2019) and the earlier 改元の詔書.
pub const ERAS: [Era; 5] = [
    Era { name: "令和", letter: 'R', since: date(2019, 5, 1) },
    Era { name: "平成", letter: 'H', since: date(1989, 1, 8) },
    Era { name: "昭和", letter: 'S', since: date(1926, 12, 25) },
    Era { name: "大正", letter: 'T', since: date(1912, 7, 30) },
    Era { name: "明治", letter: 'M', since: date(1868, 1, 25) },
];

/// Japan Standard Time; there has been no summer time since 1951.
const JST: Offset = Offset::constant(9);

/// Era and year within it; `None` before 1873, when the lunisolar calendar was in use.
pub fn era_year(day: Date) -> Option<(Era, i16)> {
    if day < date(1873, 1, 1) {
        return None;
    }
    let era = ERAS.into_iter().find(|e| e.since <= day)?;
    Some((era, day.year() - era.since.year() + 1))
}

/// The civil time in Japan.
pub fn jst(t: Timestamp) -> DateTime {
    let ts = jiff::Timestamp::from_microsecond(t.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    TimeZone::fixed(JST).to_datetime(ts)
}

/// The point in time of a civil time in Japan.
pub fn from_jst(dt: DateTime) -> Timestamp {
    JST.to_timestamp(dt).map_or(Timestamp(0), |t| Timestamp(t.as_microsecond()))
}

/// A date for a reader: 「令和8年（2026年）6月1日」, "1 June 2026".
pub fn long_date(day: Date, lang: Lang) -> String {
    match lang {
        Lang::Ja => match era_year(day) {
            Some((era, year)) => {
                let year = if year == 1 { "元".to_owned() } else { year.to_string() };
                format!("{}{year}年（{}年）{}月{}日", era.name, day.year(), day.month(), day.day())
            }
            None => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
        },
        Lang::En => {
            const MONTHS: [&str; 12] = [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ];
            format!("{} {} {}", day.day(), MONTHS[day.month() as usize - 1], day.year())
        }
    }
}

/// Date and time in Japan for a reader: 「令和8年（2026年）6月1日 14時05分」, "1 June 2026, 14:05 (JST)".
pub fn long_time(t: Timestamp, lang: Lang) -> String {
    let dt = jst(t);
    let day = long_date(dt.date(), lang);
    match lang {
        Lang::Ja => format!("{day} {}時{:02}分", dt.hour(), dt.minute()),
        Lang::En => format!("{day}, {:02}:{:02} (JST)", dt.hour(), dt.minute()),
    }
}

/// A year for tax papers: 「令和8年分（2026年分）」, "2026".
pub fn tax_year(year: i16, lang: Lang) -> String {
    match (lang, era_year(date(year.clamp(1, 9999), 12, 31))) {
        (Lang::Ja, Some((era, y))) => {
            let y = if y == 1 { "元".to_owned() } else { y.to_string() };
            format!("{}{y}年分（{year}年分）", era.name)
        }
        (Lang::Ja, None) => format!("{year}年分"),
        (Lang::En, _) => year.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use icu_calendar::{AnyCalendarKind, types::YearInfo};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_as_people_write() {
        assert_eq!(long_date(date(2026, 6, 1), Lang::Ja), "令和8年（2026年）6月1日");
        assert_eq!(long_date(date(2019, 5, 1), Lang::Ja), "令和元年（2019年）5月1日");
        assert_eq!(long_date(date(2019, 4, 30), Lang::Ja), "平成31年（2019年）4月30日");
        assert_eq!(long_date(date(2026, 6, 1), Lang::En), "1 June 2026");
        // 2026-05-31T15:05:00Z is already 1 June in Japan.
        let t = Timestamp::from_secs(1_780_239_900);
        assert_eq!(long_time(t, Lang::Ja), "令和8年（2026年）6月1日 0時05分");
        assert_eq!(from_jst(jst(t)), t);
        assert_eq!(tax_year(2026, Lang::Ja), "令和8年分（2026年分）");
    }

    proptest! {
        /// ICU's Japanese calendar is the oracle for the era table.
        #[test]
        fn agrees_with_icu(days in 0i32..100_000) {
            let day = date(1873, 1, 1).saturating_add(jiff::Span::new().days(days));
            let iso = icu_calendar::Date::try_new_iso(day.year().into(), day.month() as u8, day.day() as u8).unwrap();
            let icu = iso.to_calendar(icu_calendar::AnyCalendar::new(AnyCalendarKind::Japanese));
            let YearInfo::Era(expected) = icu.year() else { panic!("the Japanese calendar has eras") };
            let (era, year) = era_year(day).unwrap();
            let code = match era.letter { 'R' => "reiwa", 'H' => "heisei", 'S' => "showa", 'T' => "taisho", _ => "meiji" };
            prop_assert_eq!((code, i32::from(year)), (expected.era.as_str(), expected.year));
        }
    }
}
