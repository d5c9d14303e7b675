import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import {
  cacheFolder,
  checkPlatform,
  describeSetup,
  fetchWheels,
  findTensorFlow,
  setUpTensorFlow,
  type Wheel,
} from "../../lib/setup/set_up.ts";
import { checkFreeSpace, withCacheLock } from "../../lib/setup/cache_folder.ts";
import { TENSORFLOW_FILES } from "../../lib/setup/tensorflow_libraries.ts";

const CONTENT = "a wheel";
const WHEEL: Wheel = {
  name: "a",
  version: "1",
  file: "a-1-py3-none-any.whl",
  sha256: createHash("sha256").update(CONTENT).digest("hex"),
  bytes: CONTENT.length,
};

/** A stand-in for python3: a shell script that sees pip's arguments, and a count of its calls. */
async function fakePython(body: string): Promise<{ python: string; calls: () => number; cache: string }> {
  const folder = await Deno.makeTempDir();
  const python = `${folder}/python3`;
  const last = 'for last; do :; done; echo call >> "$(dirname "$0")/calls"';
  await Deno.writeTextFile(python, `#!/bin/sh\n${last}\n${body}\n`);
  await Deno.chmod(python, 0o755);
  const calls = () => Deno.readTextFileSync(`${folder}/calls`).trim().split("\n").length;
  return { python, calls, cache: `${folder}/cache` };
}

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

Deno.test("cacheFolder() takes the first variable that is set", () => {
  const of = (variables: Record<string, string>) => cacheFolder((name) => variables[name]);
  assertEquals(of({ CODESCRUB_CACHE: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" }), "/a");
  assertEquals(of({ XDG_CACHE_HOME: "/b", HOME: "/c" }), "/b/codescrub");
  assertEquals(of({ HOME: "/c" }), "/c/.cache/codescrub");
  assertThrows(() => of({}), Error, "HOME are not set: set CODESCRUB_CACHE");
});

Deno.test("fetchWheels() downloads once, then asks neither pip nor the network", async () => {
  const { python, calls, cache } = await fakePython(`printf '${CONTENT}' > "$last/${WHEEL.file}"`);
  const stages = new Set<string>();
  const folder = await fetchWheels([WHEEL], { python, cache, onProgress: ({ stage }) => stages.add(stage) });
  assertEquals(await Deno.readTextFile(`${folder}/${WHEEL.file}`), CONTENT);
  assertEquals([...stages], ["download"]);
  assertEquals(await fetchWheels([WHEEL], { python: "/nowhere/python3", cache }), folder);
  assertEquals(calls(), 1);
  assertEquals(namesIn(cache), ["setup.lock", "wheels"]);
});

Deno.test("fetchWheels() fetches a damaged wheel again", async () => {
  const { python, cache } = await fakePython(`printf '${CONTENT}' > "$last/${WHEEL.file}"`);
  await Deno.mkdir(`${cache}/wheels`, { recursive: true });
  await Deno.writeTextFile(`${cache}/wheels/${WHEEL.file}`, "a whe");
  const folder = await fetchWheels([WHEEL], { python, cache });
  assertEquals(await Deno.readTextFile(`${folder}/${WHEEL.file}`), CONTENT);
});

Deno.test("fetchWheels() called twice at once downloads once", async () => {
  const { python, calls, cache } = await fakePython(`sleep 0.3; printf '${CONTENT}' > "$last/${WHEEL.file}"`);
  const stages: string[] = [];
  const options = { python, cache, onProgress: ({ stage }: { stage: string }) => stages.push(stage) };
  await Promise.all([fetchWheels([WHEEL], options), fetchWheels([WHEEL], options)]);
  assertEquals(calls(), 1);
  assert(stages.includes("wait"));
});

const FAILURES: [string, string, string][] = [
  ["Python without pip", "/usr/bin/python3: No module named pip", "Python has no pip: install it"],
  ["a wrong hash", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "another hash than the pinned one"],
  [
    "no network",
    "WARNING: Retrying after NewConnectionError('...')",
    "the package registry cannot be reached",
  ],
  ["a broken download", "pip._vendor.urllib3.exceptions.ProtocolError: IncompleteRead(5)", "broke off"],
  ["a full disk", "ERROR: [Errno 28] No space left on device", "no space is left: make space or set"],
  ["an old pip", "no such option: --platform", "this pip is too old"],
  ["an unknown version", "ERROR: No matching distribution found for a==1", "does not have that version"],
  ["no index", "ERROR: no version satisfies a (from versions: none)", "offers nothing"],
  ["anything else", "warning: x\nERROR: something new", "with pip: something new"],
  ["silence", "", "it failed"],
];
for (const [what, stderr, message] of FAILURES) {
  Deno.test(`fetchWheels() says one line and leaves nothing with ${what}`, async () => {
    const { python, cache } = await fakePython(
      `printf 'cut' > "$last/${WHEEL.file}"; echo "${stderr}" >&2; exit 1`,
    );
    const error = await assertRejects(() => fetchWheels([WHEEL], { python, cache }), Error, message);
    assertMatch(error.message, /^Cannot set up a 1 (with pip: |in ")[^\n]+$/);
    assertEquals(namesIn(cache), ["setup.lock"]);
  });
}

Deno.test("fetchWheels() refuses what pip leaves under another hash", async () => {
  const { python, cache } = await fakePython(`printf 'other' > "$last/${WHEEL.file}"`);
  await assertRejects(() => fetchWheels([WHEEL], { python, cache }), Error, "pip did not leave");
  assertEquals(namesIn(cache), ["setup.lock"]);
});

Deno.test("fetchWheels() names a missing Python", async () => {
  const cache = await Deno.makeTempDir();
  const options = { python: "no-such-python3", cache };
  await assertRejects(() => fetchWheels([WHEEL], options), Error, '"no-such-python3" is not on the PATH');
});

Deno.test("fetchWheels() says which folder it cannot write", async () => {
  const file = await Deno.makeTempFile();
  const options = { cache: `${file}/cache` };
  await assertRejects(
    () => fetchWheels([WHEEL], options),
    Error,
    `Cannot write the cache folder "${file}/cache"`,
  );
});

Deno.test("withCacheLock() deletes what a killed set-up left, and its own folder after a failure", async () => {
  const cache = await Deno.makeTempDir();
  await Deno.mkdir(`${cache}/tmp/pip-unpack`, { recursive: true });
  const failing = withCacheLock((folder) => {
    assertEquals(namesIn(folder), []);
    throw new RangeError("stop");
  }, { cache });
  await assertRejects(() => failing, RangeError, "stop");
  assertEquals(namesIn(cache), ["setup.lock"]);
});

Deno.test("checkFreeSpace() says what is needed and what is free", () => {
  const error = assertThrows(() => checkFreeSpace("/", 2e18, "TensorFlow"), Error);
  assertMatch(
    error.message,
    /^Cannot set up TensorFlow in "\/": it needs 2000000000000 MB, \d+ MB are free: /,
  );
});

/** A folder with two sparse files of the pinned sizes. */
async function fakeLibraries(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  for (const { name, bytes } of TENSORFLOW_FILES) {
    const path = join(folder, basename(name));
    await Deno.writeFile(path, new Uint8Array());
    await Deno.truncate(path, bytes);
  }
  return folder;
}

Deno.test("findTensorFlow() takes the folder that the environment names", async () => {
  const folder = await fakeLibraries(await Deno.makeTempDir());
  const variable = (name: string) => name === "CODESCRUB_TENSORFLOW" ? folder : undefined;
  const found = findTensorFlow({ variable });
  assertEquals([found.folder, found.version, found.origin], [folder, null, "environment"]);
  await Deno.remove(found.cc);
  assertThrows(() => findTensorFlow({ variable }), Error, `"${folder}" has no libtensorflow_cc.so.2`);
});

Deno.test("findTensorFlow() takes the download if its hashes are the pinned ones", async () => {
  await setUpTensorFlow();
  const cache = await Deno.makeTempDir();
  const folder = `${cache}/tensorflow-cpu-2.21.0`;
  await Deno.symlink(join(cacheFolder(), "tensorflow-cpu-2.21.0"), folder);
  const found = findTensorFlow({ cache, variable: () => undefined });
  assertEquals([found.folder, found.version, found.origin], [folder, "2.21.0", "download"]);
});

Deno.test("findTensorFlow() does not take libraries of the right size and other content", async () => {
  const cache = await Deno.makeTempDir();
  const folder = await fakeLibraries(`${cache}/tensorflow-cpu-2.21.0`);
  const finding = () => findTensorFlow({ cache, variable: () => undefined, prefixes: [] });
  assertThrows(finding, Error, `${folder} (not the pinned files): run "npx -y deno task setup"`);
});

Deno.test("findTensorFlow() takes an installed package that is new enough", async () => {
  const root = await Deno.makeTempDir();
  const sitePackages = `${root}/lib/python3.12/site-packages`;
  await fakeLibraries(`${sitePackages}/tensorflow`);
  const variable = (name: string) => ({ VIRTUAL_ENV: root, CODESCRUB_CACHE: `${root}/cache` })[name];
  await Deno.mkdir(`${sitePackages}/tensorflow-2.22.1.dist-info`);
  const found = findTensorFlow({ variable });
  assertEquals([found.folder, found.version], [`${sitePackages}/tensorflow`, "2.22.1"]);
  assertEquals(found.origin, "package");
});

Deno.test("findTensorFlow() lists what it tried and says what to run", async () => {
  const root = await Deno.makeTempDir();
  const sitePackages = `${root}/lib/python3.11/site-packages`;
  await fakeLibraries(`${sitePackages}/tensorflow`);
  await Deno.mkdir(`${sitePackages}/tensorflow_cpu-2.18.0.dist-info`);
  const variable = (name: string) => ({ VIRTUAL_ENV: root, CODESCRUB_CACHE: `${root}/cache` })[name];
  const error = assertThrows(() => findTensorFlow({ variable, prefixes: [] }), Error);
  assertEquals(
    error.message,
    `Cannot find TensorFlow's libraries in ${root}/cache/tensorflow-cpu-2.21.0, ` +
      `${sitePackages}/tensorflow (version 2.18.0, needs 2.21): run "npx -y deno task setup"`,
  );
});

Deno.test("setUpTensorFlow() leaves nothing behind when the download fails", async () => {
  const { python, cache } = await fakePython("echo ProtocolError >&2; exit 1");
  const variable = () => undefined;
  await assertRejects(
    () => setUpTensorFlow({ python, cache, variable }),
    Error,
    "tensorflow-cpu 2.21.0 with pip",
  );
  assertEquals(namesIn(cache), ["setup.lock"]);
});

Deno.test("setUpTensorFlow() does not replace a wrong CODESCRUB_TENSORFLOW", async () => {
  const variable = (name: string) => name === "CODESCRUB_TENSORFLOW" ? "/nowhere" : undefined;
  const options = { variable, cache: "/nowhere", python: "/nowhere" };
  await assertRejects(() => setUpTensorFlow(options), Error, "as CODESCRUB_TENSORFLOW says");
});

Deno.test("checkPlatform() refuses all but Linux on x86_64", () => {
  for (const [os, arch] of [["linux", "aarch64"], ["windows", "x86_64"]] as const) {
    assertThrows(() => checkPlatform({ os, arch }), Error, `Cannot set up TensorFlow on ${os} ${arch}`);
  }
});

Deno.test("describeSetup() says what is missing and how to get it", async () => {
  const rows = await describeSetup({ cache: await Deno.makeTempDir() });
  assertEquals(rows.map(({ part }) => part), [
    "deno",
    "TensorFlow",
    "TensorFlow for GPUs",
    "wheels",
    "python3",
    "pip",
    "Jupyter",
    "git",
    "bubblewrap",
  ]);
  const wheels = rows.find(({ part }) => part === "wheels");
  assertEquals([wheels?.state, wheels?.howToGet], ["missing", "npx -y deno task setup"]);
});
