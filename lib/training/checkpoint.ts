/**
 * Checkpoints of a run in progress: weights, Adam's moments and what the run wants to remember, in
 * `checkpoint-<step>/` beside its other files. A checkpoint appears by a rename, so one that is there is complete;
 * a killed writer leaves a `.tmp` folder, which the next save removes. state.json holds the SHA-256 of all that was
 * written, so a disk that gives back another bit is noticed before anything is continued.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type * as tf from "../npm/tfjs_core.ts";
import { assignStored } from "../checkpoints/assign_stored.ts";
import { hashContent } from "../checkpoints/hash_content.ts";
import { openSafetensors } from "../checkpoints/safetensors_source.ts";
import type { TensorSource } from "../checkpoints/tensor_source.ts";
import { writeSafetensors } from "../checkpoints/write_safetensors.ts";
import { readRegularText } from "../files/read_file.ts";
import { makeFolder, removePath, renamePath, syncFolder } from "../files/folders.ts";
import { reasonOf } from "../files/reason.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import type { Adam } from "./adam.ts";

/** What a checkpoint holds. */
export interface TrainingState {
  /** The weights that are trained, by name: what is frozen is not in a checkpoint. */
  weights: Readonly<Record<string, tf.Tensor>>;
  /** The optimizer over them. */
  optimizer: Adam;
  /** The best weights so far, where a run keeps them. */
  kept?: Readonly<Record<string, tf.Tensor>>;
}

/** The pattern of checkpoints' names, killed writers' among them. */
export const CHECKPOINTS = "checkpoint-[0-9]*";

const PATTERN = /^checkpoint-(\d+)$/;
const TENSORS = "state.safetensors";
const NOTES = "state.json";
/** The notes are a line an epoch or ten steps; a file that is larger is none of ours. */
const MAX_NOTES_BYTES = 1 << 28;

/**
 * The most bytes that checkpoints have on the disk at one time: the new one is there before the old one goes.
 *
 * @param states tensors that are kept for each weight, itself among them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkpointBytes } from "./checkpoint.ts";
 *
 * assertEquals(checkpointBytes(1000, { states: 3 }), 24_000);
 * ```
 */
export function checkpointBytes(parameters: number, { states }: { states: number }): number {
  return 2 * states * 4 * parameters;
}

/**
 * Writes `checkpoint-<number>` and removes older ones; one of the same number is kept, as it holds the same.
 *
 * @param notes plain data that `readCheckpoint` gives back
 * @param number higher for each; by default the optimizer's updates
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
 * assertEquals(await readCheckpoint(folder, { weights, optimizer }), { notes: { losses: [3] }, number: 0 });
 * assertEquals([...weights.w.dataSync()], [1, 2]);
 * ```
 */
export async function writeCheckpoint(
  folder: string,
  state: TrainingState,
  notes: unknown = null,
  number: number = state.optimizer.steps,
): Promise<void> {
  const { steps } = state.optimizer;
  await makeFolder(folder);
  await removeLeftovers(folder);
  const before = await listCheckpoints(folder);
  if (!before.includes(number)) {
    const temporary = `${folder}/checkpoint-${number}.${Deno.pid}.tmp`;
    await makeFolder(temporary);
    const hash = createHash("sha256");
    await writeSafetensors(`${temporary}/${TENSORS}`, targetsOf(state), "F32", { hash });
    const noted = { ...number !== steps && { number }, steps, notes };
    const sha256 = hash.update(JSON.stringify(noted)).digest("hex");
    await writeFileAtomic(`${temporary}/${NOTES}`, JSON.stringify({ ...noted, sha256 }));
    await renamePath(temporary, `${folder}/checkpoint-${number}`);
    await syncFolder(folder); // the new one is on the disk before older ones go
  }
  for (const older of before.filter((each) => each < number)) {
    await removePath(`${folder}/checkpoint-${older}`);
  }
}

/**
 * Puts the newest checkpoint into weights and optimizer.
 *
 * @returns the notes it was written with, and its number; or null where there is no checkpoint
 * @throws {SyntaxError} when it is damaged, or of a version that wrote no hash; {TypeError} when it is of another model:
 * nothing is changed then
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
): Promise<{ notes: unknown; number: number } | null> {
  const number = (await listCheckpoints(folder)).at(-1);
  if (number === undefined) return null;
  const path = `${folder}/checkpoint-${number}`;
  const { sha256, ...noted } = await readNotes(path, number);
  using source = await openState(path);
  const targets = targetsOf(state);
  const fits = [...source.tensors].every(([name, { dtype, shape }]) =>
    Object.hasOwn(targets, name) && dtype === "F32" && shape.join() === targets[name]!.shape.join()
  );
  if (!fits || source.tensors.size !== Object.keys(targets).length) {
    throw new TypeError(
      `Cannot continue from "${path}": it is a checkpoint of another model: give --force to start anew`,
    );
  }
  if (await hashOf(path, noted) !== sha256) {
    refuse(
      path,
      `${TENSORS} or ${NOTES} is not as it was written, by their SHA-256: the disk may be failing`,
    );
  }
  for (const name of source.tensors.keys()) await assignStored(targets[name]!, source, name);
  state.optimizer.steps = noted.steps;
  return { notes: noted.notes, number };
}

async function openState(path: string): Promise<TensorSource> {
  try {
    return await openSafetensors(`${path}/${TENSORS}`);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause; // it names the file and what is wrong with it
    refuse(path, `${TENSORS} cannot be read: ${reasonOf(cause)}`, cause);
  }
}

/** What stands beside the tensors. */
interface Noted {
  /** The checkpoint's number, where it is not that of the updates. */
  number?: number;
  /** The optimizer's updates. */
  steps: number;
  /** The notes. */
  notes: unknown;
}

/** The SHA-256 of the tensors' file and of what is noted beside it. */
async function hashOf(path: string, noted: Noted): Promise<string> {
  const hash = await hashContent(`${path}/${TENSORS}`);
  return hash.update(JSON.stringify(noted)).digest("hex");
}

async function readNotes(path: string, wanted: number): Promise<Noted & { sha256: string }> {
  let text: string;
  try {
    text = await readRegularText(`${path}/${NOTES}`, { what: "checkpoint", maxBytes: MAX_NOTES_BYTES });
  } catch (cause) {
    refuse(path, `${NOTES} cannot be read: ${reasonOf(cause)}`, cause);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    refuse(path, `${NOTES} is no valid JSON: ${reasonOf(cause)}`, cause);
  }
  const found = (json ?? {}) as Partial<Record<keyof Noted | "sha256", unknown>>;
  const { steps, number = steps, notes, sha256 } = found;
  if (number !== wanted || typeof steps !== "number") refuse(path, `${NOTES} is of step ${number}`);
  if (typeof sha256 !== "string") refuse(path, `${NOTES} has no SHA-256, as those of earlier versions`);
  return { ...number !== steps && { number: wanted }, steps, notes, sha256 };
}

function refuse(path: string, what: string, cause?: unknown): never {
  throw new SyntaxError(`Cannot continue from "${path}": ${what}: remove it or give --force`, { cause });
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
    if (/^checkpoint-\d+\.\d+\.tmp$/.test(name)) await removePath(`${folder}/${name}`);
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
