// The list of messages: kept in order, patched as they change, read out as they come.

import { announce, byId } from "./dom.js";
import { showForm, withdrawForm } from "./form.js";
import { Message } from "./message.js";
import { follow, get } from "./net.js";
import { plain } from "./text.js";

const HEADER_PX = 68;
const shown = new Map();
// From this sequence number on everything is on the page. What moved on may stand above it, with gaps between.
let oldest = 0;

export function startConversation() {
  follow({ page: showPage, changes: showChanges });
  byId("earlier").addEventListener("click", showEarlier);
  byId("below").addEventListener("click", () => stay("smooth"));
  // Pictures grow the page after their message was added; whoever follows the conversation goes along.
  new ResizeObserver(() => { if (staying) stay("instant"); }).observe(byId("messages"));
  addEventListener("scroll", noteScroll, { passive: true });
}

// Whether the page follows what comes: until one scrolls up, and again from the end on. That the page grows does not
// count as scrolling.
let staying = true;
let lastTop = 0;

function noteScroll() {
  if (atEnd()) {
    staying = true;
    byId("below").hidden = true;
  } else if (scrollY < lastTop - 1) staying = false;
  lastTop = scrollY;
}

// Down to the end, but never so far that the beginning of the newest message is gone; never up.
function stay(behavior) {
  staying = true;
  byId("below").hidden = true;
  const newest = byId("messages").lastElementChild;
  if (!newest) return;
  const beginning = newest.getBoundingClientRect().top + scrollY - HEADER_PX;
  const top = Math.min(document.documentElement.scrollHeight - innerHeight, beginning);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (top > scrollY) scrollTo({ top, behavior: calm ? "instant" : behavior });
}

function showPage({ messages, earlier }) {
  shown.clear();
  byId("messages").replaceChildren();
  byId("earlier").hidden = !earlier;
  for (const data of messages) place(data);
  oldest = messages[0]?.seq ?? 0;
  welcome();
  scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  staying = true;
}

function showChanges({ messages }) {
  for (const data of messages) {
    const before = shown.get(data.id)?.data;
    place(data);
    if (data.deleted) continue;
    if (before || data.seq < oldest) readEnding(before?.text, data);
    else herald(data);
  }
  welcome();
}

function place(data) {
  if (data.deleted) return remove(data.id);
  if (data.kind === "form") return showForm(data);
  const known = shown.get(data.id);
  if (known) return known.show(data);
  const message = new Message(data);
  shown.set(data.id, message);
  const after = [...byId("messages").children].find((item) => Number(item.dataset.seq) > data.seq);
  byId("messages").insertBefore(message.item, after ?? null);
}

function remove(id) {
  withdrawForm(id);
  const message = shown.get(id);
  if (!message) return;
  // Focus that stood in a message which goes away would fall back to the top of the page.
  if (message.item.contains(document.activeElement)) byId("line").focus();
  message.item.remove();
  shown.delete(id);
}

function herald(data) {
  if (data.kind === "typed") return stay("smooth");
  if (data.kind !== "form") read(data);
  if (staying) stay("smooth");
  else if (!atEnd()) byId("below").hidden = false;
}

// How a job goes on would be too much to hear; what it came to is not.
function readEnding(before, data) {
  if (before !== data.text && !underWay(data)) read(data);
}

const underWay = ({ progress, buttons }) => typeof progress === "number" || buttons?.some(({ press }) => press.startsWith("cancel:"));

const read = (data) => announce(`${data.kind === "whispered" ? "Privately: " : ""}${plain(data.text)}`);

async function showEarlier() {
  const height = document.documentElement.scrollHeight;
  const messages = await get("messages", { before: oldest });
  for (const data of messages) place(data);
  oldest = messages[0]?.seq ?? oldest;
  byId("earlier").hidden = messages.length === 0;
  scrollBy({ top: document.documentElement.scrollHeight - height, behavior: "instant" });
}

function welcome() {
  byId("welcome").hidden = shown.size > 0;
  document.body.classList.toggle("fresh", shown.size === 0);
}

const atEnd = () => document.documentElement.scrollHeight - innerHeight - scrollY < 80;

