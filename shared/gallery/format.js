// Figures as people read them, in the language of the browser.

const counts = new Intl.NumberFormat();
const ages = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const NONE = "–";

export const count = (value) => (value === null || value === undefined ? NONE : counts.format(value));

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A decimal string with enough digits for small amounts. */
export function usd(value) {
  if (value === null || value === undefined) return NONE;
  const amount = Number(value);
  const digits = amount === 0 || Math.abs(amount) >= 1 ? 2 : Math.abs(amount) >= 0.01 ? 4 : 6;
  return `${amount < 0 ? "−" : ""}$${Math.abs(amount).toFixed(digits)}`;
}

export function bytes(value) {
  if (value === null || value === undefined) return NONE;
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  let size = value;
  while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit += 1; }
  return `${size >= 10 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function duration(ms) {
  if (ms === null || ms === undefined) return NONE;
  return ms < 1000 ? `${ms} ms` : ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

/** 75.5 → 1:15.5 */
export function timecode(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${rest}`;
}

export const moment = (iso) => (iso ? moments.format(new Date(iso)) : NONE);

const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30], ["month", 12], ["year", Infinity]];

export function age(iso) {
  let passed = (Date.parse(iso) - Date.now()) / 1000;
  if (Math.abs(passed) < 45) return "just now";
  for (const [unit, most] of STEPS) {
    if (Math.abs(passed) < most) return ages.format(Math.round(passed), unit);
    passed /= most;
  }
  return moment(iso);
}

/** Actual against expected, as a signed percentage. */
export function deviation(actual, expected) {
  if (!Number(expected) || actual === null || actual === undefined) return "";
  const percent = Math.round((Number(actual) / Number(expected) - 1) * 100);
  return percent === 0 ? "as expected" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}

const PARTS = { dateStyle: "medium" };
export const day = (iso) => new Intl.DateTimeFormat(undefined, { ...PARTS, timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`));

/** What the shown answers cost together. In whole 10⁻¹² dollars, since decimal strings do not add up in binary. */
export function sum(items) {
  const total = items.reduce((all, item) => all + (item.usd === null ? 0 : Math.round(Number(item.usd) * 1e12)), 0);
  return total ? `${usd(total / 1e12)} in all` : "";
}
