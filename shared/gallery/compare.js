// Two answers side by side, with what was changed between them and what that did to the cost.

import { button, chip, el, problem } from "./dom.js";
import { count, duration, moment, NONE, usd } from "./format.js";

export function comparison({ jobs, options, difference }, open) {
  const names = Object.keys(options).filter((name) => name !== "prompt"); // which stands above each answer
  return el("div", { class: "comparison" },
    el("p", { class: "verdict" }, verdict(difference, jobs)),
    el("div", { class: "sides" }, jobs.map((job, index) => side(job, index, open))),
    el("table", { class: "figures" },
      el("caption", {}, "Figures"),
      el("thead", {}, el("tr", {}, ["", "First", "Second", "Difference"].map((text) => (text ? el("th", { scope: "col" }, text) : el("td", {}))))),
      el("tbody", {},
        row("Cost", jobs.map((job) => usd(job.cost?.usd)), signed(difference.usd, usd)),
        row("Input tokens", jobs.map((job) => count(job.usage?.input_tokens)), signed(difference.input_tokens, count)),
        row("Output tokens", jobs.map((job) => count(job.usage?.output_tokens)), signed(difference.output_tokens, count)),
        row("Time in the model", jobs.map((job) => duration(job.timings.model_ms)), signed(difference.model_ms, (ms) => `${count(ms)} ms`)),
        names.map((name) => row(name.replaceAll("_", " "), options[name].map(plain), "changed")))));
}

function side(job, index, open) {
  return el("section", { "aria-label": index ? "Second answer" : "First answer" },
    el("h3", {}, index ? "Second" : "First", " ", chip(job.state)),
    el("p", { class: "muted" }, [job.model?.name, job.options?.detail, moment(job.created)].filter(Boolean).join(" · ")),
    job.options && el("p", { class: "said you" }, job.options.prompt),
    job.error && problem(job.error),
    job.reply && el("p", { class: "text" }, job.reply.refusal ?? job.reply.text),
    button("Open", { kind: "link", "aria-label": `Open the ${index ? "second" : "first"} answer` }, () => open(job.job_id)));
}

function row(name, [one, other], change) {
  return el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, one), el("td", {}, other), el("td", {}, change));
}

function verdict(difference, jobs) {
  if (difference.usd === null) return "One of them has no cost, so there is no difference to tell.";
  const change = Number(difference.usd);
  if (change === 0) return "Both cost the same.";
  const base = Number(jobs[0].cost?.usd);
  const share = base ? ` (${change > 0 ? "+" : "−"}${Math.abs(Math.round((change / base) * 100))} %)` : "";
  return `The second costs ${usd(Math.abs(change))} ${change > 0 ? "more" : "less"}${share}.`;
}

function signed(value, form) {
  if (value === null || value === undefined) return NONE;
  const number = Number(value);
  return number > 0 ? `+${form(value)}` : form(value).replace("-", "−");
}

const plain = (value) => (value === null ? NONE : typeof value === "object" ? JSON.stringify(value) : String(value));
