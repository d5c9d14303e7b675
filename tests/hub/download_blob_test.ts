import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { type FetchHubModelOptions, HubError } from "../../lib/hub/fetch_hub_model.ts";
import { FILES, hasNamespaces, openHub, refusal, runScript, WEIGHTS } from "./hub_open.ts";
import { type HubServerOptions, idOf, sendBroken, sendBytes } from "./hub_server.ts";

Deno.test("fetchHubModel() resumes a download that breaks off, again and again", async () => {
  let breaks = 6; // more often than it tries in vain
  await using hub = await openHub(({ isCdn, range }) => {
    if (!isCdn || breaks-- <= 0) return;
    const start = Number(/\d+/.exec(range ?? "0"));
    const response = sendBroken(WEIGHTS.subarray(start), 5_000);
    if (range === null) return response;
    const headers = { "content-range": `bytes ${start}-${WEIGHTS.length - 1}/${WEIGHTS.length}` };
    return new Response(response.body, { status: 206, headers });
  });
  const folder = await hub.fetchModel("ada/coder");
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
  const ranges = hub.files().filter(({ isCdn }) => isCdn).map(({ range }) => range);
  assertEquals(ranges, [null, ...[5, 10, 15, 20, 25, 30].map((k) => `bytes=${k}000-59999`)]);
});

Deno.test("fetchHubModel() goes on from an earlier run's part, whoever left it", async () => {
  await using hub = await openHub();
  const id = idOf("model.safetensors", WEIGHTS);
  await Deno.mkdir(join(hub.root, "blobs"), { recursive: true });
  const partial = join(hub.root, "blobs", `${id}.incomplete`);
  await Deno.writeFile(partial, WEIGHTS.subarray(0, 40_000));
  const folder = await hub.fetchModel("ada/coder");
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
  assertEquals(hub.files().find(({ isCdn }) => isCdn)?.range, "bytes=40000-59999");
});

Deno.test("fetchHubModel() starts anew where an earlier run's part is of another file", async () => {
  for (const part of [new Uint8Array(40_000), new Uint8Array(60_000), new Uint8Array(70_000)]) {
    await using hub = await openHub();
    const id = idOf("model.safetensors", WEIGHTS);
    await Deno.mkdir(join(hub.root, "blobs"), { recursive: true });
    await Deno.writeFile(join(hub.root, "blobs", `${id}.incomplete`), part);
    const folder = await hub.fetchModel("ada/coder");
    assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
    assertEquals(hub.files().filter(({ isCdn }) => isCdn).at(-1)?.range, null);
  }
});

Deno.test("fetchHubModel() resumes at a server that knows no ranges", async () => {
  await using hub = await openHub(({ isCdn }) => isCdn ? new Response(WEIGHTS) : undefined);
  const id = idOf("model.safetensors", WEIGHTS);
  await Deno.mkdir(join(hub.root, "blobs"), { recursive: true });
  await Deno.writeFile(join(hub.root, "blobs", `${id}.incomplete`), WEIGHTS.subarray(0, 12_345));
  const folder = await hub.fetchModel("ada/coder");
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
  assertEquals(hub.files().filter(({ isCdn }) => isCdn).length, 1);
});

Deno.test("fetchHubModel() refuses bytes that are not those of the list", async () => {
  const cases: [string, HubServerOptions["answer"], string][] = [
    [
      "a wrong byte",
      ({ isCdn }, request) => {
        if (!isCdn) return;
        const wrong = WEIGHTS.map((byte, i) => i === 7 ? byte ^ 1 : byte);
        return sendBytes(wrong, { range: request.headers.get("range") });
      },
      '"model.safetensors" has another hash than the Hub lists: run it again',
    ],
    [
      "more bytes",
      ({ isCdn }) => isCdn ? new Response(new Uint8Array(WEIGHTS.length + 1)) : undefined,
      "longer than the 60000 bytes that the Hub lists",
    ],
    [
      "another range",
      ({ isCdn }) => {
        const headers = { "content-range": "bytes 5-60000/60001" };
        return isCdn ? new Response(WEIGHTS, { status: 206, headers }) : undefined;
      },
      "sends other bytes than were asked for",
    ],
    [
      "a wrong small file",
      ({ path }) => path.endsWith("config.json") ? new Response('{"model_type": "gpt3"}\n') : undefined,
      '"config.json" has another hash',
    ],
  ];
  for (const [what, answer, message] of cases) {
    await using hub = await openHub(answer);
    assertStringIncludes(await refusal(hub.fetchModel("ada/coder")), message, what);
    assertEquals(hub.blobs().includes(idOf("model.safetensors", WEIGHTS)), false);
    await assertRejects(() => hub.fetchModel("ada/coder", { HF_HUB_OFFLINE: "1" }), HubError);
  }
});

Deno.test("fetchHubModel() refuses what does not fit onto the disk", async () => {
  const listing = (size: number): HubServerOptions["answer"] => ({ path }) =>
    path.includes("/tree/")
      ? Response.json(
        ["config.json", "tokenizer.json", "model.safetensors"].map((name) => ({
          type: "file",
          path: name,
          size: name === "model.safetensors" ? size : FILES[name as keyof typeof FILES].length,
          oid: idOf(name, FILES[name as keyof typeof FILES]).slice(0, 40),
          ...name === "model.safetensors" && { lfs: { oid: idOf(name, WEIGHTS), size, pointerSize: 130 } },
        })),
      )
      : undefined;
  await using large = await openHub(listing(9e15));
  assertStringIncludes(
    await refusal(large.fetchModel("ada/coder")),
    `hub" has no space for its 9000000001 MB: `,
  );
  assertEquals(large.files(), []);
});

Deno.test({
  name: "fetchHubModel() says that the disk filled up and keeps what is there",
  ignore: !hasNamespaces(),
  fn: async () => {
    await using hub = await openHub();
    const full = join(hub.cache, "full");
    await Deno.mkdir(full);
    const small = FILES["config.json"].length + FILES["tokenizer.json"].length;
    const script = `
      const page = new Uint8Array(4096);
      const fill = ({ done }) => {
        if (done < ${small}) return;
        try { for (;;) Deno.writeFileSync("${full}/rest", page, { append: true }); } catch { /* it is full */ }
      };
      await fetchHubModel(model, { onProgress: fill }).catch(({ message }) => console.log(message));
      for (const { name } of Deno.readDirSync("${full}/hub/models--ada--coder/blobs")) console.log(name);`;
    // A file system of a megabyte, seen by this process only.
    const mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=1m none "$0" && exec "$@"', full];
    const { message } = await runScript({ ...hub, cache: full }, script, { wrapper: mount });
    const [line, ...names] = message.trim().split("\n");
    assertEquals(
      line,
      `Cannot download model "ada/coder": "${full}/hub" has no space left: make space or set HF_HOME`,
    );
    const id = idOf("model.safetensors", WEIGHTS);
    assertEquals(names.includes(`${id}.incomplete`), true);
    assertEquals(names.includes(id), false);
  },
});

Deno.test("fetchHubModel() stops when asked to and keeps what is there", async () => {
  await using hub = await openHub(({ isCdn, range }) =>
    isCdn && range === null
      ? new Response(new ReadableStream({ start: (c) => c.enqueue(WEIGHTS.slice(0, 30_000)) }))
      : undefined
  );
  const controller = new AbortController();
  const reason = new Error("enough");
  await assertRejects(
    () =>
      hub.fetchModel("ada/coder", {}, {
        signal: controller.signal,
        onProgress: ({ done }) => done >= 30_000 && controller.abort(reason),
      }),
    Error,
    "enough",
  );
  const id = idOf("model.safetensors", WEIGHTS);
  assertEquals(Deno.statSync(join(hub.root, "blobs", `${id}.incomplete`)).size, 30_000);
  assertEquals(hub.blobs().length, 3);
  await hub.fetchModel("ada/coder");
  assertEquals(hub.files().at(-1)?.range, "bytes=30000-59999");
});

Deno.test("fetchHubModel() downloads once where two ask at once", async () => {
  const stages = new Set<string>();
  await using hub = await openHub(({ isCdn }) =>
    isCdn
      ? new Promise((resolve) => setTimeout(() => resolve(new Response(WEIGHTS)), 600)) as Promise<Response>
      : undefined
  );
  const onProgress: FetchHubModelOptions["onProgress"] = ({ stage }) => stages.add(stage);
  const fetchOne = () => hub.fetchModel("ada/coder", {}, { onProgress });
  const folders = await Promise.all([fetchOne(), fetchOne()]);
  assertEquals(folders[0], folders[1]);
  assertEquals(hub.files().filter(({ isCdn }) => isCdn).length, 1);
  assertEquals(stages, new Set(["download", "wait"]));
});

Deno.test("fetchHubModel() of a killed process leaves nothing under a final name", async () => {
  let isSlow = true;
  await using hub = await openHub(({ isCdn }) =>
    isCdn && isSlow
      ? new Response(new ReadableStream({ start: (c) => c.enqueue(WEIGHTS.slice(0, 20_000)) }))
      : undefined
  );
  const { signal } = await runScript(
    hub,
    `await fetchHubModel(model, {
      onProgress: ({ done }) => done >= 20_000 && Deno.kill(Deno.pid, "SIGKILL"),
    });`,
  );
  assertEquals(signal, "SIGKILL");
  const id = idOf("model.safetensors", WEIGHTS);
  assertEquals(hub.blobs().includes(id), false);
  isSlow = false;
  const folder = await hub.fetchModel("ada/coder");
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
  assertEquals(hub.files().at(-1)?.range, "bytes=20000-59999");
});
