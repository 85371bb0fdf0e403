// The results the page knows: pages of the list as far as they were asked for, kept up to date while work goes on.
//
// Polite: one small conditional request (304 when nothing has changed) every 2.5 s while something visible is pending,
// every 12 s otherwise, none while the page is hidden, ever fewer while the server is away.

import { listPage } from "./api.js";
import { PENDING } from "./dom.js";

const FIRST = 50;
const FURTHER = 100;
const BUSY_MS = 2_500;
const CALM_MS = 12_000;
const RECENTLY_MS = 15_000;
const LONGEST_MS = 30_000;
const MOST_EMPTY_PAGES = 5; // a filter that fits almost nothing: stop and ask before looking further

const SINCE_MS = { "1h": 3_600e3, "24h": 86_400e3, "7d": 7 * 86_400e3, "30d": 30 * 86_400e3 };

/** The API's filters. A span such as "24h" is fixed here: pages belong together only with the same filters. */
export function toFilters({ q, prefix, state, kind, since }) {
  const span = SINCE_MS[since];
  return { q, prefix, state, kind, since: span ? new Date(Date.now() - span).toISOString() : since };
}

/** Newest first; the order of the API. */
export function order(one, other) {
  if (one.created !== other.created) return one.created < other.created ? 1 : -1;
  return one.job_id < other.job_id ? -1 : 1;
}

export class Results extends EventTarget {
  items = [];
  known = new Map();
  pages = [];
  cursor = null;
  looked = 0;
  newer = 0;
  state = "loading"; // loading | ready | paused (looked far, found little) | failed
  error = null;
  isAway = () => false; // scrolled away from the top: new items wait
  visible = () => [];

  /** Start over with other filters. What is shown stays until the first page is there. */
  async start(chosen) {
    this.stop?.abort();
    this.stop = new AbortController();
    this.chosen = chosen;
    this.filters = toFilters(chosen);
    this.failures = 0;
    this.newer = 0;
    this.set("loading");
    this.loading = null;
    await this.guard(async (signal) => {
      const body = await listPage(this.filters, { limit: FIRST, signal });
      this.known = new Map();
      this.pages = [];
      this.looked = 0;
      this.merge(this.addPage(null, FIRST), body);
      this.cursor = body.cursor;
      this.set("ready");
      if (body.cursor && body.items.length === 0) await this.loadMore();
    });
    this.plan();
  }

  addPage(cursor, limit) {
    const page = { cursor, limit, etag: null, ids: [] };
    this.pages.push(page);
    return page;
  }

  /** The next page; further ones while they are empty. */
  loadMore() {
    if (!this.cursor || this.state === "loading") return undefined;
    this.loading ??= this.guard(async (signal) => {
      for (let empty = 0; this.cursor && empty < MOST_EMPTY_PAGES; empty += 1) {
        const from = this.cursor;
        const body = await listPage(this.filters, { cursor: from, limit: FURTHER, signal });
        this.cursor = body.cursor;
        this.merge(this.addPage(from, FURTHER), body);
        if (body.items.length) { this.set("ready"); return; }
      }
      this.set(this.cursor ? "paused" : "ready");
    }).finally(() => { this.loading = null; });
    return this.loading;
  }

  /** Takes a page over what is known of it: changed items in place, those that fit no more out. */
  merge(page, body) {
    const last = body.items.at(-1);
    const now = new Set(body.items.map((item) => item.job_id));
    for (const id of page.ids) {
      const old = this.known.get(id);
      const inRange = old && (last ? order(old, last) < 0 : body.cursor === null);
      if (inRange && !now.has(id)) this.known.delete(id);
    }
    const finished = body.items.filter((item) => this.put(item));
    page.ids = [...now];
    page.etag = body.etag;
    this.looked += body.looked_at ?? 0;
    this.items = [...this.known.values()].sort(order);
    this.emit("change");
    if (finished.length) this.emit("finished", finished);
  }

  /** True when a job that was pending here has ended. */
  put(item) {
    const old = this.known.get(item.job_id);
    if (old && JSON.stringify(old) === JSON.stringify(item)) return false;
    this.changedAt = Date.now();
    this.known.set(item.job_id, item);
    return Boolean(old && PENDING.has(old.state) && !PENDING.has(item.state));
  }

  /** Look again soon: the user has just started something. */
  expectNews() {
    this.changedAt = Date.now();
    this.plan(300);
  }

  plan(ms = this.pause()) {
    clearTimeout(this.timer);
    const isRefused = this.error?.status >= 400 && this.error.status < 500; // asking again would change nothing
    if (!document.hidden && !isRefused) this.timer = setTimeout(() => this.refresh(), ms);
  }

  pause() {
    if (this.failures) return Math.min(LONGEST_MS, 2 ** this.failures * 2_000);
    const busy = this.shownPending().length > 0 || Date.now() - (this.changedAt ?? 0) < RECENTLY_MS;
    return busy ? BUSY_MS : CALM_MS;
  }

  shownPending() {
    return this.visible().filter((item) => PENDING.has(item.state));
  }

  /** The first page, for what is new, and the pages with pending items that can be seen. */
  async refresh() {
    if (this.state === "failed" && !this.pages.length) { await this.start(this.chosen); return; }
    await this.guard(async (signal) => {
      if (await this.refreshFirst(signal)) return;
      const ids = new Set(this.shownPending().map((item) => item.job_id));
      for (const page of this.pages.slice(1).filter((one) => one.ids.some((id) => ids.has(id)))) {
        const body = await listPage(this.filters, { cursor: page.cursor, limit: page.limit, etag: page.etag, signal });
        if (body) this.merge(page, body);
      }
      this.set(this.state === "failed" ? "ready" : this.state);
    });
    this.plan();
  }

  /** True when the list starts over: more came at once than one page holds. */
  async refreshFirst(signal) {
    const page = this.pages[0];
    const body = await listPage(this.filters, { limit: page.limit, etag: page.etag, signal });
    if (!body) return false;
    const fresh = body.items.filter((item) => !this.known.has(item.job_id));
    const isGap = body.cursor && this.items.length > 0 && fresh.length === body.items.length;
    this.newer = 0;
    if (fresh.length && this.isAway()) {
      this.newer = fresh.length;
      body.items = body.items.filter((item) => this.known.has(item.job_id));
      body.etag = null;
    } else if (isGap) {
      this.start(this.chosen);
      return true;
    }
    if (this.pages.length === 1 && !this.newer) this.cursor = body.cursor;
    this.merge(page, body);
    return false;
  }

  async guard(work) {
    const { signal } = this.stop;
    try {
      await work(signal);
      if (signal.aborted) return;
      const wasAway = this.failures > 0;
      this.failures = 0;
      this.error = null;
      if (wasAway) this.emit("back");
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      this.failures = (this.failures ?? 0) + 1;
      this.error = error;
      this.set("failed");
      if (error.code === undefined) throw error;
    }
  }

  set(state) {
    this.state = state;
    this.emit("change");
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
