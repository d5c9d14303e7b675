/**
 * TensorBoard's event files, written by TensorFlow's own operations. Strings are made by an operation too, from their code
 * points: the binding has none.
 *
 * @module
 */
import type { Binding } from "./binding.ts";
import { ATTR, DTYPE, type OpAttr } from "./dtypes.ts";
import { currentEngine } from "./state.ts";

/** How many values wait to be written, and for how long: a curve is seen within a second. */
const QUEUE = { values: 100, ms: 1000 } as const;
const SUFFIX = ".codescrub";
const FLOAT: readonly OpAttr[] = [{ name: "T", type: ATTR.type, value: DTYPE.float32 }];
const ENCODING: readonly OpAttr[] = [
  { name: "errors", type: ATTR.string, value: "replace" },
  { name: "output_encoding", type: ATTR.string, value: "UTF-8" },
  { name: "replacement_char", type: ATTR.int, value: 0xfffd },
  { name: "Tsplits", type: ATTR.type, value: DTYPE.int32 },
];
const RESHAPING: readonly OpAttr[] = [
  { name: "T", type: ATTR.type, value: DTYPE.string },
  { name: "Tshape", type: ATTR.type, value: DTYPE.int32 },
];

/**
 * Writes numbers by step into a new event file of a folder, which is made. `using` writes what waits and closes the file. Its
 * name holds the time, the machine's name and the process, as TensorFlow names them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { EventWriter } from "./event_writer.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const folder = await Deno.makeTempDir();
 * {
 *   using events = new EventWriter(folder);
 *   events.scalars(1, { loss: 0.5, ma: null }); // what is null was not measured
 * }
 * const [file] = Deno.readDirSync(folder);
 * assertEquals(file!.name.startsWith("events.out.tfevents."), true);
 * ```
 */
export class EventWriter implements Disposable {
  readonly #binding: Binding;
  readonly #writer: number;
  #isClosed = false;

  /** @throws {Error} If the file cannot be made. */
  constructor(folder: string) {
    this.#binding = currentEngine().binding;
    const attrs: OpAttr[] = [
      { name: "shared_name", type: ATTR.string, value: crypto.randomUUID() },
      { name: "container", type: ATTR.string, value: "" },
    ];
    this.#writer = this.#binding.executeOp("SummaryWriter", attrs, [], 1)[0]!.id;
    const inputs = [
      this.#text(folder),
      this.#number(QUEUE.values),
      this.#number(QUEUE.ms),
      this.#text(SUFFIX),
    ];
    try {
      this.#run("CreateSummaryFileWriter", [], inputs);
    } catch (error) {
      this.#binding.deleteTensor(this.#writer);
      throw error;
    }
  }

  /** Notes the values of a step by their names. */
  scalars(step: number, values: Readonly<Record<string, number | null>>): void {
    for (const [name, value] of Object.entries(values)) {
      if (value === null) continue;
      const inputs = [this.#number(step, DTYPE.int64), this.#text(name), this.#number(value, DTYPE.float32)];
      this.#run("WriteScalarSummary", FLOAT, inputs);
    }
  }

  /** Writes what waits. */
  flush(): void {
    this.#run("FlushSummaryWriter", [], []);
  }

  /** Writes what waits, and closes the file; nothing the second time. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#run("CloseSummaryWriter", [], []);
    this.#binding.deleteTensor(this.#writer);
  }

  /** Runs an operation on the writer, and frees its other inputs. */
  #run(name: string, attrs: readonly OpAttr[], inputs: readonly number[]): void {
    try {
      this.#binding.executeOp(name, attrs, [this.#writer, ...inputs], 0);
    } finally {
      for (const id of inputs) this.#binding.deleteTensor(id);
    }
  }

  #number(value: number, dtype: number = DTYPE.int32): number {
    return this.#binding.createTensor([], dtype, [value]);
  }

  #text(text: string): number {
    const points = Array.from(text.toWellFormed(), (c) => c.codePointAt(0)!);
    const inputs = [
      this.#binding.createTensor([points.length], DTYPE.int32, points),
      this.#binding.createTensor([2], DTYPE.int32, [0, points.length]),
      this.#binding.createTensor([0], DTYPE.int32, []), // no dimension
    ];
    const [characters, splits, scalar] = inputs as [number, number, number];
    const [list] = this.#binding.executeOp("UnicodeEncode", ENCODING, [characters, splits], 1);
    const [one] = this.#binding.executeOp("Reshape", RESHAPING, [list!.id, scalar], 1);
    for (const id of [...inputs, list!.id]) this.#binding.deleteTensor(id);
    return one!.id;
  }
}
