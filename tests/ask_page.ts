/** A question to a page in a browser without a window. */
import plotlySource from "plotly.js-basic-dist-min";
import { scriptJson } from "../lib/report/markup.ts";
import { temporaryFolder } from "./cli/run_cli.ts";

/** What a script begins with: `input` is there, and `answer` gives a value back. */
const READ = `const input = JSON.parse(document.getElementById("input").textContent);
const answer = (value) => document.body.textContent = "answer:" + encodeURIComponent(JSON.stringify(value)) + ":end";
`;

/** The value that a script hands to `answer`; plotly.js is there. */
export async function askPage(browser: string, script: string, input: unknown) {
  using folder = temporaryFolder();
  const path = `${folder.path}/page.html`;
  await Deno.writeTextFile(
    path,
    `<!doctype html><meta charset="utf-8"><body style="margin: 0">` +
      `<script type="application/json" id="input">${scriptJson(input).text}</script>` +
      `<script>${plotlySource}</script><script>${READ}${script}</script></body>`,
  );
  const { stdout } = await new Deno.Command(browser, {
    args: [
      ...["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", "--dump-dom"],
      ...[`--user-data-dir=${folder.path}/profile`, "--virtual-time-budget=60000", `file://${path}`],
    ],
    stderr: "null",
  }).output();
  return JSON.parse(decodeURIComponent(/answer:(.*?):end/s.exec(new TextDecoder().decode(stdout))![1]!));
}
