//! Conversion of numbers from and to text, and from and to bytes.

use std::borrow::Cow;

use smallvec::SmallVec;

/// The numbers of a row. Up to 16, the usual case, are stored in place, without an allocation.
pub type Row = SmallVec<[f32; 16]>;

/// Parses a finite number, rounded to double and then to float; `None` for anything else.
pub fn single(text: &[u8]) -> Option<f32> {
    // The parser also accepts `inf` and `nan` in any case, which are not finite.
    let number = fast_float2::parse::<f64, _>(text).ok()? as f32;
    number.is_finite().then_some(number)
}

/// Parses a finite number, rounded to double.
pub fn double(text: &[u8]) -> Option<f64> {
    fast_float2::parse::<f64, _>(text).ok().filter(|number| number.is_finite())
}

/// Parses a nonnegative integer that consists of digits only.
pub fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The shortest decimal that parses to this float.
pub fn text(number: f32) -> String {
    text_in(&mut TextBuffer::new(), number).into_owned()
}

/// A buffer for the text of a number.
pub type TextBuffer = zmij::Buffer;

/// Like [`text`], but without an allocation, except for very small and very large numbers. Of two shortest decimals
/// that are equally near, it returns the one whose last digit is even.
pub fn text_in(buffer: &mut TextBuffer, number: f32) -> Cow<'_, str> {
    // The library writes other numbers in exponential notation, or uses it where [`text`] does not.
    if number == 0.0 || (1e-5..1e13).contains(&number.abs()) {
        let text = buffer.format_finite(number);
        return Cow::Borrowed(text.strip_suffix(".0").unwrap_or(text));
    }
    Cow::Owned(if plain(f64::from(number)) { number.to_string() } else { format!("{number:e}") })
}

/// The shortest decimal that parses to this double; `inf` for infinity and NaN.
pub fn text_of_double(number: f64) -> String {
    match number {
        _ if number.is_nan() => "inf".into(),
        _ if plain(number) => number.to_string(),
        _ => format!("{number:e}"),
    }
}

/// Whether a number is written without an exponent.
fn plain(number: f64) -> bool {
    number == 0.0 || !number.is_finite() || (1e-5..1e16).contains(&number.abs())
}

/// Reads bytes as little-endian floats; `None` if there are no bytes, or not a multiple of four.
pub fn singles(bytes: &[u8]) -> Option<Row> {
    let (chunks, rest) = bytes.as_chunks();
    if bytes.is_empty() || !rest.is_empty() {
        return None;
    }
    let numbers = chunks.iter().copied().map(f32::from_le_bytes);
    // Too many numbers for the array in place are collected into a vector, which is much faster than growing a
    // `SmallVec`.
    Some(if chunks.len() <= Row::new().inline_size() { numbers.collect() } else { Row::from_vec(numbers.collect()) })
}

/// Writes floats as little-endian bytes.
pub fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().map(|number| number.to_le_bytes()).collect::<Vec<_>>().into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_numbers_are_parsed() {
        assert_eq!(single(b"0.1"), Some(0.1));
        assert_eq!(single(b"-1e3"), Some(-1000.0));
        assert_eq!(single(b".5"), Some(0.5));
        assert_eq!(single(b"1e-60"), Some(0.0));
        for text in ["", " 1", "1 ", "1x", "nan", "inf", "-Infinity", "1e39", "0x10", "1,5", "--1"] {
            assert_eq!(single(text.as_bytes()), None, "{text}");
        }
        assert_eq!(single(b"\xff"), None);
        for (text, number) in [("0", Some(0)), ("18446744073709551615", Some(u64::MAX)), ("18446744073709551616", None)]
        {
            assert_eq!(whole(text.as_bytes()), number);
        }
        for text in ["", "-1", "+1", "1.0", " 1"] {
            assert_eq!(whole(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn text_is_the_shortest_that_parses_to_the_same_number() {
        for (number, expected) in [
            (0.1f32, "0.1"),
            (1.0, "1"),
            (0.0, "0"),
            (-0.0, "-0"),
            (-2.5, "-2.5"),
            (1e-7, "1e-7"),
            (1e-5, "0.00001"),
            (9.999_999e12, "9999999000000"),
            (1e13, "10000000000000"),
            (1.5e15, "1500000000000000"),
            (1e16, "1e16"),
            (1e20, "1e20"),
        ] {
            assert_eq!(text(number), expected);
        }
        assert_eq!(text(133.0 / 512.0), "0.25976562", "of two equally near decimals the even one");
        let mut bits = 1u32;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = f32::from_bits(bits);
            if number.is_finite() {
                let text = text(number);
                assert_eq!(single(text.as_bytes()).map(f32::to_bits), Some(bits));
                let standard = if plain(f64::from(number)) { number.to_string() } else { format!("{number:e}") };
                assert_eq!(text.len(), standard.len(), "{text} for {standard}");
            }
        }
        assert_eq!(text_of_double(0.1), "0.1");
        assert_eq!(text_of_double(f64::INFINITY), "inf");
    }

    #[test]
    fn bytes_are_little_endian() {
        assert_eq!(singles(&[0, 0, 128, 63]).as_deref(), Some(&[1.0][..]));
        assert_eq!(singles(&[]), None);
        assert_eq!(singles(&[0, 0, 128]), None);
        assert_eq!(bytes(&[1.0]), [0, 0, 128, 63]);
    }
}
