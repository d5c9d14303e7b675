/** A judging process whose "programs" are JavaScript: as if Python had got out of its interpreter. */
import { serve } from "../../lib/sandbox/serve.ts";

for (const name of ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const) {
  await Deno.permissions.revoke({ name } as Deno.PermissionDescriptor);
}
const run = (program: string) => {
  try {
    return new Function(program)() ?? { reason: "failed", detail: "End" };
  } catch (error) {
    return { reason: "failed", detail: (error as Error).name };
  }
};
await serve(() => Promise.resolve(run), { input: Deno.stdin, output: Deno.stdout });
