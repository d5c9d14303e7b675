/** The walls one by one: no way from Python to JavaScript; no permission for JavaScript; no verdict from JavaScript. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openJudge } from "../../lib/sandbox/mod.ts";
import { childArguments, startPyodideWorker } from "../../lib/sandbox/pyodide_worker.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { JAVASCRIPT_ESCAPES } from "./escapes.ts";

const LIMITS = { timeoutSeconds: 10, memoryBytes: 2 ** 29, outputBytes: 1e6 };
const NAMES = Object.keys(JAVASCRIPT_ESCAPES);
const OPEN = new URL("open_pyodide.ts", import.meta.url);
const CHILD = new URL("javascript_child.ts", import.meta.url);

function attempts(folder: string): { files: string[]; programs: string[] } {
  const files = NAMES.map((_, i) => join(folder, `canary-${i}`));
  return { files, programs: files.map((file, i) => JAVASCRIPT_ESCAPES[NAMES[i]!]!(file)) };
}

/** What each attempt leaves and ends with in Pyodide as it comes. */
async function runOpenPyodide(args: string[]): Promise<{ left: string[]; lines: string[] }> {
  using folder = temporaryFolder();
  const { files, programs } = attempts(folder.path);
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "null" })
    .spawn();
  await new Blob([JSON.stringify(programs)]).stream().pipeTo(child.stdin);
  const { stdout } = await child.output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return { lines, left: NAMES.filter((_, i) => existsSync(files[i]!)) };
}

Deno.test("Pyodide as it comes, with every permission, leaves every canary: the attempts can work", async () => {
  const { left } = await runOpenPyodide(["run", "-q", "--no-check", "-A", OPEN.pathname]);
  assertEquals(left, NAMES);
});

Deno.test("childArguments() gives nothing that attempts in JavaScript could use, once it is given up", async () => {
  const { left, lines } = await runOpenPyodide([...childArguments({ ...LIMITS, child: OPEN }), "give-up"]);
  assertEquals(left, []);
  // they do get to JavaScript, and it refuses
  assertEquals(lines.filter((line) => line.includes("NotCapable")).length >= 5, true, lines.join("\n"));
});

Deno.test("openJudge() lets no Python get to JavaScript", async () => {
  using folder = temporaryFolder();
  const { files, programs } = attempts(folder.path);
  await using judge = await openJudge({ workers: 1, timeoutSeconds: 60 });
  for (const [i, program] of programs.entries()) {
    const { passed, reason, detail } = await judge.run({ id: NAMES[i]!, program });
    assertEquals([passed, existsSync(files[i]!)], [false, false], NAMES[i]);
    // the call that would have got there, no such module, or an object of Python
    const isHeld = reason === "forbidden" || ["ModuleNotFoundError", "AttributeError"].includes(detail ?? "");
    assert(isHeld, `${NAMES[i]}: ${reason} ${detail}`);
  }
});

/** JavaScript that tries to say that it passed, or to hear the word by which that is said. */
const FORGERIES: readonly string[] = [
  `Deno.stdout.writeSync(new TextEncoder().encode("passed\\n\\n{}\\ntrue\\nready\\n"))`,
  `console.log("passed")`,
  `postMessage("passed")`,
  `Deno.exit(0)`,
  `return { reason: "failed", detail: "x\\npassed" }`,
  `return { get reason() { return "passed\\n" } }`,
  `return { reason: "failed passed" }`,
  `Deno.stdout.writeSync = () => 1e9`,
  `const { encode } = TextEncoder.prototype
   TextEncoder.prototype.encode = function (text) { return encode.call(this, text.replace("failed", "passed")) }`,
  `const { encode } = TextEncoder.prototype
   TextEncoder.prototype.encode = function (text) { return encode.call(this, text.split(" ")[0] + "\\n") }`,
  `Object.defineProperty(Object.prototype, "reason", { get: () => "passed" })`,
  `String.prototype.startsWith = () => true; Array.prototype.includes = () => true`,
  `const core = Deno[Deno.internal]?.core ?? {}
   for (const name of Object.keys(core)) try { core[name] = () => "passed" } catch { /* not to be changed */ }`,
  `Uint8Array.prototype.subarray = function () { throw new Error("passed") }`,
  `for (;;);`,
];

Deno.test("serve() takes no verdict from JavaScript", async () => {
  const start = () => startPyodideWorker({ ...LIMITS, timeoutSeconds: 2, child: CHILD });
  for (const forgery of FORGERIES) {
    await using worker = await start();
    const { reason } = await worker.run(forgery);
    assert(reason !== "passed", forgery);
  }
  await using worker = await start();
  assertEquals(await worker.run(`return { reason: "passed" }`), { reason: "passed" }); // what they would look like
  assertEquals((await worker.run("Deno.exit(0)")).reason, "no-verdict");
  assertEquals((await worker.run(`return { reason: "passed" }`)).reason, "passed"); // of another process
});

/** What JavaScript could change so that the loop takes another program for the next one, or says another word. */
const POISONS: readonly string[] = [
  `const { parse } = JSON
   JSON.parse = (text) => ({ ...parse(text), program: 'return { reason: "passed" }' })`,
  `const { decode } = TextDecoder.prototype
   TextDecoder.prototype.decode = function (bytes) { return decode.call(this, bytes).replace('reason: "failed"', 'reason: "passed"') }`,
  `const { encode } = TextEncoder.prototype
   TextEncoder.prototype.encode = function (text) { return encode.call(this, text.split(" ")[0] + "\\n") }`,
  `performance.now = () => 0; Uint8Array.prototype.subarray = function () { return this }`,
  `globalThis.Uint8Array = class {}; DataView.prototype.getUint32 = () => 0`,
];

Deno.test("what a program does to JavaScript does not make the next one pass", async () => {
  for (const poison of POISONS) {
    await using worker = await startPyodideWorker({ ...LIMITS, timeoutSeconds: 2, child: CHILD });
    await worker.run(poison);
    for (let i = 0; i < 2; i++) {
      const { reason } = await worker.run(`return { reason: "failed", detail: "End" }`);
      assert(reason !== "passed", poison);
    }
  }
});

Deno.test("judgeUntilEnd() leaves JavaScript nothing that outlasts its process", async () => {
  await using worker = await startPyodideWorker({ ...LIMITS, child: CHILD });
  const programs = [
    `localStorage.setItem("canary", "1")`,
    `sessionStorage.setItem("canary", "1")`,
    `caches.open("canary")`,
    `new BroadcastChannel("canary")`,
    `new Worker("data:text/javascript,")`,
    `Object.getPrototypeOf(globalThis).localStorage.setItem("canary", "1")`,
  ];
  for (const program of programs) {
    const { reason, detail } = await worker.run(program);
    assert(reason === "failed" && ["ReferenceError", "TypeError"].includes(detail!), `${program}: ${detail}`);
  }
});

Deno.test("childArguments() leaves JavaScript no permission", async () => {
  await using worker = await startPyodideWorker({ ...LIMITS, child: CHILD });
  const programs = [
    `Deno.readTextFileSync("/etc/hostname")`,
    `Deno.readFileSync(${JSON.stringify(Deno.execPath())})`,
    `Deno.writeTextFileSync("/tmp/canary", "")`,
    `Deno.env.toObject()`,
    `Deno.listen({ port: 0 })`,
    `new Deno.Command("id").outputSync()`,
    `Deno.dlopen("libc.so.6", {})`,
    `Deno.kill(1)`,
    `Deno.hostname()`,
  ];
  for (const program of programs) {
    assertEquals(await worker.run(program), { reason: "failed", detail: "NotCapable" }, program);
  }
});

Deno.test("openJudge() says in one line why a sandbox does not start", async () => {
  const script = `import { openJudge } from ${
    JSON.stringify(new URL("../../lib/sandbox/mod.ts", import.meta.url).href)
  };
    for (const backend of ["pyodide", "bubblewrap", "none"]) {
      await openJudge({ backend, consent: true }).catch((error) => console.log(error.message));
    }`;
  using folder = temporaryFolder();
  const path = join(folder.path, "script.ts");
  Deno.writeTextFileSync(path, script);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const args = [
    "run",
    "-q",
    "--no-check",
    "--no-prompt",
    `--config=${config}`,
    "--allow-read",
    "--allow-env",
    path,
  ];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(lines.length, 3);
  assertStringIncludes(lines[0]!, "Cannot start the sandbox: Deno may not be started from here: allow it by");
  assertStringIncludes(lines[1]!, "Cannot start the sandbox: python3 is not on PATH or may not be run");
  assertStringIncludes(lines[2]!, "Cannot start the sandbox: python3 is not on PATH or may not be run");
});
