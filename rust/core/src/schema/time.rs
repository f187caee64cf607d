//! Points in time: parsing, storage as days and seconds, and cyclic inputs for clock and calendar.

use speedate::DateTime;

/// Number of inputs: sine and cosine of hour, weekday and day of the year, and years since 2000.
pub(crate) const PARTS: usize = 7;

const DAY: f64 = 86_400.0;
/// From this value on, a number is milliseconds. As seconds, it would be in the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;
/// The start of the year 10,000 in seconds since 1970, exclusive upper bound.
const END: f64 = 253_402_300_800.0;
/// The start of the year 0 in seconds since 1970.
const START: f64 = -62_167_219_200.0;
/// 2000-01-03, a Monday, in days since 1970.
const MONDAY: f64 = 10_959.0;
/// 2000-01-01, in days since 1970.
const YEAR_2000: f64 = 10_957.0;
/// Mean length of a Gregorian year, in days.
const YEAR: f64 = 365.242_5;

/// Days since 1970 and seconds of the day, in UTC.
pub(crate) type Moment = [f32; 2];

/// Convert seconds or milliseconds since 1970. `None` if out of range.
pub(crate) fn of_number(number: f64) -> Option<Moment> {
    let seconds = if number.abs() >= MILLISECONDS_FROM { number / 1000.0 } else { number };
    of_seconds(seconds)
}

/// Parse a number, or a date with an optional time in RFC 3339. Without a time zone it is UTC.
pub(crate) fn of_text(text: &str) -> Option<Moment> {
    if let Ok(number) = text.parse() {
        return of_number(number);
    }
    let moment = match DateTime::parse_str_rfc3339(text) {
        Ok(moment) => moment,
        Err(_) => DateTime { date: speedate::Date::parse_str_rfc3339(text).ok()?, time: midnight() },
    };
    let seconds = moment.timestamp_tz() as f64 + f64::from(moment.time.microsecond) / 1e6;
    of_seconds(seconds)
}

fn of_seconds(seconds: f64) -> Option<Moment> {
    let days = (seconds / DAY).floor();
    (START..END).contains(&seconds).then_some([days as f32, (seconds - days * DAY) as f32])
}

fn midnight() -> speedate::Time {
    speedate::Time { hour: 0, minute: 0, second: 0, microsecond: 0, tz_offset: None }
}

/// Whether stored cells are a valid time.
pub(crate) fn is_moment([days, seconds]: Moment) -> bool {
    let whole = days.fract() == 0.0 && (START / DAY..END / DAY).contains(&f64::from(days));
    whole && (0.0..=DAY as f32).contains(&seconds)
}

/// Seconds since 1970.
pub(crate) fn seconds([days, seconds]: Moment) -> f64 {
    f64::from(days) * DAY + f64::from(seconds)
}

/// The inputs for a time; all NaN for a gap.
pub(crate) fn parts([days, seconds]: Moment) -> [f32; PARTS] {
    let (days, hour) = (f64::from(days), f64::from(seconds) / DAY);
    let weekday = (days - MONDAY) / 7.0;
    let years = (days - YEAR_2000) / YEAR;
    let [hour, weekday, of_year] = [hour, weekday, years].map(sine_and_cosine);
    [hour[0], hour[1], weekday[0], weekday[1], of_year[0], of_year[1], years as f32]
}

/// Sine and cosine of an angle in turns. The platform's functions would not give the same bits everywhere.
fn sine_and_cosine(turns: f64) -> [f32; 2] {
    if turns.is_nan() {
        return [f32::NAN; 2];
    }
    let turn = turns - turns.floor();
    // By quarters, in which the series is short: sin(x) and cos(x) of |x| <= pi / 4.
    let quarter = (turn * 4.0).round();
    let x = (turn - quarter / 4.0) * std::f64::consts::TAU;
    let square = x * x;
    let series = |first: f64, from: u32| {
        let (mut sum, mut term) = (first, first);
        for step in 0..8 {
            let at = f64::from(from + 2 * step);
            term *= -square / (at * (at + 1.0));
            sum += term;
        }
        sum
    };
    let (sine, cosine) = (series(x, 2), series(1.0, 1));
    let turned = match quarter as i32 % 4 {
        0 => [sine, cosine],
        1 => [cosine, -sine],
        2 => [-sine, -cosine],
        _ => [-cosine, sine],
    };
    turned.map(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_notations_of_a_time_are_parsed_alike() {
        // 2026-11-25 18:30:15 UTC.
        let moment = Some([20_782.0, 66_615.0]);
        for text in [
            "1795631415",
            "1795631415000",
            "2026-11-25T18:30:15Z",
            "2026-11-25 18:30:15",
            "2026-11-25T20:30:15+02:00",
            "2026-11-25T18:30:15.000",
        ] {
            assert_eq!(of_text(text), moment, "{text}");
        }
        assert_eq!(of_number(1_795_631_415.0), moment);
        assert_eq!(of_text("2026-11-25"), Some([20_782.0, 0.0]));
        assert_eq!(of_text("1969-12-31T23:00:00Z"), Some([-1.0, 82_800.0]));
        assert_eq!(of_text("0001-01-01"), Some([-719_162.0, 0.0]));
    }

    #[test]
    fn invalid_times_are_rejected() {
        for text in ["", "yesterday", "2026-13-01", "2026-02-30", "25.11.2026", "nan", "inf", "1e300", "2026", "18:30"]
        {
            if text == "2026" {
                assert!(of_text(text).is_some(), "half an hour after midnight of 1970");
            } else {
                assert_eq!(of_text(text), None, "{text}");
            }
        }
    }

    #[test]
    fn cyclic_inputs_have_no_jump() {
        let at = |text: &str| parts(of_text(text).unwrap());
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() < 0.1;
        let (late, early) = (at("2026-11-25T23:30:00"), at("2026-11-26T00:30:00"));
        assert!(near(&late[..2], &early[..2]));
        let (noon, sunday, monday) = (at("2026-11-25T12:00:00"), at("2026-11-29"), at("2026-11-30"));
        assert!(!near(&noon[..2], &early[..2]));
        assert_eq!(monday[2..4], [0.0, 1.0]);
        let step = std::f32::consts::TAU / 7.0;
        assert!((sunday[2] + step.sin()).abs() < 1e-6 && (sunday[3] - step.cos()).abs() < 1e-6);
        assert!(near(&at("2026-12-31")[4..6], &at("2026-01-01")[4..6]));
        assert!((at("2026-01-01")[6] - 26.0).abs() < 0.01);
        assert!(parts([f32::NAN; 2]).iter().all(|part| part.is_nan()));
    }

    #[test]
    fn sine_and_cosine_match_the_platform() {
        for step in -2000..2000 {
            let turns = f64::from(step) / 777.0;
            let angle = turns * std::f64::consts::TAU;
            let [sine, cosine] = sine_and_cosine(turns).map(f64::from);
            assert!((sine - angle.sin()).abs() < 1e-7 && (cosine - angle.cos()).abs() < 1e-7, "{turns}");
        }
    }
}
