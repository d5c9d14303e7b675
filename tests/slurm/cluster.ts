/**
 * A cluster of one node: munged, slurmctld and slurmd of an unpacked Slurm, on loopback. Disposing it ends every process
 * that it started, jobs too.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { output } from "./output.ts";
import type { Slurm } from "./packages.ts";
import { mungeSocket, slurmConf } from "./slurm_conf.ts";
import { waitFor } from "./wait_for.ts";

const [START_MS, SCANCEL_MS] = [30_000, 15_000];

/** A cluster that runs. */
export interface Cluster {
  /** What one of Slurm's programs says. */
  call(program: string, ...args: string[]): Promise<string>;
}

/**
 * Starts a cluster in a new folder and waits until its node takes jobs.
 *
 * @throws {Error} If a daemon does not start; the signal's reason.
 */
export async function startCluster(
  slurm: Slurm,
  folder: string,
  signal: AbortSignal,
): Promise<Cluster & AsyncDisposable> {
  const inFolder = (name: string) => join(folder, name);
  for (const name of ["state", "spool"]) await Deno.mkdir(inFolder(name), { recursive: true });
  const [conf, key] = [inFolder("slurm.conf"), inFolder("munge.key")];
  await Deno.writeFile(key, crypto.getRandomValues(new Uint8Array(128)), { mode: 0o600 });
  const host = hostname().split(".")[0]!;
  const place = { folder, plugins: slurm.plugins, host, user: userInfo().username, ports: freePorts() };
  await Deno.writeTextFile(conf, slurmConf(place));
  const env = {
    SLURM_CONF: conf,
    LD_LIBRARY_PATH: slurm.libraries.concat(Deno.env.get("LD_LIBRARY_PATH") ?? []).join(":"),
    PATH: `${slurm.programs}:${Deno.env.get("PATH")}`, // for jobs
  };
  const call = (program: string, ...args: string[]) => output(join(slurm.programs, program), args, { env });

  await using stack = new AsyncDisposableStack();
  stack.defer(() => killLeftovers(conf));
  const daemons: Daemon[] = [];
  const start = (name: Parameters<Slurm["daemon"]>[0], ...args: string[]) => {
    daemons.push(stack.use(new Daemon(slurm.daemon(name), { args, env, log: inFolder(`${name}.log`) })));
  };
  const started = (what: string, isSo: () => boolean | Promise<boolean>) =>
    waitFor(what, async () => {
      daemons.forEach((daemon) => daemon.checkRuns());
      return await isSo() || undefined;
    }, { signal, timeoutMs: START_MS });
  start(
    "munged",
    ...["--foreground", "--force", `--socket=${mungeSocket(folder)}`, `--key-file=${key}`],
    ...["pid", "seed", "log"].map((kind) => `--${kind}-file=${inFolder(`munged.${kind}`)}`),
  );
  await started("munged", () => existsSync(mungeSocket(folder)));
  start("slurmctld", "-D", "-f", conf);
  start("slurmd", "-D", "-f", conf, "-d", slurm.daemon("slurmstepd"));
  await started("the node", async () => await call("sinfo", "-h", "-o", "%T").catch(() => "") === "idle");
  stack.defer(() => cancelJobs(call));
  const kept = stack.move();
  return { call, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Ends all jobs, and waits for that as long as it is worth it. */
async function cancelJobs(call: Cluster["call"]): Promise<void> {
  const isEmpty = async () => await call("squeue", "-h") === "" || undefined;
  const { signal } = new AbortController(); // this runs after the check's own was aborted
  try {
    if (await isEmpty()) return;
    await call("scancel", `--user=${userInfo().username}`);
    await waitFor("the jobs", isEmpty, { signal, timeoutMs: SCANCEL_MS });
  } catch {
    // What is left is killed.
  }
}

/** Kills what still has this very slurm.conf in its environment. */
async function killLeftovers(conf: string): Promise<void> {
  const script = 'grep -lzxF "SLURM_CONF=$0" /proc/[0-9]*/environ 2>/dev/null || true';
  for (const [, pid] of (await output("sh", ["-c", script, conf])).matchAll(/^\/proc\/(\d+)\//gm)) {
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended by itself
    }
  }
}

function freePorts(): { controller: number; node: number } {
  using first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using second = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { controller: first.addr.port, node: second.addr.port };
}
