/**
 * Devices of other machines, by TensorFlow's own servers: a process that lends its devices, and a context that has the devices of
 * such processes beside its own. What travels is not encrypted, and nobody is asked who he is: for private networks.
 *
 * A context is task 0 of a cluster of its own, the hosts are the tasks behind it, whatever they are called at home.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { withWarnings } from "./library.ts";
import { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";
import { bytesField, intField, textField } from "./wire_format.ts";

/** TensorFlow's name of the job of a context without a cluster: so devices are called as ever. */
const JOB = "localhost";
/** A port that the system chooses: nobody begins a connection to the context's own server. */
const ANY_PORT = `${JOB}:0`;
/** How long a host keeps a context from which nothing is heard, in seconds: TensorFlow's own default in Python. */
const KEEP_ALIVE = 600;
/**
 * TensorFlow's settings, which it takes from the environment. By its defaults it waits for ever for a host that is not there, and
 * in three of eight tries for what it had asked of one that went.
 */
const SETTINGS = { GRPC_FAIL_FAST: "true", TF_ENABLE_EAGER_CLIENT_STREAMING_ENQUEUE: "false" };

/** What servers write is what they are asked for, or what their error says again. */
const dropLines = () => {};

/**
 * Reads a list of hosts: "HOST:PORT", a comma between two.
 *
 * @throws {RangeError} for anything else, or the same one twice
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseHosts("node1:7700, [fd00::2]:7701"), ["node1:7700", "[fd00::2]:7701"]);
 * assertThrows(() => parseHosts("node1"), RangeError, 'Cannot read host "node1": expected HOST:PORT');
 * ```
 */
export function parseHosts(text: string): string[] {
  const hosts = text.split(",").map((host) => host.trim());
  for (const [i, host] of hosts.entries()) {
    const [, port = ""] = /^(?:[\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(host) ?? [];
    if (!(Number(port) >= 1 && Number(port) <= 65_535)) {
      throw new RangeError(`Cannot read host "${host}": expected HOST:PORT, a comma between two`);
    }
    if (hosts.indexOf(host) !== i) throw new RangeError(`Cannot use host ${host} twice`);
  }
  return hosts;
}

/**
 * Gives a context the devices of hosts beside its own.
 *
 * @param context a `TFE_Context*` @param config its `ConfigProto`
 * @throws {Error} naming the hosts, where one does not answer
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * await assertRejects( // nobody is there
 *   () => openTensorFlow({ device: "cpu", hosts: ["127.0.0.1:9"] }),
 *   Error,
 *   "Cannot reach 127.0.0.1:9: ",
 * );
 * ```
 */
export function joinHosts(
  symbols: Symbols,
  context: Deno.PointerValue,
  { hosts, config }: { hosts: readonly string[]; config: Uint8Array },
): void {
  using status = new Status(symbols);
  for (const [name, value] of Object.entries(SETTINGS)) {
    if (Deno.env.get(name) === undefined) Deno.env.set(name, value); // for good: it looks at each call
  }
  try {
    const server = serverDefinition([ANY_PORT, ...hosts], config);
    withWarnings(
      () =>
        symbols.TFE_ContextSetServerDef(context, KEEP_ALIVE, server, BigInt(server.length), status.pointer),
      dropLines,
    );
    status.check("the hosts");
  } catch (cause) {
    const reason = lastWords(cause);
    throw new Error(
      `Cannot reach ${hosts.join(", ")}: ${reason}: is \`codescrub worker\` running on each?`,
      { cause },
    );
  }
}

/**
 * Why a host cannot be reached: the end of what TensorFlow says, before which stand addresses.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const error = new Error("Cannot run f: failed to connect: ipv4:10.0.0.2:7700: Connection refused (UNAVAILABLE)");
 * assertEquals(lastWords(error), "Connection refused");
 * ```
 */
export function lastWords(error: unknown): string {
  const said = reasonOf(error).replace(/ \([A-Z_]+\)$/, "");
  return said.slice(said.lastIndexOf(": ") + 2);
}

/**
 * The number of the host that a device is of, from 1; 0 for a device of this process.
 *
 * @param device TensorFlow's name of it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const names = ["/job:localhost/replica:0/task:0/device:CPU:1", "/job:localhost/replica:0/task:2/device:CPU:0"];
 * assertEquals(names.map(hostOf), [0, 2]);
 * ```
 */
export function hostOf(device: string): number {
  return Number(/\/task:(\d+)\//.exec(device)?.[1] ?? 0);
}

/**
 * Lends this process's devices to whoever asks at a port, until the process ends: TensorFlow cannot stop a server.
 *
 * @param config the `ConfigProto` that its devices were opened by: a process has one limit for a card's memory
 * @throws {TensorFlowError} when the port is taken
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { serveDevices } from "./hosts.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const noConfig = Uint8Array.of(255);
 * assertThrows(() => serveDevices(currentEngine().symbols, { port: 1, config: noConfig }), Error, "Cannot run");
 * ```
 */
export function serveDevices(symbols: Symbols, { port, config }: { port: number; config: Uint8Array }): void {
  using status = new Status(symbols);
  const definition = serverDefinition([`${JOB}:${port}`], config);
  withWarnings(() => {
    const server = symbols.TF_NewServer(definition, BigInt(definition.length), status.pointer);
    status.check(`a server on port ${port}`);
    symbols.TF_ServerStart(server, status.pointer);
    status.check(`a server on port ${port}`);
  }, dropLines);
}

/** The bytes of a `ServerDef` (`tensorflow/core/protobuf/tensorflow_server.proto`) of the first of the addresses. */
function serverDefinition(addresses: readonly string[], config: Uint8Array): Uint8Array<ArrayBuffer> {
  // tasks = 2: a map
  const tasks = addresses.flatMap((address, i) =>
    bytesField(2, [...intField(1, i), ...textField(2, address)])
  );
  const cluster = bytesField(1, [...textField(1, JOB), ...tasks]); // job = 1 { name = 1 }
  return Uint8Array.from([
    ...bytesField(1, cluster), // cluster = 1
    ...textField(2, JOB), // job_name = 2
    ...intField(3, 0), // task_index = 3
    ...bytesField(4, config), // default_session_config = 4
    ...textField(5, "grpc"), // protocol = 5
  ]);
}
