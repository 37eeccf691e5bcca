import { render, screen, within } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
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
  "[x](https://good.org@evil.example/)",
  "[x](https://good.org\\@evil.example/)",
  "[x](https://good.org:443@evil.example/)",
  "[x](https://good.org%40evil.example/)",
  "[x](https://%00evil.example/)",
  "[x](blob:https://evil.example/1)",
  "[x](file:///etc/passwd)",
  "[x](ftp://evil.example/)",
  "[x](intent://evil.example#Intent;end)",
  "![x](https://evil.example/p.png)",
  "![x][r]\n\n[r]: https://evil.example/p.png",
  '<a href="https://evil.example/">x</a>',
  '<a href="https://evil.example/" onclick="x()">x</a>',
])("%s is no link", (text) => {
  const container = draw(text);
  expect(container.querySelector("a, img, [href], [src]")).toBeNull();
  // "evil.example" inside HTML and the like may stand there as words.
  expect(screen.queryByRole("button", { name: /^x / })).toBeNull();
});

test("a link is words until its notice has told the host", async () => {
  const person = userEvent.setup();
  const { container } = render(
    <Markdown text="[a](https://example.org:8443/?x=1&amp;y=2) www.example.com <http://b.org>" />,
  );
  expect(container.querySelector("a, [href]")).toBeNull();
  const links = screen.getAllByRole("button");
  expect(links.map((link) => link.textContent)).toEqual([
    "a (link to example.org, asks first)",
    "www.example.com (link to www.example.com, asks first)",
    "http://b.org (link to b.org, asks first)",
  ]);
  await person.click(links[0] as HTMLElement);
  const notice = await screen.findByRole("dialog");
  expect(within(notice).getByText("example.org:8443")).toBeVisible();
  expect(within(notice).getByText("https://example.org:8443/?x=1&y=2")).toBeVisible();
  const open = within(notice).getByRole("link", { name: "Open" });
  expect(open).toHaveAttribute("href", "https://example.org:8443/?x=1&y=2");
  expect(open).toHaveAttribute("rel", "noopener noreferrer");
  await person.click(within(notice).getByRole("button", { name: "Cancel" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

// Each is a host that looks like another one; the notice tells it as it is asked for.
test.each([
  ["[apple.com](https://аpple.com/)", "xn--pple-43d.com", "аpple.com"],
  ["https://xn--pple-43d.com/", "xn--pple-43d.com", "xn--pple-43d.com"],
  ["[x](https://good.org\u3002evil.example/)", "good.org.evil.example", null],
  ["[x](https://good.org%2eevil.example/)", "good.org.evil.example", null],
  ["[x](https://exam\u200bple.org/)", "example.org", null],
  ["[x](https://good.org\\\\@evil.example/)", "good.org", null],
  ["[x](https:///evil.example/)", "evil.example", null],
  ["[x](http://0x7f.1/)", "127.0.0.1", null],
  ["[x](https://ｅｖｉｌ.example/)", "evil.example", null],
])("%s leads to %s", async (text, host, looks) => {
  draw(text);
  await userEvent.setup().click(screen.getByRole("button"));
  const notice = await screen.findByRole("dialog");
  expect(within(notice).getByText(host, { selector: "strong" })).toBeVisible();
  if (looks) expect(notice).toHaveTextContent(`The answer writes this name as “${looks}”`);
  else expect(notice).not.toHaveTextContent("The answer writes");
});

test("the notice opens from the keyboard", async () => {
  const person = userEvent.setup();
  draw("[a](https://example.org)");
  screen.getByRole("button").focus();
  await person.keyboard("{Enter}");
  expect(await screen.findByRole("dialog")).toBeVisible();
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
