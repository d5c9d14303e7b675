/**
 * The process of one device: `worker.ts OPTIONS` as JSON. It does checks one after the other, writes each part's tensors
 * to a file, and tells what it does in lines of JSON on standard output.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { oneLine } from "../../lib/files/reason.ts";
import { encodeSafetensors, type TensorToStore } from "../checkpoints/safetensors_bytes.ts";
import type { PlainTensor } from "../tensors.ts";
import { CHECKS } from "./checks.ts";
import type { CheckContext, CheckOptions, DeviceName } from "./check_types.ts";
import { describeCard } from "./device_memory.ts";
import { setDeterministic, setTf32 } from "./switches.ts";

/** What a worker is told. */
export interface WorkerOptions extends CheckOptions {
  device: DeviceName;
  /** Where the files go. */
  folder: string;
  /** Names of checks. */
  checks: string[];
  isReference: boolean;
  /** Whether TensorFlow's switch for equal bits is on. */
  deterministic?: boolean;
}

/** What a worker tells. */
export type WorkerEvent =
  | { event: "opened"; device: string; version: string; card: string | null; seconds: number }
  | { event: "begin" | "end"; check: string; seconds: number }
  | { event: "part"; check: string; part: string; file: string }
  | { event: "note"; check: string; part: string; text: string }
  | { event: "poisoned" }
  | { event: "failed"; check: string; part: string | null; reason: string };

/** After such an error a card's context may fail in whatever follows: the other checks get a process of their own. */
const POISON = /CUDA|\((INTERNAL|UNKNOWN|ABORTED|UNAVAILABLE)\)/;
let isPoisoned = false;

/** Hears what a worker tells. */
export type Tell = (event: WorkerEvent) => void;

function failed(check: string, part: string | null, error: unknown): WorkerEvent {
  const reason = oneLine(error);
  isPoisoned ||= POISON.test(reason);
  return { event: "failed", check, part, reason };
}

function tellParent(event: WorkerEvent): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`\n${JSON.stringify(event)}\n`));
}

function plainOf(value: tf.Tensor | PlainTensor | ArrayLike<number>): PlainTensor {
  if (value instanceof tf.Tensor) return { shape: value.shape, values: value.dataSync() };
  return "shape" in value ? value : { shape: [value.length], values: value };
}

/** A context that writes a check's files. */
function contextOf(
  check: string,
  engine: Engine,
  { folder, isReference, quick }: Pick<WorkerOptions, "folder" | "isReference" | "quick">,
  tell: Tell,
): CheckContext {
  let isIn: string | null = null;
  return {
    engine,
    isReference,
    quick,
    async put(part, tensors) {
      const stored = Object.entries(tensors).map(([name, value]): TensorToStore => {
        const { shape, values } = plainOf(value);
        return { name, shape: [...shape], dtype: "F32", values: Float32Array.from(values) };
      });
      const file = join(folder, `${check}.${part}.safetensors`);
      await Deno.writeFile(file, encodeSafetensors(stored));
      tell({ event: "part", check, part, file });
    },
    async part(name, work) {
      isIn = name;
      try {
        await work();
      } catch (error) {
        tell(failed(check, name, error));
      } finally {
        isIn = null;
      }
    },
    note: (part, text) => tell({ event: "note", check, part: isIn ?? part, text }),
  };
}

/** Does a check; what it throws is told. */
export async function runCheck(
  name: string,
  engine: Engine,
  options: Pick<WorkerOptions, "folder" | "isReference" | "quick">,
  tell: Tell,
): Promise<void> {
  const context = contextOf(name, engine, options, tell);
  try {
    await CHECKS.find((check) => check.name === name)!.run(context);
  } catch (error) {
    tell(failed(name, null, error));
  }
}

async function main(options: WorkerOptions): Promise<void> {
  const start = performance.now();
  const since = () => (performance.now() - start) / 1000;
  using engine = await openTensorFlow({ device: options.device });
  if (options.device === "gpu") setTf32(false); // the default is on; checks switch it on where they mean it
  if (options.deterministic) setDeterministic(true);
  const card = options.device === "gpu" ? describeCard() : null;
  tellParent({ event: "opened", device: engine.device, version: engine.version, card, seconds: since() });
  for (const name of options.checks) {
    tellParent({ event: "begin", check: name, seconds: since() });
    await runCheck(name, engine, options, tellParent);
    tellParent({ event: "end", check: name, seconds: since() });
    if (isPoisoned) {
      tellParent({ event: "poisoned" });
      Deno.exit(0);
    }
  }
}

if (import.meta.main) {
  try {
    await main(JSON.parse(Deno.args[0]!));
  } catch (error) {
    console.error(oneLine(error));
    Deno.exit(1);
  }
}
