/**
 * The engine that is open in this process. tfjs has one backend a name, so there is one engine at a time.
 *
 * @module
 */
import type { Backend } from "./backend.ts";
import type { Binding } from "./binding.ts";
import type { Symbols } from "./symbols.ts";

/** What the engine's files share. */
export interface OpenEngine {
  /** TensorFlow's functions. */
  symbols: Symbols;
  /** The eager context's binding. */
  binding: Binding;
  /** tfjs's backend. */
  backend: Backend;
  /** The `ConfigProto` that its devices were opened by. */
  config: Uint8Array;
  /** What the processor's memory is limited to, bytes; see `limitMemory`. */
  memoryLimit?: number | null;
}

let engine: OpenEngine | null = null;

/**
 * The open engine.
 *
 * @throws {Error} when there is none
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * assertThrows(() => currentEngine(), Error, "call openTensorFlow() first");
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(currentEngine().binding.handleCount, 0);
 * ```
 */
export function currentEngine(): OpenEngine {
  if (!engine) throw new Error("Cannot run on TensorFlow: it is not open: call openTensorFlow() first");
  return engine;
}

/**
 * Sets or, with null, clears the open engine.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * setEngine(null);
 * assertThrows(() => currentEngine(), Error, "it is not open");
 * ```
 */
export function setEngine(next: OpenEngine | null): void {
  engine = next;
}
