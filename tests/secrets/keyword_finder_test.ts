import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { KeywordFinder } from "../../lib/secrets/keyword_finder.ts";

Deno.test("KeywordFinder finds the keywords that a text includes in lower case", () => {
  const keywords = ["a", "ab", "abab", "bA", "abc", "", "c-", "éa", "-", "kk", "i"];
  const finder = new KeywordFinder(keywords);
  const random = new PythonRandom(3);
  const letters = ["a", "b", "c", "A", "B", "-", "é", "É", " ", "k", "\u212a", "😀"];
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: random.randbelow(9) }, () => letters[random.randbelow(letters.length)])
      .join("");
    const wanted = keywords.flatMap((keyword, index) =>
      keyword !== "" && text.toLowerCase().includes(keyword.toLowerCase()) ? [index] : []
    );
    assertEquals([...finder.find(text)].sort((a, b) => a - b), wanted, text);
  }
  assertEquals([...finder.find("\u0130")], [10]); // Go's lower case of it is i alone
  assertEquals(new KeywordFinder([]).find("a").size, 0);
});
