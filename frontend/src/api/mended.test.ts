import { expect, test } from "vitest";
import { asItStands, hubWanted } from "./mended";
import type { SourceStatus } from "./types";

const REFUSED = {
  code: "source_not_configured",
  detail: "Kaggle is not configured.",
  next_step: "Add your Kaggle key under Settings.",
  screen: "/settings/sources#kaggle",
  retryable: false,
};

function kaggle(fields: Partial<SourceStatus> = {}): SourceStatus[] {
  return [
    { name: "kaggle", label: "Kaggle", state: "connected", configured: true, own: true, ...fields },
  ];
}

test("what a key has mended since says so, and can be tried again", () => {
  const now = asItStands(REFUSED, kaggle());
  expect(now).toMatchObject({ retryable: true, screen: null });
  expect(now.detail).toBe("It failed before the Kaggle key was set.");
});

test.each([
  ["the sources are not known yet", []],
  ["there is still no key", kaggle({ configured: false, state: "anonymous" })],
  ["the key is refused", kaggle({ problem: "Kaggle refuses your key." })],
  ["it is another hub's key", kaggle({ name: "huggingface" })],
])("what is told stays as it is where %s", (_case, sources) => {
  expect(asItStands(REFUSED, sources)).toBe(REFUSED);
});

test("a problem that leads elsewhere wants no key", () => {
  expect(hubWanted({ screen: "/library" })).toBeNull();
  expect(hubWanted({ screen: null })).toBeNull();
  expect(hubWanted(undefined)).toBeNull();
});
