// Building the page: elements, icons, words for the screen reader. Foreign text only ever becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on` holds listeners; null, undefined and false leave an attribute out, true makes it empty. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);

const ICONS = {
  done: "M5 13l4 4L19 7",
  partial: "M12 4l9 16H3zM12 10v4M12 17v.4",
  failed: "M6 6l12 12M18 6L6 18",
  queued: "M5 7h14M5 12h14M5 17h8",
  running: "M12 3a9 9 0 0 1 9 9",
  waiting: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
  parked: "M9 6v12M15 6v12",
  upload: "M12 16V4M7 9l5-5 5 5M4 20h16",
  download: "M12 4v12M7 11l5 5 5-5M4 20h16",
  chart: "M4 4v16h16M8 16v-4M12 16V8M16 16v-6",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9 9v.4",
  video: "M4 6h11v12H4zM15 10l5-3v10l-5-3",
  close: "M6 6l12 12M18 6L6 18",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  chat: "M4 5h16v11H9l-5 4z",
  again: "M20 11a8 8 0 1 0-2 6M20 4v7h-7",
  key: "M15 4a5 5 0 1 0-4 8l-7 7v2h4v-2h2v-2l3-3a5 5 0 0 0 2-10zM16 8v.4",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  compare: "M12 4v16M4 7h5v10H4zM15 7h5v10h-5z",
  folder: "M3 6h6l2 2h10v11H3z",
};

export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

export function button(text, { icon: name, kind, ...attributes }, press) {
  const children = name ? [icon(name), text && el("span", {}, text)] : [text];
  return el("button", { type: "button", class: kind, ...attributes, on: { click: press } }, ...children);
}

const STATES = {
  queued: "Queued", running: "Running", waiting: "Waiting", parked: "Parked",
  done: "Done", partial: "Partial", failed: "Failed",
};
export const PENDING = new Set(["queued", "running", "waiting", "parked"]);

/** A state by icon, word and colour, never by colour alone. */
export function chip(state) {
  return el("span", { class: `chip ${state}` }, icon(state in STATES ? state : "queued"), STATES[state] ?? state);
}

/** For screen readers. What is outside an open dialog is not read, so the words go inside it. */
export function announce(text) {
  const open = [...document.querySelectorAll("dialog[open]")].at(-1);
  const region = open?.querySelector("[role=status]") ?? byId("live");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

/** Opens a dialog with new content; the browser keeps the focus inside and gives it back. */
export function openDialog(dialog, title, ...children) {
  const close = button("", { icon: "close", kind: "quiet", "aria-label": "Close" }, () => dialog.close());
  const heading = el("h2", { id: `${dialog.id}-title`, tabindex: "-1" }, title);
  dialog.replaceChildren(
    el("header", {}, heading, close),
    ...children,
    el("div", { class: "hidden", role: "status", "aria-live": "polite" }),
  );
  if (!dialog.open) dialog.showModal();
  heading.focus();
}

/** A name's folder and file apart: the file stands out, and the folder gives way first where there is no room. */
export function nameParts(name) {
  const cut = name.lastIndexOf("/") + 1;
  return [cut > 0 && el("span", { class: "folder" }, name.slice(0, cut)), el("span", {}, name.slice(cut))];
}

/** What went wrong and what to do. */
export function problem(error) {
  return el("div", { class: "problem" },
    el("p", {}, icon("failed"), el("strong", {}, sentence(error.message))),
    error.hint && el("p", {}, error.hint),
    error.code && el("p", { class: "muted" }, "Code ", el("code", {}, error.code)));
}

/** With a capital, unless it begins with a name. */
export function sentence(text) {
  return /^\p{Ll}+\s/u.test(text ?? "") ? text[0].toUpperCase() + text.slice(1) : text ?? "";
}

export function save(name, blob) {
  const address = URL.createObjectURL(blob);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
