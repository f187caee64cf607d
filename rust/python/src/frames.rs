//! Data frames: checks that the columns have the same names in the same order each time.

use pyo3::prelude::*;

use crate::errors::ShapeError;

/// The most names in an error; the rest is counted.
const LISTED: usize = 8;

/// The names of the columns of a frame, or of the values of a row of one; `None` if they are not all strings.
pub(crate) fn names(object: &Bound<'_, PyAny>, width: usize) -> PyResult<Option<Vec<String>>> {
    // The attributes of Arrow tables, of pandas and polars frames, and of a row of pandas.
    for attribute in ["column_names", "columns", "index"] {
        let Some(found) = object.getattr_opt(attribute)? else { continue };
        if found.is_callable() {
            return Ok(None);
        }
        let Ok(items) = found.try_iter() else { return Ok(None) };
        let names: Option<Vec<String>> = items.map(|item| item.and_then(|name| name.extract()).ok()).collect();
        // The index of a column holds the names of its rows. If rows have one value, a series may be either.
        return Ok(names.filter(|names| attribute != "index" || width > 1 && names.len() == width));
    }
    Ok(None)
}

/// Raises an error unless the columns are those that the network has observed.
pub(crate) fn check(names: &[String], known: &[String]) -> PyResult<()> {
    if names == known {
        return Ok(());
    }
    let others = |of: &[String], than: &[String]| -> Vec<String> {
        of.iter().filter(|name| !than.contains(name)).cloned().collect()
    };
    let (missing, unexpected) = (others(known, names), others(names, known));
    let what = match (missing.is_empty(), unexpected.is_empty()) {
        (true, true) => format!("the columns of X are {}", listed(names)),
        (false, true) => format!("X lacks {}", listed(&missing)),
        (true, false) => format!("X has {} besides", listed(&unexpected)),
        (false, false) => format!("X lacks {} and has {} instead", listed(&missing), listed(&unexpected)),
    };
    let known = listed(known);
    Err(ShapeError::new_err(format!("{what}: expected the columns {known}, in this order, as they were observed")))
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("'{name}'")).collect();
    let more = if names.len() > LISTED { format!(" and {} more", names.len() - LISTED) } else { String::new() };
    shown.join(", ") + &more
}
