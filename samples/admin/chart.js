// One figure over the last two minutes, as a line with the area below it.

const points = 120;
const width = 240;
const height = 60;
const svgNamespace = "http://www.w3.org/2000/svg";

/** Draws into a `figure` that has a `.value` for the latest one. (An `output` would be read out every second.) */
export class Chart {
  #values = [];
  #format;
  #latest;
  #area = shape("path", "area");
  #line = shape("path", "line");
  #svg = shape("svg", "");
  #note = document.createElement("p");

  /** `format` makes a value readable. */
  constructor(figure, format) {
    this.#format = format;
    this.#latest = figure.querySelector(".value");
    const svg = this.#svg;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    const base = shape("line", "scale");
    for (const [name, value] of Object.entries({ x1: 0, x2: width, y1: height, y2: height })) base.setAttribute(name, value);
    svg.append(base, this.#area, this.#line);
    this.#note.className = "most";
    figure.append(svg, this.#note);
  }

  add(value) {
    this.#values.push(value);
    if (this.#values.length > points) this.#values.shift();
    this.#latest.textContent = value === null ? "–" : this.#format(value);
    this.#draw();
  }

  #draw() {
    const known = this.#values.map((value) => value ?? 0);
    // From zero, so that a line does not look steeper than it is; with some air above.
    const most = Math.max(...known);
    const top = most > 0 ? most * 1.15 : 1;
    const begin = points - known.length;
    const corners = known.map((value, i) => `${(((begin + i) / (points - 1)) * width).toFixed(1)},${(height - (value / top) * height).toFixed(1)}`);
    const first = ((begin / (points - 1)) * width).toFixed(1);
    this.#line.setAttribute("d", `M${corners.join("L")}`);
    this.#area.setAttribute("d", `M${first},${height}L${corners.join("L")}L${width},${height}Z`);
    const [least, largest] = [this.#format(Math.min(...known)), this.#format(most)];
    this.#note.textContent = `from ${least} to ${largest}`;
    this.#svg.setAttribute("aria-label", `${known.length} seconds, from ${least} to ${largest}`);
  }
}

function shape(tag, className) {
  const made = document.createElementNS(svgNamespace, tag);
  if (className) made.setAttribute("class", className);
  return made;
}
