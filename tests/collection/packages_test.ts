import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readArchive } from "../../lib/collection/archives.ts";
import { CratesRegistry } from "../../lib/collection/crates_registry.ts";
import { NpmRegistry } from "../../lib/collection/npm_registry.ts";
import type { PackageRegistry } from "../../lib/collection/package_list.ts";
import { packageSources } from "../../lib/collection/package_sources.ts";
import { PipRegistry } from "../../lib/collection/pip_registry.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { storedZip } from "../files/stored_zip.ts";
import { lua } from "./git_repositories.ts";

interface TarEntry {
  name: string;
  content?: string;
  /** "0" is a file, "2" a link. */
  type?: string;
  link?: string;
  /** What stands for the size, in octal digits. */
  size?: string;
}

/** A tar as its format has it. */
function tar(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  for (const { name, content = "", type = "0", link = "", size } of entries) {
    const bytes = new TextEncoder().encode(content);
    const header = new Uint8Array(512);
    const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
    put(0, name);
    put(100, "0000644\0");
    put(124, `${size ?? bytes.length.toString(8).padStart(11, "0")}\0`);
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, type);
    put(157, link);
    put(257, "ustar\x0000");
    put(148, `${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `);
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    padded.set(bytes);
    blocks.push(header, padded);
  }
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(1024)]));
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

const ALL = { isWanted: () => true, maxFileBytes: 1000, maxBytes: 2 ** 20 };

Deno.test("readArchive() reads plain files of a tar only, in memory, and bounds what it unpacks to", async () => {
  using folder = temporaryFolder();
  const write = async (bytes: Uint8Array<ArrayBuffer>) => {
    await Deno.writeFile(`${folder.path}/a.tgz`, bytes);
    return `${folder.path}/a.tgz`;
  };
  const path = await write(
    await gzip(tar([
      { name: "p/good.lua", content: "x = 1" },
      { name: "p/good.lua", content: "second" },
      { name: "../up.lua", content: "x" },
      { name: "/root.lua", content: "x" },
      { name: "p/link.lua", type: "2", link: "/etc/passwd" },
      { name: "p/hard.lua", type: "1", link: "p/good.lua" },
      { name: "p/huge.lua", content: "x".repeat(2000) },
      { name: "p/device", type: "3" },
      { name: "p/", type: "5" },
    ])),
  );
  const files = await readArchive(path, ALL);
  const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
  assertEquals(files.map(({ path, bytes }) => [path, text(bytes)]), [
    ["p/good.lua", "x = 1"],
    ["p/huge.lua", null],
  ]);
  assertEquals([...Deno.readDirSync(folder.path)].length, 1);
  const bomb = await gzip(tar([{ name: "p/a", content: "\0".repeat(2 ** 22) }]));
  await assertRejects(
    async () => await readArchive(await write(bomb), ALL),
    RangeError,
    "unpacks to more than",
  );
  for (const size of ["77777777777", "-0000000777", "8zzzzzzzzzz"]) {
    const odd = await gzip(tar([{ name: "p/a.lua", content: "x", size }, { name: "p/b.lua", content: "y" }]));
    await readArchive(await write(odd), ALL).catch((error) =>
      assertEquals(error instanceof SyntaxError, true)
    );
  }
  for (const cut of [3, 100, 200]) {
    const bytes = (await gzip(tar([{ name: "p/a.lua", content: lua(1) }]))).slice(0, cut);
    await assertRejects(async () => await readArchive(await write(bytes), ALL), SyntaxError, "it is damaged");
  }
});

const INDEX = "https://index.example/";

/** A small registry of each kind with one package, "ada" 1.0 and 1.1, and what it was asked. */
function serveRegistries(archives: { [file: string]: Uint8Array<ArrayBuffer> }) {
  const hash = (file: string, kind: string) => createHash(kind).update(archives[file]!);
  const stop = new AbortController();
  const answer = (request: Request): Response => {
    const { pathname, origin } = new URL(request.url);
    const file = pathname.split("/").at(-1)!;
    if (pathname.startsWith("/files/")) {
      return archives[file] ? new Response(archives[file]) : new Response(null, { status: 404 });
    }
    if (pathname === "/simple/ada/") {
      const files = [["ada-1.0-py3-none-any.whl", "2024-05-01"], ["ada-1.1.tar.gz", "2025-05-01"]];
      return Response.json({
        files: files.map(([filename, day]) => ({
          ...{ filename, url: `${origin}/files/${filename}`, "upload-time": `${day}T10:00:00.5Z` },
          hashes: { sha256: hash(filename!, "sha256").digest("hex") },
        })),
      }, { headers: { "content-type": "application/vnd.pypi.simple.v1+json" } });
    }
    if (pathname === "/ada") {
      const version = (v: string) => ({
        ...{ name: "ada", version: v },
        dist: {
          tarball: `${origin}/files/ada-${v}.tgz`,
          integrity: `sha512-${hash(`ada-${v}.tgz`, "sha512").digest("base64")}`,
        },
      });
      return Response.json({
        ...{ name: "ada", "dist-tags": { latest: "1.1.0" } },
        versions: { "1.0.0": version("1.0.0"), "1.1.0": version("1.1.0") },
        time: {
          created: "2024-05-01T10:00:00.000Z",
          "1.0.0": "2024-05-01T10:00:00.000Z",
          "1.1.0": "2025-05-01T10:00:00.000Z",
        },
      });
    }
    if (pathname === "/config.json") return Response.json({ dl: `${origin}/files/{crate}-{version}.crate` });
    if (pathname === "/3/a/ada") {
      const rows = [["1.0.0", "2024-05-01"], ["1.1.0", "2025-05-01"]].map(([vers, day]) => ({
        ...{ vers, pubtime: `${day}T10:00:00Z`, yanked: false },
        cksum: hash(`ada-${vers}.crate`, "sha256").digest("hex"),
      }));
      return new Response(rows.map((row) => JSON.stringify(row)).join("\n") + "\nno row\n");
    }
    return new Response(null, { status: 404 });
  };
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
    ...{ port: 0, hostname: "127.0.0.1", onListen: () => {}, signal: stop.signal },
  }, answer);
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

Deno.test("registries tell releases with their dates, and give archives whose files are read", async () => {
  using folder = temporaryFolder();
  const packed = async (metadata: string, text: string) =>
    await gzip(tar([{ name: `ada/${metadata}`, content: text }, { name: "ada/src/a.lua", content: lua(1) }]));
  const npm = await packed(
    "package.json",
    '{\n  "name": "ada",\n  "version": "1.1.0",\n  "license": "MIT"\n}\n',
  );
  const crate = await packed("Cargo.toml", 'license = "MIT"\n');
  await using served = serveRegistries({
    "ada-1.0-py3-none-any.whl": storedZip({ "ada/a.lua": lua(2) }),
    "ada-1.1.tar.gz": await packed("PKG-INFO", "Name: ada\nLicense-Expression: MIT\n"),
    ...{ "ada-1.0.0.tgz": npm, "ada-1.1.0.tgz": npm, "ada-1.0.0.crate": crate, "ada-1.1.0.crate": crate },
  });
  const settings: { [name: string]: string } = {
    PIP_INDEX_URL: `${served.origin}/simple`,
    npm_config_registry: served.origin,
    npm_config_cache: `${folder.path}/npm cache`,
  };
  const before = Object.keys(settings).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(settings)) Deno.env.set(name, value);
  try {
    const rule = { language: "Lua", ends: [".lua"], maxBytes: 2 ** 20, minTokens: 100 };
    const registries: { [name: string]: PackageRegistry } = {
      pypi: new PipRegistry() as PackageRegistry,
      npm: new NpmRegistry(),
      crates: new CratesRegistry(`${served.origin}/`) as PackageRegistry,
    };
    for (const [name, opened] of Object.entries(registries)) {
      await using registry = opened;
      const releases = await registry.releases("ada");
      assertEquals(
        releases.map(({ created }) => created),
        ["2024-05-01T10:00:00Z", "2025-05-01T10:00:00Z"],
        name,
      );
      assertEquals(await registry.releases("nobody"), [], name);
      const at = `${folder.path}/${name}`;
      Deno.mkdirSync(at);
      const wanted = { name: "ada", release: releases[1]!, folder: at };
      const path = await registry.download({ ...wanted, maxBytes: 2 ** 20 });
      const { files, licence } = await packageSources(path!, { rule, maxBytes: 2 ** 20 });
      assertEquals([files.map(({ text }) => text), licence], [[lua(1)], "MIT"], name);
      Deno.removeSync(path!);
      assertEquals(await registry.download({ ...wanted, maxBytes: 100 }), null, name);
    }
  } finally {
    for (const [name, value] of before) {
      value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
  }
});

Deno.test("registries that cannot be reached are one line", async () => {
  const before = Deno.env.get("PIP_INDEX_URL");
  Deno.env.set("PIP_INDEX_URL", "http://127.0.0.1:1/simple");
  Deno.env.set("PIP_RETRIES", "0");
  try {
    await using pip = new PipRegistry();
    await assertRejects(
      () => pip.releases("ada"),
      Error,
      "Cannot ask for packages by pip: the package registry cannot",
    );
  } finally {
    Deno.env.delete("PIP_RETRIES");
    before === undefined ? Deno.env.delete("PIP_INDEX_URL") : Deno.env.set("PIP_INDEX_URL", before);
  }
  await using crates = new CratesRegistry(INDEX);
  await assertRejects(() => crates.releases("ada"), Error, 'may not connect to "index.example:443"');
});
