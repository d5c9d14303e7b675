/**
 * `worker`: lends this machine's devices to `train` and `unlearn` on another one, which name it by `--hosts`. It waits until it is
 * interrupted, serves one run after the other, and keeps nothing of them.
 *
 * @module
 */
import { serveDevices } from "../../engine/hosts.ts";
import { currentEngine } from "../../engine/state.ts";
import { defineCommand } from "../command.ts";
import { openEngine } from "../session.ts";

/**
 * The command `worker`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./worker.ts";
 *
 * assertEquals(command.options.port.default, 7700);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    port: {
      kind: "int",
      describe:
        "where it waits, on all interfaces: who reaches it has this process compute, read and write, unasked",
      metavar: "N",
      default: 7700,
      min: 1,
      max: 65_535,
    },
  },
  async run({ port }, { log, signal }) {
    using engine = await openEngine();
    const { device: kind, threads } = engine;
    const { symbols, config } = currentEngine();
    serveDevices(symbols, { port, config });
    const device = kind === "gpu" ? "the first GPU" : `a processor of ${threads} threads`;
    log(`Waiting on port ${port}, with ${device}: any machine that reaches it may use it. Ctrl+C ends it.`);
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    const awake = setInterval(() => {}, 60_000); // a promise alone does not keep the process
    await promise.finally(() => clearInterval(awake));
    return { text: "Ended.", summary: { port } };
  },
});
