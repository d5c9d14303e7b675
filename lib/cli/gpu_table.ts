/**
 * The cards of a machine for `doctor`: what each is, and what keeps TensorFlow from using it.
 *
 * @module
 */
import { missingLibraries } from "../engine/cuda_libraries.ts";
import { gpuNote, gpuProblem } from "../engine/gpu_device.ts";
import type { Gpus } from "../engine/nvidia.ts";
import { findTensorFlow, isGpuBuildFetched, type TensorFlowLibraries } from "../setup/set_up.ts";
import { formatTable } from "./console.ts";

/** A card as `doctor --json` tells of it. */
export interface GpuRow {
  index: number | null;
  name: string;
  driver: string | null;
  cuda: string | null;
  memory_bytes: number;
  free_bytes: number | null;
  compute_capability: string;
  /** Whether TensorFlow can use it. */
  ready: boolean;
  /** What keeps TensorFlow from it, or what is to be known of it. */
  note: string | null;
}

/** What the cards' rows are made of, apart from the cards (for tests). */
export interface GpuRowsOptions {
  /** TensorFlow's libraries for GPUs, or why there are none. */
  build?: () => TensorFlowLibraries | string;
  /** Which of CUDA's libraries do not open for it. */
  missing?: (libraries: TensorFlowLibraries) => string[];
}

/**
 * A row for each card.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gpuRows } from "./gpu_table.ts";
 *
 * assertEquals(gpuRows({ gpus: [], problem: "no NVIDIA driver", isPresent: false }), []);
 * ```
 */
export function gpuRows({ gpus, problem }: Gpus, options: GpuRowsOptions = {}): GpuRow[] {
  if (gpus.length === 0) return [];
  const { build = findGpuBuild, missing = missingLibraries } = options;
  const found = problem === null ? build() : "";
  const unopened = typeof found === "string" ? [] : missing(found);
  const lack = problem ?? (typeof found === "string" ? found : null) ??
    (unopened.length > 0 ? `${unopened.join(", ")} cannot be opened: ${SET_UP}` : null);
  const used = gpus.find((gpu) => gpuProblem(gpu) === null);
  return gpus.map((gpu) => {
    const own = gpuProblem(gpu) ?? lack;
    const choice = gpu === used
      ? null
      : `ready, but another is used: CUDA_VISIBLE_DEVICES=${gpu.uuid} chooses it`;
    return {
      index: gpu.index,
      name: gpu.name,
      driver: gpu.driver,
      cuda: gpu.cudaVersion,
      memory_bytes: gpu.memoryBytes,
      free_bytes: gpu.freeBytes,
      compute_capability: gpu.computeCapability,
      ready: own === null,
      note: own ?? gpuNote(gpu) ?? choice,
    };
  });
}

const SET_UP = "npx -y deno task setup --gpu";

/** A build that names itself one for CPUs is none; whether the user's own is one is seen when it is opened. */
function findGpuBuild(): TensorFlowLibraries | string {
  const missing = `its build of TensorFlow is not fetched: ${SET_UP}`;
  try {
    const found = findTensorFlow({ build: "gpu" });
    return found.origin === "download" && !isGpuBuildFetched() ? missing : found;
  } catch {
    return missing;
  }
}

/**
 * The rows as a table, or one line where there is no card.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatGpus } from "./gpu_table.ts";
 *
 * const none = { gpus: [], problem: "no NVIDIA driver", isPresent: false };
 * assertEquals(formatGpus(none, []), "GPU: none (no NVIDIA driver)");
 * ```
 */
export function formatGpus({ problem }: Gpus, rows: readonly GpuRow[]): string {
  if (rows.length === 0) return `GPU: none (${problem ?? "the driver sees no GPU"})`;
  return formatTable(
    ["GPU", "name", "driver", "CUDA", "GB", "GB free", "capability", "state, or what to do"],
    rows.map((row) => [
      row.index ?? "?",
      row.name,
      row.driver,
      row.cuda,
      gigabytes(row.memory_bytes),
      row.free_bytes === null ? null : gigabytes(row.free_bytes),
      row.compute_capability,
      row.note ?? "ready",
    ]),
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
