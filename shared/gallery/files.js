// Pictures and videos. Without a key the browser loads them itself; behind a key they are fetched with the header and
// shown from memory, and that memory is given back as soon as they are no longer shown.

import { at, key, request } from "./api.js";
import { LIMITS } from "./limits.js";

const PART = LIMITS.file_part_bytes;
const AT_ONCE = 6;
const held = new WeakMap();
const waiting = [];
let running = 0;

/** Shows an address in an <img> or <video>. Resolves when it is set. */
export async function show(node, address) {
  release(node);
  if (!key()) { node.src = address; return; }
  const stop = new AbortController();
  held.set(node, { stop, address: null });
  const blob = await turn(() => (stop.signal.aborted ? null : fetchWhole(address, { signal: stop.signal }))).catch((fault) => {
    if (fault.name !== "AbortError") node.dispatchEvent(new Event("error"));
    return null;
  });
  if (blob && !stop.signal.aborted) showBlob(node, blob);
}

export function showBlob(node, blob) {
  release(node);
  const address = URL.createObjectURL(blob);
  held.set(node, { stop: new AbortController(), address });
  node.src = address;
}

/** The node is shown no more. */
export function release(node) {
  const own = held.get(node);
  own?.stop.abort();
  if (own?.address) URL.revokeObjectURL(own.address);
  held.delete(node);
}

export function releaseAll(root) {
  for (const node of root.querySelectorAll("img, video")) release(node);
}

async function turn(work) {
  if (running >= AT_ONCE) await new Promise((resolve) => waiting.push(resolve));
  running += 1;
  try { return await work(); } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

/** A file in parts, as the app gives large ones. */
export async function fetchWhole(address, { signal, progress } = {}) {
  const parts = [];
  let type = "";
  for (let from = 0, total = 1; from < total;) {
    const response = await request(address, { signal, headers: { range: `bytes=${from}-${from + PART - 1}` } });
    const part = await response.blob();
    type = response.headers.get("content-type") ?? "";
    parts.push(part);
    from += part.size;
    total = Number(response.headers.get("content-range")?.split("/")[1] ?? from);
    progress?.(from, total);
    if (part.size === 0) break;
  }
  return new Blob(parts, { type });
}

export const thumbnail = (picture) => at("media", picture, { thumb: "1" });
export const media = (name) => at("media", name);
export const original = (name) => at("originals", name);
