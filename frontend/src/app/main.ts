import "./index.css";
import { pause } from "./pause";

/** A page that is not looked at draws no frame. */
const NO_FRAME_MS = 100;

/** The first look of the page, which `index.html` has, is on the screen. */
function painted(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, NO_FRAME_MS);
    requestAnimationFrame(() => setTimeout(done));
  });
}

/** What every screen needs is run part after part, each in a task of its own. */
async function begin(): Promise<void> {
  await painted();
  // With it come all libraries: they are one file (vite.config.ts).
  await import("preact");
  await pause();
  await import("./router");
  await pause();
  await import("./start");
}

void begin();
