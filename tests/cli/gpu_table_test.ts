import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatGpus, gpuRows, type GpuRowsOptions } from "../../lib/cli/gpu_table.ts";
import { queryGpus } from "../../lib/engine/nvidia.ts";
import { fakeDriver, type FakeDriverOptions, H100 } from "../engine/fake_driver.ts";
import { runCli } from "./run_cli.ts";

const LIBRARIES = {
  folder: "/data/tensorflow",
  framework: "/data/tensorflow/a.so",
  cc: "/data/tensorflow/b.so",
  version: "2.21.0",
  origin: "download",
} as const;
const WHOLE: GpuRowsOptions = { build: () => LIBRARIES, missing: () => [] };

const ask = (driver: FakeDriverOptions) =>
  queryGpus({ open: () => fakeDriver(driver), variable: () => undefined, exists: () => true });

/** Whether it is ready, and the note, of each card. */
function notes(driver: FakeDriverOptions, options: GpuRowsOptions = {}) {
  return gpuRows(ask(driver), { ...WHOLE, ...options }).map(({ ready, note }) => [ready, note]);
}

Deno.test("gpuRows() says of each card what keeps TensorFlow from it", () => {
  assertEquals(notes({}), [[true, null]]);
  const old = { ...H100, capability: [5, 2] } as const;
  assertEquals(notes({ cards: [H100, old] }), [
    [true, null],
    [false, "compute capability 5.2 is too old: TensorFlow's build begins at 6.0"],
  ]);
  assertEquals(notes({ cards: [{ ...H100, capability: [12, 0] }] }), [
    [true, "TensorFlow's build has no code for 12.0: compiled at first use, and XLA may fail"],
  ]);
  assertEquals(notes({}, { missing: () => ["libcudnn.so.9"] }), [
    [false, "libcudnn.so.9 cannot be opened: npx -y deno task setup --gpu"],
  ]);
  assertEquals(notes({}, { build: () => "it is not fetched" }), [[false, "it is not fetched"]]);
  const [[ready, note] = []] = notes({ without: ["nvml"] });
  assertEquals(ready, false);
  assertStringIncludes(String(note), "libnvidia-ml.so.1 does not open: ");
});

Deno.test("formatGpus() is one table of all cards, and one line without any", () => {
  const cards = ask({
    cards: [H100, { ...H100, name: "Tesla P100", capability: [6, 0], memoryBytes: 16e9 }],
  });
  assertEquals(
    formatGpus(cards, gpuRows(cards, WHOLE)).split("\n").map((line) => line.slice(0, 92).trimEnd()),
    [
      "GPU  name                   driver     CUDA  GB    GB free  capability  state, or what to do",
      "---  ---------------------  ---------  ----  ----  -------  ----------  --------------------",
      "  0  NVIDIA H100 80GB HBM3  580.95.05  13.0  85.0  84.0     9.0         ready",
      "  1  Tesla P100             580.95.05  13.0  16.0  16.0     6.0         ready, but another i",
    ],
  );
  const none = ask({ without: ["nvml", "cuda"] });
  assertEquals(formatGpus({ ...none, problem: "no NVIDIA driver" }, []), "GPU: none (no NVIDIA driver)");
});

Deno.test("codescrub doctor --gpu ends with 1 where no card can be used, and says why", async () => {
  const env = { CUDA_VISIBLE_DEVICES: "-1" };
  const { code, stdout, stderr } = await runCli(["doctor", "--gpu", "--json"], { env });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "\nGPU: none (");
  assertStringIncludes(stderr, "codescrub: Cannot run everything: missing are a GPU that works (");
  const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([summary.ready, summary.gpus, typeof summary.gpu_problem], [false, [], "string"]);
});
