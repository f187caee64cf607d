//! The class `Network`, from which `neuralredis.Network` derives.
//!
//! The lock of a network is held only with the GIL, and only briefly: long operations release the GIL and work on a
//! model or a clone, which are cheap to create. So a network predicts on many threads while it trains, and in a process
//! that another thread forks the lock is free.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use neuralredis_core::training::Live;
use neuralredis_core::{Calibration, Error, Kind, Model, Network as Engine, Options, Set, codec};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyDict, PyType};

use crate::answers::{self, Observed};
use crate::arrays;
use crate::conformal;
use crate::errors::{KindError, ShapeError, TrainingError, raise};
use crate::fields::{self, Declaration};
use crate::figures;
use crate::options;
use crate::reasons;
use crate::results;
use crate::rows::{Examples, Inputs, Numbers, Role, Shape};
use crate::sampling;
use crate::sequence_networks;
use crate::stored;
use crate::training::{self, Job};

/// The most inputs of a row that is read without an allocation.
const SHORT_ROW: usize = 64;
/// The smallest number of multiplications that releases the GIL: about 20 microseconds.
const LONG_RUN: usize = 200_000;

/// The next id of a network in this process.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// The base class of `neuralredis.Network`, which holds the engine's network.
#[pyclass(frozen, subclass, weakref, module = "neuralredis._core")]
pub(crate) struct Network {
    id: u64,
    live: Mutex<Live>,
    /// The names of the columns of the first frame with rows that was observed.
    names: Mutex<Option<Arc<[String]>>>,
}

impl Network {
    fn new(engine: Engine) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, live: Mutex::new(Live::new(engine)), names: Mutex::new(None) }
    }

    /// Creates an object of a class, perhaps a derived one, that holds this engine.
    fn holding<'py>(class: &Bound<'py, PyType>, engine: Engine) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        // Only the class's constructor can create an object of a derived class, so this creates one with an engine that
        // is replaced at once.
        let blank = py.get_type::<Self>().call_method1("__new__", (class, "regressor", [1, 1]))?;
        *blank.cast::<Self>()?.get().live(py) = Live::new(engine);
        Ok(blank)
    }

    /// Locks the network, and installs the result of a training that has ended.
    pub(crate) fn live(&self, py: Python<'_>) -> MutexGuard<'_, Live> {
        let mut live = self.live.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        live.collect();
        live
    }

    /// A snapshot of the network.
    pub(crate) fn snapshot(&self, py: Python<'_>) -> Engine {
        self.live(py).network().snapshot()
    }

    fn names(&self, py: Python<'_>) -> Option<Arc<[String]>> {
        self.names.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn model(&self, py: Python<'_>) -> Model {
        self.live(py).network().model()
    }

    /// Stores rows of fields, which are parsed by the schema of a snapshot.
    #[inline(never)]
    fn observe_fields<'py>(
        &self,
        py: Python<'py>,
        snapshot: Engine,
        (rows, outcomes, weight): (&Bound<'py, PyAny>, Option<&Bound<'py, PyAny>>, Option<&Bound<'py, PyAny>>),
        target: Option<Set>,
    ) -> PyResult<(u32, u32)> {
        let schema = snapshot.schema().cloned().ok_or_else(|| raise(Error::HasFields))?;
        let observed = Observed::read(&schema, rows, outcomes, weight)?;
        let examples = observed.examples(&schema)?;
        // While the snapshot exists, storing would copy the blocks of rows and the dictionaries that it shares.
        drop((snapshot, schema));
        self.live(py).network_mut().observe_fields(&examples, target, |_| {}).map_err(raise)
    }

    /// Raises an error if the network has fields, where inputs have no fixed positions.
    fn check_positions(&self, py: Python<'_>, what: &str) -> PyResult<()> {
        match self.model(py).schema() {
            Some(_) => Err(KindError::new_err(format!("the network has fields: {what} is for networks without"))),
            None => Ok(()),
        }
    }
}

/// Returns `y`, which only rows of fields may omit.
fn needed<'a, 'py>(y: Option<&'a Bound<'py, PyAny>>) -> PyResult<&'a Bound<'py, PyAny>> {
    y.ok_or_else(|| PyTypeError::new_err("y is missing: expected the classes or the outputs of the rows"))
}

/// Calibrates an engine on given rows.
fn calibration_of<'py>(
    py: Python<'py>,
    engine: &Engine,
    rows: &Bound<'py, PyAny>,
    y: Option<&Bound<'py, PyAny>>,
    names: Option<&[String]>,
) -> PyResult<Calibration> {
    if let Some(schema) = engine.schema() {
        let observed = Observed::read(schema, rows, y, None)?;
        let examples = observed.examples(schema)?;
        return py.detach(|| engine.calibration_of_fields(&examples, &|| true)).map_err(raise);
    }
    let examples = Examples::read(engine.row_shape(), rows, needed(y)?, None, names)?;
    let found = py.detach(|| engine.calibration_of(&examples.batch(), &|| true));
    found.map_err(|error| examples.inputs.raise(error))
}

/// Runs `work`, which predicts `rows` rows; releases the GIL if that takes long.
pub(crate) fn answer<T: Send>(py: Python<'_>, model: &Model, rows: usize, work: impl FnOnce() -> T + Send) -> T {
    let multiplications = rows.saturating_mul(model.parameters());
    if multiplications < LONG_RUN { work() } else { py.detach(work) }
}

#[pymethods]
impl Network {
    #[new]
    #[pyo3(signature = (kind, layout = None, *, fields = None, target = None, hidden = None, classes = None, **options))]
    fn create(
        kind: &Bound<'_, PyAny>,
        layout: Option<&Bound<'_, PyAny>>,
        fields: Option<&Bound<'_, PyAny>>,
        target: Option<&Bound<'_, PyAny>>,
        hidden: Option<&Bound<'_, PyAny>>,
        classes: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = kind.py();
        let kind = options::kind(kind)?;
        let (options, sequence) = sequence_networks::split_options(options)?;
        let (options, monotone) = fields::monotone_by_name(options.as_ref())?;
        let changes = options::changes(options.as_ref(), true)?;
        let seed = options::seed(py, changes.seed)?;
        if let Some(sequence) = sequence {
            let engine = match Declaration::of(layout, fields, [target, hidden, classes], monotone.as_ref())? {
                Declaration::Layout(layout) => {
                    sequence_networks::of_numbers(kind, &options::layout(layout)?, sequence, &changes, seed)
                }
                Declaration::Fields(described) => {
                    sequence_networks::of_fields(kind, &described, sequence, &changes, seed)
                }
            };
            return engine.map(Self::new);
        }
        let layout = match Declaration::of(layout, fields, [target, hidden, classes], monotone.as_ref())? {
            Declaration::Layout(layout) => options::layout(layout)?,
            Declaration::Fields(described) => return described.engine(kind, changes, seed).map(Self::new),
        };
        let chosen = Options::new(kind).with(kind, &layout, &changes).map_err(raise)?;
        Engine::new(kind, layout, chosen, changes.first_limits(), seed).map(Self::new).map_err(raise)
    }

    /// Store rows for training and validation.
    ///
    /// Without ``into``, each row goes to the set that is less full relative to its limit, or to the training set if
    /// both are equally full. Once both are full, rows go to a random set, in proportion to the limits. A row for a
    /// full set replaces a random one. Either all rows are stored or, on an error, none.
    ///
    /// Parameters
    /// ----------
    /// X : array_like, shape (inputs,) or (rows, inputs)
    ///     One row or many, of any real dtype, stored in single precision (float32, seven digits) as they are. So shift
    ///     and scale values such as seconds since 1970, which differ only beyond seven digits. For a network with one
    ///     input, ``(rows,)`` is many rows, too. Frames must have the same columns in the same order each time; arrays
    ///     are matched by position.
    /// y : array_like, shape (rows,) or (rows, outputs)
    ///     The class of each row, an integer from 0 to outputs - 1, or the outputs of each row. For a single row
    ///     without the dimension of rows.
    /// into : {"train", "test"}, optional
    ///     The set that the rows go to.
    /// weight : float or array_like of shape (rows,), optional
    ///     The factor of a row in the errors, above 0. A row of weight 2 counts as two rows.
    ///
    /// Returns
    /// -------
    /// RowCounts
    ///     The numbers of rows then in the training set and the validation set, a named tuple.
    ///
    /// Raises
    /// ------
    /// ShapeError
    ///     If the number of values in a row is wrong, or ``X`` and ``y`` have different numbers of rows; or if the
    ///     columns of a frame are not those of the first frame that was observed, in the same order.
    /// DataError
    ///     If a value is not a finite number, a class is not one of the network's, or the limit of the set is 0.
    ///
    /// Notes
    /// -----
    /// Rows of a network with fields have names: ``X`` is a dict, several dicts (also from a generator), a dict of
    /// columns, a frame of pandas or polars, an Arrow table or a structured array. Columns may be in any order, and a
    /// field without a column is a gap. A dict contains columns if a field that takes one value has a list, or a field
    /// of tags or of a vector has a list of lists.
    ///
    /// The rows may contain the outcomes, too, under the name of the target; if ``y`` is given, it is used instead.
    /// Classes are names; numbers and booleans are converted to names. For several targets ``y`` may be a frame or
    /// dicts with their names.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("regressor", [2, 3, 1], dataset=50, test=10)
    /// >>> net.observe([1, 2], 3)
    /// RowCounts(train=1, test=0)
    /// >>> net.observe([[4, 5], [3, 3]], [9, 6])
    /// RowCounts(train=2, test=1)
    #[pyo3(signature = (X, y = None, *, into = None, weight = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn observe<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        into: Option<&Bound<'py, PyAny>>,
        weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let target = into.map(|name| options::set("into", name)).transpose()?;
        // Read the shape of rows, which never changes, before the rows: reading those may run Python code.
        let snapshot = self.snapshot(py);
        if snapshot.schema().is_some() {
            return results::row_counts(py, self.observe_fields(py, snapshot, (X, y, weight), target)?);
        }
        let examples = Examples::read(snapshot.row_shape(), X, needed(y)?, weight, self.names(py).as_deref())?;
        drop(snapshot);
        let sizes = {
            let mut live = self.live(py);
            live.network_mut().observe(&examples.batch(), target, |_| {})
        };
        let sizes = sizes.map_err(|error| examples.inputs.raise(error))?;
        if let (Some(names), true) = (examples.inputs.names, examples.inputs.rows > 0) {
            self.names.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner).get_or_insert(names.into());
        }
        results::row_counts(py, sizes)
    }

    /// Return the outputs of the network.
    ///
    /// They depend neither on the other rows of the same call, nor on the CPU, nor on a training that is running.
    ///
    /// Parameters
    /// ----------
    /// X : array_like, shape (inputs,) or (rows, inputs)
    ///     One row or many, of any real dtype. For a network with one input, ``(rows,)`` is many rows, too.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float32, shape (outputs,) or (rows, outputs)
    ///     The outputs of a regressor, or the probability of each class of a classifier (with softmax outputs, the
    ///     default).
    ///
    /// Raises
    /// ------
    /// ShapeError
    ///     If the number of values in a row is wrong.
    /// DataError
    ///     If a value is not a finite number.
    ///
    /// Notes
    /// -----
    /// A network with fields takes rows as `observe` does, and ignores targets among them. For a single row, a dict, it
    /// returns a dict of probabilities by class, or the number of a regressor (for several targets a dict by target).
    /// For many rows it returns an array whose columns are `classes` or the targets; for one target its shape is
    /// ``(rows,)``.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("classifier", [2, 3], seed=1)
    /// >>> net.run([1, 2]).shape
    /// (3,)
    /// >>> net.run([[1, 2], [3, 4]]).shape
    /// (2, 3)
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn run<'py>(&self, py: Python<'py>, X: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let model = self.model(py);
        if let Some(schema) = model.schema() {
            return answers::run(py, &model, schema, X);
        }
        let (width, out_width) = (model.layout().inputs(), model.layout().outputs());
        let mut room = [0.0; SHORT_ROW];
        if let Some(row) = room.get_mut(..width)
            && arrays::read_short_row(X, row)
        {
            let outputs = PyArray1::<f32>::zeros(py, out_width, false);
            // SAFETY: the array was created just now and no Python code has run since, so no other reference to it
            // exists.
            let to = unsafe { outputs.as_slice_mut() }?;
            model.run(row, to).map_err(raise)?;
            return Ok(outputs.into_any());
        }
        let inputs = Inputs::read(X, width, self.names(py).as_deref())?;
        let outputs = PyArray2::<f32>::zeros(py, [inputs.rows, out_width], false);
        // SAFETY: the array was created just now and is not passed on before the outputs are written, so nothing else
        // accesses it, also while the GIL is released.
        let to = unsafe { outputs.as_slice_mut() }?;
        answer(py, &model, inputs.rows, || model.run(&inputs.values, to)).map_err(|error| inputs.raise(error))?;
        if inputs.single { Ok(outputs.reshape(out_width)?.into_any()) } else { Ok(outputs.into_any()) }
    }

    /// Return the class of each row.
    ///
    /// The class is the output with the largest value, the first one if several are equal. With a ``threshold``, the
    /// second of two classes is returned if its probability is at least the threshold.
    ///
    /// Parameters
    /// ----------
    /// X : array_like, shape (inputs,) or (rows, inputs)
    ///     One row or many, as for `run`.
    ///
    /// Returns
    /// -------
    /// int or numpy.ndarray of int64, shape (rows,)
    ///     The class of the row or rows.
    ///
    /// Raises
    /// ------
    /// KindError
    ///     If the network is a regressor.
    /// ShapeError, DataError
    ///     As for `run`.
    ///
    /// Notes
    /// -----
    /// A network with fields returns the name of a class, or an array of names (of dtype object), and takes further
    /// options:
    ///
    /// top : int, optional
    ///     The largest number of classes to return, best first: a list, for many rows a list for each.
    /// scores : bool, optional
    ///     Return each class as a pair of its name and its probability; for many rows as a list.
    /// least : float, optional
    ///     Return None if the class is less probable than this; with ``top`` only classes that are as probable.
    ///
    /// It raises `TrainingError` before any class was observed.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("classifier", [2, 3], seed=1)
    /// >>> net.classify([1, 2]) in (0, 1, 2)
    /// True
    /// >>> net.classify([[1, 2], [3, 4]]).shape
    /// (2,)
    #[pyo3(signature = (X, *, top = None, scores = None, least = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn classify<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        top: Option<&Bound<'py, PyAny>>,
        scores: Option<&Bound<'py, PyAny>>,
        least: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let model = self.model(py);
        if model.kind() != Kind::Classifier {
            return Err(raise(Error::NotClassifier));
        }
        if let Some(schema) = model.schema() {
            return answers::classify(py, &model, schema, X, [top, scores, least]);
        }
        if top.is_some() || scores.is_some() || least.is_some() {
            return Err(KindError::new_err("top, scores and least are for networks with fields"));
        }
        let width = model.layout().inputs();
        let mut room = [0.0; SHORT_ROW];
        if let Some(row) = room.get_mut(..width)
            && arrays::read_short_row(X, row)
        {
            let classes = model.classify(row).map_err(raise)?;
            return Ok(classes[0].into_pyobject(py)?.into_any());
        }
        let inputs = Inputs::read(X, width, self.names(py).as_deref())?;
        let classes = answer(py, &model, inputs.rows, || model.classify(&inputs.values));
        let classes = classes.map_err(|error| inputs.raise(error))?;
        if inputs.single {
            return Ok(classes[0].into_pyobject(py)?.into_any());
        }
        let classes: Vec<i64> = classes.into_iter().map(|class| class as i64).collect();
        Ok(classes.into_pyarray(py).into_any())
    }

    /// Return outputs, and the lower and upper bounds of their intervals.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn _interval<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        level: &Bound<'_, PyAny>,
    ) -> PyResult<[Bound<'py, PyAny>; 3]> {
        let (level, engine) = (conformal::level(level)?, self.snapshot(py));
        conformal::interval(py, &engine, X, self.names(py).as_deref(), level)
    }

    /// Return the set of classes that contains the true class with this probability.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn _class_set<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        level: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (level, engine) = (conformal::level(level)?, self.snapshot(py));
        conformal::sets(py, &engine, X, self.names(py).as_deref(), level)
    }

    /// Return classes drawn by their probabilities; ``given`` is temperature, top-k, top-p, min-p and seed.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn _sample<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        given: sampling::Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let engine = self.snapshot(py);
        sampling::sample(py, &engine, X, self.names(py).as_deref(), given)
    }

    /// Calibrate `interval` and `class_set` on rows that were not used in training, instead of the validation rows.
    ///
    /// If the validation rows decided when a training stopped, the errors on them are too low. The errors on rows that
    /// are held out for calibration need no correction. The calibration is stored and saved with the network, but its
    /// rows are not. It is discarded when the weights change, by a training or otherwise.
    ///
    /// Without rows, the network stores the calibration on its current validation rows. A copy of the network without
    /// rows can then still return intervals.
    ///
    /// Parameters
    /// ----------
    /// X : array_like, shape (rows, inputs), or rows of fields, optional
    ///     Rows as for `observe` that were not used in any training. Of more than 10,000 rows, 10,000 evenly spaced
    ///     ones are used.
    /// y : array_like, shape (rows,) or (rows, outputs), optional
    ///     The outcomes; rows of fields may contain them in their own columns.
    ///
    /// Returns
    /// -------
    /// int
    ///     The number of rows that were used.
    ///
    /// Raises
    /// ------
    /// ShapeError, DataError
    ///     As for `observe`; `DataError` also if there are no rows.
    /// TrainingError
    ///     If the weights change during the calibration.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("regressor", [1, 1], seed=1)
    /// >>> net.calibrate([[x] for x in range(20)], list(range(20)))
    /// 20
    /// >>> round(float(net.interval([0], 0.95).high[0]), 2) > 0
    /// True
    #[pyo3(signature = (X = None, y = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn calibrate<'py>(
        &self,
        py: Python<'py>,
        X: Option<&Bound<'py, PyAny>>,
        y: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<usize> {
        let engine = self.snapshot(py);
        let calibration: Arc<Calibration> = match (X, y) {
            (Some(rows), y) => calibration_of(py, &engine, rows, y, self.names(py).as_deref())?.into(),
            (None, Some(_)) => {
                return Err(PyTypeError::new_err("y without X: expected rows, or nothing for the validation rows"));
            }
            (None, None) => py.detach(|| engine.testing_calibration(&|| true)).map_err(raise)?,
        };
        let (rows, mut live) = (calibration.rows(), self.live(py));
        if !live.network().answers_as(&engine.model()) {
            let message = "the weights changed during the calibration: calibrate again";
            return Err(TrainingError::new_err(message));
        }
        live.network_mut().set_calibration(calibration).map_err(raise)?;
        Ok(rows)
    }

    /// Return the rows of a set as they were observed.
    ///
    /// Parameters
    /// ----------
    /// set : {"train", "test"}
    ///     The set.
    ///
    /// Returns
    /// -------
    /// X : numpy.ndarray of float32, shape (rows, inputs), or list of dict
    ///     For a network with fields a dict for each row, with times in UTC. None is a gap, or a value that is not
    ///     stored: a word for which the dictionary had no room, or a text, of which only hashes are stored.
    /// y : numpy.ndarray, shape (rows,) or (rows, outputs)
    ///     Classes as int64, for a network with fields as str; outputs as float32.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("regressor", [2, 1])
    /// >>> net.observe([[1, 2], [3, 4]], [3, 7], into="train")
    /// RowCounts(train=2, test=0)
    /// >>> net.rows("train")[1]
    /// array([3., 7.], dtype=float32)
    #[pyo3(signature = (set))]
    fn rows<'py>(&self, py: Python<'py>, set: &Bound<'_, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let set = options::set("set", set)?;
        let engine = self.snapshot(py).as_network_of_rows(&|| true).map_err(raise)?;
        if let Some(schema) = engine.schema() {
            return stored::rows(py, &engine, schema, set);
        }
        let (width, target_width) = (engine.row_shape().inputs, engine.targets());
        let rows = engine.rows(set) as usize;
        let (inputs, targets, _) = py.detach(|| engine.rows_from(set, 0, rows));
        let inputs = inputs.into_pyarray(py).reshape([rows, width])?.into_any();
        let targets = match (engine.kind(), target_width) {
            (Kind::Classifier, _) => {
                targets.iter().map(|&class| class as i64).collect::<Vec<_>>().into_pyarray(py).into_any()
            }
            (Kind::Regressor, 1) => targets.into_pyarray(py).into_any(),
            (Kind::Regressor, _) => targets.into_pyarray(py).reshape([rows, target_width])?.into_any(),
        };
        Ok((inputs, targets))
    }

    /// Return the attributes of `FieldStatistics` for each field.
    fn _field_statistics<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let engine = self.snapshot(py);
        let Some(schema) = engine.schema() else {
            return Err(KindError::new_err("the network has no fields: only rows of fields have statistics"));
        };
        let figures = py.detach(|| engine.field_figures(&|| true)).map_err(raise)?;
        stored::figures(py, schema, &engine.info().options.monotone, figures)
    }

    /// Set the weights and biases, member after member, layer after layer, biases first.
    fn _set_weights(&self, py: Python<'_>, weights: &Bound<'_, PyAny>) -> PyResult<()> {
        self.check_positions(py, "set_weights")?;
        let role = Role::Parameters { count: self.model(py).parameters() };
        let Numbers { values, shape } = arrays::read(weights, role)?;
        match shape {
            Shape::Row(_) => self.live(py).set_weights(values).map_err(raise),
            _ => Err(ShapeError::new_err(format!("weights are no flat array: expected {} numbers", role.width()))),
        }
    }

    /// Return the loss of rows and its gradient at the current weights, for your own trainer.
    ///
    /// The rows are not stored, and the network is not changed. With `set_weights`, any optimizer can train the
    /// network, for instance those of ``scipy.optimize``.
    ///
    /// Parameters
    /// ----------
    /// X : array_like, shape (inputs,) or (rows, inputs)
    ///     One row or many, as for `observe`.
    /// y : array_like, shape (rows,) or (rows, outputs)
    ///     The class of each row, or its outputs.
    /// weight : float or array_like of shape (rows,), optional
    ///     The factor of a row in the loss, above 0.
    ///
    /// Returns
    /// -------
    /// loss : float
    ///     The mean loss of a row, as ``evaluate(X, y).error``: the loss of the outputs, which are averaged over all
    ///     members. It includes neither weight decay (``l2``) nor ``class_weight``.
    /// gradient : numpy.ndarray of float64, shape (members * parameters,)
    ///     The partial derivative of the loss with respect to each weight and bias, in the order of ``weights()``:
    ///     member after member, layer after layer, each array in row-major order. Exact up to the rounding of single
    ///     precision.
    ///
    /// Raises
    /// ------
    /// ShapeError, DataError
    ///     As for `observe`; `DataError` also if there are no rows.
    ///
    /// Examples
    /// --------
    /// One step of gradient descent.
    ///
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("regressor", [2, 3, 1], seed=1)
    /// >>> X, y = [[1, 2], [3, 4], [0, 1]], [3, 7, 1]
    /// >>> loss, gradient = net.gradient(X, y)
    /// >>> gradient.shape
    /// (13,)
    /// >>> import numpy as np
    /// >>> [layers] = net.weights()
    /// >>> net.set_weights(np.concatenate([layer.ravel() for layer in layers]) - 0.001 * gradient)
    /// >>> net.gradient(X, y)[0] < loss
    /// True
    #[pyo3(signature = (X, y, *, weight = None))]
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn gradient<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(f64, Bound<'py, PyArray1<f64>>)> {
        self.check_positions(py, "the gradient")?;
        let engine = self.snapshot(py);
        let examples = Examples::read(engine.row_shape(), X, y, weight, self.names(py).as_deref())?;
        let found = py.detach(|| engine.gradient(&examples.batch()));
        let (loss, gradient) = found.map_err(|error| examples.inputs.raise(error))?;
        Ok((loss, gradient.into_pyarray(py)))
    }

    /// Draw new random weights from the network's random state, and clear the statistics.
    ///
    /// The rows are kept. A running training is cancelled, and its result is discarded.
    fn reset(&self, py: Python<'_>) {
        self.live(py).reset();
    }

    /// Stop a running training and keep its current weights, or with ``backtrack`` its best weights.
    ///
    /// Returns
    /// -------
    /// bool
    ///     Whether a training was running.
    ///
    /// See Also
    /// --------
    /// Training.wait : wait for the end.
    fn stop(&self, py: Python<'_>) -> bool {
        let live = self.live(py);
        live.job().map(|job| job.stop()).is_some()
    }

    /// Change options, and return all options.
    ///
    /// On an error no option is changed. If a set has more rows than its new limit, random rows are dropped. A
    /// running training keeps the options that it started with.
    ///
    /// Parameters
    /// ----------
    /// **options
    ///     As for `Network`, except ``seed``. A new ``output`` also sets its default loss. ``activation`` and
    ///     ``output`` affect the next prediction, ``ensemble`` affects the first training after the creation or a
    ///     reset, and all others affect the next training.
    ///
    /// Returns
    /// -------
    /// dict
    ///     All options except the seed, as keywords.
    ///
    /// Raises
    /// ------
    /// OptionError
    ///     If a value is invalid, or two options exclude each other.
    /// TrainingError
    ///     If a training is running and ``activation`` or ``output`` would change.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("regressor", [2, 1], dataset=100)
    /// >>> net.configure(test=50)["test"]
    /// 50
    #[pyo3(signature = (**options))]
    fn configure<'py>(&self, py: Python<'py>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Bound<'py, PyDict>> {
        let changes = options::changes(options, false)?;
        let info = {
            let mut live = self.live(py);
            let limits = changes.limits(live.network().info().limits);
            live.configure(&changes, limits).map_err(raise)?;
            live.network().info()
        };
        options::present(py, &info)
    }

    /// Return the attributes of `Info`.
    fn _info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (info, training, memory, warnings) = {
            let live = self.live(py);
            let warnings = live.network().report().map_or_else(Vec::new, |report| report.warnings.clone());
            (live.network().info(), live.job().is_some(), live.network().bytes(), warnings)
        };
        results::info(py, self.id, &info, training, memory, &warnings)
    }

    /// Return the names and kinds of the fields, the targets and the classes; None for a network without fields.
    fn _named<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        fields::present(py, &self.model(py))
    }

    /// Return the index and the score of each candidate, the best candidate first.
    fn _rank<'py>(
        &self,
        py: Python<'py>,
        candidates: &Bound<'py, PyAny>,
        shared: Option<&Bound<'py, PyAny>>,
        want: Option<&Bound<'py, PyAny>>,
        top: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<(usize, f64)>> {
        let (model, most) = (self.model(py), answers::most(top)?);
        let Some(schema) = model.schema() else {
            return Err(KindError::new_err("the network has no fields: rank is for networks with fields"));
        };
        let mut ranked = answers::rank(py, &model, schema, candidates, shared, want)?;
        ranked.truncate(most);
        Ok(ranked)
    }

    /// Return the attributes of an `Explanation`.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn _explain<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        label: Option<&Bound<'py, PyAny>>,
        samples: Option<&Bound<'py, PyAny>>,
        seed: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let engine = self.snapshot(py);
        let row = reasons::question(&engine, X, self.names(py).as_deref())?;
        reasons::explanation(py, &engine, &row, label, [samples, seed])
    }

    /// Return the attributes of a `Counterfactual`.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn _changes<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        want: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let engine = self.snapshot(py);
        let row = reasons::question(&engine, X, self.names(py).as_deref())?;
        reasons::changes(py, &engine, &row, want)
    }

    /// Return the attributes of the last training's `Report`; None before the first training.
    fn _report<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let report = self.live(py).network().report().cloned();
        report.map(|report| results::report(py, &report)).transpose()
    }

    /// Start a training.
    fn _start(
        &self,
        py: Python<'_>,
        max_cycles: Option<&Bound<'_, PyAny>>,
        max_time: Option<&Bound<'_, PyAny>>,
        autostop: &Bound<'_, PyAny>,
        backtrack: &Bound<'_, PyAny>,
    ) -> PyResult<Job> {
        let options = options::training(max_cycles, max_time, autostop, backtrack)?;
        let pool = training::pool(py);
        let job = self.live(py).train(options, &pool, |_| {}).map_err(raise)?;
        Ok(Job::new(py, job))
    }

    /// Return the attributes of an evaluation on a stored set.
    fn _evaluate<'py>(&self, py: Python<'py>, set: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let set = options::set("set", set)?;
        let engine = self.snapshot(py);
        let evaluation = py.detach(|| engine.evaluate(set)).map_err(raise)?;
        results::evaluation(py, evaluation, engine.schema().map(|schema| schema.classes()))
    }

    /// Return the attributes of an evaluation on fresh rows.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn _evaluate_on<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
        weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let engine = self.snapshot(py);
        if let Some(schema) = engine.schema() {
            let observed = Observed::read(schema, X, y, weight)?;
            let examples = observed.examples(schema)?;
            let (evaluation, classes) = py.detach(|| engine.evaluate_fields(&examples)).map_err(raise)?;
            return results::evaluation(py, evaluation, Some(&classes));
        }
        let examples = Examples::read(engine.row_shape(), X, needed(y)?, weight, self.names(py).as_deref())?;
        let evaluation = py.detach(|| engine.evaluate_on(&examples.batch()));
        let evaluation = evaluation.map_err(|error| examples.inputs.raise(error))?;
        results::evaluation(py, evaluation, None)
    }

    /// Return whether the network stores each of the rows with the same outcome.
    ///
    /// The network must have fields.
    #[allow(non_snake_case, reason = "the field's name for a matrix of rows")]
    fn _has<'py>(
        &self,
        py: Python<'py>,
        X: &Bound<'py, PyAny>,
        y: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let engine = self.snapshot(py);
        let Some(schema) = engine.schema() else {
            return Err(KindError::new_err("the network has no fields: its rows are those of rows()"));
        };
        let observed = Observed::read(schema, X, y, None)?;
        let examples = observed.examples(schema)?;
        let known = py.detach(|| engine.has_fields(&examples)).map_err(raise)?;
        Ok(known.into_pyarray(py))
    }

    /// Return statistics of each field, and the range of each target of a regressor.
    #[allow(clippy::type_complexity, reason = "two lists")]
    fn _figures<'py>(&self, py: Python<'py>) -> PyResult<(Vec<Bound<'py, PyDict>>, Vec<Option<(f32, f32)>>)> {
        let engine = self.snapshot(py).as_network_of_rows(&|| true).map_err(raise)?;
        let Some(schema) = engine.schema() else {
            return Err(KindError::new_err("the network has no fields"));
        };
        let ranges = if engine.kind() == Kind::Regressor { py.detach(|| figures::ranges(&engine)) } else { Vec::new() };
        Ok((figures::of_fields(py, &engine, schema)?, ranges))
    }

    /// Bytes of your own that are stored with the network, for example the names of its inputs: at most 1 MiB.
    ///
    /// They are saved, pickled, copied and uploaded with the network, and do not affect predictions or trainings.
    ///
    /// Raises
    /// ------
    /// OptionError
    ///     If the bytes are longer than 1 MiB.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("regressor", [2, 1])
    /// >>> net.notes = b"width, height -> weight"
    /// >>> nr.Network.from_bytes(bytes(net)).notes
    /// b'width, height -> weight'
    #[getter]
    fn notes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.snapshot(py).notes())
    }

    #[setter]
    fn set_notes(&self, py: Python<'_>, notes: &Bound<'_, PyBytes>) -> PyResult<()> {
        self.live(py).network_mut().set_notes(notes.as_bytes()).map_err(raise)
    }

    /// Return the network as bytes, in the format of `save` and of Redis servers.
    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let engine = self.snapshot(py);
        PyBytes::new(py, &py.detach(|| codec::encode(&engine)))
    }

    /// Return whether two networks are equal, apart from the durations of their trainings.
    fn _same(&self, py: Python<'_>, other: &Bound<'_, Self>) -> bool {
        let (one, other) = (self.snapshot(py), other.get().snapshot(py));
        py.detach(|| codec::same(&one, &other))
    }

    /// Create a network from the result of ``bytes(net)``.
    ///
    /// Parameters
    /// ----------
    /// data : bytes-like
    ///     The bytes of a network.
    ///
    /// Raises
    /// ------
    /// FormatError
    ///     If the bytes are damaged, or have a later version of the format.
    ///
    /// Examples
    /// --------
    /// >>> import neuralredis as nr
    /// >>> net = nr.Network("regressor", [2, 1])
    /// >>> nr.Network.from_bytes(bytes(net)) == net
    /// True
    #[classmethod]
    fn from_bytes<'py>(class: &Bound<'py, PyType>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        // Other threads may write to a bytes-like object meanwhile; bytes are immutable.
        let data = match data.cast::<PyBytes>() {
            Ok(data) => data.clone(),
            Err(_) => py
                .get_type::<PyBytes>()
                .call1((py.import("builtins")?.getattr("memoryview")?.call1((data,))?,))?
                .cast_into()?,
        };
        let bytes = data.as_bytes();
        let engine = py.detach(|| codec::decode(bytes)).map_err(raise)?;
        Self::holding(class, engine)
    }

    /// Return an independent copy, which shares memory with the original until one of the two changes.
    ///
    /// A running training continues in the original only.
    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let engine = slf.get().live(py).network().clone();
        let copy = Self::holding(&slf.get_type(), engine)?;
        let names = slf.get().names(py);
        *copy.cast::<Self>()?.get().names.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner) = names;
        Ok(copy)
    }

    /// Return an independent copy, as `copy.copy` does.
    fn __deepcopy__<'py>(slf: &Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Self::__copy__(slf)
    }
}
