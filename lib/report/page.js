// Runs in the report: draws its figures in the reader's colours and on paper, saves them, and filters and sorts the
// table of secrets. What is called here and not defined stands in stack_panels.js.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const byId = (id) => document.getElementById(id);
  const themes = JSON.parse(byId("themes").textContent);
  const PRINT_WIDTH = 680; // what A4 with its margins leaves
  const PRINT_SCALE = 0.76; // of a figure's height: two fit on a page
  const SAVED_WIDTH = 900;

  /** The reader's choice of colours, for this page the next time; a browser may keep nothing. */
  const COLOURS = "codescrub-colours";
  function storedColours(chosen) {
    try {
      if (chosen !== undefined) localStorage.setItem(COLOURS, chosen);
      return localStorage.getItem(COLOURS);
    } catch {
      return null;
    }
  }
  const stored = storedColours();
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;

  const isDark = () =>
    (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";

  /** A figure in one theme; read anew each time, as Plotly writes into what it is given. */
  function readFigure(id, theme) {
    const exchange = (_, value) => Object.hasOwn(themes.colors, value) ? themes.colors[value] : value;
    const figure = JSON.parse(byId(`${id}-data`).textContent, theme === "dark" ? exchange : undefined);
    figure.layout.template = themes[theme];
    return figure;
  }

  const plots = [...document.querySelectorAll(".plot")];

  /** Title and subtitle stand above the plot as text of the page. */
  function pageLayout({ title: _, ...layout }, isPrinted) {
    const headings = (layout.annotations ?? []).filter(({ yref, y }) => yref === "paper" && y === 1);
    const lines = Math.max(0, ...headings.map(({ text }) => text.split("<br>").length));
    return {
      ...layout,
      ...(isPrinted ? { width: PRINT_WIDTH, height: layout.height * PRINT_SCALE } : { autosize: true }),
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { ...layout.margin, t: 20 + 16 * lines },
      dragmode: false,
    };
  }

  // A dark screen turns light while it prints, which must not bring the screen's sizes back.
  let isPrinting = false;
  const widthOf = (element) => isPrinting ? PRINT_WIDTH : element.parentElement.clientWidth;
  function drawAll() {
    for (const element of plots) {
      const { data, layout: wide } = readFigure(element.id, isDark() && !isPrinting ? "dark" : "light");
      const layout = widthOf(element) < NARROW ? stackPanels(wide) : wide;
      if (layout !== wide) { for (const trace of data) if (trace.type === "bar") trace.textangle = -90; // narrow bars
       }
      element.style.height = `${layout.height * (isPrinting ? PRINT_SCALE : 1)}px`;
      const config = { responsive: true, displayModeBar: false };
      globalThis.Plotly.react(element, data, pageLayout(layout, isPrinting), config);
    }
  }
  drawAll();
  const areNarrow = () => plots.map((element) => widthOf(element) < NARROW).join();
  let wasNarrow = areNarrow();
  addEventListener("resize", () => {
    const now = areNarrow();
    if (now !== wasNarrow) drawAll();
    wasNarrow = now;
  });
  dark.addEventListener("change", drawAll);
  for (const [event, value] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      isPrinting = value;
      drawAll();
    });
  }

  const toggle = byId("theme");
  const nameToggle = () => toggle.textContent = isDark() ? "Light colours" : "Dark colours";
  toggle.hidden = false;
  nameToggle();
  dark.addEventListener("change", nameToggle);
  toggle.addEventListener("click", () => {
    const chosen = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = chosen;
    storedColours(chosen);
    nameToggle();
    drawAll();
  });

  /** Saves a figure with its title, on the paper that the reader sees. */
  async function save(id, format) {
    const { data, layout } = readFigure(id, isDark() ? "dark" : "light");
    const scale = format === "png" ? 3 : 1;
    const size = { format, width: SAVED_WIDTH, height: layout.height, scale };
    const link = document.createElement("a");
    link.href = await globalThis.Plotly.toImage({ data, layout }, size);
    link.download = `${id}.${format}`;
    link.click();
  }
  for (const place of document.querySelectorAll(".save")) {
    const name = byId(`${place.dataset.figure}-title`).textContent;
    place.append("Save as");
    for (const format of ["svg", "png"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = format.toUpperCase();
      button.setAttribute("aria-label", `Save "${name}" as ${format.toUpperCase()}`);
      button.addEventListener("click", () => save(place.dataset.figure, format));
      place.append(button);
    }
  }

  /** A table's texts as rows; a cell that spans several rows stands in each of them. */
  function textsOf(table) {
    const carried = [];
    return [...table.rows].filter((row) => !row.hidden).map((row) => {
      const cells = [...row.cells];
      const texts = [];
      for (let column = 0; cells.length > 0 || carried[column]?.left > 0; column++) {
        if (carried[column]?.left > 0) {
          carried[column].left--;
          texts.push(carried[column].text);
          continue;
        }
        const cell = cells.shift();
        const copy = cell.cloneNode(true);
        for (const other of copy.querySelectorAll("[aria-hidden], .hidden, .print-only")) other.remove();
        const text = copy.textContent.replace(/\s+/g, " ").trim();
        carried[column] = { text, left: cell.rowSpan - 1 };
        texts.push(text, ...Array(cell.colSpan - 1).fill(""));
        column += cell.colSpan - 1;
      }
      return texts;
    });
  }

  /** Counts are numbers; what begins like a formula is one to a spreadsheet: an apostrophe says that it is text. */
  function csvCell(text) {
    if (/^\d{1,3}(,\d{3})+$/.test(text)) return text.replaceAll(",", "");
    const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function saveCsv(table, name) {
    const lines = textsOf(table).map((row) => row.map(csvCell).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    link.download = `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
  for (const place of document.querySelectorAll(".scroll")) {
    const own = place.querySelector("table");
    if (!own) continue;
    const name = place.getAttribute("aria-label");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "CSV";
    button.setAttribute("aria-label", `Save "${name}" as CSV`);
    button.addEventListener("click", () => saveCsv(own, name));
    const line = document.createElement("p");
    line.className = "csv";
    line.append(button);
    place.after(line);
  }

  /** The section that one reads stands out in the contents. */
  const entries = [...document.querySelectorAll("nav > ul > li > a")];
  const seen = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) target.dataset.seen = isIntersecting;
    const current = entries.find((entry) => byId(entry.hash.slice(1)).dataset.seen === "true");
    for (const entry of entries) {
      if (entry === current) entry.setAttribute("aria-current", "true");
      else entry.removeAttribute("aria-current");
    }
  }, { rootMargin: "-70px 0px -40% 0px" });
  for (const entry of entries) seen.observe(byId(entry.hash.slice(1)));

  const table = byId("all-secrets");
  if (!table) return;
  const [filter, kind, state] = ["secret-filter", "secret-kind", "secret-state"].map(byId);
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator("en", { numeric: true });
  const rows = [...body.rows].map((row) => {
    const cells = [...row.cells].map((cell) => cell.textContent);
    return { row, cells, text: cells.join(" ").toLowerCase() };
  });

  function applyFilter() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, cells, text } of rows) {
      const isShown = words.every((word) => text.includes(word)) &&
        (!kind.value || cells[0] === kind.value) &&
        (!state.value || row.classList.contains(state.value));
      row.hidden = !isShown;
      if (isShown) shown += 1;
    }
    const count = (number) => number.toLocaleString("en");
    byId("secret-count").textContent = shown === rows.length
      ? `${count(shown)} rows`
      : `${count(shown)} of ${count(rows.length)} rows`;
  }

  /** Texts by the alphabet, numbers by size; a dash comes last either way. */
  function sortBy(column, isDescending) {
    const isNumber = column > 3;
    const keyed = rows.map((row) => ({ ...row, key: row.cells[column].replaceAll(",", "") }));
    keyed.sort((a, b) => {
      if (a.key === "–" || b.key === "–") return Number(a.key === "–") - Number(b.key === "–");
      const order = isNumber ? Number(a.key) - Number(b.key) : collator.compare(a.key, b.key);
      return isDescending ? -order : order;
    });
    body.append(...keyed.map(({ row }) => row));
    for (const [index, head] of heads.entries()) {
      if (index === column) head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }
  for (const [column, head] of heads.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    // a head with a button in it does not stand on each page of paper
    const printed = document.createElement("span");
    printed.className = "print-only";
    printed.textContent = head.textContent;
    head.replaceChildren(button, printed);
    const first = column > 3 ? "descending" : "ascending";
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sortBy(column, now === null ? first === "descending" : now === "ascending");
    });
  }
  heads[Math.min(5, heads.length - 1)].setAttribute("aria-sort", "descending"); // MA before, else copies
  filter.closest(".controls").hidden = false;
  filter.addEventListener("input", applyFilter);
  kind.addEventListener("change", applyFilter);
  state.addEventListener("change", applyFilter);
})();
