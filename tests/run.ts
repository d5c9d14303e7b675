/**
 * What `deno task test` runs: the set-up (nothing the second time), then every test and every example of a doc comment.
 * The last line is `N passed, N failed`; the exit code is 0 only when something passed and nothing failed.
 *
 * `deno task test tests/cli` runs the tests of a folder or file, any other word those whose name contains it.
 *
 * All tests are taken by a process for each core, four at most, which take the next folder when they are done with one: it
 * is shown when it is over. Chosen ones are run by one process, which shows each as it ends, and each example in an isolate
 * of its own.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setUpWithProgress } from "../lib/cli/commands/doctor.ts";
import { createProgress } from "../lib/cli/progress.ts";
import { withExamples } from "./doc_examples.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What takes longest, the longest first, so that all processes end at about the same time. */
const LONGEST = [
  "tests/cli",
  "tests/unlearning",
  "tests/notebooks_test.ts",
  "tests/models",
  "tests/decoding",
  "tests/attacks",
  "tests/cli/pipeline_test.ts",
  "lib",
  "tests/sandbox",
  "tests/leaks",
  "tests/faults",
  "tests/engine",
  "tests/cli/scored_shards_test.ts",
  "tests/report",
  "tests/cli/train_test.ts",
];

/** Folders whose files are tested by so many processes, one after the other: none takes long, and what hangs is found soon. */
const PARTS: { readonly [folder: string]: number } = { "tests/cli": 5, "tests/unlearning": 3 };

/** What takes all cores, as its threads are tried too; all else has its own, as two that share them take longer than each alone. */
const ALL_CORES = ["tests/engine", "tests/training"];

/**
 * Where what XLA makes is tried as users get it, as chosen tests do everywhere; elsewhere its code is not optimized, which
 * takes half of the time.
 */
const OPTIMIZED = ["tests/cli/pipeline_test.ts", "tests/engine", "tests/training", "tests/unlearning"];

/** How long one process may take: what hangs is named. */
const MINUTES = 15;

const CORES = navigator.hardwareConcurrency;
const JOBS = Math.min(4, CORES);

/** What one process tests: paths from the root, and those in them that another tests. */
export interface TestGroup {
  paths: readonly string[];
  ignored: readonly string[];
}

/** All tests and examples, each in one group; what takes longest first. */
export function testGroups(): TestGroup[] {
  const folders = [...Deno.readDirSync(join(ROOT, "tests"))].filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => `tests/${name}`).filter((path) => !LONGEST.includes(path) && !path.endsWith(".tmp"))
    .sort();
  // a folder whose folders are left out would be taken whole by `deno test`, so its own files are named
  const files = ["mod.ts", ...testFiles("tests")];
  const groups = [...LONGEST.flatMap(partsOf), files, ...folders.map((path) => [path])];
  return groups.map((paths) => ({
    paths,
    ignored: [...LONGEST, ...folders].filter((path) => paths.some((folder) => path.startsWith(`${folder}/`))),
  }));
}

/** A folder's own files of tests that are in no group of their own. */
function testFiles(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].map(({ name }) => `${folder}/${name}`)
    .filter((path) => path.endsWith("_test.ts") && !LONGEST.includes(path)).sort();
}

/** A path as its folder's parts, the files dealt out in turn. */
function partsOf(path: string): string[][] {
  const count = PARTS[path] ?? 1;
  if (count === 1) return [[path]];
  const files = testFiles(path);
  return Array.from({ length: count }, (_, part) => files.filter((_, i) => i % count === part));
}

/** The words that are existing paths, and those that filter tests by their names or are options of `deno test`. */
function readWords(words: readonly string[]): { paths: string[]; options: string[] } {
  const cwd = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const find = (word: string) => [resolve(cwd, word), resolve(ROOT, word)].find((path) => existsSync(path));
  const rest = words.filter((word) => !find(word));
  const names = rest.filter((word) => !word.startsWith("-"));
  const lost = names.find((word) => word.endsWith(".ts") || /^(tests|lib)\//.test(word));
  if (lost !== undefined) throw new RangeError(`Cannot test "${lost}": there is no such file or folder`);
  const filter = names.length > 0 ? [`--filter=/${names.map(escapeRegExp).join("|")}/`] : [];
  return {
    paths: words.flatMap((word) => find(word) ?? []),
    options: [...rest.filter((word) => word.startsWith("-")), ...filter],
  };
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** What came of tests. */
export interface Counts {
  passed: number;
  failed: number;
  /** What each that failed says: its name, and the first lines of its error. */
  failures: string[];
}

/** Runs tests in a process of their own, its output passed on, at its end if `isHeld`; the counts come from its JUnit report. */
async function runGroup(
  { paths, ignored }: TestGroup,
  { options, isHeld, pin = [] }: { options: readonly string[]; isHeld: boolean; pin?: readonly string[] },
): Promise<Counts> {
  const folder = await Deno.makeTempDir({ prefix: "codescrub-test-" });
  const report = join(folder, "report.xml");
  const temporary = join(folder, "tmp"); // what tests and killed processes leave goes with it
  await Deno.mkdir(temporary);
  try {
    const [program = "", ...prefix] = [...pin, Deno.execPath()];
    const command = new Deno.Command(program, {
      // Types are `deno check`'s to check, once (`deno task ok`); examples must run all the same.
      args: [
        ...prefix,
        "test",
        "-q",
        "-P=test",
        "--no-prompt",
        "--no-check",
        "--doc",
        `--junit-path=${report}`,
      ]
        .concat(isHeld ? "--permit-no-files" : [], ignored.map((path) => `--ignore=${path}`), options, paths),
      cwd: ROOT,
      env: {
        TF_CPP_MIN_LOG_LEVEL: "2",
        TF_CPP_MAX_VLOG_LEVEL: "0",
        TMPDIR: temporary,
        ...isHeld && !paths.some((path) =>
          OPTIMIZED.some((own) => path === own || path.startsWith(`${own}/`))
        ) &&
          { XLA_FLAGS: "--xla_backend_optimization_level=0" },
      },
      ...isHeld && { stdout: "piped", stderr: "piped" },
    });
    const { success, late } = isHeld ? await shown(command) : { ...await command.spawn().status, late: null };
    const counts = countTests(existsSync(report) ? await Deno.readTextFile(report) : "");
    // A file that does not load, or a leak, fails without a test of its own.
    if (success || counts.failed > 0) return counts;
    const reason = late === null
      ? "a file does not load, or something is left over"
      : `not over after ${MINUTES} min, at: ${late}`;
    const named = paths.length > 3 ? `${paths[0]} and ${paths.length - 1} others` : paths.join(", ");
    return { ...counts, failed: 1, failures: [`${named}: ${reason}`] };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What runs a program on one job's share of the cores; nothing where that cannot be had. */
function pinned(job: number): string[] {
  const share = Math.floor(CORES / JOBS);
  const prefix = ["taskset", "-c", `${job * share}-${(job + 1) * share - 1}`];
  try {
    const { success } = new Deno.Command("taskset", { args: [...prefix.slice(1), "true"] }).outputSync();
    return success ? prefix : [];
  } catch {
    return []; // no such program
  }
}

/** Runs a command to its end, or until it takes too long, and then writes what it wrote; `late` is where it was then. */
async function shown(command: Deno.Command): Promise<{ success: boolean; late: string | null }> {
  const child = command.spawn();
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const chunks: Uint8Array[] = [];
    return {
      chunks,
      ended: stream.pipeTo(new WritableStream({ write: (chunk) => void chunks.push(chunk) })),
    };
  }) as [Held, Held];
  let late: string | null = null;
  const timer = setTimeout(() => {
    late = textOf(stdout).trim().split("\n").at(-1)!;
    child.kill("SIGKILL");
  }, MINUTES * 60_000);
  const { success } = await child.status;
  clearTimeout(timer);
  if (late === null) await Promise.all([stdout.ended, stderr.ended]); // what it started may hold them for ever
  for (const [to, held] of [[Deno.stdout, stdout], [Deno.stderr, stderr]] as const) {
    const bytes = new TextEncoder().encode(textOf(held));
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
  }
  return { success, late };
}

/** What a stream has given. */
interface Held {
  chunks: Uint8Array<ArrayBuffer>[];
  ended: Promise<void>;
}

function textOf({ chunks }: Held): string {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
}

async function runTests(words: readonly string[]): Promise<Counts> {
  const { paths, options } = readWords(words);
  if (paths.length > 0) {
    return await withExamples(paths, (paths) => runGroup({ paths, ignored: [] }, { options, isHeld: false }));
  }
  const counts: Counts = { passed: 0, failed: 0, failures: [] };
  const groups = testGroups().values();
  await Promise.all(Array.from({ length: JOBS }, async (_, job) => {
    for (const group of groups) {
      const pin = group.paths.some((path) => ALL_CORES.includes(path)) ? [] : pinned(job);
      const own = await withExamples(
        group.paths,
        (paths) => runGroup({ ...group, paths }, { options, isHeld: true, pin }),
      );
      counts.passed += own.passed;
      counts.failed += own.failed;
      counts.failures.push(...own.failures);
    }
  }));
  for (const failure of counts.failures) console.log(`\nFAILED ${failure}`);
  return counts;
}

/** The tests of a JUnit report; their steps, which it lists as "test > step", count with them. */
export function countTests(report: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, failures: [] };
  for (const suite of report.split("<testsuite ").slice(1)) {
    const file = /^name="([^"]*)"/.exec(suite)?.[1] ?? "";
    const tests = new Set<string>();
    for (
      const [, name = "", outcome = "", error = ""] of suite.matchAll(
        /<testcase name="([^"]*)"[^>]*>\s*(?:<(\w+)[^>]*>([^<]*))?/g,
      )
    ) {
      const isFailed = outcome === "failure" || outcome === "error";
      if (isFailed) {
        counts.failures.push(readXml([`${file} ${name}`, ...error.split("\n").slice(0, 12)].join("\n")));
      }
      const parts = name.split(" &gt; ");
      if (parts.some((_, i) => i > 0 && tests.has(parts.slice(0, i).join(" &gt; ")))) continue;
      tests.add(name);
      if (isFailed) counts.failed++;
      else if (outcome !== "skipped") counts.passed++;
    }
  }
  return counts;
}

function readXml(text: string): string {
  const entities: { [name: string]: string } = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => entities[name]!);
}

if (import.meta.main) {
  let counts: Counts = { passed: 0, failed: 0, failures: [] };
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
