// Calls to the app (docs/http.md). A key goes into a header only; it is kept for this tab and asked for once.

import { askForKey } from "./key.js";

const ROOT = new URL("../", import.meta.url);
const STORE = "visiondrop-key";

class ApiError extends Error {
  constructor({ code, message, hint, field, status, retryAfter }) {
    super(message);
    Object.assign(this, { code, hint, field, status, retryAfter });
  }
}

export const key = () => sessionStorage.getItem(STORE);
export const forgetKey = () => sessionStorage.removeItem(STORE);

/** An address of the API. A name that a path cannot carry goes into the query. */
export function at(route, name = null, query = {}) {
  const inPath = name !== null && !name.split("/").some((part) => part === "" || part === "." || part === "..") && !/%2f/i.test(name);
  const path = inPath ? `${route}/${name.split("/").map(encodeURIComponent).join("/")}` : route;
  const address = new URL(path, ROOT);
  const parameters = name !== null && !inPath ? { name, ...query } : query;
  for (const [key_, value] of Object.entries(parameters)) if (value) address.searchParams.set(key_, value);
  return address.href;
}

export const headers = () => (key() ? { "x-functions-key": key() } : {});

/** A response that is no error. 401 asks for the key and tries again; 304 passes. */
export async function request(address, { method = "GET", body, signal, headers: extra = {}, cache } = {}) {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  for (;;) {
    const used = key();
    let response;
    try {
      response = await fetch(address, {
        method, signal, cache, headers: { ...json, ...extra, ...headers() },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (fault) {
      if (fault.name === "AbortError") throw fault;
      throw new ApiError({ code: "unreachable", status: 0, message: "the server does not answer",
        hint: "Check that it runs and that you are online; if you signed in long ago, reload the page." });
    }
    if (response.status === 401) { await needKey(used); continue; }
    if (!response.ok && response.status !== 304) throw await toError(response);
    return response;
  }
}

/** Asks for a key unless another call has got a newer one meanwhile. */
export async function needKey(used) {
  if (key() !== used) return;
  const given = await askForKey({ wrong: used !== null });
  if (given === null) {
    throw new ApiError({ code: "key_needed", status: 401, message: "a key is needed to read the results",
      hint: "Ask whoever runs this app for a function key." });
  }
  sessionStorage.setItem(STORE, given);
  dispatchEvent(new Event("key"));
}

async function toError(response) {
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  return readError(response.status, await response.text(), retryAfter);
}

export function readError(status, text, retryAfter = null) {
  const own = parse(text)?.error;
  if (own?.message) return new ApiError({ ...own, status, retryAfter });
  return new ApiError({ code: `http_${status}`, status, retryAfter,
    message: `the server answered with status ${status}`, hint: "Try again in a moment; its log says more." });
}

export function parse(text) {
  try { return JSON.parse(text); } catch { return null; }
}

export async function json(address, options) {
  const response = await request(address, options);
  return response.json();
}

/** One page of the list, or null when nothing has changed since `etag`. */
export async function listPage(filters, { cursor, limit, etag, signal } = {}) {
  const address = at("results", null, { ...filters, cursor, limit });
  const response = await request(address, { signal, headers: etag ? { "if-none-match": etag } : {}, cache: "no-store" });
  if (response.status === 304) return null;
  return { ...(await response.json()), etag: response.headers.get("etag") };
}

export const job = (id, { waitS, signal } = {}) => json(at(`jobs/${id}`, null, { wait: waitS }), { signal, cache: "no-store" });
export const related = (id, options) => json(at(`jobs/${id}/related`), options);
export const compare = (one, other, options) => json(at(`jobs/${one}/compare/${other}`), options);
export const costs = (from, to) => json(at("costs", null, { from, to }));
export const estimate = (body, options) => json(at("estimate"), { method: "POST", body, ...options });

/** Asks that are paid for carry a key of their own, so that a repeated request is paid once. */
const paid = (address, body, idempotencyKey) =>
  json(address, { method: "POST", body, headers: { "idempotency-key": idempotencyKey } });
export const ask = (body, idempotencyKey) => paid(at("ask"), body, idempotencyKey);
export const rerun = (id, body, idempotencyKey) => paid(at(`jobs/${id}/rerun`), body, idempotencyKey);

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
