// One job in a dialog: the picture or film, the answer, what it cost and why, and what can be asked next.

import { go, leave } from "./address.js";
import { compare, job as fetchJob, related } from "./api.js";
import { askAgainForm, followUpForm } from "./asking.js";
import { comparison } from "./compare.js";
import { announce, button, byId, chip, el, nameParts, PENDING, problem } from "./dom.js";
import { facts, said } from "./facts.js";
import { releaseAll } from "./files.js";
import { age, usd } from "./format.js";
import { stage } from "./stage.js";

const WAIT_S = 15;

export class Detail {
  dialog = byId("detail");
  id = "";
  other = "";

  constructor({ items, started, closed }) {
    Object.assign(this, { items, started, closed });
    this.dialog.addEventListener("close", () => this.onClose());
    this.dialog.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** What the address names is shown: nothing, a job, or a job beside another one. */
  follow(id, other) {
    if (id === this.id && other === this.other) return;
    const last = this.id;
    this.stop?.abort();
    Object.assign(this, { id, other });
    if (!id) {
      releaseAll(this.dialog);
      this.dialog.close();
      this.dialog.replaceChildren();
      this.closed(last);
      return;
    }
    this.stop = new AbortController();
    this.frame();
    if (other) this.showComparison(this.stop.signal);
    else this.showJob(this.stop.signal);
  }

  /** Escape and the button close the dialog first; the address follows. */
  onClose() {
    if (this.id) leave(["job", "with"]);
  }

  onKey(event) {
    if (event.target.matches("input, textarea, select, video, [role=slider]") || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && !this.other) this.move(step);
  }

  neighbour(step) {
    const items = this.items();
    const place = items.findIndex((item) => item.job_id === this.id);
    return place < 0 ? undefined : items[place + step];
  }

  move(step) {
    const item = this.neighbour(step);
    if (item) go({ job: item.job_id, with: "" }, { replace: true });
  }

  /** The list may come, or change, after the job was opened. */
  enableSteps() {
    for (const step of this.steps ?? []) step.disabled = !this.neighbour(Number(step.dataset.by));
  }

  /** The parts that stay while the job changes; the title takes the focus. */
  frame() {
    releaseAll(this.dialog);
    this.shown = null;
    this.title = el("h2", { id: "detail-title", tabindex: "-1" }, el("span", {}, "…"));
    const known = this.items().find((item) => item.job_id === this.id);
    if (known) this.entitle(known.name);
    this.steps = this.other ? [] : [["previous", "Newer", -1], ["next", "Older", 1]].map(([name, text, by]) =>
      button("", { icon: name, kind: "quiet", "aria-label": text, "data-by": by }, () => this.move(by)));
    this.enableSteps();
    this.status = el("span", { class: "row" });
    this.body = el("div", { class: "body" }, el("p", { class: "muted" }, "Loading …"));
    this.dialog.replaceChildren(
      el("header", {}, this.title, this.status,
        el("span", { class: "row end" }, this.steps,
          button("", { icon: "close", kind: "quiet", "aria-label": "Close" }, () => this.dialog.close()))),
      this.body, el("div", { class: "hidden", role: "status", "aria-live": "polite" }));
    if (!this.dialog.open) this.dialog.showModal();
    this.title.focus();
  }

  entitle(name, more = 0) {
    this.title.title = name;
    this.title.replaceChildren(...nameParts(name).filter(Boolean), more ? el("span", { class: "folder" }, ` and ${more} more`) : "");
  }

  /** Shows the job and, while it is pending, waits for it. */
  async showJob(signal) {
    try {
      for (let waitS = 0; !signal.aborted; waitS = WAIT_S) {
        const found = await this.find(waitS, signal);
        if (signal.aborted) return;
        if (found) this.show(found);
        else this.body.replaceChildren(el("p", { class: "muted" }, "Not known yet: an upload is noticed a moment after it …"));
        if (found && !PENDING.has(found.state)) break;
      }
    } catch (fault) {
      this.fail(fault, signal);
    }
  }

  /** The job; null at first for one that is not known yet: an upload is noticed a moment after it. */
  async find(waitS, signal) {
    try {
      return await fetchJob(this.id, { waitS, signal });
    } catch (fault) {
      if (fault.status === 404 && waitS === 0) return null;
      throw fault;
    }
  }

  fail(fault, signal) {
    if (signal.aborted || fault.name === "AbortError") return;
    if (this.title.textContent === "…") this.title.textContent = "No result";
    this.body.replaceChildren(problem(fault), button("Try again", { icon: "again" }, () => {
      const { id, other } = this;
      this.id = "";
      this.follow(id, other);
    }));
    if (fault.code === undefined) throw fault;
  }

  show(found) {
    const text = JSON.stringify(found);
    if (text === this.shown) return;
    const wasPending = this.shown && PENDING.has(JSON.parse(this.shown).state);
    const typed = this.body.contains(document.activeElement) && document.activeElement.matches("textarea, input");
    this.shown = text;
    if (typed) return; // what is being written is not taken away; the list goes on showing the state
    this.entitle(found.source.name, found.origin?.kind === "ask" ? found.origin.jobs.length - 1 : 0);
    this.status.replaceChildren(chip(found.state), el("span", { class: "muted" }, age(found.created)));
    if (wasPending && !PENDING.has(found.state)) announce(`${found.source.name}: ${found.state}. ${found.reply?.text ?? found.error?.message ?? ""}`);
    releaseAll(this.body);
    const shown = stage(found);
    const versions = el("section", { class: "versions", hidden: true });
    this.body.replaceChildren(
      el("div", { class: "left" }, shown.node, versions),
      el("div", { class: "right" }, said(found, shown),
        !PENDING.has(found.state) && [followUpForm(found, (id) => this.opened(id)), askAgainForm(found, this.items(), (id) => this.opened(id, { beside: true }))],
        facts(found)));
    this.showVersions(found, versions, this.stop.signal);
  }

  /** A new job about this one: shown beside it once it has ended, or alone. */
  opened(id, { beside = false } = {}) {
    this.started();
    go(beside && id !== this.id ? { job: id, with: this.id } : { job: id, with: "" });
  }

  async showVersions(found, place, signal) {
    let items;
    try {
      ({ items } = await related(found.job_id, { signal }));
    } catch (fault) {
      if (fault.code === undefined && fault.name !== "AbortError") throw fault;
      return; // the answer is there; the list of its relatives is an extra
    }
    const others = items.filter((item) => item.job_id !== found.job_id);
    if (!others.length) return;
    place.hidden = false;
    place.replaceChildren(el("h3", {}, "About the same upload"), el("ul", {}, others.map((item) => this.version(item, found))));
  }

  version(item, found) {
    const words = { ask: "Asked", follow_up: "Follow-up", rerun: "Rerun" };
    return el("li", {}, chip(item.state),
      button(`${words[item.origin] ?? "Dropped"} ${age(item.created)}`, { kind: "link" }, () => go({ job: item.job_id, with: "" })),
      el("span", { class: "muted" }, [item.model, item.detail, usd(item.usd)].filter(Boolean).join(" · ")),
      !PENDING.has(item.state) && !PENDING.has(found.state) &&
        button("Compare", { icon: "compare", kind: "quiet", "aria-label": `Compare with the answer of ${age(item.created)}` }, () => go({ job: found.job_id, with: item.job_id })));
  }

  /** The other one first: it was there before. */
  async showComparison(signal) {
    try {
      for (const id of [this.other, this.id]) {
        for (let waitS = 0; ; waitS = WAIT_S) {
          const found = await fetchJob(id, { waitS, signal });
          this.entitle(found.source.name);
          if (!PENDING.has(found.state)) break;
          this.body.replaceChildren(el("p", { class: "row" }, chip(found.state), "The new answer is on its way …"),
            found.error && problem(found.error));
        }
      }
      const both = await compare(this.other, this.id, { signal });
      if (signal.aborted) return;
      announce("Both answers are here");
      this.body.replaceChildren(comparison(both, (id) => go({ job: id, with: "" })));
    } catch (fault) {
      this.fail(fault, signal);
    }
  }
}
