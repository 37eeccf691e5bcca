import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/preact";
import { afterEach, vi } from "vitest";
import { queryClient } from "@/api/live";

// The router scrolls to the top of a new screen; jsdom has no screen.
window.scrollTo = () => {};

afterEach(() => {
  cleanup();
  // A dialog that stood open when its page went: Radix lays its hand on the whole document.
  document.body.removeAttribute("style");
  queryClient.clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
