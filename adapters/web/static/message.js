// One message on the page. An update replaces only what changed, so that focus and pictures stay where they are.

import { element } from "./dom.js";
import { controls } from "./controls.js";
import { Sheet } from "./sheet.js";
import { rich } from "./text.js";
import { openPicture } from "./viewer.js";

export class Message {
  constructor(data) {
    this.parts = {};
    this.known = {};
    this.article = element("article", { class: data.kind, "aria-label": LABELS[data.kind] });
    this.item = element("li", { id: `m-${data.id}`, dataset: { seq: data.seq } }, this.article);
    if (data.kind === "whispered") this.article.append(element("p", { class: "note" }, "Only you see this"));
    for (const name of ["text", "progress", "pictures", "files", "controls"]) {
      this.parts[name] = element("div", { class: name });
      this.article.append(this.parts[name]);
    }
    this.show(data);
  }

  show(data) {
    this.data = data;
    this.patch("text", [data.text, data.progress ?? null], () => (data.kind === "typed" ? typed(data.text) : rich(worded(data))));
    this.patch("progress", [data.progress ?? null, data.eta ?? null], () => progress(data));
    this.patch("pictures", [data.pictures, data.grid ?? null], () => pictures(data));
    this.patch("files", data.files, () => data.files.map(({ url, name }) => element("a", { class: "button", href: url, download: name }, `Save ${name}`)));
    this.patch("controls", [data.buttons ?? [], data.menu ?? null], () => controls(data));
  }

  patch(name, value, draw) {
    const now = JSON.stringify(value);
    if (this.known[name] === now) return;
    this.known[name] = now;
    const part = this.parts[name];
    if (name === "pictures" && swapped(part, this.data)) return;
    if (name === "progress" && moved(part, this.data)) return;
    const held = part.contains(document.activeElement);
    part.replaceChildren(...draw());
    part.hidden = part.childNodes.length === 0;
    if (held) part.querySelector("button")?.focus();
  }
}

const LABELS = { typed: "You", said: "Tessera", posted: "Tessera", whispered: "Tessera, privately" };

function typed(text) {
  const [, command, rest] = text.match(/^(\/\S+)?([\s\S]*)$/);
  return [command ? element("b", {}, command) : "", rest].filter(Boolean);
}

// Where there is a bar, the one made of letters is not needed.
const worded = (data) => (data.progress === null || data.progress === undefined ? data.text : data.text.replace(/[▰▱]+ ?/gu, ""));

function progress(data) {
  const parts = [];
  if (data.progress !== null && data.progress !== undefined) {
    parts.push(element("progress", { max: 1, value: data.progress, "aria-label": "Painted so far" }));
  }
  if (longWait(data)) {
    const left = element("time", { class: "eta", dataset: { eta: data.eta } });
    tell(left);
    parts.push(left);
  }
  return parts;
}

// The same bar moves on, so that it glides instead of blinking.
function moved(part, data) {
  const bar = part.querySelector("progress");
  const left = part.querySelector("time");
  if (!bar || data.progress === null || data.progress === undefined || Boolean(left) !== longWait(data)) return false;
  bar.value = data.progress;
  if (left) {
    left.dataset.eta = data.eta;
    tell(left);
  }
  return true;
}

function pictures(data) {
  return (data.pictures ?? []).map((picture, index) => {
    if (index === 0 && data.grid) return new Sheet(picture, data.grid).figure;
    const image = element("img", { src: picture.url, alt: picture.alt, loading: "lazy" });
    const open = element("button", { type: "button", class: "picture", "aria-label": `Open: ${picture.alt}`, onclick: () => openPicture({ ...picture, url: image.getAttribute("src"), alt: image.alt }, open) }, image);
    image.addEventListener("load", () => open.classList.toggle("wide", image.naturalWidth > 1.3 * image.naturalHeight));
    return picture.spoiler ? spoiler(open) : open;
  });
}

// A preview that follows another takes its place once it is loaded, without a blank moment between.
function swapped(part, data) {
  const image = part.querySelector(":scope > .picture:only-child > img");
  if (!image || data.grid || data.pictures?.length !== 1 || data.pictures[0].spoiler) return false;
  const [{ url, alt }] = data.pictures;
  const next = new Image();
  next.src = url;
  part.dataset.newest = url;
  next.decode().then(() => {
    if (part.dataset.newest !== url) return;
    Object.assign(image, { src: url, alt });
    image.parentElement.setAttribute("aria-label", `Open: ${alt}`);
  }).catch(() => {}); // a newer preview has replaced it already
  return true;
}

function spoiler(picture) {
  const cover = element("div", { class: "spoiler" }, picture);
  picture.inert = true;
  const reveal = element("button", { type: "button", onclick: () => {
    picture.inert = false;
    cover.classList.add("open");
    reveal.remove();
    picture.focus();
  } }, "Show a picture that may be unsafe");
  cover.append(reveal);
  return cover;
}

// A short wait is told in the text; a long one also by the hour at which to look again.
const longWait = (data) => Boolean(data.eta) && data.eta - Date.now() / 1000 > 90;

// The hour of the clock: it stays right while nobody tells the page anything new.
function tell(left) {
  left.textContent = `ready at about ${new Date(left.dataset.eta * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
}
