/**
 * Memory of the card, by NVIDIA's management library (`libnvidia-ml`), and of this process. What a process holds on the card is
 * more than its tensors: TensorFlow's allocator grows in large regions and gives none back, and a CUDA context takes
 * some hundred megabytes. So the memory in use after a run is its peak, and both sides are measured alike.
 *
 * @module
 */

/** The card. */
export interface Card extends Disposable {
  /** Such as "NVIDIA H100 80GB HBM3". */
  name: string;
  /** The driver's version. */
  driver: string;
  /** All bytes. */
  totalBytes: number;
  /** Bytes in use now, by all processes. */
  usedBytes(): number;
}

const SYMBOLS = {
  nvmlInit_v2: { parameters: [], result: "i32" },
  nvmlShutdown: { parameters: [], result: "i32" },
  nvmlDeviceGetHandleByIndex_v2: { parameters: ["u32", "buffer"], result: "i32" },
  nvmlDeviceGetMemoryInfo: { parameters: ["pointer", "buffer"], result: "i32" },
  nvmlDeviceGetName: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  nvmlSystemGetDriverVersion: { parameters: ["buffer", "u32"], result: "i32" },
} as const;

/** Where containers have the driver's libraries, whether or not the loader looks there. */
const FOLDERS = ["", "/usr/local/nvidia/lib64/", "/usr/lib/x86_64-linux-gnu/", "/usr/lib64/"];

function openLibrary(): Deno.DynamicLibrary<typeof SYMBOLS> | null {
  for (const folder of FOLDERS) {
    try {
      return Deno.dlopen(`${folder}libnvidia-ml.so.1`, SYMBOLS);
    } catch {
      // the next one
    }
  }
  return null;
}

/** The first card; null where there is none. */
export function openCard(): Card | null {
  const library = openLibrary();
  if (!library) return null;
  const { symbols } = library;
  const handle = new BigUint64Array(1);
  if (symbols.nvmlInit_v2() !== 0 || symbols.nvmlDeviceGetHandleByIndex_v2(0, handle) !== 0) {
    library.close();
    return null;
  }
  const device = Deno.UnsafePointer.create(handle[0]!);
  const text = (fill: (buffer: Uint8Array<ArrayBuffer>) => number) => {
    const buffer = new Uint8Array(96);
    return fill(buffer) === 0 ? new TextDecoder().decode(buffer).replace(/\0.*$/s, "") : "?";
  };
  const memory = new BigUint64Array(3); // total, free, used
  const read = () => {
    if (symbols.nvmlDeviceGetMemoryInfo(device, memory) !== 0) {
      throw new Error("Cannot read the card's memory");
    }
  };
  read();
  return {
    name: text((buffer) => symbols.nvmlDeviceGetName(device, buffer, buffer.length)),
    driver: text((buffer) => symbols.nvmlSystemGetDriverVersion(buffer, buffer.length)),
    totalBytes: Number(memory[0]),
    usedBytes: () => {
      read();
      return Number(memory[2]);
    },
    [Symbol.dispose]() {
      symbols.nvmlShutdown();
      library.close();
    },
  };
}

/**
 * This process's memory on the host, bytes: now, and at its peak since `restartPeak`; 0 where the system does not tell. Read by
 * `cat`, as Deno opens its own files of /proc only with all permissions.
 */
export function hostMemory(): { resident: number; peak: number } {
  let status = "";
  try {
    const { stdout } = new Deno.Command("cat", { args: [`/proc/${Deno.pid}/status`] }).outputSync();
    status = new TextDecoder().decode(stdout);
  } catch {
    // another system
  }
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
