import { render, waitFor } from "@testing-library/preact";
import { expect, test } from "vitest";
import { useGradualCount } from "./useGradualCount";

test("parts are drawn one by one after the first, and all of what came at once", async () => {
  const drawn: number[] = [];
  function Parts({ count }: { count: number }) {
    drawn.push(useGradualCount(2, count));
    return null;
  }
  const { rerender } = render(<Parts count={5} />);
  expect(drawn).toEqual([2]);
  await waitFor(() => expect(drawn).toEqual([2, 3, 4, 5]));
  rerender(<Parts count={6} />);
  await waitFor(() => expect(drawn.at(-1)).toBe(6));
});
