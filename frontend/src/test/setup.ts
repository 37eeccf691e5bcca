import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/preact";
import { afterEach, vi } from "vitest";
import { queryClient } from "@/api/live";

// The router scrolls to the top of a new screen; jsdom has no screen.
window.scrollTo = () => {};

afterEach(() => {
  cleanup();
  queryClient.clear();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
