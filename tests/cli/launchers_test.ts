import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { areWaiting, findLaunches } from "../../lib/cli/launchers.ts";
import { answers } from "../find_program.ts";
import { temporaryFolder } from "./run_cli.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    if (isSo()) return;
    await pause(10);
  }
  throw new Error(`${what} did not happen within half a minute`);
}

/** A process chain by its command lines, the farthest first, as pids 1, 2, ... */
function chainOf(...commands: string[][]) {
  const parents = new Map(commands.map((_, i) => [i + 1, i]));
  return {
    parents,
    parentOf: (pid: number) => parents.get(pid) ?? null,
    wordsOf: (pid: number) => commands[pid - 1] ?? [],
  };
}

const WORK = ["/srv/ada/.npm/_npx/05b6/node_modules/deno/deno", "run", "-q", "lib/cli/main.ts", "train"];
const TASK = ["deno", "task", "codescrub", "train"];
const SHELL = ["sh", "-c", "'deno' task codescrub train --out a/b"];
const NPM = ["npm exec deno task codescrub train --out a/b", "", ""];

Deno.test("findLaunches() finds deno task, npm's shell and npm, and nobody above them", () => {
  const cases: [string[][], number][] = [
    [[["bash"], NPM, SHELL, TASK, WORK], 3],
    [[["bash"], ["node", "/usr/bin/npx", "-y", "deno"], SHELL, TASK, WORK], 3],
    [[["bash"], ["npm run night"], ["sh", "-c", "deno task codescrub train"], TASK, WORK], 3],
    [[["npm exec other"], NPM, SHELL, ["node", "/a/node_modules/.bin/deno", "task", "x"], TASK, WORK], 4],
    [[["bash"], NPM, ["sh", "-c", "'deno' run lib/cli/main.ts"], WORK], 2],
    [[["systemd"], TASK, WORK], 1],
    [[["bash"], ["sh", "-c", "deno task codescrub train & deno task other"], TASK, WORK], 1], // the user's own shell
    [[["bash", "run.sh"], TASK, WORK], 1],
    [[["bash"], WORK], 0],
    [[["bash"], ["sh", "-c", "deno run lib/cli/main.ts &"], WORK], 0],
    [[["deno", "test", "task"], WORK], 0],
    [[["node", "server.js"], WORK], 0],
    [[WORK], 0],
  ];
  for (const [commands, count] of cases) {
    const launches = findLaunches(commands.length, chainOf(...commands));
    assertEquals(launches.length, count, JSON.stringify(commands));
  }
});

Deno.test("areWaiting() is false as soon as one of them is gone, whatever becomes of who started them", () => {
  for (const [gone, expected] of [[2, false], [3, false], [4, false], [1, true]] as const) {
    const processes = chainOf(["bash"], NPM, SHELL, TASK, WORK);
    const launches = findLaunches(5, processes);
    assert(areWaiting(launches, processes));
    processes.parents.set(gone + 1, 0); // its child has another parent now
    processes.parents.delete(gone);
    assertEquals(areWaiting(launches, processes), expected);
  }
});

/** A project with the slow command of the interrupt's tests as its task, and with what finds Deno as npx does. */
function project(folder: string): void {
  const main = join(ROOT, "tests/cli/slow_cli.ts");
  const config = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const command = `deno run -q --no-check -P=codescrub --config=${join(ROOT, "deno.json")} ${main}`;
  Deno.writeTextFileSync(
    join(folder, "deno.json"),
    JSON.stringify({ tasks: { codescrub: command }, lock: false }),
  );
  assert(config.tasks.codescrub.command.startsWith("deno run -q -P=codescrub "), "as the project's own task");
  Deno.mkdirSync(join(folder, "bin"));
  Deno.symlinkSync(Deno.execPath(), join(folder, "bin/deno"));
}

interface Started {
  child: Deno.ChildProcess;
  out: string;
  /** Whether the work has ended, which frees its folder. */
  hasEnded(): boolean;
}

/** Starts `words` in a session of its own and waits for the work's first step. */
async function start(folder: string, words: readonly string[]): Promise<Started> {
  const out = join(folder, `run-${crypto.randomUUID()}`);
  const child = new Deno.Command("setsid", {
    args: [...words, "task", "-q", "codescrub", "slow", "--out", out],
    cwd: folder,
    env: { PATH: `${join(folder, "bin")}:${Deno.env.get("PATH")}`, INIT_CWD: folder, NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  await until(() => existsSync(join(out, "step_0")), "the first step");
  return { child, out, hasEnded: () => !existsSync(join(out, ".lock")) };
}

const NPX = ["npm", "exec", "--offline", "--", "deno"]; // npx by its other name, without the network
const [npm, ...npmArgs] = NPX;
const hasNpx = await answers(npm!, [...npmArgs, "--version"]);
const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "a command ends as by SIGTERM when npx, which started it, is terminated or killed",
  ignore: ignore || !hasNpx,
  async fn() {
    using folder = temporaryFolder();
    project(folder.path);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const { child, out, hasEnded } = await start(folder.path, NPX);
      const stderr = new Response(child.stderr).text();
      child.kill(signal);
      await child.status; // npx ends at once
      await until(hasEnded, "the end of the work");
      assertStringIncludes(
        await stderr,
        "codescrub: Interrupted as npx or deno task, which waited for it, ended",
      );
      assertEquals(JSON.parse(Deno.readTextFileSync(join(out, "run.json"))).status, "unfinished");
    }
  },
});

Deno.test({
  name: "deno task passes SIGTERM on and gives 143; a command whose deno task is killed ends",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    project(folder.path);
    const first = await start(folder.path, ["deno"]);
    const texts = [new Response(first.child.stderr).text()];
    first.child.kill("SIGTERM");
    assertEquals((await first.child.status).code, 143);
    assert(first.hasEnded());
    assertStringIncludes((await texts[0])!, "codescrub: Interrupted by SIGTERM");
    const second = await start(folder.path, ["deno"]);
    const text = new Response(second.child.stderr).text();
    second.child.kill("SIGKILL");
    await until(second.hasEnded, "the end of the work");
    assertStringIncludes(await text, "codescrub: Interrupted as npx or deno task");
  },
});

Deno.test({
  name: "a command goes on when the shell that started deno task in the background is gone",
  ignore,
  async fn() {
    using folder = temporaryFolder();
    project(folder.path);
    const { child, out, hasEnded } = await start(folder.path, [
      "sh",
      "-c",
      'echo $$ > shell; nohup "$0" "$@" & echo $! > task; sleep 60 & echo $! > sleep; wait $!',
      "deno",
    ]);
    const text = new Response(child.stderr).text();
    const pidIn = (name: string) => Number(Deno.readTextFileSync(join(folder.path, name)));
    Deno.kill(pidIn("shell"), "SIGKILL");
    Deno.kill(pidIn("sleep"), "SIGKILL");
    const steps = () => [...Deno.readDirSync(out)].length;
    const before = steps();
    await pause(2500); // it looks every second
    assert(steps() > before + 10 && !hasEnded());
    Deno.kill(pidIn("task"), "SIGTERM");
    await until(hasEnded, "the end of the work");
    assertStringIncludes(await text, "codescrub: Interrupted by SIGTERM");
    await child.status;
  },
});
