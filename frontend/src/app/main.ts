import "./index.css";

/** A page that is not looked at draws no frame. */
const NO_FRAME_MS = 100;

/** The first look of the page, which `index.html` has, is on the screen. */
function painted(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, NO_FRAME_MS);
    requestAnimationFrame(() => setTimeout(done));
  });
}

void painted().then(() => import("./start"));
