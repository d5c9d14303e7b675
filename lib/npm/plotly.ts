/**
 * The text of plotly.js, 1.2 MB, which a page of figures contains.
 *
 * @module
 */
import source from "npm:plotly.js-basic-dist-min@4.1.1" with { type: "text" };

export default source;
