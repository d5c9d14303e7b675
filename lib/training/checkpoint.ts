/**
 * Checkpoints of a run in progress: weights, Adam's moments and what the run wants to remember, in
 * `checkpoint-<step>/` beside its other files. A checkpoint appears by a rename, so one that is there is complete;
 * a killed writer leaves a `.tmp` folder, which the next save removes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../engine/compile.ts";
import { encodeSafetensors, parseHeader, type TensorToStore, toFloat32 } from "../models/safetensors.ts";
import { writeFileAtomic } from "../datasets/write_file.ts";
import type { Adam } from "./adam.ts";

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
 * Writes `checkpoint-<optimizer.steps>` and removes older ones.
 *
 * @param notes plain data that `readCheckpoint` gives back
 * @throws {Error} when the folder cannot be written; older checkpoints are then still there
 */
export async function writeCheckpoint(
  folder: string,
  state: TrainingState,
  notes: unknown = null,
): Promise<void> {
  const { optimizer } = state;
  const name = `checkpoint-${optimizer.steps}`;
  await removeLeftovers(folder);
  const temporary = `${folder}/${name}.${Deno.pid}.tmp`;
  await Deno.mkdir(temporary, { recursive: true });
  await writeFileAtomic(`${temporary}/state.safetensors`, encodeSafetensors(await collect(state)));
  await writeFileAtomic(`${temporary}/state.json`, JSON.stringify({ steps: optimizer.steps, notes }));
  await Deno.rename(temporary, `${folder}/${name}`);
  for (const step of (await listCheckpoints(folder)).filter((step) => step < optimizer.steps)) {
    await Deno.remove(`${folder}/checkpoint-${step}`, { recursive: true });
  }
}

/**
 * Puts the newest checkpoint into weights and optimizer.
 *
 * @returns the notes it was written with, wrapped; or null where there is no checkpoint
 * @throws {SyntaxError} when it is damaged; {TypeError} when it is of another model
 */
export async function readCheckpoint(
  folder: string,
  state: TrainingState,
): Promise<{ notes: unknown } | null> {
  const step = (await listCheckpoints(folder)).at(-1);
  if (step === undefined) return null;
  const path = `${folder}/checkpoint-${step}`;
  const bytes = await Deno.readFile(`${path}/state.safetensors`);
  const { tensors, dataStart } = parseHeader(bytes, bytes.length, `${path}/state.safetensors`);
  const targets = targetsOf(state);
  if (tensors.length !== Object.keys(targets).length || tensors.some(({ name }) => !(name in targets))) {
    throw new TypeError(
      `Cannot continue from "${path}": it is a checkpoint of another model: give --force to start anew`,
    );
  }
  for (const { name, dtype, shape, begin, end } of tensors) {
    const value = tf.tensor(
      toFloat32(bytes.subarray(dataStart + begin, dataStart + end), dtype, name),
      shape,
    );
    assign(targets[name]!, value);
    value.dispose();
  }
  const { steps, notes } = JSON.parse(await Deno.readTextFile(`${path}/state.json`));
  state.optimizer.steps = steps;
  return { notes };
}

/** Removes all checkpoints: the run is finished. */
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
