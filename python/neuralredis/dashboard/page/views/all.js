// All views, in their order on a page. To add one, add a module here, an entry of this list, and one of VIEWS in
// views.py.
//
// A view has a `name`; a `title`; `draw(data, context)`, which returns elements; optionally `wide`, for the whole
// width; and optionally `live`, to be redrawn during a training, or `stays`, never to be redrawn.

import { ask } from "./ask.js";
import { calibration } from "./calibration.js";
import { confusion } from "./confusion.js";
import { curve } from "./curve.js";
import { fields } from "./fields.js";
import { quality } from "./quality.js";
import { reasons } from "./reasons.js";
import { surprises } from "./surprises.js";

export const VIEWS = [quality, curve, confusion, calibration, fields, ask, reasons, surprises];
