// Runs in the report: draws its figures in the reader's colours and on paper, and filters the table of secrets.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const byId = (id) => document.getElementById(id);
  const templates = JSON.parse(byId("templates").textContent);
  const PRINT_WIDTH = 680; // what A4 with its margins leaves

  const plots = [...document.querySelectorAll(".plot")].map((element) => ({
    element,
    figure: JSON.parse(byId(`${element.id}-data`).textContent),
  }));

  const PRINT_SCALE = 0.76; // of a figure's height: two fit on a page

  /** Title and subtitle stand above the plot as text of the page. */
  function pageLayout({ layout }, width, isDark) {
    const { title: _title, ...rest } = layout;
    const hasHeadings = (layout.annotations ?? []).length > 0;
    return {
      ...rest,
      ...(width ? { width, height: layout.height * PRINT_SCALE } : { autosize: true }),
      template: isDark ? templates.dark : templates.light,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { ...layout.margin, t: hasHeadings ? 36 : 20 },
      dragmode: false,
    };
  }

  const config = { responsive: true, displayModeBar: false };

  function draw(width, isDark) {
    for (const { element, figure } of plots) {
      // Plotly writes into what it is given: hand it a copy.
      const data = structuredClone(figure.data);
      element.style.height = `${figure.layout.height * (width ? PRINT_SCALE : 1)}px`;
      globalThis.Plotly.react(element, data, pageLayout(figure, width, isDark), config);
    }
  }

  // A dark screen turns light while it prints, which must not bring the screen's sizes back.
  let isPrinting = false;
  function drawAll() {
    if (isPrinting) draw(PRINT_WIDTH, false);
    else draw(undefined, dark.matches);
  }
  drawAll();
  dark.addEventListener("change", drawAll);
  addEventListener("beforeprint", () => {
    isPrinting = true;
    drawAll();
  });
  addEventListener("afterprint", () => {
    isPrinting = false;
    drawAll();
  });

  const filter = byId("secret-filter");
  if (!filter) return;
  const rest = byId("secret-rest");
  const rows = [...byId("all-secrets").tBodies[0].rows].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
  }));
  function applyFilter() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      const isShown = words.every((word) => text.includes(word)) &&
        (!rest?.checked || row.classList.contains("above"));
      row.hidden = !isShown;
      if (isShown) shown += 1;
    }
    byId("secret-count").textContent = shown === rows.length
      ? `${shown.toLocaleString("en")} rows`
      : `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
  }
  filter.addEventListener("input", applyFilter);
  rest?.addEventListener("change", applyFilter);
})();
