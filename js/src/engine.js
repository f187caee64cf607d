// The engine, one instance per thread: a request is written into WebAssembly's memory, handled there, and the reply is
// read. The counterpart is rust/wasm/src/lib.rs.

import { DataError, errorFrom, NeuralRedisError, OptionError } from "./errors.js";

const [OBJECT, DATA] = [0, 1];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

let engine;
let loading;
let compiled;

/**
 * Loads the engine, once; later calls return the same promise. By default it is `neuralredis.wasm` in the folder of the package. If
 * a bundler or server puts the file elsewhere, pass its URL, its bytes, or a compiled WebAssembly.Module.
 */
export function ready(source) {
  loading ??= begin(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Returns the compiled engine, so that a worker does not fetch it again. */
export function module() {
  return compiled;
}

async function begin(source = new URL("../neuralredis.wasm", import.meta.url)) {
  compiled = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(await bytesOf(source));
  let bug;
  const instance = await WebAssembly.instantiate(compiled, {
    neuralredis: {
      seconds: () => performance.now() / 1000,
      bug: (at, bytes) => {
        bug = decoder.decode(new Uint8Array(instance.exports.memory.buffer, at, bytes));
      },
    },
  });
  engine = { exports: instance.exports, bug: () => bug };
}

async function bytesOf(source) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  const url = new URL(source, globalThis.location?.href ?? import.meta.url);
  if (url.protocol === "file:" && globalThis.process?.versions?.node) {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new NeuralRedisError(`${url} cannot be fetched: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

/**
 * Sends a request to the engine, and returns the reply: an object, or bytes if the reply is data.
 * @throws {NeuralRedisError} if the engine is not loaded, rejects the request or fails
 */
export function ask(request, data = new Uint8Array(0)) {
  if (!engine) throw new NeuralRedisError("the engine is not loaded yet: await ready() first");
  const { exports } = engine;
  const text = encoder.encode(JSON.stringify(request, finite));
  const bytes = typeof data === "string" ? encoder.encode(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let kind;
  try {
    const at = exports.reserve(text.length + bytes.length);
    const room = new Uint8Array(exports.memory.buffer, at, text.length + bytes.length);
    room.set(text);
    room.set(bytes, text.length);
    kind = exports.call(text.length);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    throw new NeuralRedisError(`the engine failed: ${engine.bug() ?? error.message}`);
  }
  const reply = new Uint8Array(exports.memory.buffer, exports.reply(), exports.reply_bytes());
  if (kind === DATA) return reply.slice();
  const answer = JSON.parse(decoder.decode(reply));
  if (kind === OBJECT) return answer;
  throw errorFrom(answer);
}

/** Returns a value of a request. JSON would turn a number that is not finite into null, which stands for a missing value. */
function finite(name, value) {
  const isWrong = (item) => typeof item === "number" && !Number.isFinite(item);
  const at = Array.isArray(value) ? value.findIndex(isWrong) : -1;
  const [where, wrong] = at >= 0 ? [`${name} ${at}`, value[at]] : [name, value];
  if (!isWrong(wrong)) return value;
  throw new (name === "outcomes" ? DataError : OptionError)(`${where} is ${wrong}: expected a finite number`);
}

/** Returns the bytes of a reply as float32 numbers, without copying. */
export function floats(bytes) {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Frees the engine's network when its object is garbage collected. */
export const freed = new FinalizationRegistry((network) => ask({ do: "drop", network }));

/** Returns a random seed, for networks and samples without one. */
export function someSeed() {
  return crypto.getRandomValues(new BigUint64Array(1))[0];
}

/** Returns an integer in a form for JSON: a bigint as a string, since a number would be rounded. */
export function whole(number) {
  return typeof number === "bigint" ? number.toString() : number;
}
