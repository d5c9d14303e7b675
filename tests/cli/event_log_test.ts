import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { writeTexts } from "./tiny_run.ts";

const eventsIn = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.startsWith("events.out.tfevents.")
  );

Deno.test("train --tensorboard writes its steps' numbers, and the run can be replaced", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeTexts(path("texts.jsonl"), { a: "x = 1\n".repeat(40), b: "y = 2\n".repeat(40) });
  const sizes = ["--layers", "1", "--width", "8", "--heads", "1", "--positions", "32", "--length", "16"];
  const args = [
    "train",
    "--corpus",
    path("texts.jsonl"),
    "--vocabulary",
    "260",
    "--steps",
    "2",
    "--batch",
    "1",
  ];
  const run = () => callMain([...args, ...sizes, "--out", path("out"), "--tensorboard", "--force"]);
  const first = await run();
  assertEquals(first.code, 0, first.stderr);
  const [name] = eventsIn(path("out"));
  const text = new TextDecoder("latin1").decode(await Deno.readFile(join(path("out"), name!)));
  for (const value of ["loss", "norm", "rate"]) assertEquals(text.split(value).length - 1, 2, value);
  const { outputs } = JSON.parse(await Deno.readTextFile(join(path("out"), "run.json")));
  assert(name! in outputs, "the record knows the file, as it is when all is written");
  const second = await run();
  assertEquals(second.code, 0, second.stderr);
  assertEquals(eventsIn(path("out")).length, 1);
});
