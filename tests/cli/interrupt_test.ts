import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InterruptError, listenForInterrupt } from "../../lib/cli/interrupt.ts";
import { cliCommand, type CliRun, runCli, temporaryFolder } from "./run_cli.ts";

const SCRIPT = { script: "tests/cli/slow_cli.ts" };

/** Starts the slow command, waits for its first file, does `act`, and waits for the end. */
async function interrupt(
  args: readonly string[],
  act: (child: Deno.ChildProcess) => void | Promise<void>,
): Promise<CliRun & { seconds: number }> {
  const out = args[args.indexOf("--out") + 1]!;
  const child = cliCommand(["slow", ...args], SCRIPT).spawn();
  const texts = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  for (let i = 0; i < 500 && !existsSync(join(out, "step_0")); i++) await pause(10);
  const start = Date.now();
  await act(child);
  const { code } = await child.status;
  const seconds = (Date.now() - start) / 1000;
  const [stdout = "", stderr = ""] = await texts;
  return { code, stdout, stderr, seconds };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function record(folder: string): { status: string; summary?: { made: number } } {
  return JSON.parse(Deno.readTextFileSync(join(folder, "run.json")));
}

Deno.test("Ctrl-C ends a command after its step with 130, and the same command goes on", async () => {
  using folder = temporaryFolder();
  const out = join(folder.path, "run");
  const { code, stdout, stderr } = await interrupt(["--out", out, "--json"], (child) => child.kill("SIGINT"));
  assertEquals([code, stdout], [130, ""]);
  assertEquals(stderr.split("\n").at(-2), "codescrub: Interrupted by SIGINT: what was finished stays");
  assert(existsSync(join(out, "step_0")));
  assertEquals([record(out).status, existsSync(join(out, ".lock"))], ["unfinished", false]);
  const made = [...Deno.readDirSync(out)].filter(({ name }) => name.startsWith("step_")).length;

  const again = await runCli(["slow", "--out", out, "--steps", String(made + 3), "--json"], SCRIPT);
  assertEquals(again.code, 0, again.stderr);
  assertEquals(JSON.parse(again.stdout), { command: "slow", made: 3, continued: true });
  assertEquals(record(out).status, "finished");

  const third = await runCli(["slow", "--out", out, "--steps", "1"], SCRIPT);
  const message =
    `codescrub: Cannot write into "${out}": it is finished already: give --force to replace it\n`;
  assertEquals([third.code, third.stderr], [1, message]);
  const forced = await runCli(["slow", "--out", out, "--steps", "1", "--force", "--json"], SCRIPT);
  assertEquals(JSON.parse(forced.stdout), { command: "slow", made: 1, continued: false });
  assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), ["run.json", "step_0"]);
});

Deno.test("SIGTERM ends a command with 143", async () => {
  using folder = temporaryFolder();
  const { code, stderr } = await interrupt(
    ["--out", join(folder.path, "run")],
    (child) => child.kill("SIGTERM"),
  );
  assertEquals(code, 143);
  assertStringIncludes(stderr, "codescrub: Interrupted by SIGTERM");
});

Deno.test("a press of Ctrl-C that arrives twice is one, a second press ends at once", async () => {
  using folder = temporaryFolder();
  // deno task and npm pass the terminal's signal on: twice within a moment, while the step computes.
  const once = await interrupt(["--out", join(folder.path, "a")], async (child) => {
    child.kill("SIGINT");
    await pause(5);
    child.kill("SIGINT");
  });
  assertEquals(once.code, 130);
  assertStringIncludes(once.stderr, "what was finished stays");
  // A command that never looks at its signal: only the second press ends it.
  const child = cliCommand(["stuck"], { script: "tests/cli/stuck_cli.ts" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGINT");
  await pause(700);
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
  await reader.cancel();
  await child.stderr.cancel();
});

Deno.test("a killed run's folder is free again and goes on", async () => {
  using folder = temporaryFolder();
  const out = join(folder.path, "run");
  await interrupt(["--out", out], (child) => child.kill("SIGKILL"));
  assert(existsSync(join(out, ".lock")));
  const again = await runCli(["slow", "--out", out, "--steps", "1", "--json"], SCRIPT);
  assertEquals(JSON.parse(again.stdout).continued, true);
});

Deno.test("a second run on one folder is refused with the first one's pid", async () => {
  using folder = temporaryFolder();
  const out = join(folder.path, "run");
  let second: CliRun | undefined;
  let pid = 0;
  const first = await interrupt(["--out", out], async (child) => {
    pid = child.pid;
    second = await runCli(["slow", "--out", out], SCRIPT);
    child.kill("SIGINT");
  });
  assertEquals([first.code, second!.code], [130, 1]);
  assertStringIncludes(second!.stderr, `Cannot write into "${out}": it is locked by pid ${pid} on `);
});

Deno.test("breathe() lets timers in and throws the reason once aborted", async () => {
  using interrupt = listenForInterrupt();
  let ticked = false;
  setTimeout(() => ticked = true, 0);
  await interrupt.breathe();
  assert(ticked);
  Deno.kill(Deno.pid, "SIGTERM");
  const error = await assertRejects(async () => {
    for (const end = Date.now() + 5000; Date.now() < end;) await interrupt.breathe();
  }, InterruptError);
  assertEquals([error.exitCode, interrupt.signal.aborted], [143, true]);
});
