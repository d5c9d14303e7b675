/**
 * Debian's Slurm, unpacked into a folder: nothing is installed, no maintainer script runs, and no root is needed.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { output } from "./output.ts";

/** What has the daemons, the programs and the plugins. */
const PACKAGES = ["slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "munge"];

/** An unpacked Slurm. */
export interface Slurm {
  /** The folder of sbatch, squeue, scontrol and others. */
  programs: string;
  /** The path of a daemon. */
  daemon(name: "munged" | "slurmctld" | "slurmd" | "slurmstepd"): string;
  /** The folder of Slurm's plugins. */
  plugins: string;
  /** Folders for LD_LIBRARY_PATH. */
  libraries: string[];
}

/** Why Slurm cannot be had on a machine, in words; undefined where it can. */
export async function whyNoSlurm(os: string, hasProgram = canRun): Promise<string | undefined> {
  if (os !== "linux") return `this is ${os}: Slurm runs on Linux`;
  for (const name of ["apt-get", "dpkg"]) {
    if (!await hasProgram(name)) {
      return `there is no ${name}: Slurm comes from Debian's packages, or Ubuntu's`;
    }
  }
  return undefined;
}

async function canRun(name: string): Promise<boolean> {
  return await output(name, ["--version"]).then(() => true, () => false);
}

/**
 * Downloads Slurm and those libraries that the machine lacks, and unpacks them into a new folder.
 *
 * @throws {Error} If apt-get does not know them or cannot reach its mirror.
 */
export async function unpackSlurm(folder: string, signal: AbortSignal): Promise<Slurm> {
  const [debs, root] = [join(folder, "debs"), join(folder, "root")];
  await Deno.mkdir(debs, { recursive: true });
  const plan = await output("apt-get", ["install", "-s", "--no-install-recommends", ...PACKAGES], { signal });
  const names = [...new Set([...PACKAGES, ...plannedPackages(plan)])];
  await output("apt-get", ["download", "-q", ...names], { cwd: debs, signal });
  for await (const { name } of Deno.readDir(debs)) {
    await output("dpkg", ["-x", join(debs, name), root], { signal });
  }
  await Deno.remove(debs, { recursive: true });
  const [library] = [...Deno.readDirSync(join(root, "usr/lib"))].map(({ name }) =>
    join(root, "usr/lib", name)
  )
    .filter((path) => existsSync(join(path, "slurm-wlm")));
  if (library === undefined) throw new Error(`Cannot find Slurm's plugins in ${names.length} packages`);
  return {
    programs: join(root, "usr/bin"),
    daemon(name) {
      const [alternative, plain] = [`${name}-wlm`, name].map((file) => join(root, "usr/sbin", file));
      return existsSync(alternative!) ? alternative! : plain!; // Debian links the second to the first when it installs
    },
    plugins: join(library, "slurm-wlm"),
    libraries: [library, join(library, "slurm-wlm")],
  };
}

/** The names of what `apt-get install -s` would install. */
export function plannedPackages(plan: string): string[] {
  return [...plan.matchAll(/^Inst (\S+) /gm)].map(([, name]) => name!);
}
