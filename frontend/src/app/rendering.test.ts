import { options } from "preact";
import { expect, test } from "vitest";
import { leaveRoomBetweenRenderings } from "./rendering";

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
