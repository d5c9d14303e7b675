/** A device's process for the tests of what becomes of bad ones: each check's name says how it goes. */
const { checks, folder } = JSON.parse(Deno.args[0]!) as { checks: string[]; folder: string };
const tell = (event: object) => console.log(JSON.stringify(event));

if (checks.includes("unopened")) {
  console.error("Cannot open TensorFlow on a GPU: there is none");
  Deno.exit(1);
}
tell({ event: "opened", device: "cpu", version: "0", card: null, seconds: 0 });
for (const check of checks) {
  tell({ event: "begin", check, seconds: 0 });
  if (check === "crash") {
    console.error("F0000 tensorflow.cc:1] Check failed: 1 == 2");
    Deno.kill(Deno.pid, "SIGKILL");
  }
  if (check === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
  if (check === "part") tell({ event: "failed", check, part: "a", reason: "Cannot multiply" });
  const file = `${folder}/${check}`;
  Deno.writeTextFileSync(file, "");
  tell({ event: "part", check, part: "b", file });
  tell({ event: "end", check, seconds: 1 });
  if (check !== "poisoned") continue;
  tell({ event: "poisoned" });
  Deno.exit(0);
}
if (checks.includes("last")) Deno.exit(7);
