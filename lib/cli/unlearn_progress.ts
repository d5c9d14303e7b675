/**
 * What `unlearn` shows of a run as it goes: a stage of epochs, or of chunks with the epoch of the one at hand; and its logs
 * of steps and events.
 *
 * @module
 */
import type { Scores } from "../metrics/scorer.ts";
import { isAbove } from "../metrics/threshold.ts";
import type { ChunkedHooks, ChunkPlace } from "../unlearning/chunk_options.ts";
import type { SecretThresholds } from "../unlearning/per_secret_stop.ts";
import type { UnlearnEpoch } from "../unlearning/unlearn_epoch.ts";
import type { UnlearnStep } from "../unlearning/unlearn_step.ts";
import type { Context } from "./command.ts";
import type { EventLog } from "./event_log.ts";
import type { Stage } from "./progress.ts";
import type { StepLog } from "./step_log.ts";
import { describeEpoch, describeRate } from "./unlearn_report.ts";

/** What is shown of a run. */
export interface ShownRun {
  /** The method's name. */
  method: string;
  /** Epochs, at most; of each chunk, where there are chunks. */
  epochs: number;
  /** Whether the set is forgotten chunk by chunk. */
  isChunked: boolean;
  /** Of each secret in the forget set's order; null where means are judged. */
  bounds: readonly SecretThresholds[] | null;
  /** Where each epoch's numbers go. */
  events: Pick<EventLog, "scalars">;
  /** Where each step's numbers go. */
  steps: Pick<StepLog, "append">;
}

/**
 * The stages of a run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { UnlearnProgress } from "./unlearn_progress.ts";
 *
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream, now: () => 0 }), log: () => {}, breathe: async () => {} };
 * const logs = { events: { scalars: () => {} }, steps: { append: async () => {} } };
 * const run = { method: "ga", epochs: 9, isChunked: true, bounds: null, ...logs };
 * const progress = new UnlearnProgress(run, context);
 * const place = { turn: 3, pass: 1, chunk: 3, chunks: 40, epochs: 12, secrets: [] };
 * progress.hooks.onChunk!(place);
 * progress.done("interrupted");
 * assertEquals(lines[0], "Unlearning (ga): 0 of 40 chunks\n");
 * assertEquals(progress.place, "chunk 3 of 40, epoch 1 of at most 9");
 * ```
 */
export class UnlearnProgress {
  readonly #run: ShownRun;
  readonly #context: Pick<Context, "progress" | "log" | "breathe">;
  #stage: Stage | undefined;
  #pass = 0;
  #chunk: ChunkPlace | undefined;
  #epoch = 0;
  #note = "";

  /** Begins to show a run. */
  constructor(run: ShownRun, context: Pick<Context, "progress" | "log" | "breathe">) {
    this.#run = run;
    this.#context = context;
    if (run.isChunked) return;
    this.#stage = context.progress.start(`Unlearning (${run.method})`, run.epochs, "epochs", {
      isMost: true,
    });
  }

  /** Which epoch of which chunk is at hand; nothing where the set is forgotten at once. */
  get place(): string {
    if (!this.#chunk) return "";
    const { chunk, chunks } = this.#chunk;
    const { epochs } = this.#run;
    return `chunk ${chunk} of ${chunks}, epoch ${Math.min(this.#epoch + 1, epochs)} of at most ${epochs}`;
  }

  /** What tells this of a run. */
  get hooks(): ChunkedHooks {
    return {
      onChunk: (place) => this.#enter(place),
      onChunkEnd: (_, status) => this.#stage?.advance(1, status),
      onContinue: (epochs) => {
        this.#epoch = epochs;
        if (!this.#run.isChunked) this.#stage?.skip(epochs);
      },
      onNote: (rate) => this.#context.log(describeRate(rate)),
      onBatch: async (done, total) => {
        this.#say(this.#note, `batch ${done} of ${total}`);
        await this.#context.breathe();
      },
      onStep: (step) =>
        this.#run.steps.append({ ...this.#chunk && { turn: this.#chunk.turn }, ...flat(step) }),
      onTrain: async (step, steps) => {
        this.#say(`training step ${step} of ${steps}`);
        await this.#context.breathe();
      },
      onEpoch: async (epoch, scores) => {
        this.#end(epoch, scores);
        await this.#context.breathe().catch(() => {}); // the run ends by the signal, after its checkpoint
      },
    };
  }

  /** Called when controls of so many secrets are scored anew. */
  async scored(done: number, all: number): Promise<void> {
    this.#say(`scoring controls of ${done} of ${all} secrets`);
    await this.#context.breathe();
  }

  /** The run is over. */
  done(status: string): void {
    this.#stage?.done(status);
  }

  #say(...notes: readonly string[]): void {
    this.#stage?.advance(0, [this.place, ...notes].filter(Boolean).join(", "));
  }

  #enter(place: ChunkPlace): void {
    this.#chunk = place;
    this.#epoch = 0;
    this.#note = "";
    const { pass, chunk, chunks } = place;
    if (pass === this.#pass) return;
    this.#pass = pass;
    this.#stage?.done();
    const which = pass === 1 ? "" : `, pass ${pass}`;
    this.#stage = this.#context.progress.start(`Unlearning (${this.#run.method})${which}`, chunks, "chunks");
    if (chunk > 1) this.#stage.skip(chunk - 1);
  }

  #end(epoch: UnlearnEpoch, scores: readonly Scores[]): void {
    const { bounds, events } = this.#run;
    const own = bounds && (this.#chunk ? this.#chunk.secrets.map((secret) => bounds[secret]!) : bounds);
    const above = own ? scores.filter((score, i) => isAbove(score, own[i]!)).length : undefined;
    this.#epoch = epoch.epoch;
    this.#note = describeEpoch({ ...epoch, above });
    events.scalars((this.#chunk?.epochs ?? 0) + epoch.epoch, { ...numbersOf(epoch), above: above ?? null });
    if (this.#chunk) this.#say(this.#note);
    else this.#stage?.advance(epoch.epoch === 0 ? 0 : 1, this.#note);
  }
}

/** The measures of an epoch: all but its number, and whether it was kept. */
function numbersOf({ epoch: _epoch, kept: _kept, ...measures }: UnlearnEpoch) {
  return measures;
}

/** A step without anything in anything: each term's part of the loss under a name of its own. */
function flat({ terms, ...step }: UnlearnStep) {
  const parts = Object.entries(terms).map(([name, value]) => [`loss_${name}`, value]);
  return { ...step, ...Object.fromEntries(parts) };
}
