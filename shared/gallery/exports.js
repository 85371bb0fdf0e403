// The current filter as a file: every page of the list, or every whole document, one after another.

import { job, listPage } from "./api.js";
import { announce, button, byId, el, openDialog, problem, save } from "./dom.js";
import { plural } from "./format.js";
import { toFilters } from "./list.js";

const PAGE = 100;
const AT_ONCE = 4;
const COLUMNS = ["name", "state", "kind", "created", "finished", "width", "height", "pictures", "model", "deployment", "detail",
  "input_tokens", "output_tokens", "usd", "estimate_usd", "total_ms", "error_code", "origin", "job_id", "text"];

const FORMS = {
  csv: ["CSV, one row for each", "for a spreadsheet; answers up to 160 characters"],
  json: ["JSON, one object for each", "the same figures for programs"],
  documents: ["JSON with whole documents", "answers in full, one request for each"],
};

export function showExport(chosen) {
  const dialog = byId("panel");
  const stop = new AbortController();
  const radios = Object.entries(FORMS).map(([name, [title, note]], index) => {
    const radio = el("input", { type: "radio", name: "form", value: name });
    radio.checked = index === 0;
    return el("label", { class: "check" }, radio, el("span", {}, title), el("span", { class: "muted" }, note));
  });
  const progress = el("p", { class: "muted", "aria-live": "polite" });
  const start = button("Export", { icon: "download", kind: "primary" }, async () => {
    start.disabled = true;
    try {
      await run(content.querySelector("input:checked").value, toFilters(chosen), progress, stop.signal);
      dialog.close();
    } catch (fault) {
      if (fault.name !== "AbortError") progress.replaceChildren(problem(fault));
    } finally {
      start.disabled = false;
    }
  });
  const content = el("div", { class: "stack" }, el("fieldset", {}, el("legend", {}, "Everything that fits the filters, as"), radios), el("div", { class: "row" }, start), progress);
  dialog.addEventListener("close", () => stop.abort(), { once: true });
  openDialog(dialog, "Export", content);
}

async function run(form, filters, progress, signal) {
  const items = [];
  let cursor = null;
  do {
    const page = await listPage(filters, { cursor, limit: PAGE, signal });
    items.push(...page.items);
    cursor = page.cursor;
    progress.textContent = `${plural(items.length, "result")} …`;
  } while (cursor);
  const rows = form === "documents" ? await documents(items, progress, signal) : items;
  const isCsv = form === "csv";
  const text = isCsv ? toCsv(rows) : JSON.stringify(rows, null, 1);
  save(`visiondrop-${new Date().toISOString().slice(0, 10)}.${isCsv ? "csv" : "json"}`, new Blob([text], { type: isCsv ? "text/csv" : "application/json" }));
  announce(`${plural(items.length, "result")} exported`);
}

async function documents(items, progress, signal) {
  const found = new Array(items.length);
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < items.length) {
      const place = next++;
      found[place] = await job(items[place].job_id, { signal });
      progress.textContent = `${++done} of ${items.length} …`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found;
}

/** RFC 4180 with a byte order mark, which spreadsheets need for UTF-8. */
function toCsv(items) {
  const rows = [COLUMNS, ...items.map((item) => COLUMNS.map((name) => item[name]))];
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** Text that a spreadsheet would run as a formula gets an apostrophe before it. */
function cell(value) {
  if (value === null || value === undefined) return "";
  const isText = typeof value === "string" && !/^-?\d+(\.\d+)?$/.test(value);
  const text = isText && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
