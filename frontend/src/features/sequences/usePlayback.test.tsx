import { act, renderHook } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { usePlayback } from "./usePlayback";

const FRAMES = ["a", "b", "c"];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("matchMedia", () => ({
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the next frame waits until this one is there", () => {
  const { result, rerender } = renderHook(({ loaded }) => usePlayback(FRAMES, 0, loaded), {
    initialProps: { loaded: "" },
  });
  act(() => result.current.toggle());
  act(() => void vi.advanceTimersByTime(5000));
  expect(result.current.place).toBe(0);
  rerender({ loaded: "a" });
  act(() => void vi.advanceTimersByTime(5000));
  expect(result.current.place).toBe(1);
});

test("the end is the end, and stepping stops it", () => {
  const { result } = renderHook(() => usePlayback(FRAMES, 1, "b"));
  act(() => result.current.toggle());
  act(() => result.current.go(9));
  expect([result.current.place, result.current.playing]).toEqual([2, false]);
  act(() => result.current.toggle());
  expect([result.current.place, result.current.playing]).toEqual([0, true]);
});
