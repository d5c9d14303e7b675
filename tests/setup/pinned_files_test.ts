import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { hasPinnedFiles } from "../../lib/setup/pinned_files.ts";
import { unpackWheel } from "../../lib/setup/unpack_wheel.ts";
import { storedZip } from "../files/stored_zip.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const CONTENT = "a library";
const FILE = {
  name: "package/a.so",
  bytes: CONTENT.length,
  sha256: createHash("sha256").update(CONTENT).digest("hex"),
};

Deno.test("hasPinnedFiles() hashes again when a file's time changed, and knows an edited one", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/a.so`;
  assertEquals(hasPinnedFiles(folder.path, [FILE]), false);
  Deno.writeTextFileSync(path, CONTENT);
  assertEquals(hasPinnedFiles(folder.path, [FILE]), true);
  Deno.utimeSync(path, 1, 1);
  assertEquals(hasPinnedFiles(folder.path, [FILE]), true);
  Deno.writeTextFileSync(path, CONTENT.toUpperCase());
  assertEquals(hasPinnedFiles(folder.path, [FILE]), false);
  Deno.writeTextFileSync(path, CONTENT);
  assertEquals(hasPinnedFiles(folder.path, [{ ...FILE, sha256: "0".repeat(64) }]), false);
});

Deno.test("unpackWheel() refuses a file of the right size and other content, and puts nothing into place", async () => {
  using folder = temporaryFolder();
  const wheel = `${folder.path}/a.whl`;
  Deno.writeFileSync(wheel, storedZip({ [FILE.name]: CONTENT }));
  const unpack = async (sha256: string) => {
    const temporary = Deno.makeTempDirSync({ dir: folder.path });
    const options = { what: "it", files: [{ ...FILE, sha256 }], temporary };
    await unpackWheel(wheel, `${folder.path}/out`, options);
  };
  await assertRejects(() => unpack("0".repeat(64)), Error, "its wheel has another a.so than the pinned one");
  await assertRejects(() => Deno.stat(`${folder.path}/out`), Deno.errors.NotFound);
  await unpack(FILE.sha256);
  assertEquals(Deno.readTextFileSync(`${folder.path}/out/a.so`), CONTENT);
  // The stamp that it left is believed: nothing is hashed at a start.
  Deno.writeTextFileSync(`${folder.path}/out/a.so`, CONTENT);
  assertEquals(hasPinnedFiles(`${folder.path}/out`, [FILE]), true);
});
