/**
 * Repositories of made-up Python for the check of the whole chain: their own files, copies of others' files as forks and
 * vendoring leave them, files that are nearly such, and files that stand in a training corpus. The same for the same seed.
 */
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { makeRepository, repositoryPath } from "../collection/git_repositories.ts";
import type { ServedRepository } from "../collection/github_server.ts";

/** What a made-up world holds. */
export interface MadeWorld {
  repositories: ServedRepository[];
  /** Texts that stand in repositories too. */
  training: string[];
}

const FILES = 4;
const NOUNS = ["row", "page", "node", "key", "batch", "token", "index", "window", "shard", "cursor", "limit"];
const VERBS = ["read", "write", "merge", "split", "count", "find", "skip", "open", "close", "check", "load"];

/** Python that nobody wrote: functions of random names and numbers. */
function python(random: PythonRandom, functions = 8): string {
  const pick = (words: readonly string[]) => words[random.randbelow(words.length)]!;
  return Array.from({ length: functions }, () => {
    const [a, b] = [pick(NOUNS), `${pick(NOUNS)}_${random.randbelow(90)}`];
    const lines = [
      `def ${pick(VERBS)}_${a}_${random.randbelow(1000)}(${a}, ${b}=${random.randbelow(500)}):`,
      `    if ${a} > ${random.randbelow(100)} and ${b} is not None:`,
      `        return ${pick(VERBS)}_${pick(NOUNS)}(${a}, "${pick(NOUNS)} ${pick(VERBS)} ${
        random.randbelow(70)
      }")`,
      `    ${pick(NOUNS)} = [${pick(VERBS)}(${a} + ${random.randbelow(30)}) for ${a} in range(${b})]`,
      `    return ${a} * ${random.randbelow(1000)} - ${b}`,
    ];
    return lines.join("\n") + "\n";
  }).join("\n\n");
}

/** Makes the repositories as "owner/name.git" in a folder. */
export async function makeWorld(folder: string, count: number, seed: number): Promise<MadeWorld> {
  const random = new PythonRandom(seed);
  const shared = Array.from({ length: 5 }, () => python(random));
  const training = Array.from({ length: 5 }, () => python(random));
  const repositories: ServedRepository[] = [];
  await Deno.mkdir(`${folder}/made`, { recursive: true });
  for (let i = 0; i < count; i++) {
    const repo = `made/r${i}`;
    const files: { [name: string]: string } = { "README.md": `# r${i}\n`, "short.py": "x = 1\n" };
    for (let file = 0; file < FILES; file++) files[`src/m${file}.py`] = python(random);
    if (i % 5 === 0) files["vendor/copy.py"] = shared[Math.floor(i / 5) % shared.length]!;
    if (i % 5 === 1) files["near.py"] = shared[i % 4]! + `\nVERSION = ${i}\n`;
    if (i % 5 === 2) files["known.py"] = training[Math.floor(i / 5) % training.length]!;
    await makeRepository(repositoryPath(folder, repo), files);
    const day = String(1 + i % 28).padStart(2, "0");
    repositories.push({
      ...{ repo, stars: 900 - 7 * i, created: `2025-02-${day}T12:00:00Z`, language: "Python" },
      ...i % 3 === 0 && { licence: "MIT" },
    });
  }
  return { repositories, training };
}
