/** Small neural networks that train themselves; results are bit for bit those of the Python package. */

/** The kind of a network: a classifier predicts classes, a regressor numbers. */
export type Kind = "classifier" | "regressor";
/** The set that rows are stored in: training rows or validation rows. */
export type RowSet = "train" | "test";
/** The numbers of one row. */
export type Vector = readonly number[] | Float32Array | Float64Array | Int32Array | Uint8Array;
/** The value of a field; null, undefined and NaN are missing values. */
export type FieldValue = string | number | boolean | null | undefined | readonly string[] | readonly number[];
/** A row of fields. Nested objects are fields with dots in their names. */
export interface Row {
  readonly [field: string]: FieldValue | Row;
}

/** Options of a network and of its training; the defaults are those of Python. */
export interface Options {
  normalize?: boolean;
  activation?: "sigmoid" | "tanh" | "relu";
  output?: string;
  loss?: string;
  algorithm?: string;
  l2?: "auto" | number;
  /** The size of the ensemble that the first training creates, from 1 to 64. */
  ensemble?: "auto" | number;
  /** The former name of `ensemble`. */
  restarts?: "auto" | number;
  class_weight?: "none" | "balanced" | readonly number[];
  patience?: "auto" | number;
  monotone?: "none" | readonly (1 | 0 | -1)[];
  /** The least probability, from 0 to 1, at which the second of two classes is predicted. */
  threshold?: number;
  /** The largest number of training rows. */
  dataset?: number;
  /** The largest number of validation rows. */
  test?: number;
}

/** Options of a new network. */
export interface Creation extends Options {
  /** The seed of all random numbers, from 0 to 2^64 - 1; drawn at random by default. */
  seed?: number | bigint;
}

/** Options of a new network with fields. */
export interface Fields extends Creation {
  /** The names and kinds of fields, such as `{ age: "number", country: "category" }`. */
  fields: { readonly [name: string]: string };
  /** The name of the target; a regressor may have several. */
  target: string | readonly string[];
  /** The number of units in each hidden layer. */
  hidden?: readonly number[];
  /** The names of the classes, or their largest number. */
  classes?: readonly (string | number | boolean)[] | number;
}

/** Options of a new network with a layout: the number of units in each layer, inputs first. */
export interface Layout extends Creation {
  layout: readonly number[];
}

export interface RowCounts {
  train: number;
  test: number;
}

export interface Progress {
  /** Passes over all training rows so far. */
  cycle: number;
  /** The mean loss per training row; null until it is known. */
  train_error: number | null;
  test_error: number | null;
  /** The percentage of validation rows that a classifier misclassifies. */
  class_errors: number | null;
  seconds: number;
}

export interface Report {
  reason: "maxcycles" | "maxtime" | "stopped" | "overfitting" | "converged";
  cycles: number;
  /** The cycle whose weights the network has after the training. */
  best_cycle: number;
  seconds: number;
  train_error: number;
  test_error: number | null;
  class_errors: number | null;
  overfitting: boolean;
  warnings: string[];
  curve: { cycles: number[]; train_error: number[]; test_error: (number | null)[] };
}

export interface Limits {
  /** The largest number of cycles; 0, the default, means no limit. */
  max_cycles?: number;
  /** The time limit in seconds; 10 by default, 0 means no limit. */
  max_time?: number;
  /** Whether to stop once the validation error no longer improves (early stopping). */
  autostop?: boolean;
  /** Whether to restore the weights with the lowest validation error at the end. */
  backtrack?: boolean;
}

export interface TrainOptions extends Limits {
  /** Called about twenty times per second and at the end; returning `false` stops the training. */
  callback?: (progress: Progress) => unknown;
  /** Whether to train in a worker; true by default. Otherwise this thread trains, a few milliseconds at a time. */
  worker?: boolean;
}

export interface Evaluation {
  rows: number;
  error: number;
  /** Classifiers only: from 0 to 1. */
  accuracy?: number;
  /** The same measure for a constant prediction: the most common class, or the mean. */
  baseline: number;
  confusion?: number[][];
  classes?: string[] | null;
  /** Regressors only. */
  rmse?: number;
  mae?: number;
  r2?: number;
}

/** A description of a network: the fields of `NR.INFO`. */
export interface Info extends Required<Omit<Options, "l2" | "ensemble" | "restarts" | "class_weight" | "patience" | "monotone">> {
  type: Kind;
  layout: number[];
  parameters: number;
  members: number;
  training: boolean;
  training_dataset_len: number;
  training_dataset_maxlen: number;
  test_dataset_len: number;
  test_dataset_maxlen: number;
  training_total_steps: number;
  training_total_cycles: number;
  training_total_seconds: number;
  dataset_error: number;
  test_error: number;
  classification_errors_perc: number | null;
  overfitting_detected: boolean;
  memory_bytes: number;
  fields: { [name: string]: string } | null;
  target: string | string[] | null;
  classes: string[] | null;
  sequence: { length: number; cell: string; by_position: boolean; next: boolean } | null;
  [option: string]: unknown;
}

/** A training in progress. */
export declare class Training {
  private constructor();
  readonly running: boolean;
  readonly progress: Progress;
  readonly done: Promise<Report>;
  /** Requests the training to stop; what was learnt is kept. */
  stop(): void;
}

/** The methods common to networks of rows and of sequences. */
declare class Trained {
  train(options?: TrainOptions): Promise<Report>;
  startTraining(options?: TrainOptions): Training;
  stop(): void;
  reset(): void;
  configure(options: Options): void;
  info(): Info;
  readonly report: Report | null;
  weights(): Float32Array;
  toBytes(): Uint8Array;
  save(path: string): Promise<void>;
  free(): void;
}

export declare class Network extends Trained {
  constructor(kind: Kind, layout: readonly number[], options?: Creation);
  constructor(kind: Kind, declared: Layout | Fields);
  static fromBytes(bytes: ArrayBuffer | ArrayBufferView): Network;

  observe(X: Vector | readonly Vector[], y: unknown, options?: { into?: RowSet; weight?: number | Vector }): RowCounts;
  observe(X: Row | readonly Row[], y?: unknown, options?: { into?: RowSet; weight?: number | Vector }): RowCounts;
  run(X: Vector): Float32Array;
  run(X: readonly Vector[]): Float32Array[];
  run(X: readonly Row[]): ({ [name: string]: number } | number)[];
  run(X: Row): { [name: string]: number } | number;
  classify(X: Vector): number;
  classify(X: readonly Vector[]): number[];
  classify(X: readonly Row[]): string[];
  classify(X: Row): string;
  evaluate(set?: RowSet): Evaluation;
  evaluate(X: Vector | readonly Vector[] | Row | readonly Row[], y?: unknown, options?: { weight?: number | Vector }): Evaluation;
}

/** A sequence: the letters of a string, values of a single field, objects of fields, or lists of numbers. */
export type Events = string | readonly (FieldValue | Row)[] | readonly Vector[];

export interface Sampling {
  count?: number;
  until?: string;
  temperature?: number;
  top_k?: number;
  top_p?: number;
  min_p?: number;
  penalty?: number;
  seed?: number | bigint;
}

interface Remembered {
  /** The number of events kept of each sequence, the last ones; 64 by default. */
  length?: number;
  cell?: "auto" | "window" | "reservoir" | "gru";
}

export declare class SequenceNetwork extends Trained {
  constructor(kind: Kind, layout: readonly number[], options?: Creation & Remembered);
  constructor(kind: Kind, declared: (Layout | Fields) & Remembered);
  static fromBytes(bytes: ArrayBuffer | ArrayBufferView): SequenceNetwork;

  observe(
    X: Iterable<Events>,
    y?: Iterable<unknown>,
    options?: { ids?: readonly (string | number)[]; into?: RowSet; weight?: number | Vector },
  ): RowCounts;
  run(X: Events): { [name: string]: number } | number | Float32Array;
  classify(X: Events): string | number;
  evaluate(set?: RowSet): Evaluation;
  sample(X?: Events, options?: Sampling): string[];
  forget(id: string | number): boolean;
}

/** Loads the engine; to be awaited before anything else. */
export declare function ready(source?: string | URL | ArrayBuffer | ArrayBufferView | WebAssembly.Module): Promise<void>;
/** Loads a saved network: from a path (Node only), a URL, bytes, or a File of an input element. */
export declare function load(source: string | URL | Blob | ArrayBuffer | ArrayBufferView): Promise<Network | SequenceNetwork>;

export declare class NeuralRedisError extends Error {}
export declare class OptionError extends NeuralRedisError {}
export declare class ShapeError extends NeuralRedisError {}
export declare class DataError extends NeuralRedisError {}
export declare class KindError extends NeuralRedisError {}
export declare class TrainingError extends NeuralRedisError {}
export declare class FormatError extends NeuralRedisError {}
export declare class MemoryError extends NeuralRedisError {}
