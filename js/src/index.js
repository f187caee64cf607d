// Small neural networks that train themselves: the engine of neuralredis in browsers and in Node.

export { NeuralRedisError, OptionError, ShapeError, DataError, KindError, TrainingError, FormatError, MemoryError } from "./errors.js";
export { ready } from "./engine.js";
export { Network, load } from "./network.js";
export { SequenceNetwork } from "./sequences.js";
export { Training } from "./training.js";
