/** A process of `codescrub worker` on this machine. */
import { cliCommand } from "./cli/run_cli.ts";

/** A worker that waits; disposing it ends it. */
export interface Worker extends AsyncDisposable {
  /** Its address. */
  host: string;
  /** Ends it at once, as if its machine were switched off. */
  kill(): Promise<void>;
}

/** Where a step computes: on so many logical processors, or on one and a worker's. */
export type Where = 1 | 2 | Worker;

/** What TensorFlow is opened with there. */
export function openedAt(where: Where) {
  return {
    device: "cpu",
    ...typeof where === "number" ? { count: where } : { hosts: [where.host] },
  } as const;
}

/** Starts a worker on a free port, and waits until it waits. */
export async function startWorker(): Promise<Worker> {
  const port = freePort();
  const child = cliCommand(["worker", "--port", String(port)], { env: { CODESCRUB_DEVICE: "cpu" } }).spawn();
  const end = async (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // it has ended
    }
    await child.status;
    await Promise.allSettled([child.stdout, child.stderr].map((stream) => stream.cancel()));
  };
  let said = "";
  for await (
    const text of child.stderr.pipeThrough(new TextDecoderStream()).values({ preventCancel: true })
  ) {
    said += text;
    if (said.includes("Waiting on port")) break;
  }
  if (!said.includes("Waiting on port")) throw new Error(`The worker has ended: ${said}`);
  return {
    host: `127.0.0.1:${port}`,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGINT"),
  };
}

/** A port at which nobody listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
