// The page's address: filters and the open job are in its query, so that every view can be linked and gone back to.

export const FILTERS = ["q", "prefix", "state", "kind", "since"];
const VIEWS = ["job", "with", "view"];
const listeners = [];

export function read() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries([...FILTERS, ...VIEWS].map((name) => [name, query.get(name) ?? ""]));
}

/** The address with some values changed; "" leaves one out. */
export function address(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

/** A step that "back" undoes, or with `replace` none. */
export function go(changes, { replace = false } = {}) {
  if (replace) history.replaceState(history.state, "", address(changes));
  else history.pushState({ within: true }, "", address(changes));
  changed();
}

/** Close a view: back if it was opened here, so that closing does not pile up steps. */
export function leave(names) {
  if (history.state?.within) history.back();
  else go(Object.fromEntries(names.map((name) => [name, ""])), { replace: true });
}

export function onChange(listener) {
  listeners.push(listener);
}

function changed() {
  for (const listener of listeners) listener(read());
}

addEventListener("popstate", changed);
