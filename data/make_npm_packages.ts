/**
 * `deno task lock:npm`: downloads every package of deno.lock anew, which has Deno compare each with the lock's hash, and
 * writes what they unpack to into data/npm_packages.json: by that, `doctor --verify` knows a package that was edited
 * after it was unpacked. To be run whenever deno.lock changes, on Linux x86-64; packages of other platforms are left out.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { childCommand } from "../lib/setup/child_command.ts";
import { hashPackage, type NpmPins, packageFolders, readLock } from "../lib/setup/npm_packages.ts";
import { writeFileAtomic } from "../lib/files/write_file.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = fileURLToPath(new URL("npm_packages.json", import.meta.url));

const folder = await Deno.makeTempDir();
try {
  const args = ["cache", "--quiet", "--frozen", "mod.ts", "lib/cli/main.ts", "tests/run.ts"];
  const options = { args, cwd: ROOT, env: { DENO_DIR: folder } };
  const { success } = await childCommand("npm", Deno.execPath(), options).spawn().status;
  if (!success) throw new Error("Cannot download the packages of deno.lock: see above");
  const pins: NpmPins = {};
  for (const [id, integrity] of readLock()) {
    const [found] = packageFolders(folder, id);
    if (found) pins[id] = { integrity, unpacked: await hashPackage(found) };
  }
  await writeFileAtomic(OUT, JSON.stringify(pins, null, 2) + "\n");
  console.log(`${Object.keys(pins).length} packages, written: ${OUT}`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
