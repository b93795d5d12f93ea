// Requests to the bot, and its stream. Every failure becomes a sentence.

import { byId, trouble } from "./dom.js";

const UNREACHABLE = "Tessera cannot be reached. Trying again; nothing is lost.";
const NOT_ARRIVED = "This picture did not arrive. Please choose it again.";
const AGAIN_MS = 1000;

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

// Something that a person did: said again until it is heard. By its event the bot knows it as one.
export async function tell(path, body) {
  for (;;) {
    try {
      return await post(path, body);
    } catch (error) {
      if (!away(error)) throw error;
      trouble(UNREACHABLE);
      await new Promise((resume) => setTimeout(resume, AGAIN_MS));
    }
  }
}

// A file as it is; its kind is the browser's guess, and the bot looks for itself. A file may itself be why it does not
// arrive (too large, or gone from the disk): it is sent again once, when the bot is back.
export async function send(path, file) {
  const put = () => answer(fetch(path, { method: "POST", headers: { "Content-Type": file.type || "application/octet-stream" }, body: file }));
  return put().catch(async (error) => {
    if (!away(error)) throw error;
    await tell("hello", { token: null });
    return put().catch((still) => { throw away(still) ? new Refused(still.status, NOT_ARRIVED) : still; });
  });
}

export async function get(path, query = {}) {
  return answer(fetch(`${path}?${new URLSearchParams(query)}`));
}

// No answer, or that of a proxy before a bot which is away.
const away = ({ status }) => [0, 502, 503, 504].includes(status);

async function answer(request) {
  const response = await request.catch(() => { throw new Refused(0, UNREACHABLE); });
  if (response.status === 204) return null;
  const data = await response.json().catch(() => ({ error: `Tessera answered with ${response.status}.` }));
  if (!response.ok) throw new Refused(response.status, data.error);
  return data;
}

// What else there is to say stays: that the line is there again does not answer it.
function reached() {
  if (byId("trouble").textContent === UNREACHABLE) trouble(null);
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
    source.addEventListener("open", reached);
    source.addEventListener("page", (event) => heard(event, page));
    source.addEventListener("changes", (event) => heard(event, changes));
    source.addEventListener("error", () => {
      trouble(UNREACHABLE);
      // A browser gives up for good on an answer that is no stream, such as a proxy's error page or a closed door.
      if (source.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(knock, 2000);
      }
    });
  };

  // Whoever has to give the token anew does so at the door, where the page begins.
  const knock = async () => {
    const error = await post("hello", { token: null }).then(() => null, (refused) => refused);
    if (error?.status === 401) location.reload();
    else if (error) setTimeout(knock, 2000);
    else look();
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
