import { fireEvent, render, screen } from "@testing-library/preact";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useSearchText } from "./useSearchText";

function Search() {
  const [search, setSearch] = useState({ q: "", source: "any" });
  const [written, write] = useSearchText(search.q, (q) => setSearch({ ...search, q }));
  return (
    <>
      <input aria-label="Search" value={written} onChange={({ target }) => write(target.value)} />
      <button type="button" onClick={() => setSearch({ ...search, source: "kaggle" })}>
        Kaggle
      </button>
      <button type="button" onClick={() => setSearch({ ...search, q: "" })}>
        Clear
      </button>
      <output>{`${search.q} in ${search.source}`}</output>
    </>
  );
}

const type = (value: string) => fireEvent.input(screen.getByRole("textbox"), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));
const expectSent = (words: string) => expect(screen.getByRole("status").textContent).toBe(words);

beforeEach(() => {
  vi.useFakeTimers();
  render(<Search />);
});
afterEach(() => {
  vi.useRealTimers();
});

test("what is written while an earlier text is being looked for stays", async () => {
  type("ri");
  await vi.advanceTimersByTimeAsync(299);
  expectSent(" in any");
  await vi.advanceTimersByTimeAsync(1);
  type("riv ");
  expectSent("ri in any");
  expect(screen.getByRole<HTMLInputElement>("textbox").value).toBe("riv ");
  await vi.advanceTimersByTimeAsync(300);
  expectSent("riv in any");
});

test("a choice made before the text is sent is kept, and clearing takes the text back", async () => {
  type("river");
  press("Kaggle");
  await vi.advanceTimersByTimeAsync(300);
  expectSent("river in kaggle");
  type("rivers");
  press("Clear");
  expect(screen.getByRole<HTMLInputElement>("textbox").value).toBe("");
  await vi.advanceTimersByTimeAsync(300);
  expectSent(" in kaggle");
});
