// Errors. Messages are the engine's: they name the value and what was expected.

export class NeuralRedisError extends Error {
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}

/** An option, or another argument with a fixed set or range of values, is invalid. */
export class OptionError extends NeuralRedisError {}
/** The shape of rows or outcomes does not match the network, or their numbers differ. */
export class ShapeError extends NeuralRedisError {}
/** A value in a row is invalid: not a finite number, an unknown class, or an unknown field. */
export class DataError extends NeuralRedisError {}
/** The operation needs the other kind of network: a classifier or a regressor. */
export class KindError extends NeuralRedisError {}
/** A training cannot start, or ended without a result. */
export class TrainingError extends NeuralRedisError {}
/** The bytes are not a saved network, or are damaged. */
export class FormatError extends NeuralRedisError {}
/** Memory does not suffice. */
export class MemoryError extends NeuralRedisError {}

const CLASSES = {
  option: OptionError,
  shape: ShapeError,
  data: DataError,
  kind: KindError,
  training: TrainingError,
  format: FormatError,
  memory: MemoryError,
};

/** Returns the error for a code and message from the engine or a worker. */
export function errorFrom({ code, message }) {
  return new (CLASSES[code] ?? NeuralRedisError)(message);
}

/** Returns an error as a plain object, which can be posted to another thread. */
export function toMessage(error) {
  const code = Object.keys(CLASSES).find((key) => error.constructor === CLASSES[key]) ?? "other";
  return { code, message: String(error.message ?? error) };
}
