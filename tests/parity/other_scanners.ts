/**
 * Scanners of others on the files of a folder: what each finds, and its time. They are programs of the
 * user's, by their paths, as they are without a configuration, but that they ask no service about what they find.
 *
 * @module
 */
import { isAbsolute, join, relative } from "node:path";
import type { Finding } from "../quality/draw_sample.ts";

/** The options that name their programs. */
export const OTHER_SCANNERS = ["gitleaks", "betterleaks", "detect-secrets"] as const;

/** One of {@linkcode OTHER_SCANNERS}. */
export type OtherScanner = typeof OTHER_SCANNERS[number];

/** What one found. */
export interface Scanned {
  /** Names of files in the folder. */
  files: Set<string>;
  findings: Finding[];
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
  const findings = readFindings(scanner, output).map((finding) => ({
    ...finding,
    path: (isAbsolute(finding.path) ? relative(folder, finding.path) : finding.path).replaceAll("\\", "/"),
  }));
  return { files: new Set(findings.map(({ path }) => path.split("/").at(-1)!)), findings, seconds };
}

function readFindings(scanner: OtherScanner, output: string): Finding[] {
  if (scanner === "detect-secrets") {
    return Object.entries<{ type: string; line_number: number; hashed_secret: string }[]>(
      JSON.parse(output).results,
    )
      .flatMap(([path, found]) =>
        found.map(({ type, line_number, hashed_secret }) => (
          { rule: type, path, line: line_number, value: hashed_secret }
        ))
      );
  }
  if (scanner === "gitleaks") {
    return JSON.parse(output).map(({ RuleID, File, StartLine, Secret }: Record<string, unknown>) => (
      { rule: RuleID, path: File, line: StartLine, value: Secret }
    ));
  }
  return output.split("\n").filter((line) => line !== "").flatMap((line) => {
    const { finding } = JSON.parse(line); // the last line tells of the scan
    if (!finding) return [];
    const { rule_id, match, location } = finding;
    return { rule: rule_id, path: location.path, line: location.start_line, value: match.value };
  });
}
