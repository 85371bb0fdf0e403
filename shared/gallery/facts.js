// Everything a job has learned, in the order in which people ask: the answer, what went wrong, what it cost, how it came about.

import { at, key, request } from "./api.js";
import { announce, button, el, icon, PENDING, problem, save, sentence } from "./dom.js";
import { original } from "./files.js";
import { bytes, count, deviation, duration, moment, NONE, usd } from "./format.js";

const opened = new Set(["cost"]); // sections stay open from picture to picture

export function said(job, stage) {
  return el("div", { class: "facts-list" }, trouble(job), conversation(job), answer(job), places(job, stage), data(job));
}

export function facts(job) {
  return el("div", { class: "facts-list" },
    section("cost", "Tokens and cost", cost(job)),
    section("plan", "What was done", plan(job)),
    section("options", "Options", pairs(Object.entries(job.options ?? {}).filter(([, value]) => value !== null))),
    section("source", "File", source(job)),
    section("history", "Timeline", history(job)),
    section("document", "Whole document", documentOf(job)));
}

function section(id, title, ...children) {
  if (!children.some(Boolean)) return null;
  const node = el("details", { class: `part ${id}`, open: opened.has(id), on: { toggle: () => opened[node.open ? "add" : "delete"](id) } }, el("summary", {}, title), ...children);
  return node;
}

function trouble(job) {
  if (!job.error) return PENDING.has(job.state) && el("p", { class: "note" }, icon("running"), "The answer is on its way; this page shows it as soon as it is there.");
  const again = { waiting: "It goes on by itself.", parked: "It goes on by itself once that is put right." }[job.state];
  return el("div", { class: job.state === "failed" ? "" : "mild" }, problem(job.error), again && el("p", { class: "muted" }, again));
}

function conversation(job) {
  const turns = job.origin?.turns ?? [];
  const last = job.options?.prompt;
  if (!last) return null;
  const turnOf = (who, text) => el("div", { class: `said ${who}` }, el("span", { class: "hidden" }, who === "you" ? "Question: " : "Answer: "), text);
  return el("div", { class: "talk" }, turns.map((turn) => [turnOf("you", turn.prompt), turnOf("model", turn.answer)]), turnOf("you", last));
}

function answer(job) {
  const { reply } = job;
  if (!reply) return null;
  const text = reply.refusal ?? reply.text;
  const note = { length: "The answer was cut off at the output limit. Ask again with a higher limit.", content_filter: "The content filter stopped this. Its categories are in the whole document." }[reply.finish_reason];
  return el("section", { class: "answer" },
    reply.refusal && el("p", { class: "note" }, icon("partial"), "The model refused:"),
    text && el("p", { class: "text" }, text),
    note && el("p", { class: "note" }, icon("partial"), note),
    text && button("Copy", { icon: "copy", kind: "quiet" }, () => copy(text)));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied");
  } catch {
    announce("This browser does not let the page copy; select the text instead");
  }
}

function places(job, stage) {
  const regions = job.reply?.regions ?? [];
  if (!regions.length) return null;
  const one = (region, index) => el("li", {}, el("button", { type: "button", class: `place ${region.kind}`, on: {
    focus: () => stage.mark(index), mouseenter: () => stage.mark(index), click: () => stage.mark(index), blur: () => stage.mark(-1), mouseleave: () => stage.mark(-1),
  } }, el("span", { class: "muted" }, region.kind === "ocr" ? "Text" : "Object"), ` ${region.text}`));
  return el("section", {}, el("h3", {}, "In the picture"), el("ul", { class: "places" }, regions.map(one)));
}

function data(job) {
  return job.reply?.data !== null && job.reply?.data !== undefined && el("section", {}, el("h3", {}, "Structured data"), code(job.reply.data));
}

function code(value) {
  return el("pre", { tabindex: "0" }, el("code", {}, JSON.stringify(value, null, 2)));
}

function cost(job) {
  const { usage, estimate, cost: bill, options, model } = job;
  if (!usage && !estimate) return null;
  const rows = [
    ["Input tokens", estimate?.input_tokens, usage?.input_tokens],
    ["of these, picture", estimate?.image_tokens, usage?.image_tokens],
    ["Output tokens", options ? `≤ ${count(options.max_output_tokens)}` : null, usage?.output_tokens],
    usage?.reasoning_tokens ? ["of these, reasoning", null, usage.reasoning_tokens] : null,
    usage?.cached_tokens ? ["Cached input", null, usage.cached_tokens] : null,
  ].filter(Boolean);
  const figure = (value) => el("td", {}, typeof value === "string" ? value : count(value));
  return [
    job.reused_from && el("p", { class: "note" }, icon("again"), "The same question about the same picture was answered before: the answer was used again, at no cost."),
    el("table", { class: "figures" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "hidden" }, "Figure")), ["Expected", "Actual", "Difference"].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, rows.map(([name, expected, actual]) => el("tr", {}, el("th", { scope: "row" }, name), figure(expected), figure(actual), el("td", {}, typeof expected === "string" ? "" : deviation(actual, expected)))),
        el("tr", { class: "total" }, el("th", { scope: "row" }, "Cost"),
          el("td", {}, estimate?.usd ? `${usd(estimate.usd)} to ${usd(estimate.max_usd)}` : NONE), el("td", {}, usd(bill?.usd)), el("td", {}, within(bill, estimate))))),
    bill && el("ul", { class: "lines muted" }, bill.breakdown.map((line) => el("li", {}, `${line.item}: ${count(Number(line.quantity))} ${line.unit}`, el("span", {}, usd(line.usd))))),
    el("p", { class: "muted" }, [model && `${model.name} (deployment ${model.deployment}, ${model.endpoint})`, bill && `prices as of ${bill.prices_as_of}`].filter(Boolean).join(" · ")),
  ];
}

function within(bill, estimate) {
  if (!bill || !estimate?.usd || !estimate.max_usd) return "";
  const paid = Number(bill.usd);
  if (paid > Number(estimate.max_usd)) return "above";
  return paid < Number(estimate.usd) ? "below" : "within";
}

function plan(job) {
  const steps = job.plan?.steps ?? [];
  if (!steps.length) return null;
  return [el("ol", { class: "steps" }, steps.map((step) => el("li", {}, sentence(step)))), job.plan.facts && pairs(Object.entries(job.plan.facts))];
}

function pairs(entries) {
  if (!entries.length) return null;
  return el("dl", { class: "pairs" }, entries.map(([name, value]) => [el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, plain(value))]));
}

const plain = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));

function source(job) {
  const { source: from, timings } = job;
  const found = {
    name: from.name, kind: from.kind, format: from.format, size: from.width ? `${from.width} × ${from.height} px` : null, bytes: bytes(from.bytes),
    frames: from.frames, "duration": from.duration_s && `${from.duration_s} s`, codec: from.codec, attempts: job.attempts,
    "time in all": timings.total_ms && duration(timings.total_ms), "time in the model": timings.model_ms && duration(timings.model_ms), "job id": job.job_id,
  };
  return [pairs(Object.entries(found).filter(([, value]) => value)),
    button("Get the original", { icon: "download" }, (event) => download(event.currentTarget, original(from.name), from.name.split("/").at(-1)))];
}

/** With a key the browser cannot follow a plain link, so the file is fetched and saved. */
async function download(pressed, address, name) {
  if (!key()) { el("a", { href: address, download: name }).click(); return; }
  pressed.disabled = true;
  try {
    save(name, await (await request(address)).blob());
  } catch (fault) {
    pressed.after(problem(fault));
  } finally {
    pressed.disabled = false;
  }
}

function history(job) {
  const events = job.history ?? [];
  const steps = [{ at: job.created, state: "created" }, ...events];
  return el("ol", { class: "steps" }, steps.map((event) => el("li", {}, event.state, event.code && [" (", el("code", {}, event.code), ")"], " ", el("time", { class: "muted", datetime: event.at }, moment(event.at)))));
}

function documentOf(job) {
  const text = JSON.stringify(job, null, 2);
  return [el("div", { class: "row" },
    button("Copy", { icon: "copy" }, () => copy(text)),
    button("Save", { icon: "download" }, () => save(`${job.job_id}.json`, new Blob([text], { type: "application/json" }))),
    el("span", { class: "muted" }, new URL(at(`jobs/${job.job_id}`)).pathname)), code(job)];
}
