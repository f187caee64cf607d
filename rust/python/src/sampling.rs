//! Random classes, drawn by their probabilities.

use neuralredis_core::{Decoding, Error, Network as Engine};
use numpy::IntoPyArray;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::answers;
use crate::errors::raise;
use crate::lists;
use crate::network::answer;
use crate::options;
use crate::rows::Inputs;

/// The arguments temperature, top-k, top-p, min-p and seed.
pub(crate) type Given<'py> = [Option<Bound<'py, PyAny>>; 5];

/// The parsed arguments.
struct Drawing {
    decoding: Decoding,
    seed: Option<u64>,
}

impl Drawing {
    fn read([temperature, top_k, top_p, min_p, seed]: Given<'_>) -> PyResult<Self> {
        let mut decoding = Decoding::default();
        for (name, given) in [("temperature", temperature), ("top_p", top_p), ("min_p", min_p)] {
            let Some(given) = given else { continue };
            let number: Option<f64> = given.extract().ok();
            let to = match name {
                "temperature" => &mut decoding.temperature,
                "top_p" => &mut decoding.top_p,
                _ => &mut decoding.min_p,
            };
            *to = number.unwrap_or(f64::NAN);
            match decoding.check() {
                Err(Error::Option { expected, .. }) if number.is_none() => {
                    let shown = lists::shown(&given)?;
                    return Err(PyTypeError::new_err(format!("{name} is {shown}: expected {expected}")));
                }
                checked => checked.map_err(raise)?,
            }
        }
        if let Some(top_k) = top_k {
            decoding.top_k = Some(options::whole("top_k", &top_k, u64::from(u32::MAX), 1)? as usize);
        }
        let seed = seed.map(|seed| options::whole("seed", &seed, u64::MAX, 0)).transpose()?;
        Ok(Self { decoding, seed })
    }

    /// Formats them as the arguments of a command after `->`.
    fn words(&self) -> Vec<String> {
        let (decoding, usual) = (&self.decoding, Decoding::default());
        let mut words = vec!["SAMPLE".to_owned()];
        for (word, value, usual) in [
            ("TEMPERATURE", decoding.temperature, usual.temperature),
            ("TOPP", decoding.top_p, usual.top_p),
            ("MINP", decoding.min_p, usual.min_p),
        ] {
            if value != usual {
                words.extend([word.to_owned(), format!("{value:?}")]);
            }
        }
        words.extend(decoding.top_k.into_iter().flat_map(|k| ["TOPK".to_owned(), k.to_string()]));
        words.extend(self.seed.into_iter().flat_map(|seed| ["SEED".to_owned(), seed.to_string()]));
        words
    }
}

/// Parses the arguments; also returns the seed if there is one.
pub(crate) fn read(given: Given<'_>) -> PyResult<(Decoding, Option<u64>)> {
    Drawing::read(given).map(|Drawing { decoding, seed }| (decoding, seed))
}

/// Return the arguments of NR.CLASS after ``->`` that draw classes in the same way.
#[pyfunction]
pub(crate) fn sampling_words(
    temperature: Option<Bound<'_, PyAny>>,
    top_k: Option<Bound<'_, PyAny>>,
    top_p: Option<Bound<'_, PyAny>>,
    min_p: Option<Bound<'_, PyAny>>,
    seed: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<String>> {
    Ok(Drawing::read([temperature, top_k, top_p, min_p, seed])?.words())
}

/// Draws a class for each row, in order.
pub(crate) fn sample<'py>(
    py: Python<'py>,
    engine: &Engine,
    rows: &Bound<'py, PyAny>,
    names: Option<&[String]>,
    given: Given<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let Drawing { decoding, seed } = Drawing::read(given)?;
    let model = engine.model();
    model.check_drawing().map_err(raise)?;
    let mut random = Decoding::random(options::seed(py, seed)?);
    let mut draw = |outputs: &[f32]| decoding.draw(outputs, &[], &mut random);
    if let Some(schema) = model.schema() {
        return answers::drawn(py, &model, schema, rows, draw);
    }
    let width = model.layout().outputs();
    let inputs = Inputs::read(rows, model.layout().inputs(), names)?;
    let classes = answer(py, &model, inputs.rows, || {
        let mut outputs = vec![0.0; inputs.rows * width];
        model.run(&inputs.values, &mut outputs)?;
        Ok(outputs.chunks_exact(width).map(|outputs| draw(outputs) as i64).collect::<Vec<_>>())
    });
    let classes = classes.map_err(|error| inputs.raise(error))?;
    if inputs.single {
        return Ok(classes[0].into_pyobject(py)?.into_any());
    }
    Ok(classes.into_pyarray(py).into_any())
}
