//! Converts the engine's errors to Python exceptions.

use neuralredis_core::Error;
use pyo3::PyErr;

/// The classes of `python/neuralredis/exceptions.py`. They are defined in Python because the limited API cannot derive
/// a class from two built-in classes.
mod classes {
    use pyo3::import_exception;

    import_exception!(neuralredis.exceptions, DataError);
    import_exception!(neuralredis.exceptions, FormatError);
    import_exception!(neuralredis.exceptions, KindError);
    import_exception!(neuralredis.exceptions, NeuralRedisError);
    import_exception!(neuralredis.exceptions, OptionError);
    import_exception!(neuralredis.exceptions, OutOfMemoryError);
    import_exception!(neuralredis.exceptions, ShapeError);
    import_exception!(neuralredis.exceptions, TrainingError);
}
pub(crate) use classes::{DataError, KindError, OptionError, ShapeError, TrainingError};

/// Converts an error. The exception has the engine's message.
#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn raise(error: Error) -> PyErr {
    let message = error.to_string();
    match error.code() {
        Some("NROPTION") => OptionError::new_err(message),
        Some("NRSHAPE") => ShapeError::new_err(message),
        Some("NRDATA") => DataError::new_err(message),
        Some("NRKIND") => classes::KindError::new_err(message),
        Some("NRSTATE") => classes::TrainingError::new_err(message),
        Some("NRFORMAT") => classes::FormatError::new_err(message),
        Some("NRMEMORY") => classes::OutOfMemoryError::new_err(message),
        _ => classes::NeuralRedisError::new_err(message),
    }
}

/// The exception for an invalid argument that the engine does not receive; the message has the engine's format.
pub(crate) fn bad_option(option: &'static str, value: &impl ToString, expected: &impl ToString) -> PyErr {
    raise(Error::Option { option, value: value.to_string(), expected: expected.to_string() })
}
