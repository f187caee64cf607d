"""What a user would pick instead, each at its documented defaults.

Defaults of all but the forest assume inputs of about unit size, and those of the regressors targets of that size: so
all are given standardized ones. Each rival takes training rows and a seed and returns what answers classes or numbers.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
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

#: Answers classes or numbers.
Answer = Callable[[Floats], np.ndarray[Any, Any]]
Rival = Callable[[Rows, int], Answer]


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
    """Standardized inputs, and as targets a row of zeros and a one, or a standardized number."""

    def __init__(self, rows: Rows) -> None:
        self.inputs = StandardScaler().fit(rows.X)
        self.classes = int(rows.y.max()) + 1 if rows.classifies else 0
        self.mean, self.deviation = (0.0, 1.0) if self.classes else (rows.y.mean(), rows.y.std() or 1.0)

    def X(self, X: Floats) -> np.ndarray[Any, Any]:
        return self.inputs.transform(X).astype(np.float32)

    def y(self, y: Any) -> np.ndarray[Any, Any]:
        if self.classes:
            return np.eye(self.classes, dtype=np.float32)[y]
        return ((y - self.mean) / self.deviation).astype(np.float32)[:, None]

    def answer(self, outputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return outputs.argmax(axis=1) if self.classes else outputs[:, 0] * self.deviation + self.mean


def torch_rprop(rows: Rows, seed: int) -> Answer:
    """Torch's Rprop on all rows at once: the best of a fifth kept back, 20 cycles' patience, at most 1000 cycles."""
    import torch

    torch.manual_seed(seed)
    scales = _Scales(rows)
    at, kept = train_test_split(np.arange(len(rows.X)), test_size=0.2, random_state=seed)
    y, z = rows.y[at], rows.y[kept]
    learn, check = torch.from_numpy(scales.X(rows.X[at])), torch.from_numpy(scales.X(rows.X[kept]))
    if scales.classes:
        loss: Any = torch.nn.CrossEntropyLoss()
        right, checked = torch.from_numpy(y), torch.from_numpy(z)
    else:
        loss = torch.nn.MSELoss()
        right, checked = torch.from_numpy(scales.y(y)), torch.from_numpy(scales.y(z))
    outputs = scales.classes or 1
    net = torch.nn.Sequential(torch.nn.Linear(rows.X.shape[1], 100), torch.nn.ReLU(), torch.nn.Linear(100, outputs))
    trainer = torch.optim.Rprop(net.parameters())
    best, best_at, kept = math.inf, 0, None
    for cycle in range(1000):
        trainer.zero_grad()
        loss(net(learn), right).backward()
        trainer.step()
        with torch.no_grad():
            error = loss(net(check), checked).item()
        if error < best:
            best, best_at = error, cycle
            kept = {name: value.clone() for name, value in net.state_dict().items()}
        if cycle > best_at + 20:
            break
    if kept is not None:
        net.load_state_dict(kept)

    def answer(X: Floats) -> np.ndarray[Any, Any]:
        with torch.no_grad():
            return scales.answer(net(torch.from_numpy(scales.X(X))).numpy())

    return answer


def fann(rows: Rows, seed: int) -> Answer:
    """FANN's standard network with its trainer iRPROP-, for 500 cycles; outputs lie from 0 to 1, so do targets."""
    library = ctypes.CDLL(ctypes.util.find_library("fann") or "libfann.so.2")
    libc = ctypes.CDLL(None)
    scales = _Scales(rows)
    X, y = scales.X(rows.X), scales.y(rows.y)
    low, high = (0.0, 1.0) if scales.classes else (float(y.min()), float(y.max()))
    y = (y - low) / ((high - low) or 1)
    floats = ctypes.POINTER(ctypes.c_float)
    layers = (ctypes.c_uint * 3)(X.shape[1], 100, y.shape[1])
    for name in ("fann_create_standard_array", "fann_create_train_from_callback"):
        getattr(library, name).restype = ctypes.c_void_p
    library.fann_run.restype = floats
    kind = ctypes.CFUNCTYPE(None, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, floats, floats)

    def fill(row: int, inputs: int, outputs: int, to: Any, target: Any) -> None:
        ctypes.memmove(to, np.ascontiguousarray(X[row]).ctypes.data, 4 * inputs)
        ctypes.memmove(target, np.ascontiguousarray(y[row]).ctypes.data, 4 * outputs)

    data = ctypes.c_void_p(library.fann_create_train_from_callback(len(X), X.shape[1], y.shape[1], kind(fill)))
    libc.srand(seed)
    net = ctypes.c_void_p(library.fann_create_standard_array(3, layers))
    library.fann_train_on_data(net, data, 500, 0, ctypes.c_float(0.0))
    library.fann_destroy_train(data)

    def answer(X: Floats) -> np.ndarray[Any, Any]:
        outputs = []
        for row in scales.X(X):
            found = library.fann_run(net, np.ascontiguousarray(row).ctypes.data_as(floats))
            outputs.append(np.ctypeslib.as_array(found, (y.shape[1],)).copy())
        library.fann_destroy(net)
        return scales.answer(np.array(outputs) * (high - low) + low)

    return answer


def forest(rows: Rows, seed: int) -> Answer:
    """Return what trees learn: not a rival of the same kind, but what tables of numbers are best learnt by."""
    kind = RandomForestClassifier if rows.classifies else RandomForestRegressor
    answer: Answer = kind(random_state=seed, n_jobs=1).fit(rows.X, rows.y).predict
    return answer


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
    "forest": forest,
}
