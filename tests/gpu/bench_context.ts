/**
 * What a row of `deno task bench:gpu` is given. Each row is a process of its own, so that its memory is its own, and
 * what ends a process (a failed check inside TensorFlow, a card without memory) ends one row.
 *
 * @module
 */
import type { Products } from "../../lib/engine/compile.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import { Peer } from "../bench/peer.ts";
import type { Result } from "./bench_result.ts";
import type { Card } from "./card_memory.ts";
import type { Shape } from "./random_model.ts";

/** See the module's comment. */
export interface RowContext {
  /** Where both sides run. */
  device: "gpu" | "cpu";
  /** Whether everything is small, to try the code. */
  tiny: boolean;
  /** A Python with torch and transformers. */
  python: string;
  /** A scratch folder. */
  folder: string;
  /** The card; null on a processor. */
  card: Card | null;
  /** The models. */
  shapes: Readonly<Record<"gpt2" | "llama" | "codegen" | "large", Shape>>;
  /** Opens TensorFlow. */
  open: () => Promise<Engine>;
  /** Tells a result: at once when there is some of it, and finally when all is. */
  emit: (result: Result, how?: { final: boolean }) => void;
  /** Tells what is going on. */
  log: (line: string) => void;
}

/**
 * The other side, started beside our own preparations. What it cannot do is a note, not an error: our numbers count
 * without it.
 */
export class OptionalPeer implements AsyncDisposable {
  readonly #started: Promise<Peer | null>;
  readonly #log: (line: string) => void;
  /** Why there is no answer. */
  readonly failures: string[] = [];
  /** What it said of itself. */
  versions: Record<string, string> = {};

  /** @param script of tests/bench/peers @param products as ours; in TF32 its numbers are float32 */
  constructor({ python, device, log }: RowContext, script: string, products: Products) {
    this.#log = log;
    const dtype = products === "tf32" ? "float32" : products;
    this.#started = Peer.start(python, script, [device, dtype]).then((peer) => {
      this.versions = peer.versions;
      return peer;
    }).catch((error) => this.#fail(error));
  }

  /** One request and its answer; null when it failed. */
  async ask<R extends Record<string, unknown>>(
    run: string,
    args: Record<string, unknown> = {},
  ): Promise<R | null> {
    const peer = await this.#started;
    if (!peer) return null;
    try {
      return await peer.ask<R>(run, args);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): null {
    const isMissing = /while it started/.test(String((error as Error).message));
    const advice = isMissing ? ": set CODESCRUB_PEER_PYTHON to a Python with torch and transformers" : "";
    const reason = String((error as Error).message).slice(0, 300) + advice;
    this.failures.push(reason);
    this.#log(reason);
    return null;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const peer = await this.#started;
    await peer?.[Symbol.asyncDispose]().catch(() => {}); // it may have ended
  }
}
