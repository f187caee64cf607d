//! Numbers as text, both ways, and numbers as bytes.

use std::borrow::Cow;

use smallvec::SmallVec;

/// Numbers of a row, which are few as a rule: no memory is taken for those.
pub type Row = SmallVec<[f32; 16]>;

/// A number as the nearest double, then as the nearest float, if that is finite.
pub fn single(text: &[u8]) -> Option<f32> {
    // What is read besides numbers, `inf` and `nan` in any case, is not finite.
    let number = fast_float2::parse::<f64, _>(text).ok()? as f32;
    number.is_finite().then_some(number)
}

/// A finite number as the nearest double.
pub fn double(text: &[u8]) -> Option<f64> {
    fast_float2::parse::<f64, _>(text).ok().filter(|number| number.is_finite())
}

/// A whole number of at least 0, in digits alone.
pub fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The shortest decimal that reads back as this number.
pub fn text(number: f32) -> String {
    text_in(&mut TextBuffer::new(), number).into_owned()
}

/// Where a text may be written.
pub type TextBuffer = zmij::Buffer;

/// The same without taking memory, but for very small and very large numbers. Of two decimals that are as short and as near
/// it is the even one.
pub fn text_in(buffer: &mut TextBuffer, number: f32) -> Cow<'_, str> {
    // The library writes other numbers with an exponent, or with one where we write none.
    if number == 0.0 || (1e-5..1e13).contains(&number.abs()) {
        let text = buffer.format_finite(number);
        return Cow::Borrowed(text.strip_suffix(".0").unwrap_or(text));
    }
    Cow::Owned(if plain(f64::from(number)) { number.to_string() } else { format!("{number:e}") })
}

/// The shortest decimal that reads back as this number; `inf` for one that is too large or none.
pub fn text_of_double(number: f64) -> String {
    match number {
        _ if number.is_nan() => "inf".into(),
        _ if plain(number) => number.to_string(),
        _ => format!("{number:e}"),
    }
}

/// Whether a number is best written without an exponent.
fn plain(number: f64) -> bool {
    number == 0.0 || !number.is_finite() || (1e-5..1e16).contains(&number.abs())
}

/// Bytes as little-endian floats; none if there are no bytes or they are no whole number of floats.
pub fn singles(bytes: &[u8]) -> Option<Row> {
    let (chunks, rest) = bytes.as_chunks();
    if bytes.is_empty() || !rest.is_empty() {
        return None;
    }
    let numbers = chunks.iter().copied().map(f32::from_le_bytes);
    // Where there is no room in place, a vector is filled much faster.
    Some(if chunks.len() <= Row::new().inline_size() { numbers.collect() } else { Row::from_vec(numbers.collect()) })
}

/// Floats as little-endian bytes.
pub fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().map(|number| number.to_le_bytes()).collect::<Vec<_>>().into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_or_refused() {
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
    fn text_is_the_shortest_that_reads_back() {
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
        assert_eq!(text(133.0 / 512.0), "0.25976562", "of two that are as near the even one");
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
