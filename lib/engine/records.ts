/**
 * What a graph was asked for, operation by operation: so parts of it are built again elsewhere, and parts that are alike are
 * found.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Graph } from "./graph.ts";
import type { Operation, Recorded, TensorInfo } from "./recorded.ts";
import { addFewRowsProduct, isFewRowsProduct } from "./xla_few_rows.ts";

type Constant = Extract<Recorded, { kind: "constant" }>;

/**
 * What a captured graph was built of, by the numbers of its tensors.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { Graph } from "./graph.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const described = [1, 7].map((input) => {
 *   using graph = new Graph(currentEngine().symbols);
 *   graph.addInput(input, { shape: [2], dtype: DTYPE.float32 });
 *   graph.addOperation("Neg", [], [input], 1, () => 2);
 *   const records = new Records(graph.recorded);
 *   return records.describe(records.operations, [2]);
 * });
 * assertEquals(described[0], described[1]); // whatever the numbers
 * ```
 */
export class Records {
  readonly #infos = new Map<number, Omit<TensorInfo, "id">>();
  readonly #constants = new Map<number, Constant>();

  /** What was asked for, constants and inputs aside, in order. */
  readonly operations: readonly Operation[];

  /** @param recorded in order */
  constructor(recorded: readonly Recorded[]) {
    this.operations = recorded.filter((record) => record.kind === "operation");
    for (const record of recorded) {
      if (record.kind === "constant") this.#constants.set(record.id, record);
      for (const { id, shape, dtype } of record.kind === "operation" ? record.outputs : [record]) {
        this.#infos.set(id, { shape: [...shape], dtype });
      }
    }
  }

  /** Shape and data type of a tensor. */
  info(id: number): Omit<TensorInfo, "id"> {
    return this.#infos.get(id)!;
  }

  /** The tensors that operations use and do not make, constants aside, in the order of their use. */
  takenBy(operations: readonly Operation[]): number[] {
    const made = new Set(operations.flatMap(({ outputs }) => outputs.map(({ id }) => id)));
    const used = new Set(operations.flatMap(({ inputs }) => inputs));
    return [...used].filter((id) => !made.has(id) && !this.#constants.has(id));
  }

  /** Adds an operation, and the constants that it uses. */
  addTo(graph: Graph, operation: Operation, { fewRows = false } = {}): void {
    const { name, attrs, inputs, outputs } = operation;
    for (const id of inputs) this.addConstantTo(graph, id);
    if (fewRows && isFewRowsProduct(operation)) return addFewRowsProduct(graph, operation);
    const ids = outputs.map(({ id }) => id);
    graph.addOperation(name, attrs, inputs, ids.length, () => ids.shift()!);
  }

  /** Adds a constant, if the number is one's and the graph lacks it. */
  addConstantTo(graph: Graph, id: number): void {
    const constant = this.#constants.get(id);
    if (constant && !graph.has(id)) graph.addConstant(id, constant.shape, constant.dtype, constant.bytes);
  }

  /** The same text for operations that are the same but for the numbers of their tensors. */
  describe(operations: readonly Operation[], given: readonly number[]): string {
    const places = new Map<number, number>();
    const place = (id: number): number => {
      if (!places.has(id)) places.set(id, places.size);
      return places.get(id)!;
    };
    const value = (id: number) => {
      const constant = this.#constants.get(id);
      return constant
        ? [constant.dtype, constant.shape, Buffer.from(constant.bytes).toString("base64")]
        : [place(id), this.#infos.get(id)];
    };
    const lines = operations.map(({ name, attrs, inputs, outputs }) => [
      name,
      attrs.map((attr) => [attr.name, attr.value]),
      inputs.map(value),
      outputs.map(({ id }) => place(id)),
    ]);
    const spell = (_: string, own: unknown) =>
      typeof own === "number" && !Number.isFinite(own) ? String(own) : own; // JSON has one word for all of them
    return JSON.stringify([lines, given.map(value)], spell);
  }
}
