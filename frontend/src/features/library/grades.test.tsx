import { render, screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import { GradeBadge } from "./GradeBadge";
import { gradeText } from "./grades";

test.each([
  ["publisher", "verified", "verified against the publisher's checksum"],
  ["transport", "CRC only", "verified in transport (CRC)"],
  ["recorded", "recorded", "recorded at first use"],
] as const)("a grade in plain words: %s", (grade, brief, words) => {
  const { rerender } = render(<GradeBadge grade={grade} />);
  expect(screen.getByText(words)).toBeVisible();
  rerender(<GradeBadge grade={grade} brief />);
  // A word for the eye; for screen readers the whole of it.
  expect(screen.getByText(brief)).toHaveAttribute("aria-hidden", "true");
  expect(screen.getByText(words)).toHaveClass("sr-only");
});

test("a dataset without a grade is said to be verified", () => {
  render(<GradeBadge grade={null} />);
  expect(screen.getByText("verified")).toBeVisible();
});

test("the reason is shown", () => {
  expect(gradeText("recorded")).toBe(
    "Recorded at first use: the source states no checksum, so this one is ours.",
  );
});
