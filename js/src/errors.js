// What is refused. The message names the value and what was expected; it is the engine's own.

export class NeuralRedisError extends Error {
  constructor(message) {
    super(message);
    this.name = new.target.name;
  }
}

/** An option, or an argument that is chosen from a few, is something else. */
export class OptionError extends NeuralRedisError {}
/** Rows do not have as many values as the network takes, or not as many as there are outcomes. */
export class ShapeError extends NeuralRedisError {}
/** A value that a network cannot learn from or answer: no finite number, no class, no such field. */
export class DataError extends NeuralRedisError {}
/** Something is asked of a regressor that only a classifier has, or the other way round. */
export class KindError extends NeuralRedisError {}
/** A training cannot begin, or ended without a result. */
export class TrainingError extends NeuralRedisError {}
/** Bytes that are no saved network, or are damaged. */
export class FormatError extends NeuralRedisError {}
/** There is too little memory. */
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

/** The error that the engine, or a worker, tells of. */
export function told({ code, message }) {
  return new (CLASSES[code] ?? NeuralRedisError)(message);
}

/** How an error is told across a worker's boundary. */
export function telling(error) {
  const code = Object.keys(CLASSES).find((key) => error.constructor === CLASSES[key]) ?? "other";
  return { code, message: String(error.message ?? error) };
}
