"""Build an ONNX graph node by node."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuralredis.exceptions import OptionError

__all__ = ["DOUBLE", "FLOAT", "INT64", "STRING", "Graph"]

#: Element types of tensors, as ONNX numbers them.
FLOAT, INT64, STRING, BOOL, DOUBLE = 1, 7, 8, 9, 11
#: The operator sets of ONNX 1.8 and of ai.onnx.ml, and the matching version of the file format.
OPSET, ML_OPSET, IR_VERSION = 13, 2, 7
#: Operators that came later, in a form without which there is no such graph.
LATER = {"GRU": 14}


class Graph:
    """Build a graph. ``names`` are reserved for its inputs; results get other, numbered names."""

    def __init__(self, names: list[str]) -> None:
        try:
            import onnx
        except ImportError:
            raise OptionError("the format onnx needs the package onnx: pip install 'neuralredis[onnx]'") from None
        self.onnx = onnx
        self.taken = set(names)
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.constants: list[Any] = []
        self.count = 0

    def fresh(self, prefix: str) -> str:
        """Return an unused name."""
        while True:
            self.count += 1
            if (name := f"{prefix}_{self.count}") not in self.taken:
                return name

    def input(self, name: str, kind: int, *shape: int | str) -> str:
        """Add an input of the graph."""
        self.inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value: str, name: str, kind: int, *shape: int | str) -> None:
        """Add an output of the graph; if its name is taken, underscores are appended."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        self.nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))
        self.outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Add a constant tensor."""
        name = self.fresh("constant")
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def add(self, operator: str, *given: Any, domain: str = "", **attributes: Any) -> str:
        """Add a node with one result; arguments that are numbers become constants."""
        [found] = self.add_many(operator, 1, *given, domain=domain, **attributes)
        return found

    def add_many(self, operator: str, results: int, *given: Any, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node with several results; arguments that are numbers become constants."""
        inputs = [each if isinstance(each, str) else self.constant(each) for each in given]
        outputs = [self.fresh(operator.lower()) for _ in range(results)]
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs

    def cast(self, value: str, kind: int = FLOAT) -> str:
        """Add a conversion to an element type."""
        return self.add("Cast", value, to=kind)

    def side_by_side(self, values: list[str]) -> str:
        """Add a concatenation of columns."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)

    def columns(self, value: str, first: int, end: int) -> str:
        """Add a slice: the columns from ``first`` up to, but not including, ``end``."""
        bounds = (self.constant([number], np.int64) for number in (first, end, 1))
        return self.add("Slice", value, *bounds)

    def sum_of_columns(self, value: str, axis: int = 1, keep: int = 1) -> str:
        """Add a sum over an axis."""
        return self.add("ReduceSum", value, self.constant([axis], np.int64), keepdims=keep)

    def model(self, name: str, text: str, properties: dict[str, str]) -> bytes:
        """Check the model with ONNX's checker, and return it serialized."""
        make = self.onnx.helper
        graph = make.make_graph(self.nodes, name, self.inputs, self.outputs, self.constants, doc_string=text)
        opset = max(LATER.get(node.op_type, OPSET) for node in self.nodes)
        opsets = [make.make_opsetid("", opset), make.make_opsetid("ai.onnx.ml", ML_OPSET)]
        model = make.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="neuralredis")
        make.set_model_props(model, properties)
        self.onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))
