import { h, options, render } from "preact";
import { useEffect } from "preact/hooks";
import { expect, test } from "vitest";
import { leaveRoomBetweenRenderings, runEffectsBeforePaint } from "./rendering";

test("what renders again at once, for ever, lets the browser's next task come", async () => {
  const before = options.debounceRendering;
  leaveRoomBetweenRenderings();
  let waiting = true;
  let renderings = 0;
  setTimeout(() => {
    waiting = false;
  });
  await new Promise<void>((done) => {
    const render = () => {
      renderings += 1;
      // Without room this would end the test's process, not the test.
      if (!waiting || renderings > 100_000) done();
      else options.debounceRendering?.(render);
    };
    options.debounceRendering?.(render);
  });
  options.debounceRendering = before;
  expect(renderings).toBeLessThan(1000);
});

test("an effect has run before the browser's next task, in which a key may come", async () => {
  const before = options.requestAnimationFrame;
  runEffectsBeforePaint();
  let listens = false;
  function Dialog() {
    useEffect(() => {
      listens = true;
    }, []);
    return null;
  }
  render(h(Dialog, {}), document.createElement("div"));
  await Promise.resolve();
  options.requestAnimationFrame = before;
  expect(listens).toBe(true);
});
