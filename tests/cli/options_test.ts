import { assertEquals, assertRejects } from "@std/assert";
import { type OptionSpecs, UsageError } from "../../lib/cli/command.ts";
import { flagOf, resolveOptions } from "../../lib/cli/options.ts";

const SPECS = {
  out: { kind: "path", describe: "a place", required: true },
  method: { kind: "choice", describe: "a method", choices: ["ga", "codeeraser"], default: "codeeraser" },
  microBatch: { kind: "int", describe: "rows", min: 1 },
  lr: { kind: "float", describe: "a rate", default: 3e-6, min: 0 },
  name: { kind: "string", describe: "a name" },
  exclude: { kind: "list", describe: "patterns" },
  deep: { kind: "flag", describe: "a switch" },
} as const satisfies OptionSpecs;

async function resolve(flags: { [name: string]: unknown }, config?: unknown) {
  const path = await Deno.makeTempFile();
  try {
    if (config !== undefined) await Deno.writeTextFile(path, JSON.stringify(config));
    const given = config === undefined ? flags : { ...flags, config: path };
    const { config: _config, ...values } = await resolveOptions(
      { ...SPECS, config: { kind: "path", describe: "a file" } },
      { flags: given, cwd: "/here" },
    );
    return values;
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("flagOf() writes a name as a flag", () => {
  assertEquals(["out", "microBatch", "proxyMa", "el10"].map(flagOf), [
    "--out",
    "--micro-batch",
    "--proxy-ma",
    "--el10",
  ]);
});

Deno.test("resolveOptions() gives defaults, and leaves out what has none", async () => {
  const values = { out: "/here/o", method: "codeeraser", lr: 3e-6, exclude: [], deep: false };
  assertEquals(await resolve({ out: "o" }), values);
});

Deno.test("resolveOptions() reads each kind from the command line", async () => {
  const flags = {
    out: "../o",
    method: "ga",
    microBatch: "8",
    lr: ".5e-2",
    name: "",
    exclude: ["a"],
    deep: true,
  };
  const values = { out: "/o", method: "ga", microBatch: 8, lr: 0.005, name: "", exclude: ["a"], deep: true };
  assertEquals(await resolve(flags), values);
});

Deno.test("resolveOptions() lets flags win over the file, and the file over defaults", async () => {
  const config = { out: "/f", "micro-batch": 4, lr: 1, method: "ga", deep: true };
  const { out, microBatch, lr, method, deep } = await resolve({ out: "o", lr: "2" }, config);
  assertEquals([out, microBatch, lr, method, deep], ["/here/o", 4, 2, "ga", true]);
});

Deno.test("resolveOptions() refuses by the option, the value and the rule", async () => {
  const cases: [{ [name: string]: unknown }, string][] = [
    [{}, 'Missing option "--out": a place'],
    [{ out: "o", method: "sscu" }, 'Cannot read --method "sscu": one of "ga", "codeeraser" is needed'],
    [{ out: "o", microBatch: "1.5" }, 'Cannot read --micro-batch "1.5": an integer of at least 1 is needed'],
    [{ out: "o", microBatch: "9007199254740993" }, 'Cannot read --micro-batch "9007199254740993"'],
    [{ out: "o", microBatch: " 1" }, 'Cannot read --micro-batch " 1"'],
    [{ out: "o", lr: "-1" }, 'Cannot read --lr "-1": a number of at least 0 is needed'],
    [{ out: "o", lr: "NaN" }, 'Cannot read --lr "NaN"'],
    [{ out: "o", lr: "Infinity" }, 'Cannot read --lr "Infinity"'],
    [{ out: "o", lr: "1e999" }, 'Cannot read --lr "1e999"'],
    [{ out: "a\0b" }, "a path is needed"],
  ];
  for (const [flags, message] of cases) await assertRejects(() => resolve(flags), UsageError, message);
});

Deno.test("resolveOptions() refuses a wrong config file", async () => {
  const cases: [unknown, string][] = [
    [[1], "a JSON object is needed"],
    [null, "a JSON object is needed"],
    [{ rate: 1 }, 'expected "out", "method", "microBatch"'],
    [{ config: "other.json" }, 'Unknown option "config"'],
    [{ out: 1 }, "a path is needed"],
    [{ out: "o", deep: "yes" }, "true or false is needed"],
    [{ out: "o", exclude: "a" }, "a list of texts is needed"],
    [{ out: "o", lr: null }, "null: a number of at least 0 is needed"],
    [{ out: "o", name: 3 }, "a text is needed"],
  ];
  for (const [config, message] of cases) {
    await assertRejects(() => resolve({}, config), UsageError, message);
  }
});
