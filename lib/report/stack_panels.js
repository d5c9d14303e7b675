// Panels of a figure under one another, for narrow screens and pictures, so that none lies beside what one sees.
// deno-lint-ignore-file no-unused-vars -- the page's script and the drawing's call it

/** Pixels of a figure: below them panels do not stand side by side. */
const NARROW = 520;
/** Of a panel's height with what is under it: what is under it. */
const BETWEEN = 0.34;

/**
 * Stacks a layout's panels; one of a single panel, or of panels that begin at the left already, is given back as it is.
 *
 * @param layout Plotly's, which is changed
 */
function stackPanels(layout) {
  const panels = Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key)).map((key) => {
    const y = `yaxis${(layout[key].anchor ?? `y${key.slice("xaxis".length)}`).slice(1)}`;
    layout[y] ??= {};
    return { x: layout[key], y: layout[y] };
  });
  if (panels.every(({ x }) => (x.domain?.[0] ?? 0) === 0)) return layout;
  // what stands between two is for the upper one's axis title and the lower one's heading; the margin is the last one's
  const rows = panels.length - BETWEEN;
  const places = panels.map(({ x, y }, index) => {
    const top = 1 - index / rows;
    const was = { x: x.domain?.[0] ?? 0, y: y.domain?.[1] ?? 1 };
    x.domain = [0, 1];
    y.domain = [Math.max(0, top - (1 - BETWEEN) / rows), top];
    y.showticklabels = true;
    y.title = y.title?.text ? y.title : panels[0].y.title;
    return { was, top };
  });
  for (const heading of layout.annotations ?? []) {
    const own = places.find(({ was }) => was.x === heading.x && was.y === heading.y);
    if (heading.xref === "paper" && own) Object.assign(heading, { x: 0, y: own.top });
  }
  const room = layout.margin.t + layout.margin.b;
  return { ...layout, height: room + (layout.height - room) * rows };
}
