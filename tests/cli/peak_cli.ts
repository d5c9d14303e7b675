/** The command line, which says at its end how much memory it had at its most, in bytes, as the last line on stderr. */
import { main } from "../../lib/cli/main.ts";
import { readKernelFile } from "../../lib/engine/libc.ts";

const code = await main(Deno.args);
const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readKernelFile("/proc/self/status") ?? "")?.[1];
console.error(1024 * Number(kilobytes));
Deno.exit(code);
