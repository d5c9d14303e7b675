/** Programs that this check starts and waits for. */

/** Options of {@linkcode output}. */
export interface OutputOptions {
  cwd?: string;
  env?: { [name: string]: string };
  /** Ends the program. */
  signal?: AbortSignal;
}

/**
 * What a program says.
 *
 * @throws {Error} If it is not there or fails, with the last line of what it complains about; the signal's reason.
 */
export async function output(
  program: string,
  args: readonly string[],
  { signal, ...options }: OutputOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  const what = [program.replace(/.*\//, ""), ...args.slice(0, 1)].join(" ");
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    ...options,
    ...(signal && { signal }),
  }).output();
  signal?.throwIfAborted();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (code !== 0) throw new Error(`Cannot run ${what}: it ended with ${code}: ${lastLine(text(stderr))}`);
  return text(stdout);
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) || "no word";
}
