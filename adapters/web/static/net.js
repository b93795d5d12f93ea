// Requests to the bot, and its stream. Every failure becomes a sentence.

import { trouble } from "./dom.js";

const UNREACHABLE = "Tessera cannot be reached. It is tried again; nothing is lost.";

export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

export const newEvent = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export async function post(path, body) {
  return answer(fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));
}

// A file as it is; its kind is the browser's guess, and the bot looks for itself.
export async function send(path, file) {
  return answer(fetch(path, { method: "POST", headers: { "Content-Type": file.type || "application/octet-stream" }, body: file }));
}

export async function get(path, query = {}) {
  return answer(fetch(`${path}?${new URLSearchParams(query)}`));
}

async function answer(request) {
  const response = await request.catch(() => { throw new Refused(0, UNREACHABLE); });
  if (response.status === 204) return null;
  const data = await response.json().catch(() => ({ error: `Tessera answered with ${response.status}.` }));
  if (!response.ok) throw new Refused(response.status, data.error);
  return data;
}

// Follows the conversation for ever. While nobody looks the line is put down (a browser has six of them for one host);
// the next one begins at the version seen last, so nothing is missed.
export function follow({ page, changes }) {
  let source = null;
  let seen = 0;

  const heard = (event, tell) => {
    seen = Number(event.lastEventId);
    tell(JSON.parse(event.data));
  };

  const open = () => {
    source = new EventSource(`events?since=${seen}`);
    source.addEventListener("open", () => trouble(null));
    source.addEventListener("page", (event) => heard(event, page));
    source.addEventListener("changes", (event) => heard(event, changes));
    source.addEventListener("error", () => {
      trouble(UNREACHABLE);
      // A browser gives up for good on an answer that is no stream, such as a proxy's error page.
      if (source.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(look, 2000);
      }
    });
  };

  const look = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (source === null) open();
  };

  document.addEventListener("visibilitychange", look);
  open();
}
