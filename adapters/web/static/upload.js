// A picture from this computer, to be scored: the bot then asks what it should show.

import { announce, byId, trouble } from "./dom.js";
import { newEvent, send } from "./net.js";

export function startUpload() {
  const file = byId("upload");
  byId("score").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [picture] = file.files;
    file.value = "";
    if (!picture) return;
    byId("score").disabled = true;
    try {
      await send(`picture/${newEvent()}`, picture);
      trouble(null);
      announce("Uploaded");
    } catch (error) {
      trouble(error.message);
    } finally {
      byId("score").disabled = false;
    }
  });
}
