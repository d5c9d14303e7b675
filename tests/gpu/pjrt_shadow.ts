/**
 * Runs every captured step of test files a second time, on its first call: as our own StableHLO through the plugin that
 * PJRT_PLUGIN names, beside TensorFlow's results.
 *
 *     PJRT_PLUGIN=PLUGIN.so deno test -A tests/gpu/pjrt_shadow.ts -- tests/models/llama_test.ts
 *
 * The last test counts steps and operations and fails where they differ.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Binding } from "../../lib/engine/binding.ts";
import { DTYPE } from "../../lib/engine/dtypes.ts";
import { Graph } from "../../lib/engine/graph.ts";
import type { Recorded } from "../../lib/engine/recorded.ts";
import { tensorBytes } from "../../lib/engine/native_tensors.ts";
import { XlaStages } from "../../lib/engine/xla_stages.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { type ElementType, PjrtClient } from "./pjrt.ts";
import { PjrtApi } from "./pjrt_api.ts";
import { messageOf } from "./pjrt_run.ts";
import { toStableHlo } from "./stablehlo.ts";

/** Largest difference, relative to the largest number of a result: float32, and where anything is bfloat16. */
const TOLERANCE = { exact: 1e-4, narrow: 0.05 };
/** A gradient that is zero by its formula is rounding of at most this size. */
const ROUNDING = 1e-6;

const TYPES: Readonly<Record<number, ElementType>> = {
  [DTYPE.float32]: "float32",
  [DTYPE.int32]: "int32",
  [DTYPE.bool]: "bool",
  [DTYPE.bfloat16]: "bfloat16",
};

/** A captured step that has not run yet. */
interface Captured {
  recorded: readonly Recorded[];
  /** What it gives, then what it assigns. */
  results: readonly number[];
  /** The places among the call's inputs of what is assigned to. */
  targets: readonly number[];
}

interface Tensor {
  dtype: number;
  shape: number[];
  bytes: Uint8Array<ArrayBuffer>;
}

const api = new PjrtApi(Deno.env.get("PJRT_PLUGIN")!);
api.call("Plugin_Initialize", {});
const client = new PjrtClient(api);
const waiting = new Map<string, Captured>();
const operations = new Set<string>();
const failures: string[] = [];
let [steps, largest, different, inside] = [0, 0, 0, false];

const { toFunction } = Graph.prototype;
Graph.prototype.toFunction = function (name, results, xla) {
  if (!inside) waiting.set(name, captureOf(this, results));
  return toFunction.call(this, name, results, xla);
};
const { build } = XlaStages.prototype;
XlaStages.prototype.build = function (graph, results, name) {
  waiting.set(name, captureOf(graph, results));
  inside = true; // its stages are parts of what was captured
  try {
    return build.call(this, graph, results, name);
  } finally {
    inside = false;
  }
};
const { execute, executeAsync } = Binding.prototype;
Binding.prototype.execute = function (call) {
  const captured = this.capture ? undefined : take(call.name);
  const inputs = captured ? call.inputs.map((id) => read(this, id)) : [];
  const infos = execute.call(this, call);
  if (captured) check(call.name, captured, inputs, resultsOf(this, call.inputs, captured, infos));
  return infos;
};
Binding.prototype.executeAsync = async function (call) {
  const captured = take(call.name);
  const inputs = captured ? call.inputs.map((id) => read(this, id)) : [];
  const infos = await executeAsync.call(this, call);
  if (captured) check(call.name, captured, inputs, resultsOf(this, call.inputs, captured, infos));
  return infos;
};

function captureOf({ recorded, assignments, inputs }: Graph, results: readonly number[]): Captured {
  const last = new Map(assignments.map(({ target, value }) => [target, value]));
  return {
    recorded,
    results: [...results, ...last.values()],
    targets: [...last.keys()].map((target) => inputs.indexOf(target)),
  };
}

/** What a call has given and assigned. */
function resultsOf(
  binding: Binding,
  inputs: readonly number[],
  { targets }: Captured,
  infos: readonly { id: number }[],
): Tensor[] {
  return [...infos.map(({ id }) => id), ...targets.map((at) => inputs[at]!)].map((id) => read(binding, id));
}

function take(name: string): Captured | undefined {
  const captured = waiting.get(name);
  waiting.delete(name);
  return captured;
}

function read(binding: Binding, id: number): Tensor {
  const { symbols } = currentEngine();
  const { dtype, shape } = binding.describe(id);
  const tensor = binding.resolveTensor(id);
  const bytes = new Uint8Array(tensorBytes(symbols, tensor));
  symbols.TF_DeleteTensor(tensor);
  return { dtype, shape, bytes };
}

function check(name: string, { recorded, results }: Captured, inputs: Tensor[], expected: Tensor[]): void {
  steps++;
  try {
    const code = new TextEncoder().encode(toStableHlo(recorded, results));
    using program = client.compile({ format: "mlir", code });
    const buffers = inputs.map(({ bytes, dtype, shape }) => client.upload(bytes, TYPES[dtype]!, shape));
    const found = program.run(buffers);
    const differences = found.map((buffer, i) => differenceOf(buffer.read(), expected[i]!));
    for (const buffer of [...buffers, ...found]) buffer[Symbol.dispose]();
    const isNarrow = recorded.some((record) =>
      record.kind === "operation"
        ? record.outputs.some(({ dtype }) => dtype === DTYPE.bfloat16)
        : record.dtype === DTYPE.bfloat16
    );
    const most = Math.max(0, ...differences);
    if (!isNarrow) largest = Math.max(largest, most);
    if (!(most <= (isNarrow ? TOLERANCE.narrow : TOLERANCE.exact))) {
      different++;
      const at = differences.indexOf(most);
      const { dtype, shape } = expected[at]!;
      const what = `result ${at}, ${TYPES[dtype]} [${shape}]${isNarrow ? ", in bfloat16" : ""}`;
      failures.push(`${name}: ${what}: differs by ${most.toExponential(1)}`);
    }
    for (const record of recorded) if (record.kind === "operation") operations.add(record.name);
  } catch (error) {
    different++;
    failures.push(`${name}: ${messageOf(error).slice(0, 300)}`);
  }
}

/** The largest difference, relative to the largest number; of whole numbers the share that differs. */
function differenceOf(found: Uint8Array<ArrayBuffer>, { bytes, dtype }: Tensor): number {
  if (dtype !== DTYPE.float32 && dtype !== DTYPE.bfloat16) {
    const wrong = bytes.reduce((count, byte, i) => count + Number(byte !== found[i]), 0);
    return wrong / Math.max(1, bytes.length);
  }
  const [a, b] = [found, bytes].map((values) => floats(values, dtype)) as [Float32Array, Float32Array];
  let [most, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue; // infinities too
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    if (Number.isNaN(most)) return NaN;
  }
  for (const value of b) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  return most <= ROUNDING && scale <= ROUNDING ? 0 : most / scale;
}

function floats(bytes: Uint8Array<ArrayBuffer>, dtype: number): Float32Array {
  const { buffer } = bytes.slice();
  if (dtype === DTYPE.float32) return new Float32Array(buffer);
  return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer);
}

for (const file of Deno.args) await import(pathToFileURL(resolve(file)).href);

Deno.test("captured steps give the same numbers through PJRT", () => {
  console.log(
    `shadow: ${steps} captured steps, ${operations.size} operations, ${different} differ, ` +
      `largest relative difference in float32 ${largest.toExponential(1)}`,
  );
  console.log(`shadow: ${[...operations].sort().join(" ")}`);
  assertEquals([...new Set(failures)], []);
});
