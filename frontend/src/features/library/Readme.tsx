import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { htmlAsText } from "./htmlAsText";
import { linkFrom } from "./links";

const PLUGINS = [remarkGfm, htmlAsText];

/** Nothing is fetched from elsewhere, and headings stand below those of the page. */
const COMPONENTS: Components = {
  img: ({ alt }) => (alt ? <span className="text-muted">[picture: {alt}]</span> : null),
  h1: "h3",
  h2: "h4",
  h3: "h5",
  h4: "h6",
  h5: "h6",
  // A checkbox of a task list has no name of its own.
  input: ({ checked }) => <span aria-hidden>{checked ? "☑" : "☐"}</span>,
  pre: ({ node: _node, ...props }) => (
    <pre
      {...props}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="my-3 overflow-x-auto rounded-card border bg-panel p-3 font-mono text-13 leading-normal"
    />
  ),
  table: ({ node: _node, ...props }) => (
    <section
      aria-label="Table"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto"
    >
      <table {...props} className="wrap-normal" />
    </section>
  ),
};

/** What a dataset's author wrote, as Markdown: untrusted. `base` is where its relative links start. */
export default function Readme({ text, base }: { text: string; base?: string | null }) {
  const components: Components = {
    ...COMPONENTS,
    a: ({ href, children }) => {
      const target = linkFrom(href, base);
      return target ? (
        <a href={target} target="_blank" rel="noopener noreferrer">
          {children}
        </a>
      ) : (
        <span title={href}>{children}</span>
      );
    },
  };
  return (
    <div dir="auto" className="prose-answer max-w-3xl min-w-0 text-14 wrap-anywhere">
      <ReactMarkdown remarkPlugins={PLUGINS} components={components} urlTransform={(url) => url}>
        {text}
      </ReactMarkdown>
    </div>
  );
}
