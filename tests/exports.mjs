// Answers jobs, one a line: what an exported module says of rows.
import { createInterface } from "node:readline";
const single = new Float32Array(1), pattern = new Uint32Array(single.buffer);
const bits = values => values.map(value => (single[0] = value, pattern[0].toString(16).padStart(8, "0")));
const attempt = call => { try { return call(); } catch (error) { return String(error); } };
for await (const line of createInterface({ input: process.stdin })) {
  const { file, rows } = JSON.parse(line);
  try {
    const net = await import(file);
    console.log(JSON.stringify({ proved: attempt(net.selfTest), answers: rows.map(row => attempt(() => bits(net.run(row)))) }));
  } catch (error) {
    console.log(JSON.stringify({ proved: String(error), answers: [] }));
  }
}
