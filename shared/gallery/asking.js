// Asking on: a follow-up, the same question with other options, one question about several pictures.

import { ask, estimate, newKey, rerun } from "./api.js";
import { button, byId, el, icon, openDialog, problem } from "./dom.js";
import { count, plural, usd } from "./format.js";
import { LIMITS } from "./limits.js";

const DETAILS = ["low", "auto", "high", "original"];

/** A form whose submit runs `send` once; what it refuses is shown below its button. */
function form(attributes, children, label, name, send) {
  const place = el("div", { role: "alert" });
  const submit = el("button", { type: "submit", class: "primary" }, icon(name), el("span", {}, label));
  let idempotencyKey = newKey();
  const onSubmit = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    place.replaceChildren();
    try {
      await send(idempotencyKey);
      idempotencyKey = newKey();
    } catch (fault) {
      if (fault.status >= 400 && fault.status < 500) idempotencyKey = newKey(); // nothing was started
      place.replaceChildren(problem(fault));
      if (fault.code === undefined) throw fault;
    } finally {
      submit.disabled = false;
    }
  };
  return el("form", { class: "stack", ...attributes, on: { submit: onSubmit } }, ...children, el("div", { class: "row" }, submit), place);
}

function question(id, label, attributes = {}, text = "") {
  const area = el("textarea", { id, rows: "2", required: true, maxlength: String(LIMITS.prompt_characters), ...attributes });
  area.value = text;
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) area.form.requestSubmit();
  });
  return { area, nodes: [el("label", { for: id }, label), area] };
}

export function followUpForm(job, opened) {
  if (!job.reply) return null;
  const { area, nodes } = question("follow-up", "Ask something more about it", { placeholder: "And what is on the left?" });
  return form({ class: "stack part-form" }, nodes, "Ask", "chat", async (key) => {
    const started = await ask({ job_id: job.job_id, prompt: area.value.trim() }, key);
    opened(started.job_id);
  });
}

export function askAboutSeveral(items, opened) {
  const names = [...new Set(items.map((item) => item.name))];
  const { area, nodes } = question("ask-several", "Your question", { placeholder: "What changed between them?", rows: "3" });
  const dialog = byId("panel");
  const list = el("ul", { class: "names" }, names.map((name) => el("li", {}, name)));
  const asking = form({}, [el("p", {}, `All ${plural(names.length, "picture")} go into one request, in this order:`), list, ...nodes], "Ask", "chat", async (key) => {
    const started = await ask({ sources: names, prompt: area.value.trim() }, key);
    dialog.close();
    opened(started.job_id);
  });
  openDialog(dialog, "Ask about several", asking);
  area.focus();
}

/** The same job with other options; what each detail would cost stands beside it before anything is spent. */
export function askAgainForm(job, items, opened) {
  const options = job.options;
  if (!options || !job.normalized.length) return null; // without a picture there is nothing to ask about
  const { area, nodes } = question("again-prompt", "Question", { rows: "3" }, options.prompt);
  const known = new Set([options.model, ...items.map((item) => item.deployment)].filter(Boolean));
  const model = el("input", { id: "again-model", list: "again-models", required: true, autocomplete: "off", value: options.model });
  const most = el("input", { id: "again-most", type: "number", min: "1", max: String(LIMITS.output_tokens), required: true, value: options.max_output_tokens });
  const reuse = el("input", { type: "checkbox", id: "again-reuse" });
  reuse.checked = options.reuse !== false;
  const details = detailChoice(job, model);
  const children = [...nodes,
    el("div", { class: "two" },
      el("div", { class: "stack" }, el("label", { for: "again-model" }, "Model (deployment)"), model, el("datalist", { id: "again-models" }, [...known].map((name) => el("option", { value: name })))),
      el("div", { class: "stack" }, el("label", { for: "again-most" }, "Longest answer, tokens"), most)),
    details.node,
    el("label", { class: "check" }, reuse, "Use a stored answer if there is one for exactly this")];
  const own = form({}, children, "Ask again and compare", "again", async (key) => {
    const asked = { prompt: area.value.trim(), model: model.value.trim(), detail: details.chosen(), max_output_tokens: Number(most.value), reuse: reuse.checked };
    const changed = Object.fromEntries(Object.entries(asked).filter(([name, value]) => value !== options[name]));
    opened((await rerun(job.job_id, changed, key)).job_id);
  });
  const node = el("details", { class: "part again", on: { toggle: () => { if (node.open) details.price(); } } }, el("summary", {}, "Ask again with other options"), own);
  return node;
}

function detailChoice(job, model) {
  const prices = new Map(DETAILS.map((name) => [name, el("span", { class: "muted" })]));
  const radios = DETAILS.map((name) => {
    const radio = el("input", { type: "radio", name: "again-detail", value: name });
    radio.checked = name === job.options.detail;
    return el("label", { class: "check" }, radio, el("span", {}, name), prices.get(name));
  });
  const note = el("p", { class: "muted" });
  const node = el("fieldset", {}, el("legend", {}, "Detail"), radios, note);
  const price = async () => {
    const { width, height } = job.source;
    if (!width || !height) return;
    try {
      const { rows } = await estimate({ width, height, models: [model.value.trim()], prompt: job.options.prompt });
      note.textContent = "Input only, for one picture of this size; the answer comes on top.";
      for (const row of rows) prices.get(row.detail)?.replaceChildren(row.rejected ?? `${count(row.image_tokens)} tokens, ${usd(row.usd)}`);
    } catch (fault) {
      note.textContent = [fault.message, fault.hint].filter(Boolean).join(". ");
      if (fault.code === undefined) throw fault;
    }
  };
  model.addEventListener("change", price);
  return { node, price, chosen: () => node.querySelector("input:checked")?.value ?? job.options.detail };
}
