// The page: puts the parts together and answers to the address bar.

import { FILTERS, go, leave, onChange, read } from "./address.js";
import { forgetKey, key } from "./api.js";
import { askAboutSeveral } from "./asking.js";
import { showCosts } from "./costs.js";
import { Detail } from "./detail.js";
import { announce, button, byId, el, icon, problem } from "./dom.js";
import { showExport } from "./exports.js";
import { plural, sum } from "./format.js";
import { Grid } from "./grid.js";
import { Results } from "./list.js";
import { Uploads } from "./uploads.js";

const TYPING_MS = 300;

const results = new Results();
const grid = new Grid({
  open: (job) => go({ job, with: "" }),
  select: showSelection,
  nearEnd: () => { if (results.state === "ready") results.loadMore(); },
});
const uploads = new Uploads({ folder: () => read().prefix, sent: () => results.expectNews(), open: (job) => go({ job }) });
const detail = new Detail({ items: () => results.items, started: () => results.expectNews(), closed: (id) => grid.focusJob(id) });

results.visible = () => grid.visible();
results.isAway = () => grid.isAway();
results.addEventListener("change", showResults);
results.addEventListener("back", () => { showResults(); grid.loadLost(); });
results.addEventListener("finished", ({ detail: items }) => {
  announce(items.length === 1 ? `${items[0].name}: ${items[0].state}` : `${plural(items.length, "answer")} ready`);
});

let filters = "";
let shownView = "";

function follow(now) {
  const chosen = Object.fromEntries(FILTERS.map((name) => [name, now[name]]));
  if (JSON.stringify(chosen) !== filters) {
    filters = JSON.stringify(chosen);
    showFilters(chosen);
    grid.clearSelection();
    results.start(chosen);
  }
  detail.follow(now.job, now.with);
  if (now.view !== shownView) {
    shownView = now.view;
    if (now.view === "costs") showCosts(() => { if (read().view) leave(["view"]); });
    else byId("panel").close();
  }
}

function showFilters(chosen) {
  for (const field of document.querySelectorAll("[data-filter]")) {
    const value = chosen[field.dataset.filter];
    if (field === document.activeElement && field.tagName === "INPUT") continue;
    if (field.tagName === "SELECT" && value && ![...field.options].some((option) => option.value === value)) {
      field.append(el("option", { value }, value));
    }
    field.value = value;
  }
  byId("clear").hidden = FILTERS.every((name) => !chosen[name]);
}

function showResults() {
  const { items, state, cursor, error } = results;
  grid.complete = cursor === null;
  grid.setItems(items);
  detail.enableSteps();
  const isEmpty = state === "ready" && items.length === 0 && cursor === null;
  byId("empty").hidden = !isEmpty;
  if (isEmpty) showEmpty();
  byId("results").setAttribute("aria-busy", state === "loading");
  byId("summary").textContent = summary();
  byId("newer").hidden = results.newer === 0;
  byId("newer").textContent = `${results.newer >= 50 ? "Many" : results.newer} new ↑`;
  showMore(state, cursor);
  showTrouble(error);
}

function summary() {
  const { items, state, cursor } = results;
  if (state === "loading" && !items.length) return "Loading …";
  if (!items.length) return "";
  return [plural(items.length, "result") + (cursor ? " so far" : ""), sum(items)].filter(Boolean).join(" · ");
}

function showMore(state, cursor) {
  const place = byId("more");
  place.hidden = !cursor || state === "failed";
  if (state === "paused") {
    place.replaceChildren(`Looked at ${plural(results.looked, "result")}. `, button("Look further", {}, () => results.loadMore()));
  } else place.replaceChildren("Loading more …");
}

function showTrouble(error) {
  const place = byId("trouble");
  if (place.dataset.code === (error?.code ?? "")) return;
  place.dataset.code = error?.code ?? "";
  place.hidden = !error;
  place.replaceChildren(...(error ? [problem(error), button("Try again", { icon: "again" }, () => results.refresh())] : []));
}

function showEmpty() {
  const isFiltered = FILTERS.some((name) => read()[name]);
  byId("empty").replaceChildren(...(isFiltered
    ? [el("h2", {}, "Nothing fits these filters"), button("Clear filters", { kind: "primary" }, clearFilters)]
    : [
      icon("image"),
      el("h2", {}, "Drop pictures or videos here"),
      el("p", {}, "Each one is made ready for the model, asked about once, and appears here with its answer and what it cost."),
      el("div", { class: "row" },
        button("Choose files", { icon: "upload", kind: "primary" }, () => byId("files").click()),
        button("Choose a folder", { icon: "folder" }, () => byId("folder").click())),
      el("p", { class: "muted" }, "To ask something of your own about a whole folder, put a file ", el("code", {}, "_vision.toml"),
        " with a line ", el("code", {}, 'prompt = "…"'), " into it."),
    ]));
}

function clearFilters() {
  document.activeElement?.blur();
  go(Object.fromEntries(FILTERS.map((name) => [name, ""])));
}

function showSelection(items) {
  const bar = byId("selection");
  bar.hidden = items.length === 0;
  if (!items.length) return;
  bar.replaceChildren(el("strong", {}, `${items.length} selected`),
    button("Ask about them", { icon: "chat", kind: "primary" }, () => askAboutSeveral(items, (job) => {
      grid.clearSelection();
      results.expectNews();
      go({ job });
    })),
    button("Clear", {}, () => { grid.clearSelection(); grid.focusJob(grid.current); }));
}

function listen() {
  let typing;
  for (const field of document.querySelectorAll("[data-filter]")) {
    const isText = field.tagName === "INPUT";
    field.addEventListener(isText ? "input" : "change", () => {
      clearTimeout(typing);
      const change = () => go({ [field.dataset.filter]: field.value.trim() });
      if (isText) typing = setTimeout(change, TYPING_MS);
      else change();
    });
  }
  byId("clear").addEventListener("click", clearFilters);
  byId("home").addEventListener("click", (event) => { event.preventDefault(); clearFilters(); scrollTo(0, 0); });
  byId("upload").addEventListener("click", () => uploads.choose());
  byId("costs").addEventListener("click", () => go({ view: "costs" }));
  byId("export").addEventListener("click", () => showExport(read()));
  byId("newer").addEventListener("click", () => { scrollTo(0, 0); results.start(results.chosen); });
  byId("forget").addEventListener("click", () => { forgetKey(); location.reload(); });
  addEventListener("key", showKey);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) results.plan(0); });
  addEventListener("online", () => results.plan(0));
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    byId("q").focus();
  });
}

function showKey() {
  byId("forget").hidden = key() === null;
}

for (const node of document.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));
listen();
showKey();
onChange(follow);
follow(read());
