/**
 * The one check of TensorFlow's statuses: every call that can fail is given a status and followed by `check`.
 * A failure becomes a `TensorFlowError` with the operation's name and TensorFlow's code (`tensorflow/c/tf_status.h`).
 *
 * @module
 */
import type { Symbols } from "./symbols.ts";

/** `TF_Code` by number. */
export const STATUS_CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/**
 * What TensorFlow itself refused.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const error = new TensorFlowError("MatMul", 3, "Matrix size-incompatible");
 * assertEquals(error.message, "Cannot run MatMul: Matrix size-incompatible (INVALID_ARGUMENT)");
 * ```
 */
export class TensorFlowError extends Error {
  /** The operation or function that failed. */
  readonly op: string;
  /** TensorFlow's name of the failure, such as `INVALID_ARGUMENT`. */
  readonly code: string;

  /** @param code `TF_Code` as a number */
  constructor(op: string, code: number, detail: string) {
    const name = STATUS_CODES[code] ?? String(code);
    super(`Cannot run ${op}: ${detail.split("\n")[0]} (${name})`);
    this.name = "TensorFlowError";
    this.op = op;
    this.code = name;
  }
}

/**
 * A `TF_Status`; one for each call that may run beside others.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const { symbols, binding } = currentEngine();
 * using status = new Status(symbols);
 * status.check("Add"); // nothing has failed
 * assertThrows(() => binding.executeOp("NoSuchOp", [], [], 1), TensorFlowError, "Cannot run NoSuchOp: ");
 * ```
 */
export class Status {
  readonly #symbols: Symbols;
  /** The `TF_Status*` to hand to a call. */
  readonly pointer: Deno.PointerValue;

  /** Allocates the status. */
  constructor(symbols: Symbols) {
    this.#symbols = symbols;
    this.pointer = symbols.TF_NewStatus();
  }

  /**
   * Throws what the last call left in the status.
   *
   * @throws {TensorFlowError} when it failed
   */
  check(op: string): void {
    const code = this.#symbols.TF_GetCode(this.pointer);
    if (code === 0) return;
    const message = this.#symbols.TF_Message(this.pointer);
    throw new TensorFlowError(op, code, message ? Deno.UnsafePointerView.getCString(message) : "");
  }

  /** Frees the status. */
  [Symbol.dispose](): void {
    this.#symbols.TF_DeleteStatus(this.pointer);
  }
}
