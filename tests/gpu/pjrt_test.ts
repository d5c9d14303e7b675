import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { moduleOf, readModule, withAliases } from "./hlo.ts";
import type { Manifest } from "./pjrt_steps.ts";

const PROOF = fileURLToPath(new URL("pjrt_proof.ts", import.meta.url));
/** A plugin for this machine's processor or GPU, where there is one. */
const PLUGIN = Deno.env.get("PJRT_PLUGIN");

/** A message in protocol buffers' wire format, of numbers, texts and messages. */
function message(
  ...fields: [number: number, value: number | string | Uint8Array][]
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(fields.flatMap(([number, value]) => {
    const varint = (value: number): number[] =>
      value < 128 ? [value] : [value & 127 | 128, ...varint(value >> 7)];
    if (typeof value === "number") return [...varint(number << 3), ...varint(value)];
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return [...varint(number << 3 | 2), ...varint(bytes.length), ...bytes];
  }));
}

/** A `ShapeProto` of float32. */
function floats(dims: number[], order: number[]): Uint8Array<ArrayBuffer> {
  return message([2, 11], [3, Uint8Array.from(dims)], [5, message([1, Uint8Array.from(order)])]);
}

/** A module with one input, its square, and a custom call. */
function moduleOfShape(shape: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = message([2, 13], [4, shape], [4, floats([], [])]);
  const instructions = [
    message([2, "multiply"]),
    message([2, "custom-call"], [28, "TopK"]),
    message([2, "multiply"]),
  ];
  const computation = message(...instructions.map((bytes) => [2, bytes] as [number, Uint8Array]));
  return message([1, "square"], [3, computation], [4, message([1, shape], [2, result])]);
}

async function runProof(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  // what is dumped stands before XLA's optimizations, so that its code need not be good
  const env = { NO_COLOR: "1", XLA_FLAGS: "--xla_backend_optimization_level=0" };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", PROOF, ...args],
    env,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

Deno.test("readModule() reads inputs, results and operations of an HLO module", () => {
  const module = moduleOf(message([1, moduleOfShape(floats([2, 3], [1, 0]))]));
  assertEquals(readModule(module), {
    name: "square",
    inputs: [{ type: "float32", shape: [2, 3] }],
    outputs: [{ type: "float32", shape: [2, 3] }, { type: "float32", shape: [] }],
    operations: { multiply: 2, "custom-call TopK": 1 },
  });
});

Deno.test("readModule() refuses what is laid out by columns, cut off or of an unknown type", () => {
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [moduleOfShape(floats([2, 3], [0, 1])), "[2,3] is laid out by [0,1]"],
    [moduleOfShape(message([2, 15])), "XLA's type 15"],
    [moduleOfShape(floats([2], [0])).subarray(0, 30), "it is cut off"],
    [message([1, "empty"]), "it has no program shape"],
  ];
  for (const [module, text] of cases) assertThrows(() => readModule(module), Error, text);
  assertThrows(() => moduleOf(message([2, "other"])), SyntaxError, "it has no module");
});

Deno.test("withAliases() appends pairs of result and input", () => {
  const module = moduleOfShape(floats([2], [0]));
  const entries = [[1, message([1, Uint8Array.of(0)], [2, 3], [4, 2])], [
    1,
    message([1, Uint8Array.of(200, 1)], [2, 300], [4, 2]),
  ]];
  const expected = message([8, message(...entries as [number, Uint8Array][])]);
  const aliased = withAliases(module, [[0, 3], [200, 300]]);
  assertEquals([...aliased], [...module, ...expected]);
  assertEquals(readModule(aliased), readModule(module));
});

Deno.test("pjrt_proof.ts dumps steps that no custom call binds to a processor, and runs them where a plugin is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const dumped = await runProof("dump", folder);
    assertEquals([dumped.code, dumped.stderr], [0, ""]);
    const { steps }: Manifest = JSON.parse(await Deno.readTextFile(join(folder, "manifest.json")));
    assertEquals(steps.map(({ name, aliases }) => [name, aliases.length]), [
      ["forward", 0],
      ["gradient", 0],
      ["update", 28],
    ]);
    for (const { operations } of steps) {
      assert(
        !Object.keys(operations).some((name) => name.startsWith("custom-call")),
        Object.keys(operations).join(),
      );
    }
    const wrong = await runProof("run", folder, join(folder, "manifest.json"));
    assertEquals(wrong.code, 1);
    assertMatch(wrong.stderr, /^pjrt: Could not open library/);
    if (!PLUGIN) return;
    const run = await runProof("run", folder, PLUGIN, "--repeat", "2");
    assertEquals(run.code, 0, run.stdout + run.stderr);
    assertMatch(run.stdout, /rows of a cache written in place: right/);
    assertMatch(run.stdout, /update \(our StableHLO\): 28 weights in place/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
