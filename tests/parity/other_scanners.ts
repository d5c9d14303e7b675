/**
 * Scanners of others on the files of a folder: which files each finds anything in, and its time. They are programs of the
 * user's, by their paths, as they are without a configuration, but that they ask no service about what they find.
 *
 * @module
 */
import { join } from "node:path";

/** The options that name their programs. */
export const OTHER_SCANNERS = ["gitleaks", "betterleaks", "detect-secrets"] as const;

/** One of {@linkcode OTHER_SCANNERS}. */
export type OtherScanner = typeof OTHER_SCANNERS[number];

/** What one found. */
export interface Scanned {
  /** Names of files in the folder. */
  files: Set<string>;
  seconds: number;
}

/** Runs a scanner on a folder of files. */
export async function scanFolder(
  scanner: OtherScanner,
  { program, folder }: { program: string; folder: string },
): Promise<Scanned> {
  const scratch = await Deno.makeTempDir();
  const report = join(scratch, "report.jsonl");
  const args = {
    "gitleaks": ["dir", folder, "--report-path", report, "--report-format", "json", "--exit-code", "0"],
    "betterleaks": [folder, "--output", report, "--exit-code", "0"],
    "detect-secrets": ["scan", "--all-files", "--no-verify", "."],
  }[scanner];
  const start = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd: folder }).output();
  const seconds = (performance.now() - start) / 1000;
  if (!success) throw new Error(`${scanner} failed: ${new TextDecoder().decode(stderr).slice(-500)}`);
  const output = scanner === "detect-secrets"
    ? new TextDecoder().decode(stdout)
    : await Deno.readTextFile(report);
  await Deno.remove(scratch, { recursive: true });
  const paths = readPaths(scanner, output).map((path) => path.replaceAll("\\", "/").split("/").at(-1)!);
  return { files: new Set(paths), seconds };
}

function readPaths(scanner: OtherScanner, output: string): string[] {
  if (scanner === "detect-secrets") return Object.keys(JSON.parse(output).results);
  if (scanner === "gitleaks") return JSON.parse(output).map(({ File }: { File: string }) => File);
  return output.split("\n").filter((line) => line !== "")
    .flatMap((line) => JSON.parse(line).finding?.location.path ?? []); // the last line tells of the scan
}
