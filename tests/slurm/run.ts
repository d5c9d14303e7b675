/**
 * `deno task check:slurm`: real Slurm. Debian's packages, unpacked into a temporary folder, run as a cluster of one node
 * on loopback. Each stage runs once as one process and once as a job array of four tasks with the very script of
 * docs/cluster.md; one task is requeued in the middle, another gets the signal of a time limit, a job that depends on the
 * array merges, and the bytes must be equal. Apart from the tests, as it downloads 3.5 MB and takes minutes.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listenForInterrupt } from "../../lib/cli/interrupt.ts";
import { cacheFolder } from "../../lib/setup/cache_folder.ts";
import { denoFolder } from "../../lib/setup/npm_packages.ts";
import { setUpFirst } from "../set_up.ts";
import { startCluster } from "./cluster.ts";
import { findScript, setVariables } from "./job_script.ts";
import { unpackSlurm, whyNoSlurm } from "./packages.ts";
import { checkStage } from "./check_stage.ts";
import { STAGES, writeInputs } from "./stages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function checkSlurm(signal: AbortSignal, log: (line: string) => void): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "codescrub-slurm-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const slurm = await unpackSlurm(join(folder, "slurm"), signal);
  const cluster = stack.use(await startCluster(slurm, join(folder, "cluster"), signal));
  log(
    `${await cluster.call("sinfo", "--version")}: ${await cluster.call("sinfo", "-h", "-o", "%D node, %T")}`,
  );
  const script = setVariables(findScript(await Deno.readTextFile(join(ROOT, "docs/cluster.md"))), {
    PROJECT: ROOT.replace(/\/$/, ""),
    DENO: Deno.execPath(),
    DENO_DIR: denoFolder()!,
    CODESCRUB_CACHE: cacheFolder(),
  });
  await Deno.writeTextFile(join(folder, "codescrub.sh"), script);
  const inputs = await writeInputs(folder);
  const problems: string[] = [];
  for (const stage of STAGES) {
    const { text, problems: found } = await checkStage(stage, {
      cluster,
      folder,
      inputs,
      script: join(folder, "codescrub.sh"),
      signal,
    });
    log(`${stage.name}: ${text}`);
    problems.push(...found.map((problem) => `${stage.name}: ${problem}`));
  }
  return problems;
}

if (import.meta.main) {
  const why = await whyNoSlurm(Deno.build.os);
  if (why !== undefined) {
    console.error(`Cannot run Slurm here: ${why}`);
    Deno.exit(1);
  }
  let code = 1;
  try {
    await setUpFirst();
    using interrupt = listenForInterrupt();
    const problems = await checkSlurm(interrupt.signal, (line) => console.log(line));
    for (const problem of problems) console.error(problem);
    console.log(problems.length === 0 ? "all equal" : `${problems.length} problems`);
    code = problems.length === 0 ? 0 : 1;
  } catch (error) {
    console.error((error as Error).message);
    code = (error as { exitCode?: number }).exitCode ?? 1;
  }
  Deno.exit(code);
}
