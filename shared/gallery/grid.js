// The grid of thumbnails. Only the rows near the window are in the document, so 10,000 items cost as much as 50.

import { address } from "./address.js";
import { byId, chip, el, icon, nameParts, PENDING } from "./dom.js";
import { release, show, thumbnail } from "./files.js";
import { age, moment, plural, usd } from "./format.js";

const SPARE_ROWS = 2;
const SETTLE_MS = 60; // thumbnails are asked for when scrolling pauses, not for every row that flies by
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: "up", ArrowDown: "down", PageUp: "page-up", PageDown: "page-down", Home: "first", End: "last" };

export class Grid {
  list = byId("grid");
  cards = new Map();
  items = [];
  current = null;
  selected = new Map();

  constructor({ open, select, nearEnd }) {
    Object.assign(this, { open, select, nearEnd });
    const soon = () => { this.frame ??= requestAnimationFrame(() => { this.frame = null; this.render(); }); };
    addEventListener("scroll", soon, { passive: true });
    new ResizeObserver(soon).observe(this.list);
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("focusin", (event) => this.onFocus(event));
  }

  setItems(items) {
    this.items = items;
    this.places = new Map(items.map((item, index) => [item.job_id, index]));
    this.render();
  }

  measure() {
    const width = this.list.clientWidth;
    const narrow = width < 520;
    const gap = narrow ? 10 : 16;
    const columns = Math.max(1, Math.floor((width + gap) / ((narrow ? 148 : 216) + gap)));
    const cardWidth = (width - gap * (columns - 1)) / columns;
    const cardHeight = Math.round(cardWidth * 0.7) + 104;
    this.shape = { gap, columns, cardWidth, cardHeight, row: cardHeight + gap };
    return this.shape;
  }

  /** Indices of the items in the window, or near it. */
  range(spare = 0) {
    const { columns, row } = this.shape ?? this.measure();
    const top = -this.list.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / row) - spare) * columns;
    const last = (Math.ceil((top + innerHeight) / row) + spare) * columns;
    return [Math.min(first, this.items.length), Math.max(0, Math.min(last, this.items.length))];
  }

  visible() {
    return this.items.slice(...this.range());
  }

  isAway() {
    return this.list.getBoundingClientRect().top < -40;
  }

  render() {
    const { columns, row } = this.measure();
    this.list.style.height = `${Math.max(0, Math.ceil(this.items.length / columns) * row - this.shape.gap)}px`;
    const [first, last] = this.range(SPARE_ROWS);
    const wanted = new Set(this.items.slice(first, last).map((item) => item.job_id));
    const focused = document.activeElement?.closest?.("li")?.dataset.id;
    if (this.places?.has(focused)) wanted.add(focused);
    for (const [id, card] of this.cards) if (!wanted.has(id)) this.drop(id, card);
    let before = null;
    for (const index of [...wanted].map((id) => this.places.get(id)).sort((one, other) => other - one)) {
      const card = this.draw(this.items[index], index);
      if (card.node.nextSibling !== before || !card.node.isConnected) this.list.insertBefore(card.node, before);
      before = card.node;
    }
    this.makeOneReachable();
    this.settle();
    if (last >= this.items.length - 2 * columns) this.nearEnd();
  }

  /** Thumbnails that could not be had while nobody answered. */
  loadLost() {
    for (const card of this.cards.values()) {
      if (!card.node.querySelector(".lost")) continue;
      const { item } = card;
      card.item = null;
      this.fillCard(card, item);
    }
    this.settle();
  }

  drop(id, card) {
    for (const image of card.node.querySelectorAll("img")) release(image);
    card.node.remove();
    this.cards.delete(id);
  }

  draw(item, index) {
    let card = this.cards.get(item.job_id);
    if (!card) {
      card = { node: el("li", { "data-id": item.job_id }), item: null };
      this.cards.set(item.job_id, card);
    }
    if (card.item !== item) this.fillCard(card, item);
    this.place(card.node, index);
    return card;
  }

  place(node, index) {
    const { columns, cardWidth, cardHeight, gap, row } = this.shape;
    const left = (index % columns) * (cardWidth + gap);
    node.style.transform = `translate(${left}px, ${Math.floor(index / columns) * row}px)`;
    node.style.width = `${cardWidth}px`;
    node.style.height = `${cardHeight}px`;
    node.setAttribute("aria-posinset", index + 1);
    node.setAttribute("aria-setsize", this.complete ? this.items.length : -1);
  }

  /** In place where it can be: the thumbnail of a picture that is there already is not loaded again. */
  fillCard(card, item) {
    const hasFocus = card.node.contains(document.activeElement);
    const samePicture = card.item?.picture === item.picture && card.image;
    if (card.image && !samePicture) release(card.image);
    card.image = samePicture ? card.image : pictureOf(item);
    card.item = item;
    const link = el("a", { href: address({ job: item.job_id }), tabindex: "-1", class: "card", on: { click: (event) => this.onClick(event, item) } },
      el("span", { class: "thumb" }, card.image, item.kind === "video" && el("span", { class: "badge" }, icon("video"), plural(item.pictures, "frame"))),
      el("span", { class: "name", title: item.name }, nameParts(item.name)),
      el("span", { class: "said" }, item.text || faultOf(item) || (PENDING.has(item.state) ? "No answer yet" : "")),
      el("span", { class: "facts" }, chip(item.state), origin(item), el("span", { class: "figure" }, item.usd === null ? "" : usd(item.usd)),
        el("time", { datetime: item.created, title: moment(item.created) }, age(item.created))));
    const box = el("input", { type: "checkbox", class: "tick", tabindex: "-1", "aria-label": `Select ${item.name}`, on: { change: () => this.toggle(item) } });
    box.checked = this.selected.has(item.job_id);
    card.node.replaceChildren(link, box);
    if (hasFocus) link.focus();
  }

  /** Loads the thumbnails that are still in the document once scrolling pauses. */
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      for (const { image } of this.cards.values()) {
        if (image?.dataset.picture && !image.dataset.asked) {
          image.dataset.asked = "yes";
          show(image, thumbnail(image.dataset.picture));
        }
      }
    }, SETTLE_MS);
  }

  /** One stop for the Tab key; arrows go on from there. */
  makeOneReachable() {
    const cards = [...this.list.children];
    const one = this.cards.get(this.current)?.node ?? cards[0];
    for (const node of cards) {
      for (const part of node.children) part.tabIndex = node === one ? 0 : -1;
    }
  }

  onFocus(event) {
    const id = event.target.closest("li")?.dataset.id;
    if (!id || id === this.current) return;
    this.current = id;
    this.makeOneReachable();
  }

  onClick(event, item) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.open(item.job_id);
  }

  onKey(event) {
    const id = event.target.closest("li")?.dataset.id;
    if (!id || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === " " && event.target.matches("a")) {
      event.preventDefault();
      this.toggle(this.items[this.places.get(id)]);
    } else if (event.key in STEPS) {
      event.preventDefault();
      this.focusIndex(this.target(STEPS[event.key], this.places.get(id)));
    }
  }

  target(step, from) {
    const { columns, row } = this.shape;
    const page = Math.max(1, Math.floor(innerHeight / row) - 1) * columns;
    const steps = { up: -columns, down: columns, "page-up": -page, "page-down": page, first: -from, last: this.items.length };
    const to = from + (steps[step] ?? step);
    return Math.min(this.items.length - 1, to < 0 ? from % columns : to);
  }

  /** Also an item whose row is not in the document yet. */
  focusIndex(index) {
    const item = this.items[index];
    if (!item) return;
    this.current = item.job_id;
    const { columns, row, cardHeight } = this.shape;
    const top = this.list.getBoundingClientRect().top + Math.floor(index / columns) * row;
    const room = byId("grid").offsetTop < innerHeight ? 80 : 0;
    if (top < room) scrollBy({ top: top - room - 12, behavior: "instant" });
    if (top + cardHeight > innerHeight) scrollBy({ top: top + cardHeight - innerHeight + 24, behavior: "instant" });
    this.render();
    this.cards.get(item.job_id)?.node.querySelector("a").focus({ preventScroll: true });
  }

  focusJob(id) {
    if (this.places?.has(id)) this.focusIndex(this.places.get(id));
    else byId("results").focus({ preventScroll: true });
  }

  toggle(item) {
    if (this.selected.has(item.job_id)) this.selected.delete(item.job_id);
    else this.selected.set(item.job_id, item);
    this.markSelected();
  }

  clearSelection() {
    this.selected.clear();
    this.markSelected();
  }

  markSelected() {
    for (const [id, { node }] of this.cards) {
      node.querySelector(".tick").checked = this.selected.has(id);
      node.classList.toggle("selected", this.selected.has(id));
    }
    this.select([...this.selected.values()]);
  }
}

function pictureOf(item) {
  if (!item.picture) return icon(item.state === "failed" ? "failed" : item.kind === "video" ? "video" : "image");
  const image = el("img", { alt: "", decoding: "async", "data-picture": item.picture });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "lost" }, icon("image"))));
  return image;
}

const FAULTS = {
  corrupt: "The file is damaged", unsupported: "No picture or video that the model can see", too_large: "Too large",
  budget_exceeded: "The budget is spent", throttled: "The model is busy", content_filter: "Stopped by the content filter",
};

const faultOf = (item) => item.error_code && (FAULTS[item.error_code] ?? item.error_code.replaceAll("_", " "));

const ORIGINS = { ask: ["chat", "Asked"], follow_up: ["chat", "Follow-up"], rerun: ["again", "Rerun"] };

function origin(item) {
  const [name, word] = ORIGINS[item.origin] ?? [];
  return name && el("span", { class: "chip plain" }, icon(name), word);
}
