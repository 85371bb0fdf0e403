// What the model got to see: the picture with the places the answer points at, or the film with its frames.

import { key } from "./api.js";
import { button, el, icon, problem, svg } from "./dom.js";
import { fetchWhole, media, original, releaseAll, show, showBlob, thumbnail } from "./files.js";
import { bytes, timecode } from "./format.js";

const AT_ONCE_BYTES = 16e6; // behind a key a film has to be fetched as a whole: larger ones only when asked for

/** `node` to show; `mark(index)` points a region out. */
export function stage(job) {
  const isFilm = job.source.kind === "video";
  const pictures = job.normalized;
  if (!pictures.length) return { node: el("div", { class: "stage none" }, icon(isFilm ? "video" : "image"), "No picture was made for the model"), mark() {} };
  const first = picture(job, pictures[0]);
  if (pictures.length === 1 && !isFilm) return { node: el("figure", { class: "stage" }, first.node, caption(job, pictures[0])), mark: first.mark };
  return isFilm ? film(job, pictures) : several(job, pictures, first);
}

function caption(job, sent) {
  const kept = job.source.width === sent.width && job.source.height === sent.height;
  const from = kept || !job.source.width ? "" : `, made smaller from ${job.source.width} × ${job.source.height}`;
  return el("figcaption", { class: "muted" }, `As the model saw it: ${sent.width} × ${sent.height}${from} · ${bytes(sent.bytes)}`);
}

/** The overlay has the picture's own box, so fractions of the picture are fractions of the overlay. */
function picture(job, sent, regions = job.reply?.regions ?? []) {
  const image = el("img", { alt: job.reply?.text ? `${job.source.name}: ${job.reply.text.slice(0, 200)}` : job.source.name, width: sent.width, height: sent.height });
  show(image, media(sent.name));
  const shapes = regions.map(polygon);
  const overlay = svg("svg", { class: "regions", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, shapes);
  const node = el("div", { class: "picture" }, image, regions.length > 0 && overlay);
  return { node, image, mark: (index) => shapes.forEach((shape, place) => shape.classList.toggle("marked", place === index)) };
}

function polygon({ polygon: points, kind, text }) {
  return svg("polygon", { points: points.map((point) => point.join(",")).join(" "), class: kind, "vector-effect": "non-scaling-stroke" }, svg("title", {}, text));
}

function several(job, pictures, first) {
  const place = el("div", {}, first.node);
  const choose = (sent) => swap(place, picture(job, sent, sent === pictures[0] ? undefined : []).node);
  return { node: el("figure", { class: "stage" }, place, strip(pictures, choose, ({ label }, number) => (label ? label.split("/").at(-1) : `Picture ${number}`)), caption(job, pictures[0])), mark: first.mark };
}

function swap(place, node) {
  releaseAll(place);
  place.replaceChildren(node);
}

function film(job, pictures) {
  const video = el("video", { controls: true, preload: "metadata", playsinline: true, "aria-label": `Video ${job.source.name}` });
  const place = el("div", { class: "film" }, video);
  let first = null;
  const showFrame = (sent) => {
    first = picture(job, sent, sent === pictures[0] ? undefined : []);
    swap(place, first.node);
  };
  const made = job.media?.find((item) => item.role === "video"); // where browsers do not play the upload itself
  const address = made ? media(made.name) : original(job.source.name);
  video.addEventListener("error", () => {
    if (!video.isConnected) return;
    showFrame(pictures[0]);
    place.append(el("p", { class: "muted" }, "This browser does not play this film; these are the frames that the model saw."));
  });
  const seek = (sent) => {
    if (!video.isConnected || sent.at_s === null) { showFrame(sent); return; }
    video.currentTime = sent.at_s;
  };
  load(video, place, address, made ? made.bytes : job.source.bytes);
  const frames = strip(pictures, seek, (sent) => (sent.at_s === null ? "Frame" : timecode(sent.at_s)));
  video.addEventListener("timeupdate", () => frames.follow(video.currentTime, pictures));
  return { node: el("figure", { class: "stage" }, place, frames, caption(job, pictures[0])), mark: (index) => first?.mark(index) };
}

function load(video, place, address, size) {
  if (!key() || size <= AT_ONCE_BYTES) { show(video, address); return; }
  const start = button(`Load the film (${bytes(size)})`, { icon: "download" }, async () => {
    start.disabled = true;
    try {
      showBlob(video, await fetchWhole(address, { progress: (done, total) => { start.textContent = `${Math.round((100 * done) / total)} %`; } }));
      start.remove();
    } catch (fault) {
      start.replaceWith(problem(fault));
    }
  });
  place.append(start);
}

/** Frames with their times; each is a button. */
function strip(pictures, choose, label) {
  const buttons = pictures.map((sent, index) => {
    const image = el("img", { alt: "", loading: "lazy", width: sent.width, height: sent.height });
    show(image, thumbnail(sent.name));
    const text = label(sent, index + 1);
    return el("button", { type: "button", "aria-label": sent.at_s === null ? text : `Go to ${text}`, on: { click: () => { mark(index); choose(sent); } } }, image, el("span", {}, text));
  });
  const mark = (index) => buttons.forEach((one, place) => (place === index ? one.setAttribute("aria-current", "true") : one.removeAttribute("aria-current")));
  const node = el("div", { class: "strip", role: "group", "aria-label": "Frames that the model saw" }, buttons);
  node.follow = (seconds, all) => mark(all.findLastIndex((sent) => sent.at_s !== null && sent.at_s <= seconds + 0.05));
  return node;
}
