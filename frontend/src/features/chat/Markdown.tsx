import { Lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { createContext, Fragment, type ReactNode, use } from "react";
import { AnswerCode } from "./AnswerCode";
import { AskingLink, outside } from "./AskingLink";
import { decodeEntities } from "./entities";

/** What a text may do: that of an answer, unless it says otherwise. */
export interface MarkdownRules {
  /** A link to `href`, or its words alone where it may lead nowhere. */
  link: (href: string, words: ReactNode, title?: string) => ReactNode;
  /** Nothing is fetched from elsewhere: a picture is shown as its description. */
  image: (description: string) => ReactNode;
  /** `block`: it stands between paragraphs. */
  html: (raw: string, block: boolean) => ReactNode;
  /** The level of a heading, which stands below those of the page. */
  level: (depth: number) => number;
}

const ANSWER: MarkdownRules = {
  link: (href, words) => {
    const url = outside(href);
    return url ? (
      <AskingLink url={url} written={href}>
        {words}
      </AskingLink>
    ) : (
      words
    );
  },
  image: (description) => description,
  html: (raw) => raw,
  level: (depth) => Math.max(2, depth),
};

const Rules = createContext(ANSWER);

/** Deeper than anybody writes; what is nested further stands as it was written. */
const DEEPEST = 24;

/**
 * Text with marks of Markdown. HTML in it is text: it may come from a dataset's author. `marked` only
 * tells what is what (its renderer, which writes HTML, is not used); React makes the elements. Words of an answer
 * without marks do not come here: `MarkdownText.tsx`.
 */
export default function Markdown({ text, rules }: { text: string; rules?: MarkdownRules }) {
  return (
    <Rules value={rules ?? ANSWER}>
      <div className="prose-answer min-w-0 wrap-anywhere">{drawn(text)}</div>
    </Rules>
  );
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
      return <p dir="auto">{all(token.tokens, depth)}</p>;
    case "heading":
      return <Heading heading={token} depth={depth} />;
    case "blockquote":
      return <blockquote dir="auto">{all(token.tokens, depth)}</blockquote>;
    case "list":
      return <List list={token} depth={depth} />;
    case "checkbox":
      return <Task done={token.checked} />;
    case "table":
      return <Table table={token} depth={depth} />;
    case "code":
      return <AnswerCode code={token.text} language={token.lang?.trim().split(/\s/)[0]} />;
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
      return <code dir="ltr">{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link link={token} depth={depth} />;
    case "image":
      return <Picture description={decodeEntities(token.text)} />;
    case "escape":
      return token.text;
    case "html":
      return <Html raw={token.raw} block={token.block === true} />;
    default:
      return (token as Token).raw;
  }
}

interface Nested {
  depth: number;
}

const HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"] as const;

function Heading({ heading, depth }: Nested & { heading: Tokens.Heading }) {
  const Level = HEADINGS[use(Rules).level(heading.depth) - 1] ?? "h6";
  return <Level dir="auto">{all(heading.tokens, depth)}</Level>;
}

function Picture({ description }: { description: string }) {
  return use(Rules).image(description);
}

function Html({ raw, block }: { raw: string; block: boolean }) {
  return use(Rules).html(raw, block);
}

function Link({ link, depth }: Nested & { link: Tokens.Link }) {
  const title = link.title ? decodeEntities(link.title) : undefined;
  return use(Rules).link(decodeEntities(link.href), all(link.tokens, depth), title);
}

function List({ list, depth }: Nested & { list: Tokens.List }) {
  const items = list.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <li key={index} dir="auto" className={item.task ? "list-none" : undefined}>
      {all(item.tokens, depth)}
    </li>
  ));
  if (!list.ordered) return <ul dir="auto">{items}</ul>;
  return (
    <ol dir="auto" start={list.start === "" ? undefined : list.start}>
      {items}
    </ol>
  );
}

/** Nobody can tick it, so it is no control: its words say how it stands. */
function Task({ done }: { done: boolean }) {
  return (
    <span role="img" aria-label={done ? "Done:" : "To do:"} className="me-2 -ms-5 inline-block w-3">
      {done ? "☑" : "☐"}
    </span>
  );
}

function Table({ table, depth }: Nested & { table: Tokens.Table }) {
  return (
    // A group, not a region: a landmark for each table of an answer would be too many.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div
      role="group"
      aria-label={`Table: ${table.header.map((cell) => decodeEntities(cell.text)).join(", ")}`}
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
    </div>
  );
}

function drawnCell(cell: Tokens.TableCell, index: number, depth: number): ReactNode {
  const Cell = cell.header ? "th" : "td";
  return (
    <Cell key={index} dir="auto" style={cell.align ? { textAlign: cell.align } : undefined}>
      {all(cell.tokens, depth)}
    </Cell>
  );
}
