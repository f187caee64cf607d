"""The engines that a user could choose instead, each with its documented defaults.

The defaults of all but the trees assume standardized inputs, and those of the regressors standardized targets, so all
but the trees get these. Each function takes training rows and a seed, and returns a function that predicts classes or
numbers.

`lightgbm`, `catboost` and `torch` require packages of these names, `fann` the library (apt-get install libfann2), and
`original` a Redis server (apt-get install redis-server) and the path of the original module's neuralredis.so in
NEURALREDIS_ORIGINAL. They are only measured; nothing in the project depends on them.
"""

from __future__ import annotations

import atexit
import copy
import ctypes
import ctypes.util
import functools
import importlib
import math
import os
import shutil
import subprocess
import tempfile
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import redis
from sets import Floats, Rows
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

#: A function that predicts classes or numbers.
Answer = Callable[[Floats], np.ndarray[Any, Any]]
Rival = Callable[[Rows, int], Answer]
Kept = TypeVar("Kept")

_FLOATS = ctypes.POINTER(ctypes.c_float)
_FILL = ctypes.CFUNCTYPE(None, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, _FLOATS, _FLOATS)
#: Values of fann_activationfunc_enum and fann_errorfunc_enum.
_FANN_LINEAR = _FANN_ERRORFUNC_LINEAR = 0


class MissingError(Exception):
    """A rival is not installed."""


def _learner(classifier: Callable[[int], Any], regressor: Callable[[int], Any]) -> Rival:
    def fit(rows: Rows, seed: int) -> Answer:
        if rows.classifies:
            model = make_pipeline(StandardScaler(), classifier(seed))
        else:
            scaled = TransformedTargetRegressor(regressor(seed), transformer=StandardScaler())
            model = make_pipeline(StandardScaler(), scaled)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            answer: Answer = model.fit(rows.X, rows.y).predict
        return answer

    return fit


class _Scales:
    """Standardized inputs, and one-hot or standardized targets."""

    def __init__(self, rows: Rows) -> None:
        self.inputs = StandardScaler().fit(rows.X)
        self.classes = int(rows.y.max()) + 1 if rows.classifies else 0
        self.mean, self.deviation = (0.0, 1.0) if self.classes else (rows.y.mean(), rows.y.std() or 1.0)

    def X(self, X: Floats) -> np.ndarray[Any, Any]:
        return np.ascontiguousarray(self.inputs.transform(X), np.float32)

    def y(self, y: Any) -> np.ndarray[Any, Any]:
        if self.classes:
            return np.eye(self.classes, dtype=np.float32)[y]
        return ((y - self.mean) / self.deviation).astype(np.float32)[:, None]

    def answer(self, outputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return outputs.argmax(axis=1) if self.classes else outputs[:, 0] * self.deviation + self.mean


def _fifth(rows: Rows, seed: int) -> Any:
    """Return a random four fifths of the rows for training, and a fifth for early stopping."""
    return train_test_split(np.arange(len(rows.X)), test_size=0.2, random_state=seed)


def _best(cycle: Callable[[], float], keep: Callable[[], Kept]) -> Kept:
    """Train cycle by cycle, and return the state with the lowest error: patience of 20 cycles, at most 1000 cycles.

    Both RPROPs below leave that to their users; FANN's manual advises it, under "Avoid Over-Fitting".
    """
    best, best_at, kept = math.inf, 0, keep()
    for at in range(1000):
        error = cycle()
        if error < best:
            best, best_at, kept = error, at, keep()
        elif at >= best_at + 20:
            break
    return kept


def torch_rprop(rows: Rows, seed: int) -> Answer:
    """Train with PyTorch's Rprop on four fifths of the rows in full batches, with early stopping by the last fifth."""
    try:
        import torch
    except ImportError as error:
        raise MissingError("PyTorch is not installed: pip install torch") from error

    torch.manual_seed(seed)
    scales = _Scales(rows)
    loss: Any = torch.nn.CrossEntropyLoss() if scales.classes else torch.nn.MSELoss()

    def tensors(at: np.ndarray[Any, Any]) -> tuple[Any, Any]:
        y = rows.y[at] if scales.classes else scales.y(rows.y[at])
        return torch.from_numpy(scales.X(rows.X[at])), torch.from_numpy(y)

    (X, y), (X_check, y_check) = map(tensors, _fifth(rows, seed))
    net = torch.nn.Sequential(
        torch.nn.Linear(rows.X.shape[1], 100), torch.nn.ReLU(), torch.nn.Linear(100, scales.classes or 1)
    )
    trainer = torch.optim.Rprop(net.parameters())

    def cycle() -> float:
        trainer.zero_grad()
        loss(net(X), y).backward()
        trainer.step()
        with torch.no_grad():
            return float(loss(net(X_check), y_check))

    best = _best(cycle, lambda: copy.deepcopy(net))

    def answer(X: Floats) -> np.ndarray[Any, Any]:
        with torch.no_grad():
            return scales.answer(best(torch.from_numpy(scales.X(X))).numpy())

    return answer


@functools.cache
def _libfann() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(ctypes.util.find_library("fann") or "libfann.so.2")
    except OSError as error:
        raise MissingError("FANN is not installed: apt-get install libfann2") from error
    library.fann_randomize_weights.argtypes = [ctypes.c_void_p, ctypes.c_float, ctypes.c_float]
    for name in ("fann_create_standard_array", "fann_create_train_from_callback", "fann_copy"):
        getattr(library, name).restype = ctypes.c_void_p
    library.fann_test_data.restype = ctypes.c_float
    library.fann_run.restype = _FLOATS
    return library


def _owned(pointer: int, destroy: Callable[[ctypes.c_void_p], Any]) -> ctypes.c_void_p:
    """Return a pointer that frees its object when it is deleted."""
    owned = ctypes.c_void_p(pointer)
    weakref.finalize(owned, destroy, ctypes.c_void_p(pointer))
    return owned


def fann(rows: Rows, seed: int) -> Answer:
    """Train FANN's standard network with iRPROP- on four fifths of the rows, with early stopping by the last fifth.

    Its outputs are sigmoids, which suit classes; numbers are given linear ones, with the error function for those. It
    draws first weights without a seed, so they are drawn again from the same range.
    """
    library = _libfann()
    scales = _Scales(rows)
    inputs, outputs = rows.X.shape[1], scales.classes or 1

    def data(at: np.ndarray[Any, Any]) -> ctypes.c_void_p:
        X, y = scales.X(rows.X[at]), scales.y(rows.y[at])

        def fill(row: int, inputs: int, outputs: int, to: Any, target: Any) -> None:
            np.ctypeslib.as_array(to, (inputs,))[:] = X[row]
            np.ctypeslib.as_array(target, (outputs,))[:] = y[row]

        made = library.fann_create_train_from_callback(len(at), inputs, outputs, _FILL(fill))
        return _owned(made, library.fann_destroy_train)

    learn, check = map(data, _fifth(rows, seed))
    layers = (ctypes.c_uint * 3)(inputs, 100, outputs)
    net = _owned(library.fann_create_standard_array(3, layers), library.fann_destroy)
    if not scales.classes:
        library.fann_set_activation_function_output(net, _FANN_LINEAR)
        library.fann_set_train_error_function(net, _FANN_ERRORFUNC_LINEAR)
    ctypes.CDLL(None).srand(seed)
    library.fann_randomize_weights(net, -0.1, 0.1)

    def cycle() -> float:
        library.fann_train_epoch(net, learn)
        return float(library.fann_test_data(net, check))

    best = _best(cycle, lambda: _owned(library.fann_copy(net), library.fann_destroy))

    def answer(X: Floats) -> np.ndarray[Any, Any]:
        found = np.empty((len(X), outputs))
        for row, x in enumerate(scales.X(X)):
            found[row] = np.ctypeslib.as_array(library.fann_run(best, x.ctypes.data_as(_FLOATS)), (outputs,))
        return scales.answer(found)

    return answer


@functools.cache
def _original() -> redis.Redis:
    """Return a client of a private server with the original module, which ends with this process."""
    module, server = os.environ.get("NEURALREDIS_ORIGINAL"), shutil.which("redis-server")
    if not module:
        raise MissingError("NEURALREDIS_ORIGINAL does not name the file of the original module")
    if not server:
        raise MissingError("redis-server is not on the PATH: apt-get install redis-server")
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place)
    path = str(Path(place) / "socket")
    options = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", place]
    options += ["--loadmodule", str(Path(module).absolute())]
    process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    while not Path(path).exists() and process.poll() is None:
        time.sleep(0.01)
    client = redis.Redis(unix_socket_path=path)
    try:
        client.ping()
    except redis.ConnectionError as error:
        raise MissingError(f"{server} does not load {module}") from error
    return client


def _each(client: redis.Redis, commands: Iterable[Sequence[Any]]) -> list[Any]:
    """Return the replies to many commands, sent in pipelines."""
    replies = []
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
        if len(pipeline) == 500:
            replies += pipeline.execute()
    return replies + pipeline.execute()


class Served:
    """Predictions of a server until its next training, and the processor time of the training in seconds."""

    def __init__(self, answer: Answer, seconds: float) -> None:
        self.answer, self.seconds = answer, seconds

    def __call__(self, X: Floats) -> np.ndarray[Any, Any]:
        return self.answer(X)


def original(rows: Rows, seed: int) -> Answer:
    """Train with the original module and only one option, 30 hidden units, as for our networks.

    It gets raw inputs and NORMALIZE. Its outputs are sigmoids, which are never negative, so numbers are scaled to 0 to
    1. A training takes a minute at most; the initial weights have no seed.
    """
    client = _original()
    client.flushall()

    def spent() -> float:
        used = client.info("cpu")
        return float(used["used_cpu_user"] + used["used_cpu_sys"])

    low, high = (0, 1) if rows.classifies else (rows.y.min(), rows.y.max())
    targets = rows.y if rows.classifies else (rows.y - low) / (high - low or 1)
    count = max(10_000, len(rows.X))
    layout = [rows.X.shape[1], 30, "->", int(rows.y.max()) + 1 if rows.classifies else 1]
    kind = "CLASSIFIER" if rows.classifies else "REGRESSOR"
    before = spent()
    client.execute_command("NR.CREATE", "net", kind, *layout, "DATASET", count, "TEST", count // 4, "NORMALIZE")
    pairs = zip(rows.X.tolist(), targets.tolist(), strict=True)
    _each(client, (("NR.OBSERVE", "net", *x, "->", y) for x, y in pairs))
    client.execute_command("NR.TRAIN", "net", "AUTOSTOP", "BACKTRACK", "MAXTIME", 60_000)
    # The next command installs an ended training.
    while (info := client.execute_command("NR.INFO", "net"))[info.index(b"training") + 1]:
        time.sleep(0.01)

    def answer(X: Floats) -> np.ndarray[Any, Any]:
        found = _each(client, (("NR.CLASS" if rows.classifies else "NR.RUN", "net", *x) for x in X.tolist()))
        return np.array(found) if rows.classifies else np.array(found, np.float64)[:, 0] * (high - low) + low

    return Served(answer, spent() - before)


def forest(rows: Rows, seed: int) -> Answer:
    """Train a random forest: no network, but often the best choice for tables of numbers."""
    kind = RandomForestClassifier if rows.classifies else RandomForestRegressor
    answer: Answer = kind(random_state=seed, n_jobs=1).fit(rows.X, rows.y).predict
    return answer


def _boosted(library: str, classifier: str, regressor: str, **settings: Any) -> Rival:
    """Return gradient-boosted trees of a library with its defaults."""

    def fit(rows: Rows, seed: int) -> Answer:
        try:
            kinds = importlib.import_module(library)
        except ImportError:
            raise MissingError(f"{library} is not installed: pip install {library}") from None
        model = getattr(kinds, classifier if rows.classifies else regressor)(random_state=seed, **settings)
        answer: Answer = model.fit(rows.X, rows.y).predict
        return lambda X: np.asarray(answer(X)).reshape(len(X))

    return fit


RIVALS: dict[str, Rival] = {
    "baseline": _learner(lambda seed: DummyClassifier(), lambda seed: DummyRegressor()),
    "linear": _learner(lambda seed: LogisticRegression(max_iter=1000), lambda seed: RidgeCV(np.logspace(-3, 3, 13))),
    "mlp": _learner(lambda seed: MLPClassifier(random_state=seed), lambda seed: MLPRegressor(random_state=seed)),
    "mlp early": _learner(
        lambda seed: MLPClassifier(early_stopping=True, random_state=seed),
        lambda seed: MLPRegressor(early_stopping=True, random_state=seed),
    ),
    "torch": torch_rprop,
    "fann": fann,
    "original": original,
    "forest": forest,
    "lightgbm": _boosted("lightgbm", "LGBMClassifier", "LGBMRegressor", verbose=-1, n_jobs=1),
    "catboost": _boosted(
        "catboost",
        "CatBoostClassifier",
        "CatBoostRegressor",
        verbose=False,
        thread_count=1,
        allow_writing_files=False,
    ),
}
