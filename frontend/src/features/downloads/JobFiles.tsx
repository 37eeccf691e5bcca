import { useQuery } from "@tanstack/react-query";
import { receiptQuery } from "@/api/queries";
import type { JobView } from "@/api/types";
import { EndKept } from "@/ui/EndKept";
import { formatBytes } from "@/ui/format";

/** Files that are listed here; the library has all of them. */
const SHOWN = 30;

/** What a download brought. */
export function JobFiles({ job }: { job: JobView }) {
  const { data } = useQuery(receiptQuery(job.key, job.revision ?? undefined));
  if (!data) return null;
  const { files } = data;
  const more = data.file_count - Math.min(SHOWN, files.length);
  return (
    <section className="grid grid-cols-1 gap-1">
      <h3 className="font-medium">Files</h3>
      <ul className="grid grid-cols-1 gap-0.5 text-12">
        {files.slice(0, SHOWN).map((file) => (
          <li key={file.path} className="flex min-w-0 items-center gap-3">
            <span className="min-w-0 flex-1 font-mono">
              <EndKept text={file.path} />
            </span>
            <span className="shrink-0 text-muted tabular-nums">{formatBytes(file.size)}</span>
          </li>
        ))}
      </ul>
      {more > 0 && (
        <p className="text-12 text-muted">and {more.toLocaleString("en")} more in the library</p>
      )}
    </section>
  );
}
