// All views, in the order in which they stand on a page. One more is a module here, an entry of this list, and one of
// VIEWS in views.py.
//
// A view has a `name`; a `title`; `draw(data, context)`, which returns elements; perhaps `wide`, for the whole width;
// and perhaps `live`, if it is drawn again while a training runs, or `stays`, if it is not even drawn again after one.

import { ask } from "./ask.js";
import { calibration } from "./calibration.js";
import { confusion } from "./confusion.js";
import { curve } from "./curve.js";
import { fields } from "./fields.js";
import { quality } from "./quality.js";
import { reasons } from "./reasons.js";
import { surprises } from "./surprises.js";

export const VIEWS = [quality, curve, confusion, calibration, fields, ask, reasons, surprises];
