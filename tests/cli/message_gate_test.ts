import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { explainError, explainStack, gateMessage, givenWords, isName } from "../../lib/cli/message_gate.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { SECRET_FORMATS } from "../../lib/embedded/secret_formats.ts";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";
import { drawSecret } from "./tiny_run.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("isName() takes names of code and files, and no made-up secret", () => {
  const names = [
    "model.safetensors",
    "transformer.h.11.attn.c_attn.weight",
    "model.layers.0.self_attn.q_proj.bias",
    "qwen2",
    "arrow-1.4.0/arrow/parser.py#12",
    "src/secret_values_test.ts",
    "deno task setup",
    "npx -y deno task fetch smollm2",
    "secrets-00003-of-00008.parquet",
    "3.0e-6",
    "größe/überblick.md",
  ];
  assertEquals(names.filter((name) => !isName(name)), []);
  let passed = 0, all = 0;
  for (const [format, draw] of Object.entries(SECRET_FORMATS)) {
    const random = new PythonRandom(7);
    for (let i = 0; i < 40; i++) {
      all++;
      if (isName(draw(random))) passed++;
      assert(passed === 0, `${format} reads as a name`);
    }
  }
  assert(all > 500);
});

Deno.test("gateMessage() shows what was typed, names, and of all else the length", () => {
  const [typed, secret] = [drawSecret(1), drawSecret(2)];
  const given = givenWords(["measure", "--texts", `data/${typed}`, `--out=${typed}.csv`], "/srv/ada");
  const cases = {
    [`Cannot read table "/srv/ada/data/${typed}": it is cut`]: null,
    [`Cannot write "/srv/ada/${typed}.csv.parts/part-00000001": no space`]: null,
    [`Cannot write "${typed}.secrets.csv": it is there`]: null,
    [`Cannot write "/srv/ada/data": it is a file`]: null,
    [`os error 13: open '/srv/ada/data/${typed}'`]: null,
    'Cannot load "m": 2 tensors are missing ("model.norm.weight", ...), 1 is unknown ("lm_head.bias")': null,
    "Cannot deal 24 texts into 25 runs: give a smaller --runs (12,345,678 bytes, 1.5e-5)": null,
    [`Cannot read "/srv/ada/data/${typed}/${secret}"`]:
      `Cannot read "/srv/ada/data/${typed}TEXT, 41 characters, /n..."`,
    [`no document "${secret}" (2 are missing)`]: 'no document "TEXT, 40 characters, np..." (2 are missing)',
    [`it holds ${secret}, and more`]: "it holds TEXT, 40 characters, np..., and more",
    [`column "pass phrase" holds objects`]: 'column "TEXT, 11 characters" holds objects',
    [`unpaired "quotes ${secret}`]: 'unpaired "quotes TEXT, 40 characters, np...',
    [`escaped "\\"${secret}\\""`]: 'escaped "TEXT, 44 characters, \\"..."',
  };
  for (const [message, shown] of Object.entries(cases)) {
    assertEquals(gateMessage(message, given), shown ?? message);
  }
  assert(!gateMessage(`"${secret.repeat(1e5)}" ${secret.repeat(1e5)}`, given).includes(secret.slice(2)));
});

Deno.test("gateMessage() shows files that we made ourselves, whatever digits are in their names", () => {
  const folder = "/data/out";
  for (
    const name of [
      ".codescrub/out.csv.parts/part-00000000-981273645102.parquet",
      ".codescrub/out.csv.parts/part-00000012-9812736451029384.json",
      ".out.csv~31337-98127364-5102-4938-8172-736451029384.tmp",
    ]
  ) {
    const message = `Cannot write "${folder}/${name}": Input/output error`;
    assertEquals(gateMessage(message, [folder]), message);
  }
  const planted = `Cannot read "${folder}/part-${"9812736451".repeat(4)}"`;
  assert(!gateMessage(planted, [folder]).includes("98127364"), "a made-up key is none of ours");
});

Deno.test("explainStack() shows frames and kinds of a chain of errors, and no text", () => {
  const secret = drawSecret(3);
  let caught: unknown;
  try {
    try {
      JSON.parse(`{"key": ${secret}}`);
    } catch (cause) {
      throw new SyntaxError(`Cannot read "${secret}"`, { cause });
    }
  } catch (cause) {
    caught = new Error("Cannot go on", { cause });
  }
  const text = explainStack(caught, []);
  assertMatch(text, /^Error: Cannot go on\n +at .*message_gate_test\.ts/);
  assertStringIncludes(text, 'Caused by SyntaxError: Cannot read "TEXT, 40 characters, np..."\n    at ');
  assertStringIncludes(
    text,
    "Caused by SyntaxError: an unexpected character\n    at JSON.parse (<anonymous>)",
  );
  assert(!text.includes(secret.slice(2, 11)));
  assertEquals(explainError(secret, []), "it failed in an unexpected way");
});

Deno.test("what nothing catches reaches stderr through the gate, of a worker too", async () => {
  using folder = temporaryFolder();
  const secret = drawSecret(4);
  const worker = join(ROOT, "lib/cli/detect_worker.ts");
  const script = join(folder.path, "script.ts");
  // The engine quotes both sides of a wrong "in": the worker's first look at a message.
  await Deno.writeTextFile(
    script,
    `const worker = new Worker("file://${worker}", { type: "module" });
     worker.onmessage = ({ data }) => { console.log(data.error.message); Deno.exit(0); };
     worker.postMessage("${secret}");`,
  );
  const deno = ["--allow-read", "--allow-env", "--allow-sys", "--allow-ffi"];
  const args = [
    "run",
    "-q",
    "--no-check",
    "--no-prompt",
    `--config=${join(ROOT, "deno.json")}`,
    ...deno,
    script,
  ];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } })
    .output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  assertEquals(decoder.decode(stdout), "it failed in an unexpected way (TypeError)\n");
});

Deno.test("codescrub shows no text with CODESCRUB_DEBUG=1 either, and no name of a foreign column", async () => {
  using folder = temporaryFolder();
  const [cell, key] = [drawSecret(5), drawSecret(6)];
  const path = join(folder.path, "probe.csv");
  const args = ["analyze", "--probe", path, "--threshold", "0.4", "--out", join(folder.path, "out.csv")];
  await Deno.writeTextFile(path, `doc_id,ma\na,"${cell}\n`);
  const unclosed = await runCli(args, { env: { CODESCRUB_DEBUG: "1" } });
  assertEquals(unclosed.code, 1);
  assert(!unclosed.stderr.includes(cell.slice(4, 13)), unclosed.stderr);
  await Deno.writeTextFile(path, `${key},ma\na,1\n`);
  const { stderr } = await cliCommand(args).output();
  assertStringIncludes(
    new TextDecoder().decode(stderr),
    'it has no column "doc_id": it has "ma" and 1 other\n',
  );
});
