//! The days on which the desk works, and days counted in Japan.

use base::Timestamp;
use jiff::civil::{Date, Weekday, date};
use serde::{Deserialize, Serialize};

use super::Due;

/// The days on which the desk does not work, besides Saturdays and Sundays (行政機関の休日に関する法律).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingDays {
    /// Public holidays, each with its year, as `YYYY-MM-DD`.
    pub holidays: Vec<String>,
    /// Days closed every year, as `MM-DD`.
    pub closed_every_year: Vec<String>,
}

impl WorkingDays {
    /// Whether the desk works on this day.
    pub fn is_working(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let key = format!("{:02}-{:02}", day.month(), day.day());
        !weekend && !self.holidays.contains(&day.to_string()) && !self.closed_every_year.contains(&key)
    }

    /// The last day for something that began on `start`. The day of the beginning does not count (民法140条).
    pub fn due(&self, start: Date, due: Due) -> Date {
        if !due.working {
            return plus_days(start, due.days);
        }
        let mut day = start;
        let mut left = due.days;
        // A desk that never works would keep this running: a calendar is at most as closed as two years.
        for _ in 0..u32::from(due.days) + 730 {
            if left == 0 {
                break;
            }
            day = plus_days(day, 1);
            if self.is_working(day) {
                left -= 1;
            }
        }
        day
    }

    /// What is wrong with it, when something is.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let bad = |d: &&String| {
            let mut parts = d.split('-').map(str::parse::<i8>);
            let (Some(Ok(month)), Some(Ok(day)), None) = (parts.next(), parts.next(), parts.next()) else {
                return true;
            };
            d.len() != 5 || Date::new(2024, month, day).is_err()
        };
        let closed =
            self.closed_every_year.iter().filter(bad).map(|d| format!("closed_every_year: '{d}' is not MM-DD"));
        let wrong = self.holidays.iter().filter(|d| !d.parse::<Date>().is_ok_and(|p| p.to_string() == **d));
        closed.chain(wrong.map(|d| format!("holidays: '{d}' is not YYYY-MM-DD"))).collect()
    }
}

/// The day in Japan.
pub fn day_in_japan(t: Timestamp) -> Date {
    base::calendar::jst(t).date()
}

/// A day some days later; the last day there is, when that is beyond it.
pub(crate) fn plus_days(day: Date, days: u16) -> Date {
    day.checked_add(jiff::Span::new().days(i64::from(days))).unwrap_or(date(9999, 12, 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_days_leave_out_weekends_holidays_and_the_turn_of_the_year() {
        let days = WorkingDays {
            holidays: vec!["2026-11-23".to_owned()],
            closed_every_year: ["12-29", "12-30", "12-31", "01-02", "01-03"].map(str::to_owned).into(),
        };
        // Friday 20 November; Monday is a holiday.
        let due = |days, working| Due { days, working };
        assert_eq!(days.due(date(2026, 11, 20), due(1, true)), date(2026, 11, 24));
        assert_eq!(days.due(date(2026, 11, 20), due(1, false)), date(2026, 11, 21));
        assert_eq!(days.due(date(2026, 12, 28), due(1, true)), date(2027, 1, 1));
        assert_eq!(days.due(date(2026, 11, 20), due(0, true)), date(2026, 11, 20));
        assert!(days.mistakes().is_empty());
        let wrong = WorkingDays { closed_every_year: ["13-01", "1-1", "x"].map(str::to_owned).into(), ..days };
        assert_eq!(wrong.mistakes().len(), 3);
    }

    #[test]
    fn a_day_begins_at_midnight_in_japan() {
        let t = Timestamp::parse_rfc3339("2026-05-31T15:00:00Z").unwrap();
        assert_eq!(day_in_japan(t), date(2026, 6, 1));
        assert_eq!(day_in_japan(Timestamp(t.0 - 1)), date(2026, 5, 31));
    }
}
