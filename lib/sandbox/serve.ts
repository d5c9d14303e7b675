/**
 * The loop of a judging process: a request from standard input, a program run, an answer to standard output. That a
 * program passed is said by a word that only this process and the one above it know, new for each program and written
 * only after it ran to its end; an answer without its word does not count. So what a program does to standard output,
 * or to JavaScript if it ever got there, can make itself fail but not pass. What the loop itself calls is taken before the
 * first program, so that one which got to JavaScript does not read the next one's words either.
 *
 * @module
 */
import { giveUpAll } from "./give_up.ts";
import type { RunOnce } from "./interpreter.ts";

/** What is asked of a judging process. */
export interface JudgeRequest {
  /** The whole source. */
  program: string;
  /** The seconds that it may take, in milliseconds. */
  timeoutMs: number;
  /** The answer if it passed. */
  passed: string;
  /** The begin of the answer if it did not. */
  failed: string;
}

/** Said when the next program can come. */
export const READY = "ready";

/**
 * The bytes of a request: their count in four bytes, little-endian, and JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeRequest } from "./serve.ts";
 *
 * const bytes = encodeRequest({ program: "pass", timeoutMs: 3000, passed: "a", failed: "b" });
 * assertEquals(new DataView(bytes.buffer).getUint32(0, true), bytes.length - 4);
 * ```
 */
export function encodeRequest(request: JudgeRequest): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(JSON.stringify(request));
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length, true);
  bytes.set(body, 4);
  return bytes;
}

/** Where requests come from and answers go: `Deno.stdin` and `Deno.stdout`. */
export interface JudgeStreams {
  /** As of `Deno.stdin`. */
  input: { readSync(buffer: Uint8Array): number | null };
  /** As of `Deno.stdout`. */
  output: { writeSync(bytes: Uint8Array): number };
}

/**
 * Answers requests until the input ends, each by an interpreter of its own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeRequest, serve } from "./serve.ts";
 *
 * let [request, written] = [encodeRequest({ program: "1 / 0", timeoutMs: 1, passed: "p7", failed: "f3" }), ""];
 * const readSync = (buffer: Uint8Array) => {
 *   const part = request.subarray(0, buffer.length);
 *   buffer.set(part);
 *   request = request.subarray(part.length);
 *   return part.length || null;
 * };
 * const writeSync = (bytes: Uint8Array) => (written += new TextDecoder().decode(bytes), bytes.length);
 * const run = () => ({ reason: "failed", detail: "ZeroDivisionError" } as const);
 * await serve(() => Promise.resolve(run), { input: { readSync }, output: { writeSync } });
 * assertEquals(written, "ready\nf3 failed ZeroDivisionError\nready\n");
 * ```
 */
export async function serve(load: () => Promise<RunOnce>, { input, output }: JudgeStreams): Promise<void> {
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
  const [encode, decode] = [encoder.encode.bind(encoder), decoder.decode.bind(decoder)];
  const [read, write] = [input.readSync.bind(input), output.writeSync.bind(output)];
  const [{ parse }, now, Bytes] = [JSON, performance.now.bind(performance), Uint8Array];
  const from: (bytes: Uint8Array, at: number) => Uint8Array = Function.prototype.call.bind(
    Uint8Array.prototype.subarray,
  );
  const say = (line: Uint8Array) => {
    for (let at = 0; at < line.length;) at += write(from(line, at));
  };
  const receive = (bytes: number): Uint8Array<ArrayBuffer> | null => {
    const buffer = new Bytes(bytes);
    for (let at = 0; at < bytes;) {
      const count = read(from(buffer, at));
      if (!count) return null;
      at += count;
    }
    return buffer;
  };
  for (;;) {
    const run = await load();
    say(encode(`${READY}\n`));
    const header = receive(4);
    const body = header && receive(((header[3]! * 256 + header[2]!) * 256 + header[1]!) * 256 + header[0]!);
    if (!body) return;
    const { program, timeoutMs, passed, failed } = parse(decode(body)) as JudgeRequest;
    const { reason, detail = "" } = run(program, { deadline: now() + timeoutMs });
    say(encode(reason === "passed" ? `${passed}\n` : `${failed} ${reason} ${detail}\n`));
  }
}

/**
 * Loads, gives everything up and answers until the input ends: the whole of a judging process.
 *
 * @param prepare loads what makes an interpreter for each program, while there is leave to read it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { childArguments, startPyodideWorker } from "./pyodide_worker.ts";
 *
 * const limits = { timeoutSeconds: 9, memoryBytes: 2 ** 29, outputBytes: 1e6 };
 * assertEquals(childArguments(limits).at(-2)!.endsWith("child.ts"), true); // which is this and no more
 * await using worker = await startPyodideWorker(limits);
 * assertEquals(await worker.run("open('/etc/hostname')"), { reason: "failed", detail: "FileNotFoundError" });
 * ```
 */
export async function judgeUntilEnd(prepare: () => Promise<() => Promise<RunOnce>>): Promise<void> {
  const load = await prepare();
  await giveUpAll();
  await serve(load, { input: Deno.stdin, output: Deno.stdout });
}
