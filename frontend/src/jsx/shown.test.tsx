import { render, screen } from "@testing-library/preact";
import { Dialog } from "radix-ui";
import { expect, test } from "vitest";

const NAME = "annual\u202efdp.exe";
const SEEN = "annual[U+202E]fdp.exe";

test("words of elements, of lists of them and of components of libraries are shown with marks", () => {
  const names = [NAME, "b\u200bc"];
  const { container } = render(
    <>
      <section title={NAME} aria-label={NAME}>
        {NAME} and {names} {3}
      </section>
      <Dialog.Root open>
        <Dialog.Title>{NAME}</Dialog.Title>
      </Dialog.Root>
    </>,
  );
  expect(container).toHaveTextContent(`${SEEN} and ${SEEN}b[U+200B]c 3`);
  expect(screen.getByTitle(SEEN)).toHaveAccessibleName(SEEN);
  expect(screen.getByRole("heading")).toHaveTextContent(SEEN);
});

test("what is typed, and what scripts and emoji need, stays as it is", () => {
  render(
    <>
      <input defaultValue={NAME} />
      <p>می‌خواهم ❤️‍🔥</p>
    </>,
  );
  expect(screen.getByRole("textbox")).toHaveValue(NAME);
  expect(screen.getByText("می\u200cخواهم ❤\ufe0f\u200d🔥")).toBeVisible();
});
