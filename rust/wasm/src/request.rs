//! What is asked, and what is answered.

use std::sync::Arc;
use std::time::Duration;

use neuralredis_core::options::{Declared, Other, TABLE};
use neuralredis_core::training::TrainOptions;
use neuralredis_core::{Changes, Decoding, Error, Kind, Set, Value};
use serde_json::{Map, Value as Json, json};

/// What a request comes to.
pub(crate) enum Reply {
    Told(Json),
    Data(Vec<u8>),
}

/// Numbers in single precision.
pub(crate) fn numbers(values: &[f32]) -> Reply {
    Reply::Data(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    /// Of what the engine never sees.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// An option that is something else.
    pub(crate) fn option(name: &str, value: &Json, expected: impl std::fmt::Display) -> Self {
        Self::new("option", format!("{name} is {value}: expected {expected}"))
    }

    pub(crate) fn told(&self) -> Json {
        json!({ "code": self.code, "message": self.message })
    }
}

impl From<Error> for Refusal {
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

/// The object of a request. What is null is as if it were not given.
pub(crate) struct Asked(Map<String, Json>);

impl Asked {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(text) {
            Ok(Json::Object(mut asked)) => {
                asked.retain(|_, value| !value.is_null());
                Ok(Self(asked))
            }
            Ok(other) => Err(Refusal::new("shape", format!("the request is {other}: expected an object"))),
            Err(error) => Err(Refusal::new("shape", format!("the request is no JSON: {error}"))),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let text = |value: &'_ Json| value.as_str().is_none().then(|| Refusal::option(name, value, "a text"));
        match self.get(name) {
            Some(value) => text(value).map_or(Ok(value.as_str()), Err),
            None => Ok(None),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| Refusal::option(name, value, "true or false"))
    }

    pub(crate) fn whole(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Refusal> {
        self.get(name).map(|value| whole(name, value, least, most)).transpose()
    }

    pub(crate) fn number(&self, name: &str, expected: &str) -> Result<Option<f64>, Refusal> {
        self.get(name).map(|value| value.as_f64().ok_or_else(|| Refusal::option(name, value, expected))).transpose()
    }

    pub(crate) fn list(&self, name: &str, expected: &str) -> Result<Option<&[Json]>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| Refusal::option(name, value, expected))?;
        Ok(Some(list))
    }

    /// The weights of rows.
    pub(crate) fn weights(&self) -> Result<Option<Vec<f32>>, Refusal> {
        const EXPECTED: &str = "a list of numbers above 0";
        let Some(list) = self.list("weights", EXPECTED)? else { return Ok(None) };
        let number = |value: &Json| value.as_f64().ok_or_else(|| Refusal::option("weight", value, "a number above 0"));
        list.iter().map(|value| number(value).map(|number| number as f32)).collect::<Result<_, _>>().map(Some)
    }

    /// The set that rows go to, or are of.
    pub(crate) fn set(&self, name: &str) -> Result<Option<Set>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::String(set)) if set == "train" => Ok(Some(Set::Train)),
            Some(Json::String(set)) if set == "test" => Ok(Some(Set::Test)),
            Some(other) => Err(Refusal::option(name, other, "\"train\", \"test\"")),
        }
    }

    pub(crate) fn kind(&self) -> Result<Kind, Refusal> {
        const EXPECTED: &str = "\"classifier\", \"regressor\"";
        match self.get("kind") {
            Some(Json::String(kind)) if kind == "classifier" => Ok(Kind::Classifier),
            Some(Json::String(kind)) if kind == "regressor" => Ok(Kind::Regressor),
            Some(other) => Err(Refusal::option("kind", other, EXPECTED)),
            None => Err(Refusal::new("option", format!("kind is missing: expected {EXPECTED}"))),
        }
    }

    /// The options of a network, each by what the engine's table says of it.
    pub(crate) fn changes(&self, of_creation: bool) -> Result<Changes, Refusal> {
        let mut changes = Changes::default();
        let Some(options) = self.get("options") else { return Ok(changes) };
        let options = options.as_object().ok_or_else(|| Refusal::option("options", options, "an object"))?;
        for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
            let known = TABLE.iter().filter(|option| of_creation || !option.is_of_creation);
            let Some(option) = known.clone().find(|option| option.name == name) else {
                let known = known.map(|option| option.name).collect::<Vec<_>>().join(", ");
                return Err(Refusal::new("option", format!("{name} is no option: expected {known}")));
            };
            option.set(&mut changes, read(option, value)?)?;
        }
        Ok(changes)
    }

    /// When a training ends. As in Python, ten seconds if nothing is said.
    pub(crate) fn training(&self) -> Result<TrainOptions, Refusal> {
        const SECONDS: &str = "seconds, at least 0";
        /// A hundred years, beyond which there is no end.
        const FOR_EVER: f64 = 100.0 * 365.0 * 24.0 * 3600.0;
        let max_cycles = self.whole("max_cycles", 0, u64::MAX)?.unwrap_or(0);
        let seconds = self.number("max_time", SECONDS)?.unwrap_or(10.0);
        if seconds < 0.0 {
            return Err(Refusal::option("max_time", &json!(seconds), SECONDS));
        }
        let max_time = match seconds {
            0.0 => Duration::ZERO,
            seconds if seconds > FOR_EVER => Duration::ZERO,
            seconds => Duration::from_secs_f64(seconds.max(1e-9)),
        };
        let (auto_stop, backtrack) = (self.flag("autostop")?, self.flag("backtrack")?);
        Ok(TrainOptions { max_cycles, max_time, auto_stop, backtrack })
    }

    /// How classes are drawn.
    pub(crate) fn decoding(&self) -> Result<Decoding, Refusal> {
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

/// A whole number, which may be written as a text where it is larger than JavaScript's numbers hold.
pub(crate) fn whole(name: &str, value: &Json, least: u64, most: u64) -> Result<u64, Refusal> {
    let of_text = || value.as_str().and_then(|text| text.parse().ok());
    let number = value.as_u64().or_else(of_text).filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| Refusal::option(name, value, format_args!("an integer from {least} to {most}")))
}

fn read(option: &Declared, value: &Json) -> Result<Value, Refusal> {
    let (name, domain) = (option.name, option.domain);
    let refused = || Refusal::option(name, value, domain.expected());
    match (value, domain.other) {
        (Json::String(word), _) if !domain.words.is_empty() => domain.word(word.as_bytes()).ok_or_else(refused),
        (Json::Bool(flag), Other::Flag) => Ok(Value::Flag(*flag)),
        (_, Other::Integer(least, most)) => whole(name, value, least, most).map(Value::Integer).map_err(|_| refused()),
        (Json::Number(number), Other::Number | Other::Share) => {
            Ok(Value::Number(number.as_f64().ok_or_else(refused)? as f32))
        }
        (Json::Array(numbers), Other::Numbers | Other::Signs) => {
            let number = |value: &Json| value.as_f64().map(|number| number as f32).ok_or_else(refused);
            Ok(Value::Numbers(Arc::new(numbers.iter().map(number).collect::<Result<_, _>>()?)))
        }
        _ => Err(refused()),
    }
}
