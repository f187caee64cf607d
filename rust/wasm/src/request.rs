//! Requests, replies and errors.

use std::sync::Arc;
use std::time::Duration;

use neuralredis_core::options::{Declared, Other, TABLE};
use neuralredis_core::training::TrainOptions;
use neuralredis_core::{Changes, Decoding, Error, Kind, Set, Value};
use serde_json::{Map, Value as Json, json};

/// The reply to a request.
pub(crate) enum Reply {
    Object(Json),
    Data(Vec<u8>),
}

/// A reply of numbers in single precision, as little-endian bytes.
pub(crate) fn numbers(values: &[f32]) -> Reply {
    Reply::Data(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

/// An error: the request was rejected.
#[derive(Debug)]
pub(crate) struct Rejection {
    code: &'static str,
    message: String,
}

impl Rejection {
    /// An error that is not the engine's.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// An option with an invalid value.
    pub(crate) fn option(name: &str, value: &Json, expected: impl std::fmt::Display) -> Self {
        Self::new("option", format!("{name} is {value}: expected {expected}"))
    }

    pub(crate) fn to_json(&self) -> Json {
        json!({ "code": self.code, "message": self.message })
    }
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        let code = match error.code() {
            Some("NROPTION") => "option",
            Some("NRSHAPE") => "shape",
            Some("NRDATA") => "data",
            Some("NRKIND") => "kind",
            Some("NRSTATE") => "training",
            Some("NRFORMAT") => "format",
            Some("NRMEMORY") => "memory",
            _ => "other",
        };
        Self { code, message: error.to_string() }
    }
}

/// The JSON object of a request. Members that are null count as missing.
pub(crate) struct Request(Map<String, Json>);

impl Request {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Rejection> {
        match serde_json::from_slice(text) {
            Ok(Json::Object(mut request)) => {
                request.retain(|_, value| !value.is_null());
                Ok(Self(request))
            }
            Ok(other) => Err(Rejection::new("shape", format!("the request is {other}: expected an object"))),
            Err(error) => Err(Rejection::new("shape", format!("the request is no JSON: {error}"))),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Rejection> {
        let text = |value: &'_ Json| value.as_str().is_none().then(|| Rejection::option(name, value, "a text"));
        match self.get(name) {
            Some(value) => text(value).map_or(Ok(value.as_str()), Err),
            None => Ok(None),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Rejection> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| Rejection::option(name, value, "true or false"))
    }

    pub(crate) fn whole(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Rejection> {
        self.get(name).map(|value| whole(name, value, least, most)).transpose()
    }

    pub(crate) fn number(&self, name: &str, expected: &str) -> Result<Option<f64>, Rejection> {
        self.get(name).map(|value| value.as_f64().ok_or_else(|| Rejection::option(name, value, expected))).transpose()
    }

    pub(crate) fn list(&self, name: &str, expected: &str) -> Result<Option<&[Json]>, Rejection> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| Rejection::option(name, value, expected))?;
        Ok(Some(list))
    }

    /// The weights of rows, if they are given.
    pub(crate) fn weights(&self) -> Result<Option<Vec<f32>>, Rejection> {
        const EXPECTED: &str = "a list of numbers above 0";
        let Some(list) = self.list("weights", EXPECTED)? else { return Ok(None) };
        let number =
            |value: &Json| value.as_f64().ok_or_else(|| Rejection::option("weight", value, "a number above 0"));
        list.iter().map(|value| number(value).map(|number| number as f32)).collect::<Result<_, _>>().map(Some)
    }

    /// The set of rows, if it is named.
    pub(crate) fn set(&self, name: &str) -> Result<Option<Set>, Rejection> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::String(set)) if set == "train" => Ok(Some(Set::Train)),
            Some(Json::String(set)) if set == "test" => Ok(Some(Set::Test)),
            Some(other) => Err(Rejection::option(name, other, "\"train\", \"test\"")),
        }
    }

    pub(crate) fn kind(&self) -> Result<Kind, Rejection> {
        const EXPECTED: &str = "\"classifier\", \"regressor\"";
        match self.get("kind") {
            Some(Json::String(kind)) if kind == "classifier" => Ok(Kind::Classifier),
            Some(Json::String(kind)) if kind == "regressor" => Ok(Kind::Regressor),
            Some(other) => Err(Rejection::option("kind", other, EXPECTED)),
            None => Err(Rejection::new("option", format!("kind is missing: expected {EXPECTED}"))),
        }
    }

    /// The options to set, which the table of the engine defines. `of_creation` also allows those of new networks.
    pub(crate) fn changes(&self, of_creation: bool) -> Result<Changes, Rejection> {
        let mut changes = Changes::default();
        let Some(options) = self.get("options") else { return Ok(changes) };
        let options = options.as_object().ok_or_else(|| Rejection::option("options", options, "an object"))?;
        for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
            let known = TABLE.iter().filter(|option| of_creation || !option.is_of_creation);
            let Some(option) = known.clone().find(|option| option.is_named(name)) else {
                let known = known.map(|option| option.name).collect::<Vec<_>>().join(", ");
                return Err(Rejection::new("option", format!("{name} is no option: expected {known}")));
            };
            option.set(&mut changes, read(option, value)?)?;
        }
        Ok(changes)
    }

    /// The limits of a training. As in Python, the default is 10 seconds.
    pub(crate) fn training(&self) -> Result<TrainOptions, Rejection> {
        const SECONDS: &str = "seconds, at least 0";
        /// A hundred years in seconds. Longer times count as no limit.
        const LONGEST: f64 = 100.0 * 365.0 * 24.0 * 3600.0;
        let max_cycles = self.whole("max_cycles", 0, u64::MAX)?.unwrap_or(0);
        let seconds = self.number("max_time", SECONDS)?.unwrap_or(10.0);
        if seconds < 0.0 {
            return Err(Rejection::option("max_time", &json!(seconds), SECONDS));
        }
        let max_time = match seconds {
            0.0 => Duration::ZERO,
            seconds if seconds > LONGEST => Duration::ZERO,
            seconds => Duration::from_secs_f64(seconds.max(1e-9)),
        };
        let (auto_stop, backtrack) = (self.flag("autostop")?, self.flag("backtrack")?);
        Ok(TrainOptions { max_cycles, max_time, auto_stop, backtrack })
    }

    /// Parameters of sampling.
    pub(crate) fn decoding(&self) -> Result<Decoding, Rejection> {
        let mut decoding = Decoding::default();
        for (name, to) in [
            ("temperature", &mut decoding.temperature),
            ("top_p", &mut decoding.top_p),
            ("min_p", &mut decoding.min_p),
            ("penalty", &mut decoding.penalty),
        ] {
            *to = self.number(name, "a number")?.unwrap_or(*to);
        }
        decoding.top_k = self.whole("top_k", 1, u64::from(u32::MAX))?.map(|k| k as usize);
        decoding.check()?;
        Ok(decoding)
    }
}

/// Read an integer. Those that are too large for JavaScript's numbers can be texts.
pub(crate) fn whole(name: &str, value: &Json, least: u64, most: u64) -> Result<u64, Rejection> {
    let of_text = || value.as_str().and_then(|text| text.parse().ok());
    let number = value.as_u64().or_else(of_text).filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| Rejection::option(name, value, format_args!("an integer from {least} to {most}")))
}

fn read(option: &Declared, value: &Json) -> Result<Value, Rejection> {
    let (name, domain) = (option.name, option.domain);
    let rejected = || Rejection::option(name, value, domain.expected());
    match (value, domain.other) {
        (Json::String(word), _) if !domain.words.is_empty() => domain.word(word.as_bytes()).ok_or_else(rejected),
        (Json::Bool(flag), Other::Flag) => Ok(Value::Flag(*flag)),
        (_, Other::Integer(least, most)) => whole(name, value, least, most).map(Value::Integer).map_err(|_| rejected()),
        (Json::Number(number), Other::Number | Other::Share) => {
            Ok(Value::Number(number.as_f64().ok_or_else(rejected)? as f32))
        }
        (Json::Array(numbers), Other::Numbers | Other::Signs) => {
            let number = |value: &Json| value.as_f64().map(|number| number as f32).ok_or_else(rejected);
            Ok(Value::Numbers(Arc::new(numbers.iter().map(number).collect::<Result<_, _>>()?)))
        }
        _ => Err(rejected()),
    }
}
