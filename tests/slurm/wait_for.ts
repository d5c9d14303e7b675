/** Waiting for what other processes do. */

/** Options of {@linkcode waitFor}. */
export interface WaitOptions {
  signal: AbortSignal;
  /** Gives up after this long. */
  timeoutMs: number;
  /** Time between two looks. */
  everyMs?: number;
}

/**
 * Looks until something is there, and gives it back.
 *
 * @throws {Error} If it does not come in time; the signal's reason; what `look` throws.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  { signal, timeoutMs, everyMs = 50 }: WaitOptions,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  while (true) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`Cannot wait longer for ${what}: ${timeoutMs / 1000} s are over`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
