import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ node: _node, ...props }) => <a {...props} target="_blank" rel="noopener noreferrer" />,
  // Nothing is fetched from elsewhere: a picture is shown as its description.
  img: ({ alt }) => <span>{alt}</span>,
  h1: "h2",
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
      <table {...props} />
    </section>
  ),
};

/** Text with marks of Markdown. HTML in it is text: it may come from a dataset's author. */
export default function Markdown({ text }: { text: string }) {
  return (
    <div className="prose-answer min-w-0 wrap-anywhere">
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
        {text}
      </ReactMarkdown>
    </div>
  );
}
