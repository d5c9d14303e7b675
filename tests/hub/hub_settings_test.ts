import { assertEquals, assertThrows } from "@std/assert";
import { readHubSettings } from "../../lib/hub/hub_settings.ts";

const of = (variables: Record<string, string>) => readHubSettings((name) => variables[name]);

Deno.test("readHubSettings() finds the cache where Python does", () => {
  const cases: [Record<string, string>, string][] = [
    [{ HOME: "/ada" }, "/ada/.cache/huggingface/hub"],
    [{ HOME: "/ada", XDG_CACHE_HOME: "/x" }, "/x/huggingface/hub"],
    [{ HOME: "/ada", XDG_CACHE_HOME: "/x", HF_HOME: "/h" }, "/h/hub"],
    [{ HF_HOME: "/h", HUGGINGFACE_HUB_CACHE: "/old" }, "/old"],
    [{ HF_HOME: "/h", HUGGINGFACE_HUB_CACHE: "/old", HF_HUB_CACHE: "/new" }, "/new"],
    [{ HOME: "/ada", HF_HOME: "~/h" }, "/ada/h/hub"],
    [{ HOME: "/ada", HF_HOME: "~bob/h" }, `${Deno.cwd()}/~bob/h/hub`],
    [{ HF_HUB_CACHE: "$SCRATCH/${JOB}/$NONE", SCRATCH: "/s", JOB: "7" }, "/s/7/$NONE"],
    [{ HOME: "/ada", HF_HOME: "", HF_HUB_CACHE: "" }, "/ada/.cache/huggingface/hub"],
  ];
  for (const [variables, cache] of cases) assertEquals(of(variables).cache, cache);
  assertThrows(() => of({}), Error, "HF_HOME, XDG_CACHE_HOME and HOME are not set: set HF_HOME");
});

Deno.test("readHubSettings() reads the token of a variable, else of a file, unless told not to", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/token`, " hf_file \r\n");
  await Deno.writeTextFile(`${folder}/other`, "hf_other");
  const HF_HOME = folder;
  assertEquals(of({ HF_HOME }).token, { value: "hf_file", origin: `"${folder}/token"` });
  assertEquals(of({ HF_HOME, HF_TOKEN_PATH: `${folder}/other` }).token?.value, "hf_other");
  assertEquals(of({ HF_HOME, HF_TOKEN: "hf_a", HUGGING_FACE_HUB_TOKEN: "hf_b" }).token?.value, "hf_a");
  assertEquals(of({ HF_HOME, HUGGING_FACE_HUB_TOKEN: "hf_b" }).token, {
    value: "hf_b",
    origin: "HUGGING_FACE_HUB_TOKEN",
  });
  assertEquals(of({ HF_HOME, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }).token, null);
  assertEquals(of({ HF_HUB_CACHE: "/c" }).token, null); // no home, no file
  await Deno.writeTextFile(`${folder}/token`, "hf_\u{1f511}");
  assertThrows(() => of({ HF_HOME }), RangeError, "it holds characters that no token has");
});

Deno.test("readHubSettings() takes an address and no other thing as the Hub", () => {
  const HF_HOME = "/h";
  assertEquals(
    of({ HF_HOME, HF_ENDPOINT: "https://mirror.invalid/hf//" }).endpoint,
    "https://mirror.invalid/hf",
  );
  for (const HF_ENDPOINT of ["mirror.invalid", "file:///etc", "https://ada:pw@mirror.invalid"]) {
    const error = assertThrows(() => of({ HF_HOME, HF_ENDPOINT }), RangeError, "Cannot read HF_ENDPOINT");
    assertEquals((error as Error).message.includes("pw"), false);
  }
});

Deno.test("readHubSettings() knows offline by Python's words", () => {
  const HF_HOME = "/h";
  for (const word of ["1", "on", "YES", "True"]) {
    assertEquals(of({ HF_HOME, HF_HUB_OFFLINE: word }).isOffline, true);
  }
  for (const word of ["0", "", "no", "2"]) {
    assertEquals(of({ HF_HOME, HF_HUB_OFFLINE: word }).isOffline, false);
  }
  assertEquals(of({ HF_HOME, TRANSFORMERS_OFFLINE: "1" }).isOffline, true);
});

Deno.test("readHubSettings() ignores a timeout that is none", () => {
  const HF_HOME = "/h";
  const timeout = (HF_HUB_DOWNLOAD_TIMEOUT: string) => of({ HF_HOME, HF_HUB_DOWNLOAD_TIMEOUT }).timeoutMs;
  assertEquals(["5", "0", "-1", "soon", ""].map(timeout), [5_000, 30_000, 30_000, 30_000, 30_000]);
});
