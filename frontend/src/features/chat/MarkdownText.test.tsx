import { render, screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import { haveMarks, MarkdownText } from "./MarkdownText";
import type { ChatMessage, Part } from "./parts";

test("plain words stand at once, words with marks as soon as their code is here", async () => {
  const { rerender } = render(<MarkdownText text="3 from Kaggle, 1 built in." />);
  expect(screen.getByText("3 from Kaggle, 1 built in.").tagName).toBe("P");
  rerender(<MarkdownText text="3 from **Kaggle**" />);
  expect((await screen.findByText("Kaggle")).tagName).toBe("STRONG");
});

test("only answers are read as Markdown, so only their marks need its code", () => {
  const said = (role: ChatMessage["role"], text: string): ChatMessage => ({
    id: role,
    role,
    parts: [{ type: "text", text } as Part],
  });
  expect(haveMarks([said("user", "find **this**"), said("assistant", "Found 3.")])).toBe(false);
  expect(haveMarks([said("user", "find this"), said("assistant", "**Found** 3.")])).toBe(true);
});
