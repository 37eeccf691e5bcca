import { Lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { decodeEntities } from "./entities";

/** Deeper than anybody writes; what is nested further stands as it was written. */
const DEEPEST = 24;

/**
 * Text with marks of Markdown. HTML in it is text: it may come from a dataset's author. `marked` only
 * tells what is what (its renderer, which writes HTML, is not used); React makes the elements.
 */
export default function Markdown({ text }: { text: string }) {
  return <div className="prose-answer min-w-0 wrap-anywhere">{drawn(text)}</div>;
}

function drawn(text: string): ReactNode {
  try {
    return all(new Lexer({ gfm: true }).lex(text), DEEPEST);
  } catch {
    // Thousands of nested quotes overflow the stack of any parser.
    return <p className="whitespace-pre-wrap">{text}</p>;
  }
}

function all(tokens: Token[] = [], depth: number): ReactNode {
  return tokens.map((token, index) => (
    // A text that grows keeps its beginning.
    // biome-ignore lint/suspicious/noArrayIndexKey: the index is a token's identity
    <Fragment key={index}>{one(token as MarkedToken, depth - 1)}</Fragment>
  ));
}

function one(token: MarkedToken, depth: number): ReactNode {
  if (depth < 0) return token.raw;
  switch (token.type) {
    case "paragraph":
      return <p>{all(token.tokens, depth)}</p>;
    case "heading": {
      const Heading = HEADINGS[token.depth - 1] ?? "h6";
      return <Heading>{all(token.tokens, depth)}</Heading>;
    }
    case "blockquote":
      return <blockquote>{all(token.tokens, depth)}</blockquote>;
    case "list":
      return <List list={token} depth={depth} />;
    case "checkbox":
      return <Task done={token.checked} />;
    case "table":
      return <Table table={token} depth={depth} />;
    case "code":
      return <Code code={token} />;
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    case "text":
      return token.tokens ? all(token.tokens, depth) : decodeEntities(token.text);
    case "strong":
      return <strong>{all(token.tokens, depth)}</strong>;
    case "em":
      return <em>{all(token.tokens, depth)}</em>;
    case "del":
      return <del>{all(token.tokens, depth)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link link={token} depth={depth} />;
    case "image":
      // Nothing is fetched from elsewhere: a picture is shown as its description.
      return decodeEntities(token.text);
    case "escape":
      return token.text;
    default:
      // HTML is among it.
      return token.raw;
  }
}

/** The page has one h1 already. */
const HEADINGS = ["h2", "h2", "h3", "h4", "h5", "h6"] as const;

interface Nested {
  depth: number;
}

function Link({ link, depth }: Nested & { link: Tokens.Link }) {
  const address = decodeEntities(link.href);
  const words = all(link.tokens, depth);
  if (!/^https?:\/\//i.test(address)) return words;
  const title = link.title ? decodeEntities(link.title) : undefined;
  return (
    <a href={address} title={title} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  );
}

function List({ list, depth }: Nested & { list: Tokens.List }) {
  const items = list.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <li key={index} className={item.task ? "list-none" : undefined}>
      {all(item.tokens, depth)}
    </li>
  ));
  if (!list.ordered) return <ul>{items}</ul>;
  return <ol start={list.start === "" ? undefined : list.start}>{items}</ol>;
}

/** Nobody can tick it, so it is no control: its words say how it stands. */
function Task({ done }: { done: boolean }) {
  return (
    <span role="img" aria-label={done ? "Done:" : "To do:"} className="mr-2 -ml-5 inline-block w-3">
      {done ? "☑" : "☐"}
    </span>
  );
}

function Code({ code }: { code: Tokens.Code }) {
  const language = code.lang?.trim().split(/\s/)[0];
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="my-3 overflow-x-auto rounded-card border bg-panel p-3 font-mono text-13 leading-normal"
    >
      <code data-language={language || undefined}>{code.text}</code>
    </pre>
  );
}

function Table({ table, depth }: Nested & { table: Tokens.Table }) {
  return (
    <section
      aria-label="Table"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto"
    >
      <table>
        <thead>
          <tr>{table.header.map((cell, index) => drawnCell(cell, index, depth))}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <tr key={index}>{row.map((cell, column) => drawnCell(cell, column, depth))}</tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function drawnCell(cell: Tokens.TableCell, index: number, depth: number): ReactNode {
  const Cell = cell.header ? "th" : "td";
  return (
    <Cell key={index} style={cell.align ? { textAlign: cell.align } : undefined}>
      {all(cell.tokens, depth)}
    </Cell>
  );
}
