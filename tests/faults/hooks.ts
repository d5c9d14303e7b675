/**
 * A preload of the command line (`deno run --preload`): counts every operation that changes a file, over all threads,
 * and lets the n-th go wrong as the plan says. It hooks what lib/ calls: Deno's functions, its files' methods, and
 * Polars' sink, whose own writes happen in native code and count as one operation. Threads are started through this
 * module too, as a preload does not reach them.
 *
 * @module
 */
import { join } from "node:path";
import polars from "nodejs-polars/bin/internals/polars_internal.js";
import {
  countOperations,
  encodeOperation,
  HOOKED,
  needsSpace,
  type Operation,
  type Plan,
  PLAN_VARIABLE,
  signalAt,
} from "./plan.ts";

type Arguments = readonly unknown[];
type Call = (...args: Arguments) => unknown;
type NativePolars = { default: { JsLazyFrame: { prototype: Record<string, Call> } } };

const plan: Plan = JSON.parse(Deno.env.get(PLAN_VARIABLE)!);
const { kill, openSync, pid, readDirSync, removeSync, statSync, truncateSync } = Deno;
const { writeFileSync, writeTextFileSync } = Deno;
const { writeSync, lockSync, unlockSync, statSync: statFileSync } = Deno.FsFile.prototype;
const log = openSync(plan.log, { create: true, read: true, append: true });
const paths = new WeakMap<object, string>();

/** Adds an operation to the log; its number. */
function record(operation: Operation): number {
  lockSync.call(log, true);
  try {
    writeSync.call(log, encodeOperation(operation));
    return countOperations(statFileSync.call(log).size);
  } finally {
    unlockSync.call(log);
  }
}

function die(): never {
  kill(pid, "SIGKILL");
  for (;;);
}

/** Does an operation, or what the plan has instead of it; `half` does the half of it. */
function perform(operation: Operation, act: () => unknown, half: () => void): unknown {
  const { mode, at } = plan.fault ?? { mode: "error", at: 0 };
  const n = record(operation);
  if (n !== at) {
    if (mode === "full" && at > 0 && n > at && needsSpace(operation)) throw failure(operation);
    return act();
  }
  if (mode === "error" || mode === "full") throw failure(operation);
  if (mode === "before") die();
  if (mode === "short") {
    half();
    die();
  }
  if (mode === "signal") {
    kill(pid, signalAt(at));
    return act();
  }
  let result: unknown;
  try {
    result = act();
  } finally {
    if (!(result instanceof Promise)) die();
  }
  return result.finally(die);
}

/** The error that Deno or Polars throws then, read off a disk that was full. */
function failure(operation: Operation): Error {
  const { name, path } = operation;
  const [what, code] = needsSpace(operation)
    ? ["No space left on device (os error 28)", "ENOSPC"]
    : ["Input/output error (os error 5)", "EIO"];
  if (name === "sinkParquet") {
    const message = `parquet: File out of specification: underlying IO error: ${what}`;
    return Object.assign(new Error(message), { code: "GenericFailure" });
  }
  const isOfFile = name === "write" || name.startsWith("sync") || name === "truncate";
  return Object.assign(
    new Error(isOfFile ? what : `${what}: ${name.toLowerCase().replace("all", "")} '${path}'`),
    { code },
  );
}

/** Puts a function in the place of `name` and `nameSync`. */
function replace(
  of: object,
  name: string,
  make: (act: Call, isSync: boolean) => (self: unknown, args: Arguments) => unknown,
) {
  const functions = of as Record<string, Call>;
  for (const full of [name, `${name}Sync`]) {
    const act = functions[full];
    if (!act) continue;
    const hooked = make(act, full !== name);
    functions[full] = full === name
      ? async function (this: unknown, ...args: Arguments) {
        return await hooked(this, args);
      }
      : function (this: unknown, ...args: Arguments) {
        return hooked(this, args);
      };
  }
}

const nothing = () => {};

/** Hooks a function of Deno whose first argument is a path. */
function hookPath(name: string, half: (...args: Arguments) => void = nothing): void {
  const hasTwo = /^(rename|link|symlink|copyFile)$/.test(name);
  replace(Deno, name, (act) => (_, args) => {
    const isAll = name === "remove" && (args[1] as Deno.RemoveOptions | undefined)?.recursive;
    const path = args.slice(0, hasTwo ? 2 : 1).join(" -> ");
    return perform({ name: isAll ? "removeAll" : name, path }, () => act(...args), () => half(...args));
  });
}

function hookTemporary(name: string): void {
  replace(Deno, name, (act) => (_, args) => {
    const { dir = "", prefix = "" } = (args[0] ?? {}) as Deno.MakeTempOptions;
    return perform({ name, path: join(dir, `${prefix}*`) }, () => act(...args), nothing);
  });
}

function hookOpen(): void {
  replace(Deno, "open", (act, isSync) => (_, args) => {
    const path = String(args[0]);
    const options = (args[1] ?? {}) as Deno.OpenOptions;
    const isChange = options.write || options.append || options.create || options.createNew ||
      options.truncate;
    const opened = isChange ? perform({ name: "open", path }, () => act(...args), nothing) : act(...args);
    const name = (file: unknown) => {
      paths.set(file as object, path);
      return file;
    };
    return isSync ? name(opened) : (opened as Promise<unknown>).then(name);
  });
}

/** Hooks a method of Deno's files. */
function hookFile(name: string): void {
  replace(Deno.FsFile.prototype, name, (act) => (self, args) => {
    if (self === log) return act.call(self, ...args);
    const half = () => {
      if (name !== "write") return; // another thread was faster this time
      const bytes = args[0] as Uint8Array;
      writeSync.call(self as Deno.FsFile, bytes.subarray(0, bytes.length >> 1));
    };
    return perform({ name, path: paths.get(self as object) ?? "" }, () => act.call(self, ...args), half);
  });
}

function hookSink(): void {
  const native = (polars as unknown as NativePolars).default.JsLazyFrame.prototype;
  const { sinkParquet, collect, collectSync } = native;
  native.sinkParquet = function (this: unknown, ...args: Arguments) {
    const frame = sinkParquet!.call(this, ...args) as object;
    paths.set(frame, String(args[0]));
    return frame;
  };
  native.collect = async function (this: object, ...args: Arguments) {
    const path = paths.get(this);
    const act = () => collect!.call(this, ...args);
    if (path === undefined) return await act();
    return await perform({ name: "sinkParquet", path }, act, () => {
      collectSync!.call(this, "auto");
      truncateSync(path, statSync(path).size >> 1);
    });
  };
}

/** The first half of what a folder holds, in the order of names. */
function removeHalf(path: unknown): void {
  if (!statSync(path as string).isDirectory) return;
  const names = [...readDirSync(path as string)].map(({ name }) => name).sort();
  for (const name of names.slice(0, Math.ceil(names.length / 2))) {
    removeSync(join(path as string, name), { recursive: true });
  }
}

/** How the half of an operation is done, where it has one. */
const HALVES: { [name: string]: (...args: Arguments) => void } = {
  remove: removeHalf,
  writeFile: (path, data) => {
    const bytes = data as Uint8Array;
    writeFileSync(path as string, bytes.subarray(0, bytes.length >> 1));
  },
  writeTextFile: (path, data) => {
    const text = data as string;
    writeTextFileSync(path as string, text.slice(0, text.length >> 1));
  },
};

for (const name of HOOKED) {
  if (name === "open") hookOpen();
  else if (name.startsWith("makeTemp")) hookTemporary(name);
  else hookPath(name, HALVES[name]);
}
for (const name of ["write", "truncate", "sync", "syncData", "utime"]) hookFile(name);
hookSink();

// A key that a run makes for itself would make every run's fingerprints its own.
crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
  if (array) new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(7);
  return array;
};

globalThis.Worker = class extends Worker {
  constructor(module: string | URL, options?: WorkerOptions) {
    const hooked = new URL(import.meta.url);
    hooked.searchParams.set("worker", String(module));
    super(hooked, options);
  }
};
const worker = new URL(import.meta.url).searchParams.get("worker");
if (worker) await startWorker(worker);

/** What the other side sends before the worker's module listens would be lost, as that is imported later here. */
async function startWorker(module: string): Promise<void> {
  const scope = globalThis as unknown as EventTarget & { onmessage: ((event: MessageEvent) => void) | null };
  const early: MessageEvent[] = [];
  const keep = (event: Event) => {
    if (!scope.onmessage) early.push(event as MessageEvent);
  };
  scope.addEventListener("message", keep);
  await import(module);
  scope.removeEventListener("message", keep);
  for (const event of early) scope.onmessage?.(event);
}
