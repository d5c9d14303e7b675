import { assertEquals } from "@std/assert";
import { type CommentedLanguage, commentedLanguage } from "../../lib/collection/comment_styles.ts";
import { withoutOpeningComments, withoutOpeningLines } from "../../lib/collection/opening_comments.ts";

Deno.test("withoutOpeningComments() skips the comments of the language, and nothing else", () => {
  const cases: [CommentedLanguage | null, string, string][] = [
    ["python", "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\nimport os\n", "import os"],
    ["python", '"""A module\nof lines."""\nx = """y"""\n', 'x = """y"""'],
    ["python", '"""One line."""\n\nx = 1', "x = 1"],
    ["python", "'''Never closed\nx = 1", "'''Never closed\nx = 1"],
    ["ruby", "# frozen_string_literal: true\n=begin\nx\n=end\nputs 1", "puts 1"],
    ["rust", "//! Docs\n/* a */\n#[derive(Debug)]\nstruct A;", "#[derive(Debug)]\nstruct A;"],
    ["rust", "/* a */ struct A;", "/* a */ struct A;"],
    ["lua", "--[[ a\nb ]]\n-- c\nlocal x = 1", "local x = 1"],
    ["lua", "--[==[ ]] \n]==]\nlocal x", "local x"],
    ["php", "<?php\r\n/**\r\n * Licence\r\n */\r\n\r\nnamespace A;", "<?php\nnamespace A;"],
    ["php", "<?php namespace A; // b", "<?php namespace A; // b"],
    ["javascript", "#!/usr/bin/env node\n// x\nlet y;", "#!/usr/bin/env node\nlet y;"],
    ["c", "\n\n  /* a */\n  // b\n  int x;\n\n", "  int x;"],
    ["go", "// only\n/* comments */\n", ""],
    [null, "# as it is\nx", "# as it is\nx"],
    ["lua", "", ""],
  ];
  for (const [language, text, expected] of cases) {
    assertEquals(withoutOpeningComments(text, language), expected, JSON.stringify(text));
  }
});

Deno.test("withoutOpeningLines() does what the reference's code does, traps included", () => {
  const cases: [string, string][] = [
    ["# a\n\n#b\nx = 1\n# c\ny", "x = 1\n# c\ny"],
    ["#[derive(Debug)]\nstruct A;", "struct A;"], // an attribute of Rust
    ['"""a\nb"""\nx', "x"],
    ['"""a"""\nx\ny"""\nz', "z"], // a block of one line goes on
    ['"""a"""\nx\ny', '"""a"""\nx\ny'], // to the end: all of it stays
    ["// a\nx", "// a\nx"],
    ["x\x0cy\u2028z", "x\ny\nz"], // Python's lines
    ["a\r\n# b\rc", "a\n# b\nc"],
  ];
  for (const [text, expected] of cases) {
    assertEquals(withoutOpeningLines(text), expected, JSON.stringify(text));
  }
});

Deno.test("commentedLanguage() goes by the path, else the id", () => {
  const of = (docId: string, path: string | null = null) => commentedLanguage({ docId, path });
  assertEquals([of("a/b.rs"), of("7", "c.LUA"), of("c.rb#2"), of("a.rs", "b.php")], [
    "rust",
    "lua",
    "ruby",
    "php",
  ]);
  assertEquals([of("mbpp/11"), of("Makefile"), of(".rs"), of("a.xyz")], [null, null, "rust", null]);
});
