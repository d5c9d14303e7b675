/**
 * The PyTorch side of a bench: a Python child that loads the model once and answers requests line by line, so that our
 * runs and its runs alternate. Python, torch and transformers are the bench's own affair, never the product's: they
 * stand in a virtual environment of their own in the cache folder, or where CODESCRUB_PEER_PYTHON points to.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { explainPip } from "../../lib/setup/fetch_wheels.ts";
import { cacheFolder } from "../../lib/setup/set_up.ts";

/** What the peer's environment holds; the packages' own requirements come along. */
export const PEER_PACKAGES = ["torch==2.15.0", "transformers==5.23.0", "numpy==2.4.6", "safetensors==0.8.0"];

/** What the oracle of secrets needs. */
export const SECRETS_PACKAGES = ["detect-secrets==1.5.0", "gibberish-detector==0.1.1", "regex==2026.11.19"];

/**
 * A Python with torch and transformers, or with other packages: `CODESCRUB_PEER_PYTHON`, else a virtual environment in
 * the cache folder, made the first time.
 *
 * @throws {Error} when it cannot be made, with what to do
 */
export async function findPeerPython(
  log: (line: string) => void,
  packages: readonly string[] = PEER_PACKAGES,
): Promise<string> {
  const given = Deno.env.get("CODESCRUB_PEER_PYTHON");
  if (given) return given;
  const folder = join(cacheFolder(), "bench", packages[0]!.replace("==", "-"));
  const python = join(folder, "bin", "python");
  if (existsSync(join(folder, "ready"))) return python;
  log(`making a Python environment with ${packages.join(", ")} in ${folder}`);
  try {
    await Deno.mkdir(folder, { recursive: true });
    await runCommand("python3", ["-m", "venv", "--clear", folder]);
    await runCommand(python, ["-m", "pip", "install", "-q", "--no-input", ...packages]);
    await Deno.writeTextFile(join(folder, "ready"), packages.join("\n") + "\n");
  } catch (cause) {
    throw new Error(
      `Cannot make the peer's Python environment: ${(cause as Error).message}: ` +
        `set CODESCRUB_PEER_PYTHON to a Python with ${packages.join(", ")}`,
      { cause },
    );
  }
  return python;
}

async function runCommand(command: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null" }).output();
  if (!success) throw new Error(explainPip(new TextDecoder().decode(stderr)));
}

/** Chunks of text to lines. */
function splitLines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) controller.enqueue(line);
    },
  });
}

/** A running peer; `await using` ends it. */
export class Peer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  /** What the peer said of itself: versions. */
  readonly versions: Record<string, string>;

  private constructor(
    child: Deno.ChildProcess,
    lines: ReadableStreamDefaultReader<string>,
    versions: Record<string, string>,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#requests = child.stdin.getWriter();
    this.versions = versions;
  }

  /** Starts a script of tests/bench/peers and waits until its model is loaded. */
  static async start(python: string, script: string, args: readonly string[]): Promise<Peer> {
    const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
    const child = new Deno.Command(python, { args: [path, ...args], stdin: "piped", stdout: "piped" })
      .spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(splitLines()).getReader();
    const first = await lines.read();
    if (first.done) throw new Error(`Cannot run the peer ${script}: it ended while it started`);
    return new Peer(child, lines, JSON.parse(first.value));
  }

  /** One request and its answer. @throws {Error} when the peer fails */
  async ask<R extends Record<string, unknown>>(run: string, args: Record<string, unknown> = {}): Promise<R> {
    await this.#requests.write(new TextEncoder().encode(JSON.stringify({ run, ...args }) + "\n"));
    const { value } = await this.#lines.read();
    const answer = JSON.parse(value ?? '{"error": "it ended"}') as R;
    if ("error" in answer) throw new Error(`Cannot run the peer's ${run}: ${answer.error}`);
    return answer;
  }

  /** Closes its stdin, which ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close();
    await this.#lines.cancel();
    await this.#child.status;
  }
}
