import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/preact";
import { afterEach, vi } from "vitest";
import { queryClient } from "@/api/live";

// The router scrolls to the top of a new screen; jsdom has no screen.
window.scrollTo = () => {};

// Dialogs come as files of their own, which a busy machine takes its time to read.
configure({ asyncUtilTimeout: 10_000 });

afterEach(() => {
  cleanup();
  // A dialog that stood open when its page went: Radix lays its hand on the whole document.
  document.body.removeAttribute("style");
  queryClient.clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
