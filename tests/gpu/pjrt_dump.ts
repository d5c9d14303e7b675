/**
 * Dumps steps of ours as XLA gets them: the model of tests/fixtures with its numbers, or GPT-2 small without any.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { type CapturedStep, type CaptureOptions, captureStep } from "../../lib/engine/capture.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Graph } from "../../lib/engine/graph.ts";
import type { Recorded } from "../../lib/engine/recorded.ts";
import { openedPaths } from "../../lib/engine/library.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import type { TensorTree } from "../../lib/engine/tensor_tree.ts";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { readFixture } from "../models/fixtures.ts";
import { moduleOf, readModule, withAliases } from "./hlo.ts";
import { toStableHlo } from "./stablehlo.ts";
import { type DumpedStep, type DumpedTensor, FILES, type Manifest } from "./pjrt_steps.ts";

/** How often the step that updates the weights runs. */
const UPDATES = 4;
const LEARNING_RATE = 0.5;
const SPREAD = 0.02;
/** GPT-2 small with the vocabulary of the benches. */
const SMALL = { length: 512, vocabulary: 32768 };

type Step = (ids: Tensor) => TensorTree;

/** A step to dump. */
interface DumpSource {
  step: Step;
  /** What its last results are the new contents of: XLA is to write them there. */
  targets: readonly Tensor[];
}

/** A captured step with what its graph was built of. */
interface Captured extends CapturedStep<TensorTree> {
  recorded: readonly Recorded[];
  /** The numbers of its results there. */
  results: readonly number[];
  /** The numbers of what its last results are the new contents of. */
  targets: readonly number[];
}

/** Captures a step and keeps what its graph is made into a function of. */
function capture({ step, targets }: DumpSource, ids: Tensor, options: CaptureOptions): Captured {
  const { toFunction } = Graph.prototype;
  let found: Pick<Captured, "recorded" | "results"> = { recorded: [], results: [] };
  Graph.prototype.toFunction = function (name, results, xla) {
    found = { recorded: this.recorded, results };
    return toFunction.call(this, name, results, xla);
  };
  try {
    const { backend } = currentEngine();
    const numbers = targets.map((target) => backend.idOf(target));
    return { ...captureStep(step, [ids], { xla: true, ...options }), ...found, targets: numbers };
  } finally {
    Graph.prototype.toFunction = toFunction;
  }
}

function stepsOf(model: Model): Record<string, DumpSource> {
  const differentiate = (ids: Tensor) =>
    valueAndGradients(model.weights, () => tf.mean(nextTokenLosses(model, ids)));
  return {
    forward: { step: (ids) => ({ logits: model.logits(ids) }), targets: [] },
    gradient: {
      step: (ids) => {
        const { loss, gradients } = differentiate(ids);
        return { loss, ...gradients };
      },
      targets: [],
    },
    update: {
      step: (ids) => {
        const { loss, gradients } = differentiate(ids);
        const updated = Object.entries(model.weights).map(([name, weight]) =>
          tf.sub(weight, tf.mul(gradients[name]!, LEARNING_RATE))
        );
        return [loss, ...updated];
      },
      targets: Object.values(model.weights),
    },
  };
}

/** The names of the steps. */
export const STEPS = ["forward", "gradient", "update"] as const;

/** Has XLA write what it compiles from now on into a new folder; its first compilation reads this. */
async function dumpInto(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const own = Deno.env.get("XLA_FLAGS") ?? "";
  Deno.env.set("XLA_FLAGS", `${own} --xla_dump_to=${folder} --xla_dump_hlo_as_proto`.trim());
  return folder;
}

async function findDump(folder: string, step: string): Promise<Uint8Array<ArrayBuffer> | null> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name.includes(`.codescrub_${step}_`) && name.endsWith(".before_optimizations.hlo.pb")) {
      const bytes = await Deno.readFile(join(folder, name));
      return bytes.length > 0 ? bytes : null;
    }
  }
  return null;
}

/** A captured step's part of the manifest; writes its module. */
async function describe(
  out: string,
  name: string,
  { captured, dump, runs }: {
    captured: Captured;
    dump: Uint8Array<ArrayBuffer>;
    runs: number;
  },
): Promise<DumpedStep> {
  const plain = moduleOf(dump);
  const { inputs, outputs, operations } = readModule(plain);
  if (inputs.length !== captured.inputs.length || outputs.length !== captured.outputs) {
    throw new Error(
      `Cannot dump "${name}": XLA made ${captured.inputs.length} inputs and ${captured.outputs} results ` +
        `${inputs.length} and ${outputs.length}`,
    );
  }
  const first = captured.outputs - captured.targets.length;
  const aliases = captured.targets.map((id, i): [number, number] => [
    first + i,
    captured.inputs.findIndex((source) => "id" in source && source.id === id),
  ]);
  const write = async (file: string, content: string | Uint8Array<ArrayBuffer>) => {
    // attention masks are in it as constants
    const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(join(out, file), stream);
    return file;
  };
  const module = await write(`${name}.hlo.pb.gz`, aliases.length > 0 ? withAliases(plain, aliases) : plain);
  const text = await write(`${name}.mlir.gz`, toStableHlo(captured.recorded, captured.results, aliases));
  return { name, module, text, inputs, outputs, aliases, runs, operations };
}

/** TF32 is on by default, and XLA's products say so: off, they ask for all of float32. */
function useWholeFloat32(): void {
  const { tf32 } = Deno.dlopen(openedPaths()!.framework, {
    tf32: { name: "_ZN3tsl32enable_tensor_float_32_executionEb", parameters: ["bool"], result: "void" },
  }).symbols;
  tf32(false);
}

/** Dumps all steps of the tiny GPT-2 with inputs and results. */
export async function dumpTiny(out: string): Promise<Manifest> {
  const folder = await dumpInto();
  using engine = await openTensorFlow({ device: "cpu" });
  useWholeFloat32();
  const { folder: modelFolder, ids: rows } = await readFixture("plain");
  using loaded = await loadModel(modelFolder);
  const ids = tf.tensor2d(rows, undefined, "int32");
  const { binding, backend } = currentEngine();
  const numbers: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  const keep = (tensor: DumpedTensor, id: number) => {
    const { buffer, byteOffset, byteLength } = binding.tensorDataSync(id);
    numbers.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice());
    tensor.offset = offset;
    offset += byteLength;
  };
  const steps: DumpedStep[] = [];
  for (const [name, step] of Object.entries(stepsOf(loaded.model))) {
    const captured = capture(step, ids, { name });
    const inputs = captured.inputs.map((source) => "id" in source ? source.id : backend.idOf(ids));
    const { outputs, targets } = captured;
    const runs = targets.length > 0 ? UPDATES : 1;
    const before = inputs.map((id) => binding.share(id).id); // an assignment gives the weights other tensors
    let results: number[] = [];
    for (let run = 0; run < runs; run++) {
      results = binding.execute({ name: captured.name, attrs: [], inputs, outputs }).map(({ id }) => id);
      targets.forEach((id, i) => binding.assign(id, results[outputs - targets.length + i]!));
    }
    const dump = await findDump(folder, name);
    if (!dump) throw new Error(`Cannot dump "${name}": XLA wrote none: was it compiled before?`);
    const described = await describe(out, name, { captured, dump, runs });
    described.inputs.forEach((input, i) => keep(input, before[i]!));
    described.outputs.forEach((output, i) => keep(output, results[i]!));
    steps.push(described);
  }
  await Deno.writeFile(join(out, FILES.numbers), new Uint8Array(await new Blob(numbers).arrayBuffer()));
  await Deno.remove(folder, { recursive: true });
  return { madeBy: `TensorFlow ${engine.version}`, steps };
}

/**
 * Dumps one step of GPT-2 small, products in bfloat16, as soon as XLA has it; it goes on compiling and would run it, so
 * the process is to end.
 *
 * @param batch sequences of 512 tokens
 */
export async function dumpSmall(out: string, name: string, batch: number): Promise<DumpedStep> {
  const folder = await dumpInto();
  await openTensorFlow({ device: "cpu" });
  const config = gpt2.readConfig({ vocab_size: SMALL.vocabulary }, "GPT-2 small");
  const model = newModel(gpt2, config, () => 0);
  const ids = tf.zeros([batch, SMALL.length], "int32");
  const step = stepsOf(model)[name];
  if (!step) throw new RangeError(`Unknown step "${name}": expected ${STEPS.join(", ")}`);
  const captured = capture(step, ids, { products: "bfloat16", name });
  const { binding, backend } = currentEngine();
  const inputs = captured.inputs.map((source) => "id" in source ? source.id : backend.idOf(ids));
  const { outputs } = captured;
  const running = binding.executeAsync({ name: captured.name, attrs: [], inputs, outputs });
  running.catch(() => {}); // it has no memory for the results, maybe: nobody waits for them
  let dump: Uint8Array<ArrayBuffer> | null = null;
  for (let size = -1; !dump || dump.length !== size;) { // until it has stopped growing
    size = dump?.length ?? -1;
    await new Promise((resolve) => setTimeout(resolve, 500));
    dump = await findDump(folder, name);
  }
  const described = await describe(out, name, { captured, dump, runs: 1 });
  for (const input of described.inputs) {
    if (input.type === "int32") input.below = SMALL.vocabulary;
    else input.spread = SPREAD;
  }
  await Deno.remove(folder, { recursive: true }).catch(() => {}); // it is still written into
  return described;
}
