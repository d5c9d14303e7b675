/**
 * What a judging process gives up before its first program: every permission, and what JavaScript has in Deno without one
 * that outlasts a process or reaches another.
 *
 * @module
 */

/** All kinds that there are. */
const PERMISSIONS = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

/** Stores in Deno's folder, which the next process would find, and ways to other threads. */
const GLOBALS = ["localStorage", "sessionStorage", "caches", "BroadcastChannel", "Worker"] as const;

/**
 * Gives all of it up, for good.
 *
 * @throws {Error} where something is not gone
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const code = `import { giveUpAll } from ${JSON.stringify(import.meta.resolve("./give_up.ts"))};
 *   await giveUpAll();
 *   console.log("localStorage" in globalThis, (await Deno.permissions.query({ name: "env" })).state);`;
 * const args = ["run", "-q", "--no-check", "--allow-env", `data:application/typescript,${encodeURIComponent(code)}`];
 * const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
 * assertEquals(new TextDecoder().decode(stdout).trim(), "false prompt");
 * ```
 */
export async function giveUpAll(): Promise<void> {
  for (const name of PERMISSIONS) {
    const { state } = await Deno.permissions.revoke({ name } as Deno.PermissionDescriptor);
    if (state === "granted") throw new Error(`Cannot give up the permission ${name}`);
  }
  for (const name of GLOBALS) {
    Reflect.deleteProperty(globalThis, name);
    if (name in globalThis) throw new Error(`Cannot give up ${name}`);
  }
}
