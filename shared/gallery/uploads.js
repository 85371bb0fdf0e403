// Files and folders on their way into storage: three at a time, each with its progress, refusals in plain words.

import { at, headers, key, needKey, readError } from "./api.js";
import { announce, button, byId, chip, el, icon, openDialog, sentence } from "./dom.js";
import { bytes, plural } from "./format.js";
import { LIMITS } from "./limits.js";

const AT_ONCE = 3;
const MOST_BYTES = LIMITS.upload_bytes; // larger ones go straight into storage
const SHOWN = 40; // of thousands: those at work and refused ones first
const DRAW_MS = 100;
const AWAY_MS = 5_000; // between two tries while nobody answers
const MOST_TRIES = 5; // of a file that the server breaks on
const ORDER = ["running", "failed", "queued", "done"];
const isOptions = (name) => /(^|\/)_vision\.toml$/.test(name); // goes first: it speaks for the pictures that follow
const folderOf = (name) => name.slice(0, name.lastIndexOf("/") + 1);
const LITTER = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini)$/i; // what systems leave in folders

export class Uploads {
  entries = [];
  running = 0;

  constructor({ folder, sent, open }) {
    Object.assign(this, { folder, sent, open });
    for (const id of ["files", "folder"]) {
      const input = byId(id);
      input.addEventListener("change", () => {
        this.add([...input.files].map((file) => [file.webkitRelativePath || file.name, file]));
        input.value = "";
      });
    }
    this.listenForDrops();
    addEventListener("online", () => this.comeBack());
  }

  choose() {
    const dialog = byId("panel");
    const pick = (id) => () => { dialog.close(); byId(id).click(); };
    const into = this.base();
    openDialog(dialog, "Upload", el("div", { class: "stack" },
      el("p", {}, `Pictures and videos, up to ${bytes(MOST_BYTES)} each. You can also drop them anywhere on this page.`),
      into && el("p", {}, "They go into the folder ", el("code", {}, into), "."),
      el("div", { class: "row" },
        button("Choose files", { icon: "upload", kind: "primary" }, pick("files")),
        button("Choose a folder", { icon: "folder" }, pick("folder")))));
  }

  /** The folder that is being looked at. */
  base() {
    const prefix = this.folder();
    return prefix.endsWith("/") ? prefix : "";
  }

  listenForDrops() {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    let leaving;
    addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      clearTimeout(leaving);
      byId("target").hidden = false;
    });
    addEventListener("dragleave", () => { leaving = setTimeout(() => { byId("target").hidden = true; }, 100); });
    addEventListener("drop", async (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      byId("target").hidden = true;
      this.add(await dropped(event.dataTransfer));
    });
  }

  add(files) {
    const wanted = files.filter(([name]) => !LITTER.test(name)).sort(([one], [other]) => isOptions(other) - isOptions(one));
    const base = this.base();
    this.entries.push(...wanted.map(([name, file]) => ({ name: base + name, file, state: "queued", part: 0 })));
    if (wanted.length) announce(`Uploading ${plural(wanted.length, "file")}`);
    this.next();
    this.draw();
  }

  next() {
    const held = this.heldFolders();
    while (this.running < AT_ONCE && !this.away) {
      const entry = this.entries.find((one) => one.state === "queued" && (isOptions(one.name) || !held.some((folder) => one.name.startsWith(folder))));
      const isEarly = entry && !isOptions(entry.name) && this.entries.some((one) => one.state === "running" && isOptions(one.name));
      if (!entry || isEarly) break;
      this.running += 1;
      this.send(entry).finally(() => {
        this.running -= 1;
        this.next();
        if (this.running === 0) this.tell();
      });
    }
  }

  /** Folders whose options were refused: their pictures would be asked, and paid, with others than were meant. */
  heldFolders() {
    return this.entries.filter((one) => one.state === "failed" && isOptions(one.name)).map((one) => folderOf(one.name));
  }

  waitingFor(options) {
    return this.entries.reduce((all, one) => all + (one.state === "queued" && one.name.startsWith(folderOf(options))), 0);
  }

  /** Nobody answers: the rest waits instead of being refused file by file. */
  stayAway() {
    this.away ??= setTimeout(() => this.comeBack(), AWAY_MS);
    this.draw();
  }

  comeBack() {
    clearTimeout(this.away);
    this.away = null;
    this.next();
    this.draw();
  }

  tell() {
    const refused = this.count("failed");
    announce(`${plural(this.count("done"), "file")} uploaded${refused ? `, ${refused} refused` : ""}`);
  }

  async send(entry) {
    Object.assign(entry, { state: "running", part: 0, error: null });
    if (entry.file.size > MOST_BYTES) {
      this.refuse(entry, { code: "unusable", message: `It has ${bytes(entry.file.size)}, and this page sends up to ${bytes(MOST_BYTES)}.`, hint: "Put larger files straight into storage: ./visiondrop drop FILE, azcopy or Storage Explorer." });
      return;
    }
    if (entry.file.size === 0) {
      this.refuse(entry, { code: "unusable", message: "The file is empty.", hint: "" });
      return;
    }
    for (;;) {
      const used = key();
      const { status, text } = await put(entry, () => this.drawSoon());
      if (status === 401) {
        try { await needKey(used); } catch (fault) { this.refuse(entry, fault); return; }
        continue;
      }
      if (status === 201) this.accept(entry, JSON.parse(text));
      else if (status > 0 && status < 500) this.refuse(entry, readError(status, text));
      else await this.putOff(entry, status, text);
      return;
    }
  }

  /** Sent again later, unless it is the file's own fault: that it cannot be read any more, or breaks the server. */
  async putOff(entry, status, text) {
    entry.tries = (entry.tries ?? 0) + 1;
    const isReadable = await entry.file.slice(0, 1).arrayBuffer().then(() => true, () => false);
    if (!isReadable) this.refuse(entry, { code: "unusable", message: "The file was changed or moved since it was chosen.", hint: "Choose it again." });
    else if (status && entry.tries >= MOST_TRIES) this.refuse(entry, readError(status, text));
    else { entry.state = "queued"; this.stayAway(); }
  }

  accept(entry, { job_id: id }) {
    this.entries = this.entries.filter((one) => one.name !== entry.name || one.state !== "failed"); // it is put right
    Object.assign(entry, { state: "done", job: id, file: null });
    this.drawSoon();
    this.sent();
  }

  refuse(entry, error) {
    Object.assign(entry, { state: "failed", error, taken: error.status === 412 });
    this.drawSoon();
  }

  /** The pictures of a folder, although its options were refused. */
  goWithout(entry) {
    this.entries = this.entries.filter((one) => one !== entry);
    this.next();
    this.draw();
  }

  again(entry, replace) {
    Object.assign(entry, { state: "queued", replace });
    this.next();
    this.draw();
  }

  count(state) {
    return this.entries.reduce((all, entry) => all + (entry.state === state), 0);
  }

  drawSoon() {
    this.drawing ??= setTimeout(() => { this.drawing = null; this.draw(); }, DRAW_MS);
  }

  draw() {
    const place = byId("uploads");
    place.hidden = this.entries.length === 0;
    const [all, done, failed] = [this.entries.length, this.count("done"), this.count("failed")];
    const focused = place.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    const shown = ORDER.flatMap((state) => this.entries.filter((entry) => entry.state === state)).slice(0, SHOWN);
    place.replaceChildren(
      el("header", {}, el("h2", {}, "Uploads"), el("span", { class: "muted" }, `${done} of ${all}${failed ? `, ${failed} refused` : ""}`),
        button("", { icon: "close", kind: "quiet", "aria-label": "Put the uploads away", "data-action": "away" }, () => this.clear())),
      el("progress", { max: all, value: done + failed, "aria-label": "Uploads that have ended" }),
      this.away && el("p", { class: "note" }, icon("waiting"), "The server does not answer. It goes on by itself.") || "",
      el("ul", {}, shown.map((entry) => this.row(entry))),
      all > SHOWN && el("p", { class: "muted" }, `and ${plural(all - SHOWN, "file")} more`) || "");
    if (focused) place.querySelector(`[data-action="${CSS.escape(focused)}"]`)?.focus();
  }

  row(entry) {
    const waiting = entry.error && isOptions(entry.name) ? this.waitingFor(entry.name) : 0;
    const act = (text, name, run) => button(text, { kind: "link", "data-action": `${name} ${entry.name}`, "aria-label": `${text} ${entry.name}` }, run);
    return el("li", { class: entry.state },
      el("span", { class: "name", title: entry.name }, entry.name),
      entry.state === "running" ? el("progress", { max: 1, value: entry.part, "aria-label": `Sending ${entry.name}` })
        : entry.state === "queued" ? chip("queued")
          : entry.state === "done" ? (entry.job ? act("Open", "open", () => this.open(entry.job)) : el("span", { class: "chip done" }, icon("done"), "Stored"))
            : el("span", { class: "chip failed" }, icon("failed"), "Refused"),
      entry.error && el("p", {}, entry.taken ? "There is a file with this name already." : said(entry.error)),
      waiting > 0 && el("p", {}, `Waiting for it: ${plural(waiting, "file")} of its folder.${entry.taken ? "" : " Choose the corrected file again."}`),
      entry.error && entry.error.code !== "unusable" && el("span", { class: "row" },
        entry.taken ? act("Replace it", "replace", () => this.again(entry, true)) : act("Try again", "again", () => this.again(entry, entry.replace)),
        waiting > 0 && act("Go on without it", "without", () => this.goWithout(entry))));
  }

  /** Those still on their way stay, and what they wait for. */
  clear() {
    const isWaitedFor = ({ state, name }) => state === "failed" && isOptions(name) && this.waitingFor(name) > 0;
    this.entries = this.entries.filter((entry) => entry.state === "running" || entry.state === "queued" || isWaitedFor(entry));
    this.draw();
  }
}

const said = ({ message, hint }) => [message, hint].filter(Boolean).map((text) => sentence(text).replace(/[^.]$/, "$&.")).join(" ");

/** Sends one file. XMLHttpRequest, because fetch tells nothing about progress. Status 0: nobody answered. */
function put(entry, changed) {
  return new Promise((resolve) => {
    const sending = new XMLHttpRequest();
    sending.open("PUT", at("uploads", entry.name));
    const own = { "content-type": entry.file.type || "application/octet-stream", ...(entry.replace ? {} : { "if-none-match": "*" }), ...headers() };
    for (const [name, value] of Object.entries(own)) sending.setRequestHeader(name, value);
    sending.upload.addEventListener("progress", (event) => { entry.part = event.loaded / (event.total || 1); changed(); });
    sending.addEventListener("loadend", () => resolve({ status: sending.status, text: sending.responseText }));
    sending.send(entry.file);
    changed();
  });
}

/** [name, file] of everything dropped, folders with all below them. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file.name, file]);
  return (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
}

async function walk(entry, folder) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    return [[folder + entry.name, file]];
  }
  const reader = entry.createReader();
  const children = [];
  for (;;) { // a reader gives at most 100 entries at a time
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) break;
    children.push(...some);
  }
  return (await Promise.all(children.map((child) => walk(child, `${folder}${entry.name}/`)))).flat();
}
