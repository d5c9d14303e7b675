/**
 * What `deno task test` runs: the set-up (nothing the second time), then every test and every example of a doc comment.
 * The last line is `N passed, N failed`; the exit code is 0 only when something passed and nothing failed.
 *
 * `deno task test tests/cli` runs the tests of a folder or file, any other word those whose name contains it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setUpWithProgress } from "../lib/cli/commands/doctor.ts";
import { createProgress } from "../lib/cli/progress.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The arguments of `deno test` for the words given: existing paths choose files, other words filter names. */
function testArguments(words: readonly string[]): string[] {
  const cwd = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const find = (word: string) => [resolve(cwd, word), resolve(ROOT, word)].find((path) => existsSync(path));
  const paths = words.flatMap((word) => find(word) ?? []);
  const rest = words.filter((word) => !find(word));
  const options = rest.filter((word) => word.startsWith("-"));
  const names = rest.filter((word) => !word.startsWith("-"));
  const everything = ["tests", "lib", "mod.ts"].filter((path) => existsSync(join(ROOT, path)));
  const filter = names.length > 0 ? [`--filter=/${names.map(escapeRegExp).join("|")}/`] : [];
  return [...options, ...filter, ...(paths.length > 0 ? paths : everything)];
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** Runs the tests in a process of their own, its output passed on; the counts come from its JUnit report. */
async function runTests(words: readonly string[]): Promise<{ passed: number; failed: number }> {
  const folder = await Deno.makeTempDir({ prefix: "codescrub-test-" });
  const report = join(folder, "report.xml");
  const temporary = join(folder, "tmp"); // what tests and killed processes leave goes with it
  await Deno.mkdir(temporary);
  try {
    const { success } = await new Deno.Command(Deno.execPath(), {
      // Types are `deno check`'s to check, once (`deno task ok`); examples must run all the same.
      args: ["test", "-q", "-P=test", "--no-prompt", "--no-check", "--doc", `--junit-path=${report}`]
        .concat(testArguments(words)),
      cwd: ROOT,
      env: { TF_CPP_MIN_LOG_LEVEL: "2", TF_CPP_MAX_VLOG_LEVEL: "0", TMPDIR: temporary },
    }).spawn().status;
    const counts = countTests(existsSync(report) ? await Deno.readTextFile(report) : "");
    // A file that does not load, or a leak, fails without a test of its own.
    return success ? counts : { ...counts, failed: Math.max(1, counts.failed) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The tests of a JUnit report; their steps, which it lists as "test > step", count with them. */
function countTests(report: string): { passed: number; failed: number } {
  const counts = { passed: 0, failed: 0 };
  for (const suite of report.split("<testsuite ").slice(1)) {
    const tests = new Set<string>();
    for (const [, name = "", outcome = ""] of suite.matchAll(/<testcase name="([^"]*)"[^>]*>\s*(<\w+)?/g)) {
      const parts = name.split(" &gt; ");
      if (parts.some((_, i) => i > 0 && tests.has(parts.slice(0, i).join(" &gt; ")))) continue;
      tests.add(name);
      if (outcome === "<failure" || outcome === "<error") counts.failed++;
      else if (outcome !== "<skipped") counts.passed++;
    }
  }
  return counts;
}

if (import.meta.main) {
  let counts = { passed: 0, failed: 0 };
  const progress = createProgress();
  try {
    await setUpWithProgress({ progress });
    counts = await runTests(Deno.args);
  } catch (error) {
    console.error(`Cannot run the tests: ${(error as Error).message}`);
    counts.failed = 1;
  } finally {
    progress.close();
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  Deno.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
}
