/**
 * Checkpoints of a run in progress: weights, Adam's moments and what the run wants to remember, in
 * `checkpoint-<step>/` beside its other files. A checkpoint appears by a rename, so one that is there is complete;
 * a killed writer leaves a `.tmp` folder, which the next save removes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../engine/compile.ts";
import { toFloat32 } from "../models/float_types.ts";
import { encodeSafetensors, parseHeader, type TensorToStore } from "../models/safetensors.ts";
import { writeFileAtomic } from "../write_file.ts";
import type { Adam } from "./adam.ts";
import { reasonOf } from "../reason.ts";

/** What a checkpoint holds. */
export interface TrainingState {
  /** The weights, by name. */
  weights: Readonly<Record<string, tf.Tensor>>;
  /** The optimizer over them. */
  optimizer: Adam;
  /** The best weights so far, where a run keeps them. */
  kept?: Readonly<Record<string, tf.Tensor>>;
}

const PATTERN = /^checkpoint-(\d+)$/;

/**
 * Writes `checkpoint-<optimizer.steps>` and removes older ones; one of the same step is kept, as it holds the same.
 *
 * @param notes plain data that `readCheckpoint` gives back
 * @throws {Error} when the folder cannot be written; older checkpoints are then still there
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { assign } from "../engine/compile.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Adam } from "./adam.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * using optimizer = new Adam(weights, { betas: [0.9, 0.98] });
 * const folder = await Deno.makeTempDir();
 * await writeCheckpoint(folder, { weights, optimizer }, { losses: [3] });
 * assign(weights.w, tf.tensor1d([8, 9])); // lost in a crash
 * assertEquals(await readCheckpoint(folder, { weights, optimizer }), { notes: { losses: [3] } });
 * assertEquals([...weights.w.dataSync()], [1, 2]);
 * ```
 */
export async function writeCheckpoint(
  folder: string,
  state: TrainingState,
  notes: unknown = null,
): Promise<void> {
  const { steps } = state.optimizer;
  await Deno.mkdir(folder, { recursive: true });
  await removeLeftovers(folder);
  const before = await listCheckpoints(folder);
  if (!before.includes(steps)) {
    const temporary = `${folder}/checkpoint-${steps}.${Deno.pid}.tmp`;
    await Deno.mkdir(temporary);
    await writeFileAtomic(`${temporary}/state.safetensors`, encodeSafetensors(await collect(state)));
    await writeFileAtomic(`${temporary}/state.json`, JSON.stringify({ steps, notes }));
    await Deno.rename(temporary, `${folder}/checkpoint-${steps}`);
    using opened = await Deno.open(folder);
    await opened.sync(); // the new one is on the disk before older ones go
  }
  for (const step of before.filter((step) => step < steps)) {
    await Deno.remove(`${folder}/checkpoint-${step}`, { recursive: true });
  }
}

/**
 * Puts the newest checkpoint into weights and optimizer.
 *
 * @returns the notes it was written with, wrapped; or null where there is no checkpoint
 * @throws {SyntaxError} when it is damaged; {TypeError} when it is of another model: nothing is changed then
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Adam } from "./adam.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using optimizer = new Adam({}, { betas: [0.9, 0.98] });
 * assertEquals(await readCheckpoint(await Deno.makeTempDir(), { weights: {}, optimizer }), null);
 * ```
 */
export async function readCheckpoint(
  folder: string,
  state: TrainingState,
): Promise<{ notes: unknown } | null> {
  const step = (await listCheckpoints(folder)).at(-1);
  if (step === undefined) return null;
  const path = `${folder}/checkpoint-${step}`;
  const bytes = await readPart(path, "state.safetensors");
  const notes = parseNotes(path, step, await readPart(path, "state.json"));
  const { tensors, dataStart } = parseHeader(bytes, bytes.length, `${path}/state.safetensors`);
  const targets = targetsOf(state);
  const fits = tensors.every(({ name, dtype, shape }) =>
    Object.hasOwn(targets, name) && dtype === "F32" && shape.join() === targets[name]!.shape.join()
  );
  if (!fits || tensors.length !== Object.keys(targets).length) {
    throw new TypeError(
      `Cannot continue from "${path}": it is a checkpoint of another model: give --force to start anew`,
    );
  }
  for (const { name, dtype, shape, begin, end } of tensors) {
    const part = bytes.subarray(dataStart + begin, dataStart + end);
    const value = tf.tensor(toFloat32(part, dtype, name), shape);
    assign(targets[name]!, value);
    value.dispose();
  }
  state.optimizer.steps = step;
  return { notes };
}

async function readPart(path: string, name: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(`${path}/${name}`);
  } catch (cause) {
    refuse(path, `${name} cannot be read: ${reasonOf(cause)}`, cause);
  }
}

function parseNotes(path: string, step: number, bytes: Uint8Array): unknown {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    refuse(path, `state.json is no valid JSON: ${reasonOf(cause)}`, cause);
  }
  const { steps, notes } = (json ?? {}) as { steps?: unknown; notes?: unknown };
  if (steps !== step) refuse(path, `state.json is of step ${steps}`);
  return notes;
}

function refuse(path: string, what: string, cause?: unknown): never {
  throw new SyntaxError(`Cannot continue from "${path}": ${what}: remove it or give --force`, { cause });
}

/**
 * Removes all checkpoints: the run is finished.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/checkpoint-8`);
 * await Deno.mkdir(`${folder}/checkpoint-9.123.tmp`); // a killed writer's
 * await removeCheckpoints(folder);
 * assertEquals([...Deno.readDirSync(folder)], []);
 * ```
 */
export async function removeCheckpoints(folder: string): Promise<void> {
  await removeLeftovers(folder);
  for (const step of await listCheckpoints(folder)) {
    await Deno.remove(`${folder}/checkpoint-${step}`, { recursive: true });
  }
}

async function listCheckpoints(folder: string): Promise<number[]> {
  const steps: number[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const match = PATTERN.exec(name);
    if (match && isDirectory) steps.push(Number(match[1]));
  }
  return steps.sort((a, b) => a - b);
}

async function removeLeftovers(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (/^checkpoint-\d+\.\d+\.tmp$/.test(name)) await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
}

/** Every tensor of the state by its name in the file. */
function targetsOf({ weights, optimizer, kept = {} }: TrainingState): Record<string, tf.Tensor> {
  const named = (prefix: string, tensors: Readonly<Record<string, tf.Tensor>>) =>
    Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]);
  return Object.fromEntries([
    ...named("weight", weights),
    ...named("first", optimizer.first),
    ...named("second", optimizer.second),
    ...named("kept", kept),
  ]);
}

async function collect(state: TrainingState): Promise<TensorToStore[]> {
  return await Promise.all(
    Object.entries(targetsOf(state)).map(async ([name, tensor]) => ({
      name,
      shape: tensor.shape,
      dtype: "F32" as const,
      values: await tensor.data() as Float32Array,
    })),
  );
}
