import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { readmeQuery } from "@/api/queries";
import type { DatasetView } from "@/api/types";
import { Button } from "@/ui/Button";
import { Section } from "@/ui/Section";
import { useSeen } from "./useSeen";

const Readme = lazy(() => import("./Readme").catch(() => ({ default: PlainText })));

/** Longer ones are folded: about a screen. */
const LONG_CHARACTERS = 2_500;
const LONG_LINES = 40;

function PlainText({ text }: { text: string }) {
  return <p className="max-w-3xl text-14 whitespace-pre-wrap wrap-anywhere">{text}</p>;
}

/** What its author says of the dataset; nothing where that is no more than its description. */
export function ReadmeView({ dataset, revision }: { dataset: DatasetView; revision?: string }) {
  const { data } = useQuery(readmeQuery(dataset.downloaded ? dataset.id : dataset.key, revision));
  const [frame, seen] = useSeen();
  const [open, setOpen] = useState(false);
  if (!data?.text || data.text.trim() === dataset.description.trim()) return null;
  const long =
    data.text.length > LONG_CHARACTERS || data.text.split("\n", LONG_LINES + 1).length > LONG_LINES;
  return (
    <Section
      title="README"
      intro={
        data.path ? (
          <span className="font-mono text-12 wrap-anywhere">{data.path}</span>
        ) : (
          `From ${dataset.source_label}`
        )
      }
    >
      <div
        ref={frame}
        className={long && !open ? "max-h-96 overflow-hidden border-b border-dashed" : undefined}
        // What is folded away must not take the focus.
        inert={long && !open}
      >
        {seen && (
          <Suspense fallback={<PlainText text={data.text} />}>
            <Readme text={data.text} base={data.base_url} />
          </Suspense>
        )}
      </div>
      {data.cut && (open || !long) && (
        <p className="text-13 text-muted">It goes on in the file: this is its beginning.</p>
      )}
      {long && (
        <Button
          size="sm"
          className="justify-self-start"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? "Fold" : "Show all of it"}
        </Button>
      )}
    </Section>
  );
}
