/** What is asked of the open engine, in its order: steps launched and ended, values read. */
import { currentEngine } from "../../lib/engine/state.ts";

/** A record of what the engine does; disposing it ends the record. What comes several times at once stands there once. */
export function watchEngine(): Disposable & { log: readonly string[]; add: (what: string) => void } {
  const { binding } = currentEngine();
  const { executeAsync, tensorDataSync } = binding;
  const log: string[] = [];
  const add = (what: string) => {
    if (log.at(-1) !== what) log.push(what);
  };
  binding.executeAsync = async (call) => {
    add("launch");
    const results = await executeAsync.call(binding, call);
    add("end");
    return results;
  };
  binding.tensorDataSync = (id) => {
    add("read");
    return tensorDataSync.call(binding, id);
  };
  const dispose = () => void Object.assign(binding, { executeAsync, tensorDataSync });
  return { log, add, [Symbol.dispose]: dispose };
}

/** On which devices steps are launched; disposing it ends the record. */
export function watchDevices(): Disposable & { devices: ReadonlySet<number> } {
  const { binding } = currentEngine();
  const { executeAsync } = binding;
  const devices = new Set<number>();
  binding.executeAsync = (call) => {
    devices.add(call.device ?? 0);
    return executeAsync.call(binding, call);
  };
  return { devices, [Symbol.dispose]: () => void Object.assign(binding, { executeAsync }) };
}
