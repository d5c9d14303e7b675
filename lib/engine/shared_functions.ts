/**
 * Functions that parts of captured steps call: what is alike is one.
 *
 * @module
 */
import type { OpenEngine } from "./state.ts";

/** A function of the eager context. */
export interface SharedFunction {
  /** Its name there. */
  name: string;
  /** `TF_Function*` */
  fn: Deno.PointerValue;
}

let count = 0;

/**
 * Functions by what they do; `using` takes them out of the context.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { Graph } from "./graph.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using functions = new SharedFunctions("example", currentEngine());
 * const make = (name: string) => {
 *   using graph = new Graph(currentEngine().symbols);
 *   return graph.toFunction(name, [], {});
 * };
 * assertEquals(functions.get("nothing", make), functions.get("nothing", make));
 * assertEquals(functions.size, 1);
 * ```
 */
export class SharedFunctions implements Disposable {
  readonly #kind: string;
  readonly #engine: Pick<OpenEngine, "symbols" | "binding">;
  readonly #known = new Map<string, SharedFunction>();

  /** @param kind a word for their names @param engine whose context they belong to */
  constructor(kind: string, engine: Pick<OpenEngine, "symbols" | "binding">) {
    this.#kind = kind;
    this.#engine = engine;
  }

  /** How many there are. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * The function of a key.
   *
   * @param key the same for functions that do the same
   * @param make gives a `TF_Function*` of a name, where there is none yet
   */
  get(key: string, make: (name: string) => Deno.PointerValue): SharedFunction {
    const known = this.#known.get(key);
    if (known) return known;
    const name = `codescrub_${this.#kind}_${count++}`;
    const made = { name, fn: make(name) };
    this.#engine.binding.addFunction(name, made.fn);
    this.#known.set(key, made);
    return made;
  }

  /** Frees the functions. */
  [Symbol.dispose](): void {
    for (const { name, fn } of this.#known.values()) {
      this.#engine.binding.removeFunction(name);
      this.#engine.symbols.TF_DeleteFunction(fn);
    }
    this.#known.clear();
  }
}
