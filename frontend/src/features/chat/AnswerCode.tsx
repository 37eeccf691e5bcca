import { CopyButton } from "@/ui/CopyButton";
import { visible } from "@/ui/visible";

interface AnswerCodeProps {
  code: string;
  /** As the answer names it; often it names none. */
  language?: string;
}

/** Code in an answer: its language and a way to copy it above, where they do not scroll with it nor cover it.
 * What is copied is what is seen: a model may hide an order for a shell in it. */
export function AnswerCode({ code, language }: AnswerCodeProps) {
  const name = language ? `Code, ${language}` : "Code";
  return (
    <div dir="ltr" className="my-3 overflow-hidden rounded-card border bg-panel">
      <div className="flex items-center justify-between gap-2 border-b pr-1 pl-3 text-12 text-muted">
        <span className="min-w-0 truncate font-mono">{language || "code"}</span>
        <CopyButton text={visible(code)} what="code" className="size-7! touch:size-11!" />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form */}
      <div
        role="group"
        aria-label={name}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="overflow-x-auto p-3 outline-offset-[-2px]"
      >
        <pre className="font-mono text-13 leading-normal">
          <code data-language={language || undefined}>{code}</code>
        </pre>
      </div>
    </div>
  );
}
