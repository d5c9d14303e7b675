import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../cli/run_cli.ts";
import { Daemon } from "./daemon.ts";
import { findScript, setVariables } from "./job_script.ts";
import { judgeTasks, readJobStates } from "./jobs.ts";
import { output } from "./output.ts";
import { plannedPackages, whyNoSlurm } from "./packages.ts";
import { judgeParts, readParts } from "./parts.ts";
import { slurmConf } from "./slurm_conf.ts";
import { STAGES, writeInputs } from "./stages.ts";
import { waitFor } from "./wait_for.ts";

const DOC = await Deno.readTextFile(fileURLToPath(new URL("../../docs/cluster.md", import.meta.url)));

Deno.test("whyNoSlurm() says in a line what is missing", async () => {
  const has = (...names: string[]) => (name: string) => Promise.resolve(names.includes(name));
  assertEquals(await whyNoSlurm("darwin", has()), "this is darwin: Slurm runs on Linux");
  assertStringIncludes(await whyNoSlurm("linux", has("dpkg")) ?? "", "there is no apt-get: ");
  assertStringIncludes(await whyNoSlurm("linux", has("apt-get")) ?? "", "there is no dpkg: ");
  assertEquals(await whyNoSlurm("linux", has("apt-get", "dpkg")), undefined);
});

Deno.test("plannedPackages() are those that apt-get would install", () => {
  const plan =
    "Reading...\nInst libhwloc15 (2.9.0-1 Debian:12.15 [amd64])\nInst munge (0.5)\nConf munge (0.5)\n";
  assertEquals(plannedPackages(plan), ["libhwloc15", "munge"]);
});

Deno.test("slurmConf() keeps all files in the folder and listens on loopback", () => {
  const place = { folder: "/a b", plugins: "/p", host: "h", user: "ada", ports: { controller: 1, node: 2 } };
  const lines = slurmConf(place).split("\n");
  for (
    const line of [
      "SlurmctldHost=h(127.0.0.1)",
      "SlurmctldPort=1",
      "SlurmdPort=2",
      "SlurmUser=ada",
      "AuthInfo=socket=/a b/munge.socket,cred_expire=15",
      "PluginDir=/p",
      "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny",
    ]
  ) assertEquals(lines.filter((other) => other === line), [line]);
  const paths = lines.flatMap((line) => /=(\/.*)/.exec(line)?.[1] ?? []);
  assertEquals(paths.filter((path) => !path.startsWith("/a b/")), ["/p", "/bin/true"]);
  assertEquals(lines.filter((line) => line.startsWith("NodeName=")).length, 1);
});

Deno.test("the script of docs/cluster.md is bash, asks for a requeue and takes other folders", async () => {
  const script = findScript(DOC);
  for (const option of ["--requeue", "--signal=B:TERM@120", "--open-mode=append", "--array=0-31"]) {
    assertStringIncludes(script, `\n#SBATCH ${option}\n`);
  }
  const changed = setVariables(script, { PROJECT: "/a b", CODESCRUB_CACHE: "it's" });
  assertStringIncludes(changed, "\nPROJECT='/a b'\n");
  assertStringIncludes(changed, "\nexport CODESCRUB_CACHE='it'\\''s'\n");
  assertEquals(await output("bash", ["-n", "-c", changed]), "");
  assertThrows(() => setVariables(script, { NONE: "" }), RangeError, "Cannot set NONE");
  assertThrows(() => findScript("```bash\necho\n```\n"), SyntaxError, "there are 0");
});

/** Runs the script with made-up programs; what they were called with, and the exit code. */
async function runScript(program: string, variables: { state?: string; SHARDS?: string } = {}) {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const make = (name: string, text: string) =>
    Deno.writeTextFile(path(name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  await make("deno", program);
  await make("squeue", `echo ${variables.state ?? "RUNNING"}`);
  await make("scontrol", `echo "$@" >> ${path("requeued")}`);
  await make("script", setVariables(findScript(DOC), { DENO: path("deno"), PROJECT: folder.path }));
  const { SHARDS = "" } = variables;
  const child = new Deno.Command(path("script"), {
    args: ["detect", "a b"],
    env: {
      ...{ PATH: `${folder.path}:${Deno.env.get("PATH")}`, READY: path("ready"), SHARDS },
      ...{ SLURM_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "3" },
    },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  if (program.includes("READY")) {
    const { signal } = new AbortController();
    const isReady = () => Deno.stat(path("ready")).then(() => true, () => undefined);
    await waitFor("the program", isReady, { signal, timeoutMs: 20_000 });
    child.kill("SIGTERM");
  }
  const { code, stdout } = await child.output();
  const requeued = await Deno.readTextFile(path("requeued")).catch(() => "");
  return { code, said: new TextDecoder().decode(stdout).replaceAll(folder.path, "."), requeued };
}

Deno.test("the script passes its words on, and the exit code back", async () => {
  const show = `printf '<%s>' "$@"; exit 5`;
  const words = "<task><-q><--config><./deno.json><codescrub><detect><a b>";
  assertEquals(await runScript(show), { code: 5, said: words, requeued: "" });
  const again = await runScript(show, { SHARDS: "32" });
  assertEquals(again.said, `${words}<--shard><3/32>`);
});

Deno.test("the script waits for stopped work, and queues it again if the job is running still", async () => {
  const program = `trap 'sleep 0.3; echo kept; exit 143' TERM; touch "$READY"; while :; do sleep 0.05; done`;
  assertEquals(await runScript(program), { code: 143, said: "kept\n", requeued: "requeue 7\n" });
  const cancelled = await runScript(program, { state: "COMPLETING" });
  assertEquals(cancelled, { code: 143, said: "kept\n", requeued: "" });
});

Deno.test("readJobStates() and judgeTasks() tell an array in which only the stopped tasks began again", () => {
  const line = (task: number, fields: string) =>
    `JobId=${9 - task} ArrayJobId=5 ArrayTaskId=${task} ${fields} X=1`;
  const done = "JobState=COMPLETED Restarts=0 ExitCode=0:0";
  const states = readJobStates([line(1, done.replace("s=0", "s=1")), line(0, done), ""].join("\n"));
  assertEquals(states.map(({ task, restarts }) => [task, restarts]), [[0, 0], [1, 1]]);
  assertEquals(judgeTasks(states, { count: 2, stopped: [1] }), []);
  assertEquals(judgeTasks(states, { count: 3, stopped: [0] }), [
    "there are 2 tasks, not 3",
    "task 0 was started again 0 times, not 1",
    "task 1 was started again 1 times, not 0",
  ]);
  const failed = readJobStates("JobId=1 JobState=FAILED Restarts=0 ExitCode=1:0");
  assertEquals(judgeTasks(failed, { count: 1, stopped: [] }), ["task null is FAILED with 1:0"]);
});

Deno.test("judgeParts() finds parts that were written again, lost, or all there before", async () => {
  using folder = temporaryFolder();
  const table = join(folder.path, "a.parquet");
  assertEquals(readParts(table).size, 0);
  const parts = join(folder.path, ".codescrub", "a.parquet.parts");
  await Deno.mkdir(parts, { recursive: true });
  const write = (name: string) => Deno.writeTextFile(join(parts, name), "{}");
  await write("part-0.json");
  await write("part-0.parquet");
  const before = readParts(table);
  assertEquals([...before.keys()], ["part-0.json"]);
  assertEquals(judgeParts(before, before), ["nothing was left to do after it"]);
  assertEquals(judgeParts(new Map(), before), ["nothing was finished before it was stopped"]);
  await write("part-1.json");
  assertEquals(judgeParts(before, readParts(table)), []);
  await write("new");
  await Deno.rename(join(parts, "new"), join(parts, "part-0.json"));
  assertEquals(judgeParts(before, readParts(table)), ["part-0.json was written again"]);
  await Deno.remove(join(parts, "part-0.json"));
  await write("part-2.json");
  assertEquals(judgeParts(before, readParts(table)), ["part-0.json was not kept"]);
});

Deno.test("writeInputs() gives each stage what its command line reads", async () => {
  using folder = temporaryFolder();
  const inputs = await writeInputs(folder.path, 3);
  const rows = (await Deno.readTextFile(inputs.corpus)).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.map(({ doc_id }) => doc_id), ["doc-0", "doc-1", "doc-2"]);
  for (const { name, args } of STAGES) assertEquals(args(inputs)[0], name);
});

Deno.test("output() and waitFor() end with the signal, and say what failed", async () => {
  const { signal } = new AbortController();
  await assertRejects(
    () => output("sh", ["-c", "echo first >&2; echo last >&2; exit 3"]),
    Error,
    "Cannot run sh -c: it ended with 3: last",
  );
  await assertRejects(
    () => waitFor("rain", () => undefined, { signal, timeoutMs: 0 }),
    Error,
    "for rain: 0 s",
  );
  const stopped = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => waitFor("rain", () => 1, { signal: stopped, timeoutMs: 0 }), Error, "stop");
  await assertRejects(() => output("true", [], { signal: stopped }), Error, "stop");
});

Deno.test("a daemon tells its last line when it ends, and is ended when it is disposed", async () => {
  using folder = temporaryFolder();
  const log = join(folder.path, "log");
  const { signal } = new AbortController();
  const ended = new Daemon("/bin/sh", { args: ["-c", "echo one; echo two; exit 1"], env: {}, log });
  await assertRejects(
    () => waitFor("its end", () => ended.checkRuns() as undefined, { signal, timeoutMs: 10_000 }),
    Error,
    "Cannot run sh: it ended: two",
  );
  await ended[Symbol.asyncDispose]();
  const runs = new Daemon("/bin/sleep", { args: ["60"], env: {}, log });
  runs.checkRuns();
  await runs[Symbol.asyncDispose]();
  assertThrows(() => runs.checkRuns(), Error, "Cannot run sleep: it ended: without a word");
});
