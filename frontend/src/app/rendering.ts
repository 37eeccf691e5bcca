import { options } from "preact";

/** Renderings in a row within one task of the browser. */
const MOST_IN_ONE_TASK = 20;

let inThisTask = 0;

/**
 * When the parts whose state has changed are drawn: within the same task, as Preact does by itself, but not for
 * ever. The router suspends a screen with a promise that is fulfilled while the screen's code is still on its
 * way; Preact then tries again at once, and again, and the task that would bring the code never comes.
 */
export function leaveRoomBetweenRenderings(): void {
  options.debounceRendering = (render) => {
    if (inThisTask === 0)
      setTimeout(() => {
        inThisTask = 0;
      });
    inThisTask += 1;
    if (inThisTask <= MOST_IN_ONE_TASK) queueMicrotask(render);
    else setTimeout(render);
  };
}

/**
 * Effects run as soon as what they belong to is drawn, as React runs those of a click or a key. Preact by itself
 * lets the browser paint first: what is pressed in between, as Escape in a dialog that has just come, would find
 * nobody who listens.
 */
export function runEffectsBeforePaint(): void {
  options.requestAnimationFrame = queueMicrotask;
}
