// The engine, once in each thread: it writes a request into WebAssembly's memory, has it answered, and reads the reply.
// rust/wasm/src/lib.rs has the other side.

import { told, NeuralRedisError } from "./errors.js";

const [TOLD, DATA] = [0, 1];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

let engine;
let loading;
let compiled;

/**
 * Loads the engine. Called without an argument it takes `neuralredis.wasm` from beside the package; where a bundler or a server
 * has that elsewhere, give its URL, its bytes, or a compiled WebAssembly.Module.
 */
export function ready(source) {
  loading ??= begin(source).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** The compiled engine, which a worker need not fetch again. */
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

/** Answers a request: an object, or bytes where the reply is data. */
export function ask(request, data = new Uint8Array(0)) {
  if (!engine) throw new NeuralRedisError("the engine is not loaded yet: await ready() first");
  const { exports } = engine;
  const text = encoder.encode(JSON.stringify(request));
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
    throw new NeuralRedisError(`the engine has failed: ${engine.bug() ?? error.message}`);
  }
  const reply = new Uint8Array(exports.memory.buffer, exports.reply(), exports.reply_bytes());
  if (kind === DATA) return reply.slice();
  const answer = JSON.parse(decoder.decode(reply));
  if (kind === TOLD) return answer;
  throw told(answer);
}

/** Numbers of a reply. */
export function floats(bytes) {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** The number of a network is given back when nothing refers to the object any more. */
export const freed = new FinalizationRegistry((network) => ask({ do: "drop", network }));

/** A seed for what is random, if none is given. */
export function someSeed() {
  return crypto.getRandomValues(new BigUint64Array(1))[0];
}

/** A whole number that JSON can say: as a text, where JavaScript's numbers would round it. */
export function whole(number) {
  return typeof number === "bigint" ? number.toString() : number;
}
