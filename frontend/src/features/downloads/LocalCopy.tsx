import { useQuery } from "@tanstack/react-query";
import { CircleCheck, Code } from "lucide-react";
import { useId, useState } from "react";
import { copyQuery } from "@/api/queries";
import { type Grade, gradeText, gradeWords } from "@/features/library/grades";
import { Button } from "@/ui/Button";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyButton } from "@/ui/CopyButton";
import { EndKept } from "@/ui/EndKept";

interface LocalCopyProps {
  datasetKey: string;
  path: string | null;
  /** The job that brought it, where that is known. */
  jobId?: string;
}

/** A dataset that is on this machine: where, and the code that loads it. */
export function LocalCopy({ datasetKey, path, jobId }: LocalCopyProps) {
  const { data } = useQuery(copyQuery(datasetKey, jobId));
  const [open, setOpen] = useState(false);
  const id = useId();
  const where = data?.local_path ?? path;
  return (
    <div data-testid="card-footer" className="grid min-w-0 grid-cols-1 gap-2">
      <div className="flex min-w-0 items-center gap-1 text-13 text-muted">
        <CircleCheck aria-hidden className="size-3.5 shrink-0 text-ok" />
        <span
          className="shrink-0 @max-[30rem]:sr-only"
          title={data?.grade ? gradeText(data.grade) : undefined}
        >
          {arrivalText(data?.grade)}
        </span>
        {where && (
          <>
            <span aria-hidden className="@max-[30rem]:hidden">
              ·
            </span>
            <EndKept text={where} className="font-mono text-12" />
            <CopyButton text={where} what="path" className="size-6! touch:size-11!" />
          </>
        )}
        {data?.snippet && (
          <Button
            variant="ghost"
            size="sm"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            className="ml-auto min-h-6! touch:min-h-11!"
            onClick={() => setOpen(!open)}
          >
            <Code aria-hidden /> Code
          </Button>
        )}
      </div>
      {open && data?.snippet && (
        <div id={id}>
          <CodeBlock code={data.snippet} what="code that loads it" />
        </div>
      )}
    </div>
  );
}

/** `Downloaded and verified`, unless less than that is known. */
function arrivalText(grade: Grade | null | undefined): string {
  const less = grade === "transport" || grade === "recorded";
  return less ? `Downloaded, ${gradeWords(grade)}` : "Downloaded and verified";
}
