/** Small neural networks that train themselves, with the bits of the Python package. */

/** What a network answers. */
export type Kind = "classifier" | "regressor";
/** The set that rows go to: to learn from, or to test on. */
export type RowSet = "train" | "test";
/** Numbers of one row. */
export type Vector = readonly number[] | Float32Array | Float64Array | Int32Array | Uint8Array;
/** A value of a field; null, undefined and NaN are gaps. */
export type FieldValue = string | number | boolean | null | undefined | readonly string[] | readonly number[];
/** A row of fields. Nested objects are fields whose names have dots. */
export interface Row {
  readonly [field: string]: FieldValue | Row;
}

/** How a network computes and learns; what is left out is as in Python. */
export interface Options {
  normalize?: boolean;
  activation?: "sigmoid" | "tanh" | "relu";
  output?: string;
  loss?: string;
  algorithm?: string;
  l2?: "auto" | number;
  restarts?: "auto" | number;
  class_weight?: "none" | "balanced" | readonly number[];
  patience?: "auto" | number;
  monotone?: "none" | readonly (1 | 0 | -1)[];
  /** The probability, from 0 to 1, from which on the second of two classes is answered. */
  threshold?: number;
  /** Rows that the training set holds at most. */
  dataset?: number;
  /** Rows that the validation set holds at most. */
  test?: number;
}

/** Options of a new network. */
export interface Creation extends Options {
  /** Of all that is random, from 0 to 2^64 - 1; without it, another one each time. */
  seed?: number | bigint;
}

/** A network of fields. */
export interface Fields extends Creation {
  /** Names and kinds of fields, such as `{ age: "number", country: "category" }`. */
  fields: { readonly [name: string]: string };
  /** The name of what is answered; of a regressor several. */
  target: string | readonly string[];
  /** Units of the hidden layers. */
  hidden?: readonly number[];
  /** The classes by their names, or how many there may be. */
  classes?: readonly (string | number | boolean)[] | number;
}

/** A network of a layout: units of each layer, inputs first. */
export interface Layout extends Creation {
  layout: readonly number[];
}

export interface RowCounts {
  train: number;
  test: number;
}

export interface Progress {
  /** Times that all training rows have been presented. */
  cycle: number;
  /** Mean loss of a training row; null until it is known. */
  train_error: number | null;
  test_error: number | null;
  /** Validation rows that a classifier gets wrong, in percent. */
  class_errors: number | null;
  seconds: number;
}

export interface Report {
  reason: "maxcycles" | "maxtime" | "stopped" | "overfitting" | "converged";
  cycles: number;
  /** The cycle whose weights the network has now. */
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
  /** Cycles at most; 0, the default, for no limit. */
  max_cycles?: number;
  /** Seconds at most; 10 by default, 0 for no limit. */
  max_time?: number;
  /** Whether to end when the validation rows have nothing more to gain. */
  autostop?: boolean;
  /** Whether to return to the weights that did best on the validation rows. */
  backtrack?: boolean;
}

export interface TrainOptions extends Limits {
  /** Called some twenty times a second and at the end; `false` stops the training. */
  callback?: (progress: Progress) => unknown;
  /** Whether to train in a worker, true by default. Else it trains in this thread, a few milliseconds at a time. */
  worker?: boolean;
}

export interface Evaluation {
  rows: number;
  error: number;
  /** Of a classifier, from 0 to 1. */
  accuracy?: number;
  /** What always answering the commonest class, or the mean, would do. */
  baseline: number;
  confusion?: number[][];
  classes?: string[] | null;
  /** Of a regressor. */
  rmse?: number;
  mae?: number;
  r2?: number;
}

/** What a network tells of itself: the fields of `NR.INFO`. */
export interface Info extends Required<Omit<Options, "l2" | "restarts" | "class_weight" | "patience" | "monotone">> {
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

/** A training that runs. */
export declare class Training {
  private constructor();
  readonly running: boolean;
  readonly progress: Progress;
  readonly done: Promise<Report>;
  /** Asks for an early end; what has been learnt is kept. */
  stop(): void;
}

/** What networks of rows and of sequences have in common. */
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

/** A sequence: letters of a text, values of the one field, objects of fields, or lists of numbers. */
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
  /** Events of each sequence that are kept: the last so many, 64 by default. */
  length?: number;
  cell?: "auto" | "window" | "reservoir";
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

/** Loads the engine, once, before anything else. */
export declare function ready(source?: string | URL | ArrayBuffer | ArrayBufferView | WebAssembly.Module): Promise<void>;
/** Loads a saved network: from a path in Node, a URL, bytes, or a File that a person has chosen. */
export declare function load(source: string | URL | Blob | ArrayBuffer | ArrayBufferView): Promise<Network | SequenceNetwork>;

export declare class NeuralRedisError extends Error {}
export declare class OptionError extends NeuralRedisError {}
export declare class ShapeError extends NeuralRedisError {}
export declare class DataError extends NeuralRedisError {}
export declare class KindError extends NeuralRedisError {}
export declare class TrainingError extends NeuralRedisError {}
export declare class FormatError extends NeuralRedisError {}
export declare class MemoryError extends NeuralRedisError {}
