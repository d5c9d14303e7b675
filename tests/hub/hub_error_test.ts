import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { CODER, openHub, refusal, runScript, WEIGHTS } from "./hub_open.ts";
import type { HubServerOptions } from "./hub_server.ts";
import { freePort } from "../worker.ts";

Deno.test("fetchHubModel() says what the Hub refuses, and why", async () => {
  const gated = { "ada/coder": { ...CODER, gatedFor: "hf_right" } };
  const at = (what: string) => `Cannot download model "ada/coder": ${what}`;
  await using hub = await openHub(undefined, { models: gated });
  assertEquals(
    await refusal(hub.fetchModel("ada/coder")),
    at(`it is gated: ask for access at ${hub.server.url}/ada/coder and set HF_TOKEN`),
  );
  const refused = await refusal(hub.fetchModel("ada/coder", { HF_TOKEN: "hf_wrong" }));
  assertEquals(
    refused,
    at(
      `it is gated and the token of HF_TOKEN may not read it: ask for access at ${hub.server.url}/ada/coder`,
    ),
  );
  assertEquals(
    await refusal(hub.fetchModel("ada/codr")),
    'Cannot download model "ada/codr": the Hub has no such model for who has no token (HF_TOKEN): check its name',
  );
  assertEquals(
    await refusal(hub.fetchModel("ada/codr", { HF_TOKEN: "hf_right" })),
    'Cannot download model "ada/codr": the Hub has no such model for the token of HF_TOKEN: check its name',
  );
  assertEquals(
    await refusal(hub.fetchModel("ada/coder@v9")),
    'Cannot download model "ada/coder@v9": it has no such revision: name a branch, a tag or a commit of it',
  );
  const folder = await hub.fetchModel("ada/coder", { HF_TOKEN: " hf_right\n" });
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
});

Deno.test("fetchHubModel() refuses a token that cannot be one without telling it", async () => {
  await using hub = await openHub();
  const error = await assertRejects(() =>
    Promise.resolve().then(() => hub.fetchModel("ada/coder", { HF_TOKEN: "hf_é secret" }))
  );
  assertEquals(
    (error as Error).message,
    "Cannot use the token of HF_TOKEN: it holds characters that no token has",
  );
});

Deno.test("fetchHubModel() says in one line that there is no network", async () => {
  await using hub = await openHub();
  const offline = await refusal(hub.fetchModel("ada/coder", { HF_HUB_OFFLINE: "yes" }));
  assertEquals(
    offline,
    `Cannot find model "ada/coder": it is not in "${hub.cache}/hub", and HF_HUB_OFFLINE forbids to download it`,
  );
  assertEquals(hub.server.seen, []);
  const port = freePort();
  const unreachable = await refusal(
    hub.fetchModel("ada/coder", { HF_ENDPOINT: `http://127.0.0.1:${port}` }),
  );
  assertEquals(
    unreachable,
    `Cannot download model "ada/coder": "127.0.0.1:${port}" cannot be reached (tcp connect error: Connection refused ` +
      `(os error 111)): check the network, or copy the model into "${hub.cache}/hub"`,
  );
  assertEquals(
    await refusal(hub.fetchModel("ada/coder", { HF_ENDPOINT: "https://hub.invalid" })),
    'Cannot download model "ada/coder": this run may not connect to "hub.invalid:443": ' +
      "add --allow-net=hub.invalid:443 to Deno's options",
  );
});

Deno.test("fetchHubModel() names what a cached model lacks when it may not ask", async () => {
  await using hub = await openHub();
  const folder = await hub.fetchModel("ada/coder");
  for (
    const [name, missing] of [
      ["model.safetensors", "its weights are"],
      ["tokenizer.json", "its tokenizer is"],
      ["config.json", "config.json is"],
    ] as const
  ) {
    await Deno.remove(join(folder, name));
    assertStringIncludes(
      await refusal(hub.fetchModel("ada/coder", { HF_HUB_OFFLINE: "1" })),
      `Cannot find model "ada/coder": ${missing} not in "`,
    );
  }
  const asked = hub.files().length;
  assertEquals(await hub.fetchModel("ada/coder"), folder); // links again, of contents that are there
  assertEquals(hub.files().length, asked);
  await Deno.truncate(await Deno.realPath(join(folder, "model.safetensors")), 100);
  await Deno.remove(join(folder, "config.json"));
  await hub.fetchModel("ada/coder");
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
});

Deno.test("fetchHubModel() gives up on redirects without end, silence, and what is no Hub", async () => {
  const cases: [HubServerOptions["answer"], string][] = [
    [
      ({ isCdn, path }) =>
        isCdn ? new Response(null, { status: 302, headers: { location: path } }) : undefined,
      "redirects too often",
    ],
    [() => new Response("<html>Log in to this network</html>"), "does not answer as the Hub does"],
    [() => Response.json({ sha: "../../../etc" }), "does not answer as the Hub does"],
    [() => new Response(null, { status: 418 }), "answers 418: try again later"],
    [
      ({ path }) =>
        path.includes("/tree/")
          ? Response.json([{ type: "file", path: "config.json", size: 3, oid: "../../x" }])
          : undefined,
      "does not answer as the Hub does",
    ],
  ];
  for (const [answer, message] of cases) {
    await using hub = await openHub(answer);
    assertStringIncludes(await refusal(hub.fetchModel("ada/coder")), message);
  }
});

Deno.test("fetchHubModel() tries again after silence, a busy Hub and a failing one", async () => {
  const refusals = [
    new Response(null, { status: 429, headers: { "retry-after": "0" } }),
    new Response(null, { status: 503 }),
  ];
  const silence = [new Response(new ReadableStream({ start: (c) => c.enqueue(WEIGHTS.slice(0, 9)) }))];
  await using hub = await openHub(({ isCdn }) => (isCdn ? silence : refusals).shift());
  const folder = await hub.fetchModel("ada/coder", { HF_HUB_DOWNLOAD_TIMEOUT: "0.3" });
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
  assertEquals(hub.files().filter(({ isCdn }) => isCdn).map(({ range }) => range), [null, "bytes=9-59999"]);
});

Deno.test("fetchHubModel() notices silence after the garbage collector took the response", async () => {
  const silence = [new Response(new ReadableStream({ start: (c) => c.enqueue(WEIGHTS.slice(0, 9)) }))];
  await using hub = await openHub(({ isCdn }) => isCdn ? silence.shift() : undefined);
  const { code } = await runScript(
    hub,
    `Deno.env.set("HF_HUB_DOWNLOAD_TIMEOUT", "0.5");
     setTimeout(() => Deno.exit(7), 20_000);
     setInterval(gc, 50);
     await fetchHubModel(model);
     Deno.exit(0);`,
    { flags: ["--v8-flags=--expose-gc"] }, // when it collects is chance otherwise
  );
  assertEquals(code, 0);
});

Deno.test("fetchHubModel() says that the cache cannot be written", async () => {
  await using hub = await openHub();
  const file = join(hub.cache, "file");
  await Deno.writeTextFile(file, "");
  assertStringIncludes(
    await refusal(hub.fetchModel("ada/coder", { HF_HUB_CACHE: join(file, "hub") })),
    "cannot be written (ENOTDIR): set HF_HOME to a folder that can",
  );
});
