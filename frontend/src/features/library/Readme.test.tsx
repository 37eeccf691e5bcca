import { render, screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import Readme from "./Readme";

const BASE = "https://huggingface.co/datasets/acme/one/blob/main/docs/";

test("HTML becomes its words, and nothing of it is drawn or run", () => {
  const { container } = render(
    <Readme
      text={[
        '<p align="center">\n  <img src="https://evil.example/x.png" alt="Logo" onerror="alert(1)">\n  <a href="https://acme.example">Home</a><br>by Acme\n</p>',
        "",
        "<!-- a comment -->",
        "<script>alert(1)</script>",
        "",
        "Some <b>bold</b> words, 1 < 2 &amp; 3.",
      ].join("\n")}
    />,
  );
  expect(container.querySelector("img, script, center, b")).toBeNull();
  expect(container).toHaveTextContent("[picture: Logo]");
  expect(screen.getByRole("link", { name: "Home" })).toHaveAttribute(
    "href",
    "https://acme.example/",
  );
  expect(container).toHaveTextContent("Some bold words, 1 < 2 & 3.");
  expect(container).not.toHaveTextContent("comment");
  expect(container).not.toHaveTextContent("alert");
});

test.each([
  ["https://acme.example/a", "https://acme.example/a"],
  ["data/a.csv", `${BASE}data/a.csv`],
  ["../LICENSE", "https://huggingface.co/datasets/acme/one/blob/main/LICENSE"],
  ["mailto:a@acme.example", "mailto:a@acme.example"],
])("a link leads there: %s", (href, target) => {
  render(<Readme text={`[Go](<${href}>)`} base={BASE} />);
  expect(screen.getByRole("link", { name: "Go" })).toHaveAttribute("href", target);
});

test.each([
  "javascript:alert(1)",
  "data:text/html,x",
  "#licence",
  "file:///etc/passwd",
  "JaVaScRiPt:alert(1)",
])("a link leads nowhere: %s", (href) => {
  render(<Readme text={`[Go](<${href}>)`} base={BASE} />);
  expect(screen.queryByRole("link")).toBeNull();
  expect(screen.getByText("Go")).toBeVisible();
});

test("without a place to start from, a relative link is text", () => {
  render(<Readme text="[Go](data/a.csv)" base={null} />);
  expect(screen.queryByRole("link")).toBeNull();
});

test("pictures are their descriptions, and headings stand below the page's", () => {
  const { container } = render(
    <Readme text={"# Title\n\n![A plot](https://evil.example/p.png)"} />,
  );
  expect(container.querySelector("img")).toBeNull();
  expect(screen.getByRole("heading", { name: "Title", level: 3 })).toBeVisible();
  expect(container).toHaveTextContent("[picture: A plot]");
});
