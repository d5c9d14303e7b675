/**
 * The weights of the epoch that a run kept last: in a file of the run's folder, so that they take no memory; without a folder
 * in memory, where they share it with the weights until these change.
 *
 * A checkpoint names the file of its time by its epoch and hash: older files go only once a newer checkpoint stands, but for
 * that of epoch 0, the weights as they came, which a run that begins anew needs.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { assignStored } from "../checkpoints/assign_stored.ts";
import { hashContent } from "../checkpoints/hash_content.ts";
import { openSafetensors } from "../checkpoints/safetensors_source.ts";
import { writeSafetensors } from "../checkpoints/write_safetensors.ts";
import { assign, snapshots } from "../engine/compile.ts";
import { removePath } from "../files/folders.ts";

/** What a checkpoint says of it. */
export interface KeptNote {
  /** The epoch. */
  epoch: number;
  /** The file's SHA-256. */
  sha256: string;
}

/** Names that a run's folder clears away with its checkpoints. */
const NAME = /^checkpoint-\d+\.kept$/;

/**
 * Weights that are kept; `using` frees what is in memory, and leaves files.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { assign } from "../engine/compile.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * const folder = await Deno.makeTempDir();
 * using kept = new KeptWeights(weights);
 * await kept.keep(3, folder);
 * assign(weights.w, tf.tensor1d([5, 6]));
 * await kept.restore();
 * assertEquals([kept.epoch, ...weights.w.dataSync()], [3, 1, 2]);
 * ```
 */
export class KeptWeights implements Disposable {
  /** The epoch that was kept. */
  epoch = 0;
  readonly #weights: Readonly<Record<string, Tensor>>;
  #inMemory: Record<string, Tensor>;
  #file: { path: string; sha256: string } | null = null;

  /** Keeps the weights as they are, in memory. @param weights not owned */
  constructor(weights: Readonly<Record<string, Tensor>>) {
    this.#weights = weights;
    this.#inMemory = snapshots(this.#weights);
  }

  /** Keeps the weights as they are now. @param folder the run's, where it has one */
  async keep(epoch: number, folder: string | undefined): Promise<void> {
    this.epoch = epoch;
    if (folder === undefined) {
      tf.dispose(this.#inMemory);
      this.#inMemory = snapshots(this.#weights);
      return;
    }
    const path = pathOf(folder, epoch);
    const hash = createHash("sha256");
    await writeSafetensors(path, this.#weights, "F32", { hash });
    this.#file = { path, sha256: hash.digest("hex") };
    tf.dispose(this.#inMemory);
    this.#inMemory = {};
  }

  /** Gives the weights what was kept. */
  async restore(): Promise<void> {
    if (!this.#file) {
      for (const [name, weight] of Object.entries(this.#weights)) assign(weight, this.#inMemory[name]!);
      return;
    }
    await assignAll(this.#weights, this.#file.path);
  }

  /** What is in memory, for a checkpoint; undefined where a file has it. */
  get inMemory(): Readonly<Record<string, Tensor>> | undefined {
    return this.#file ? undefined : this.#inMemory;
  }

  /** What a checkpoint says of the file. */
  get note(): KeptNote | undefined {
    return this.#file ? { epoch: this.epoch, sha256: this.#file.sha256 } : undefined;
  }

  /**
   * Goes on from a checkpoint's note.
   *
   * @throws {SyntaxError} when the file is not there or not as it was written
   */
  async resume({ epoch, sha256 }: KeptNote, folder: string): Promise<void> {
    const path = pathOf(folder, epoch);
    const found = await hashContent(path).then((hash) => hash.digest("hex"), () => null);
    if (found !== sha256) {
      const what = found === null ? "cannot be read" : "is not as it was written, by its SHA-256";
      throw new SyntaxError(`Cannot continue from "${path}": it ${what}: give --force to start anew`);
    }
    this.epoch = epoch;
    this.#file = { path, sha256 };
    tf.dispose(this.#inMemory);
    this.#inMemory = {};
  }

  /** Removes the files of other epochs but 0: once the newest checkpoint names this one. */
  async removeOthers(folder: string): Promise<void> {
    for await (const { name } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (NAME.test(name) && path !== this.#file?.path && path !== pathOf(folder, 0)) await removePath(path);
    }
  }

  [Symbol.dispose](): void {
    tf.dispose(this.#inMemory);
  }
}

/**
 * Keeps weights as they came in a run's folder, unless an earlier process of the run has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { assign } from "../engine/compile.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * const folder = await Deno.makeTempDir();
 * await keepStart(weights, folder);
 * assign(weights.w, tf.tensor1d([5, 6]));
 * await keepStart(weights, folder);
 * await restoreStart(weights, folder);
 * assertEquals([...weights.w.dataSync()], [1, 2]);
 * ```
 */
export async function keepStart(weights: Readonly<Record<string, Tensor>>, folder: string): Promise<void> {
  if (!existsSync(pathOf(folder, 0))) await writeSafetensors(pathOf(folder, 0), weights, "F32");
}

/**
 * Gives weights what they were when a run of the folder began, one after the other; nothing where none has begun.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * await restoreStart(weights, await Deno.makeTempDir());
 * assertEquals([...weights.w.dataSync()], [1, 2]);
 * ```
 */
export async function restoreStart(
  weights: Readonly<Record<string, Tensor>>,
  folder: string,
): Promise<void> {
  if (existsSync(pathOf(folder, 0))) await assignAll(weights, pathOf(folder, 0));
}

async function assignAll(weights: Readonly<Record<string, Tensor>>, path: string): Promise<void> {
  using source = await openSafetensors(path);
  for (const [name, weight] of Object.entries(weights)) await assignStored(weight, source, name);
}

function pathOf(folder: string, epoch: number): string {
  return `${folder}/checkpoint-${epoch}.kept`;
}
