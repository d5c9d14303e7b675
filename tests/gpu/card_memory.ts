/**
 * Memory of the card, by NVIDIA's management library (`libnvidia-ml`), and of this process. What a process holds on the card is
 * more than its tensors: TensorFlow's allocator grows in large regions and gives none back, and a CUDA context takes
 * some hundred megabytes. So the memory in use after a run is its peak, and both sides are measured alike.
 *
 * @module
 */
import { keepLoaded, readKernelFile } from "../../lib/engine/libc.ts";
import { openNvidiaDriver, textIn } from "../../lib/engine/nvidia_driver.ts";

/** The card. */
export interface Card {
  /** Such as "NVIDIA H100 80GB HBM3". */
  name: string;
  /** The driver's version. */
  driver: string;
  /** All bytes. */
  totalBytes: number;
  /** Bytes in use now, by all processes. */
  usedBytes(): number;
}

/** The first card that is visible; null where there is none, or the driver's library does not tell. */
export function openCard(): Card | null {
  const { nvml } = openNvidiaDriver(keepLoaded);
  if (!nvml) return null;
  const index = Number(Deno.env.get("CUDA_VISIBLE_DEVICES")?.split(",")[0] ?? 0);
  const handles = new BigUint64Array(1);
  const first = Number.isInteger(index) && index >= 0 ? index : 0;
  if (nvml.nvmlInit_v2() !== 0 || nvml.nvmlDeviceGetHandleByIndex_v2(first, handles) !== 0) return null;
  const handle = handles[0]!;
  const text = (fill: (buffer: Uint8Array<ArrayBuffer>) => number) => {
    const buffer = new Uint8Array(96);
    return fill(buffer) === 0 ? textIn(buffer) : "?";
  };
  const memory = new BigUint64Array(3); // total, free, used
  const isRead = () => nvml.nvmlDeviceGetMemoryInfo(handle, memory) === 0;
  if (!isRead()) return null;
  return {
    name: text((buffer) => nvml.nvmlDeviceGetName(handle, buffer, buffer.length)),
    driver: text((buffer) => nvml.nvmlSystemGetDriverVersion(buffer, buffer.length)),
    totalBytes: Number(memory[0]),
    usedBytes: () => {
      if (!isRead()) throw new Error("Cannot read the card's memory");
      return Number(memory[2]);
    },
  };
}

/**
 * This process's memory on the host, bytes: now, and at its peak since `restartPeak`; 0 where the system does not tell. Read by
 * `cat`, as Deno opens its own files of /proc only with all permissions.
 */
export function hostMemory(): { resident: number; peak: number } {
  const status = readKernelFile(`/proc/${Deno.pid}/status`) ?? "";
  const bytes = (key: string) =>
    1024 * Number(new RegExp(`^${key}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}

/** Forgets the peak so far, where the system allows it. */
export function restartPeak(): void {
  try {
    new Deno.Command("sh", { args: ["-c", `echo 5 >/proc/${Deno.pid}/clear_refs`], stderr: "null" })
      .outputSync();
  } catch {
    // the peak then is that since the start
  }
}

/** Dense bfloat16 products a second that a card can do at most, by its name (data sheets); null for cards not listed. */
export function peakOf(name: string): number | null {
  const known: [RegExp, number][] = [[/H100 PCIe/, 756e12], [/H100|H200|H800/, 989e12], [
    /A100|A800/,
    312e12,
  ]];
  return known.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}
