import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cargoIndex, indexAddress } from "../../lib/collection/cargo_index.ts";

const OURS = "sparse+https://index.example/index/";
const VARIABLE = "CARGO_REGISTRIES_CRATES_IO_INDEX";

Deno.test("cargoIndex() takes the index that Cargo would, from its configuration alone", async () => {
  const replaced = '[source.crates-io]\nreplace-with = "our-own"\n';
  const cases: [config: string, env: { [name: string]: string }, index: string][] = [
    [`${replaced}[source.our-own]\r\nregistry = "${OURS}"\r\n`, {}, "https://index.example/index/"],
    [`${replaced}[registries.our-own]\nindex = "sparse+http://a.example"\n`, {}, "http://a.example/"],
    [replaced, { CARGO_REGISTRIES_OUR_OWN_INDEX: OURS }, "https://index.example/index/"],
    [
      `${replaced}[source.our-own]\nreplace-with = "last"\n[source.last]\nregistry = "${OURS}"\n`,
      { [VARIABLE]: "sparse+https://b.example/" },
      "https://index.example/index/",
    ],
    ["", { [VARIABLE]: "sparse+https://b.example/x//" }, "https://b.example/x/"],
    [`[registries.crates-io]\nindex = "${OURS}"\n`, {}, "https://index.example/index/"],
    [
      `[registries.crates-io]\nindex = "${OURS}"\n`,
      { [VARIABLE]: "sparse+https://b.example/" },
      "https://b.example/",
    ],
  ];
  for (const [config, env, index] of cases) assertEquals(await cargoIndex({ config, env }), index, config);
});

Deno.test("cargoIndex() says what to name where nothing is named, and refuses what it cannot ask", async () => {
  const none = "nothing names their index: give --index ADDRESS, or name it as [source.crates-io]";
  const cases: [config: string, message: string][] = [
    ["", none],
    ["[net]\noffline = true\n", none],
    ['[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n', none],
    ['[source.crates-io]\nreplace-with = "crates-io"\n', none],
    ["source = 3\nregistries = 4\n", none],
    ['[registries.crates-io]\nindex = "https://git.example/index"\n', "is not sparse"],
    ['[registries.crates-io]\nindex = "sparse+file:///index"\n', "is not sparse"],
    ['[registries.crates-io]\nindex = "sparse+https://ada:pw@a.example/"\n', "without a password is needed"],
    ["[source", "Cannot read Cargo's configuration"],
  ];
  for (const [config, message] of cases) {
    await assertRejects(() => cargoIndex({ config, env: {} }), Error, message);
  }
  for (const given of ["", "index.example", "https://", "https://a.example/?q=1", "https://a.example/#b"]) {
    assertThrows(() => indexAddress(given, "--index"), RangeError, "Cannot use --index: its index");
  }
});
