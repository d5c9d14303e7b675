/**
 * A judging process, started by {@link ./pyodide_worker.ts}: it may read Pyodide's folder, loads it, gives every
 * permission up and then judges. Nothing else is given: no other file, no variable, no network, no process.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { prepareInterpreters } from "./interpreter.ts";
import { serve } from "./serve.ts";

if (import.meta.main) {
  try {
    const load = await prepareInterpreters({ outputBytes: Number(Deno.args[0]) });
    for (const name of ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const) {
      const { state } = await Deno.permissions.revoke({ name } as Deno.PermissionDescriptor);
      if (state === "granted") throw new Error(`Cannot give up the permission ${name}`);
    }
    await serve(load, { input: Deno.stdin, output: Deno.stdout });
    Deno.exit(0);
  } catch (error) {
    console.error(reasonOf(error));
    Deno.exit(1);
  }
}
