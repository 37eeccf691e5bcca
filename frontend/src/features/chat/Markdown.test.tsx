import { render, screen, within } from "@testing-library/preact";
import { expect, test } from "vitest";
import Markdown from "./Markdown";

const draw = (text: string) => render(<Markdown text={text} />).container;

test("HTML is text, in a line and in blocks, whatever it is", () => {
  const hostile = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a <svg onload=alert(1)> b",
    "<!-- hidden -->",
    "- <iframe src=javascript:alert(1)>",
    "&lt;b&gt;",
    "| <form> |\n|---|\n| <input> |",
  ].join("\n\n");
  const container = draw(hostile);
  expect(container.querySelector("script, img, svg, iframe, form, input, b")).toBeNull();
  expect(container).toHaveTextContent("<script>alert(1)</script>");
  expect(container).toHaveTextContent("<!-- hidden -->");
  expect(container).toHaveTextContent("<b>");
});

test.each([
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](java&Tab;script:alert(1))",
  "[x](data:text/html,hi)",
  "[x](//evil.example)",
  "[x](/library)",
  "[x][r]\n\n[r]: vbscript:x",
  "<javascript:alert(1)>",
  "a@example.org",
])("%s is no link", (text) => {
  expect(draw(text).querySelector("a")).toBeNull();
});

test("links go to http and https, with their whole address, apart from this page", () => {
  draw("[a](https://example.org/?x=1&amp;y=2 'say &quot;hi&quot;') www.example.com <http://b.org>");
  const links = screen.getAllByRole("link");
  expect(links.map((link) => link.getAttribute("href"))).toEqual([
    "https://example.org/?x=1&y=2",
    "http://www.example.com",
    "http://b.org",
  ]);
  expect(links[0]).toHaveAttribute("title", 'say "hi"');
  for (const link of links) expect(link).toHaveAttribute("rel", "noopener noreferrer");
});

test("a picture is its description", () => {
  const container = draw("see ![the *plot*](https://example.org/p.png)");
  expect(container.querySelector("img")).toBeNull();
  expect(container).toHaveTextContent("see the *plot*");
});

test("task lists say how each stands; numbers begin where they begin; lists nest", () => {
  draw("- [x] read\n- [ ] write\n\n## then\n\n7. seven\n8. eight\n   - inner");
  const [read, write] = screen.getAllByRole("listitem");
  expect(within(read as HTMLElement).getByRole("img")).toHaveAccessibleName("Done:");
  expect(within(write as HTMLElement).getByRole("img")).toHaveAccessibleName("To do:");
  expect(screen.getByRole("heading", { level: 2, name: "then" })).toBeVisible();
  const lists = screen.getAllByRole("list");
  expect(lists[1]).toHaveAttribute("start", "7");
  expect(within(lists[1] as HTMLElement).getByText("inner")).toBeVisible();
});

test("tables align their columns, code keeps its language and its characters", () => {
  const container = draw(
    "| n | **size** |\n|:--|--:|\n| a | 1 |\n\n```python\nx = 1 < 2 &amp; y\n```",
  );
  expect(screen.getByRole("cell", { name: "1" })).toHaveStyle({ textAlign: "right" });
  expect(screen.getByRole("columnheader", { name: "size" })).toBeVisible();
  const code = container.querySelector("pre code");
  expect(code).toHaveAttribute("data-language", "python");
  expect(code).toHaveTextContent("x = 1 < 2 &amp; y");
});

test("references are characters: named, by number, unknown ones stay", () => {
  expect(draw("a &amp; b &eacute; &#8212; &#x1F600; &nosuch; &AMP")).toHaveTextContent(
    "a & b é — 😀 &nosuch; &AMP",
  );
});

test.each([">".repeat(16_000), "*a ".repeat(3_000), "[".repeat(16_000), `${"- ".repeat(200)}x`])(
  "what no parser likes stays readable",
  (text) => {
    expect(draw(text).textContent?.length).toBeGreaterThan(0);
  },
);

test("half an answer is drawn as far as it goes", () => {
  expect(draw("**bold** and **hal")).toHaveTextContent("bold and **hal");
  expect(draw("```py\nx = ").querySelector("code")).toHaveTextContent("x =");
});
