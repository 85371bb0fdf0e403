// What was spent: a small chart of stacked bars by day and model, and the same figures as a table.

import { costs } from "./api.js";
import { byId, el, openDialog, problem, svg } from "./dom.js";
import { count, day, plural, usd } from "./format.js";

const DAY_MS = 86_400_000;
const WIDTH = 640;
const HEIGHT = 160;
const TOP = 30; // where the most expensive day ends
const SERIES = 5; // colours of the style sheet; further models share the last one

export function showCosts(closed) {
  const dialog = byId("panel");
  const content = el("div", { class: "costs", "aria-live": "polite" });
  const span = el("select", { id: "span" }, [[7, "Last 7 days"], [30, "Last 30 days"], [90, "Last 90 days"]].map(([days, text]) => el("option", { value: days, selected: days === 30 }, text)));
  span.addEventListener("change", () => load(content, Number(span.value)));
  dialog.addEventListener("close", closed, { once: true });
  openDialog(dialog, "Costs", el("p", { class: "row" }, el("label", { for: "span" }, "Days"), span), content);
  load(content, 30);
}

async function load(content, days) {
  content.replaceChildren(el("p", { class: "muted" }, "Loading …"));
  const to = new Date();
  const from = new Date(to.getTime() - (days - 1) * DAY_MS);
  try {
    const found = await costs(iso(from), iso(to));
    content.replaceChildren(...(found.days.length ? summary(found) : [el("p", {}, "Nothing was spent in these days.")]));
  } catch (fault) {
    content.replaceChildren(problem(fault));
    if (fault.code === undefined) throw fault;
  }
}

const iso = (date) => date.toISOString().slice(0, 10);

function summary(found) {
  const models = [...new Set(found.days.map((line) => line.model))].sort();
  const answers = found.days.reduce((all, line) => all + line.answers, 0);
  return [
    el("p", { class: "big" }, usd(found.usd), el("span", { class: "muted" }, ` for ${plural(answers, "answer")}; expected ${expected(found)}`)),
    ...beside(found),
    el("figure", {}, chart(found, models), legend(found, models)),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Costs by day and model" }, table(found)),
  ];
}

/** What the sum cannot have: calls that may have been paid, and answers without a price. */
function beside(found) {
  const calls = [found.maybe_paid && plural(found.maybe_paid, "call that may have been paid", "calls that may have been paid"), found.unpriced && plural(found.unpriced, "answer without a price", "answers without a price")].filter(Boolean);
  return calls.length ? [el("p", { class: "note" }, `Not in this sum: ${calls.join(", ")}, at most ${usd(found.maybe_usd)}.`)] : [];
}

/** From the input alone to answers of full length. */
const expected = (line) => `${usd(line.estimate_usd)} to ${usd(line.max_usd)}`;

function chart(found, models) {
  const days = daysBetween(found.from, found.to);
  const sums = new Map(days.map((name) => [name, 0]));
  for (const line of found.days) sums.set(line.day, (sums.get(line.day) ?? 0) + Number(line.usd));
  const most = Math.max(...sums.values()) || 1;
  const step = WIDTH / days.length;
  const bars = days.flatMap((name, index) => bar(found.days.filter((line) => line.day === name), { models, most, x: index * step, width: Math.max(2, step * 0.72) }));
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT + 30}`, role: "img", "aria-label": `Spending per day, at most ${usd(most)}; the figures are in the table` },
    svg("line", { x1: 0, y1: HEIGHT, x2: WIDTH, y2: HEIGHT, class: "axis" }), svg("line", { x1: 0, y1: TOP, x2: WIDTH, y2: TOP, class: "axis most" }), bars,
    svg("text", { x: 0, y: TOP - 7 }, `${usd(most)} a day`),
    svg("text", { x: 0, y: HEIGHT + 22 }, day(found.from)), svg("text", { x: WIDTH, y: HEIGHT + 22, "text-anchor": "end" }, day(found.to)));
}

/** One day: a part per model, from the axis up. */
function bar(lines, { models, most, x, width }) {
  let y = HEIGHT;
  return lines.map((line) => {
    const height = Math.max(1, (Number(line.usd) / most) * (HEIGHT - TOP));
    y -= height;
    return svg("rect", { x: x.toFixed(2), y: y.toFixed(2), width: width.toFixed(2), height: height.toFixed(2), class: series(models, line.model) },
      svg("title", {}, `${day(line.day)}, ${line.model}: ${usd(line.usd)}`));
  });
}

const series = (models, model) => `series${Math.min(models.indexOf(model), SERIES - 1)}`;

function legend(found, models) {
  const spent = (model) => found.days.filter((line) => line.model === model).reduce((all, line) => all + Number(line.usd), 0);
  return el("figcaption", {}, el("ul", { class: "legend" }, models.map((model) => el("li", {},
    svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { width: 10, height: 10, rx: 2, class: series(models, model) })), `${model} ${usd(spent(model))}`))));
}

function table(found) {
  const heads = ["Day", "Model", "Answers", "Cost", "Expected", "Input tokens", "Output tokens"];
  const rows = [...found.days].sort((one, other) => (one.day < other.day ? 1 : -1));
  return el("table", { class: "figures" }, el("thead", {}, el("tr", {}, heads.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, rows.map((line) => el("tr", {}, el("th", { scope: "row" }, day(line.day)),
      [line.model, count(line.answers), usd(line.usd), expected(line), count(line.input_tokens), count(line.output_tokens)].map((text) => el("td", {}, text))))));
}

function daysBetween(from, to) {
  const days = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) days.push(iso(new Date(at)));
  return days;
}
